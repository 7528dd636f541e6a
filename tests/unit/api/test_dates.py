from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.dates import find_zone, format_utc, from_wall_time, parse, to_wall_time

ZONES = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - the zones are drawn


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-30T12:00:00", datetime(2026, 6, 30, 12, tzinfo=UTC)),
        ("2026-06-30T12:00:00Z", datetime(2026, 6, 30, 12, tzinfo=UTC)),
        ("2026-06-30T12:00:00.1234567", datetime(2026, 6, 30, 12, 0, 0, 123456, UTC)),
        ("2026-06-30T12:00:00.9999999Z", datetime(2026, 6, 30, 12, 0, 0, 999999, UTC)),
        ("2026-06-30T12:00:00.5", datetime(2026, 6, 30, 12, 0, 0, 500000, UTC)),
        ("2026-06-30T08:00:00-04:00", datetime(2026, 6, 30, 12, tzinfo=UTC)),
        ("2026-06-30T08:00:00.1234567-0400", datetime(2026, 6, 30, 12, 0, 0, 123456, UTC)),
        ("2026-06-30T08:00-04", datetime(2026, 6, 30, 12, tzinfo=UTC)),
        ("2026-06-30 12:00:00", datetime(2026, 6, 30, 12, tzinfo=UTC)),
        ("2026-06-30", datetime(2026, 6, 30, tzinfo=UTC)),
        (" 2026-06-30T12:00:00 ", datetime(2026, 6, 30, 12, tzinfo=UTC)),
    ],
)
def test_listraks_date_times_are_utc_unless_they_say_otherwise(text: str, moment: datetime) -> None:
    assert parse(text) == moment


@pytest.mark.parametrize(
    "text",
    [None, "", "  ", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T05:00:00.0000000+05:00"],
)
def test_no_date_is_none(text: str | None) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "6/30/2026",
        "2026-13-01",
        "2026-02-30T00:00:00",
        "2026-06-30T25:00:00",
        "2026-06-30T",
        "9999-12-31T23:00:00-08:00",
    ],
)
def test_what_is_no_date_time_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@given(MOMENTS)
def test_what_is_written_reads_back(moment: datetime) -> None:
    assert parse(format_utc(moment)) == moment


@given(MOMENTS)
def test_what_is_written_is_utc_in_one_form(moment: datetime) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", format_utc(moment))


@given(MOMENTS, st.integers(0, 9))
def test_a_seventh_decimal_is_cut_not_rounded(moment: datetime, seventh: int) -> None:
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").zfill(26) + str(seventh)
    assert parse(text) == moment


@given(MOMENTS)
def test_every_offset_is_honoured(moment: datetime) -> None:
    assert parse(moment.isoformat()) == moment


def test_a_date_time_without_zone_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        format_utc(datetime(2026, 6, 30))  # noqa: DTZ001 - that is the point


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        moment = parse(text)
    except ValueError:
        return
    assert moment is None or moment.tzinfo is UTC


NEW_YORK = find_zone("America/New_York")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T12:44:40", datetime(2026, 1, 15, 17, 44, 40, tzinfo=UTC)),
        ("2026-07-15T12:44:40.1234567", datetime(2026, 7, 15, 16, 44, 40, 123456, UTC)),
        ("2026-07-15T12:44:40Z", datetime(2026, 7, 15, 12, 44, 40, tzinfo=UTC)),
        ("2026-07-15T12:44:40+02:00", datetime(2026, 7, 15, 10, 44, 40, tzinfo=UTC)),
        # Clocks are set back at 02:00: 01:30 occurs twice and is the first of the two instants.
        ("2026-11-01T01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("2026-11-01T02:00:00", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),
        # Clocks are set forward at 02:00: 02:30 does not occur and has the offset before the change.
        ("2026-03-08T02:30:00", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("2026-03-08T03:30:00", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_date_time_without_offset_is_wall_time_of_the_zone(text: str, moment: datetime) -> None:
    assert parse(text, NEW_YORK) == moment


def test_no_date_stays_no_date_in_every_zone() -> None:
    assert parse("0001-01-01T00:00:00", NEW_YORK) is None


@given(MOMENTS)
def test_wall_time_reads_back_but_for_the_second_of_two_instants(moment: datetime) -> None:
    wall = to_wall_time(moment, NEW_YORK)
    read = from_wall_time(wall, NEW_YORK)
    assert wall.tzinfo is None
    assert to_wall_time(read, NEW_YORK) == wall
    assert moment - read in {timedelta(0), timedelta(hours=1)}


@pytest.mark.parametrize("name", ["America/New_York", "america/new york", " UTC "])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert find_zone(name).key.casefold() == name.strip().replace(" ", "_").casefold()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("America/NewYork", "America/New_York"),
        ("Los Angeles", "America/Los_Angeles"),
        ("../etc/passwd", "America/New_York"),
        ("", "America/New_York"),
        ("???", "America/New_York"),
    ],
)
def test_a_zone_that_does_not_exist_is_an_error_that_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(LookupError, match=nearest):
        find_zone(name)
