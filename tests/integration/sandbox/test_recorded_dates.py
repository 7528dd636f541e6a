"""Recorded (H, M): how the service writes and reads dates, and what each other reading would do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sandbox_api import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTACTS = "/List/40137/Contact"
EASTERN = "America/New_York"
READINGS = ("offset_honoured", "offset_dropped", "read_as_utc")


def join(api: Api, now: str, address: str) -> None:
    api.sandbox.set_clock(now=now, frozen=True)
    code, _ = api.send(
        "POST", CONTACTS, {"emailAddress": address, "segmentationFieldValues": [], "externalContactID": "x"}
    )
    assert code in (200, 201)


def seen(api: Api, address: str) -> dict[str, Any]:
    row: dict[str, Any] = api.get(f"{CONTACTS}/{address}")["data"]
    return row


def found(api: Api, **query: object) -> set[str]:
    return {row["emailAddress"] for row in api.rows(CONTACTS, **query)}


@pytest.fixture
def eastern(own: Api) -> Api:
    own.sandbox.settings(answer_time_zone=EASTERN, query_dates="offset_honoured")
    return own


def test_dates_in_answers_are_eastern_wall_time_without_an_offset(eastern: Api) -> None:
    """H: an unsubscribe answered at 17:44:40 GMT in January reads back as 12:44:40."""
    join(eastern, "2027-01-20T17:00:00Z", "ann@example.com")
    eastern.sandbox.set_clock(now="2027-01-20T17:44:40Z", frozen=True)
    body = {
        "emailAddress": "ann@example.com",
        "subscriptionState": "Unsubscribed",
        "segmentationFieldValues": [],
    }
    answer = eastern.call("POST", CONTACTS, body)
    assert answer.headers["date"] == "Wed, 20 Jan 2027 17:44:40 GMT"
    row = seen(eastern, "ann@example.com")
    assert row["unsubscribeDate"].partition(".")[0] == "2027-01-20T12:44:40"
    assert row["subscribeDate"].partition(".")[0] == "2027-01-20T12:00:00"
    stored = eastern.sandbox.control("GET", "contacts", listId=40137, emailAddress="ann@example.com")
    assert stored["unsubscribeDate"].startswith("2027-01-20T17:44:40")


def test_summer_is_four_hours_behind(eastern: Api) -> None:
    join(eastern, "2026-07-20T17:44:40Z", "bea@example.com")
    assert seen(eastern, "bea@example.com")["subscribeDate"].startswith("2026-07-20T13:44:40")


@pytest.mark.parametrize("name", [EASTERN, "America/Los_Angeles", "Asia/Kolkata", "UTC"])
def test_all_dates_of_all_rows_are_shifted_alike_and_the_truth_stays_utc(own: Api, name: str) -> None:
    own.sandbox.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    truth = dict(own.sandbox.expected())
    paths = [CONTACTS, "/List/40137/Message", "/List/40137/ListImport", "/List/40137/Conversation"]
    own.sandbox.settings(answer_time_zone="UTC")
    before = {path: own.get(path)["data"] for path in paths}
    own.sandbox.settings(answer_time_zone=name)
    for path in paths:
        for utc, local in zip(before[path], own.get(path)["data"], strict=True):
            assert local == {key: shifted(key, value, name) for key, value in utc.items()}
    assert own.sandbox.expected() == truth


def shifted(key: str, value: Any, name: str) -> Any:  # noqa: ANN401  any JSON
    if not isinstance(value, str) or not key.endswith("Date") or value.startswith("0001"):
        return value
    fraction = value.partition(".")[2]
    wall = datetime.fromisoformat(value).replace(tzinfo=UTC, microsecond=0).astimezone(ZoneInfo(name))
    return wall.replace(tzinfo=None).isoformat() + (f".{fraction}" if fraction else "")


def test_no_date_is_no_instant(tiny: Any) -> None:  # noqa: ANN401  a fixture
    """The date that stands for "no date", birthdays and profile values are not shifted."""
    api = Api(tiny, "email")
    text = '"sendDate":"0001-01-01T00:00:00","birthday":"1980-05-17T00:00:00","value":"2026-01-01T00:00:00"'
    from listrak_sandbox import dates, settings  # noqa: PLC0415  the one test below HTTP

    settled = settings.Settings(answer_time_zone=EASTERN)
    assert dates.in_zone(text.encode(), settled).decode() == text
    api.session.close()


def test_offsets_in_answers_are_another_reading(eastern: Api) -> None:
    join(eastern, "2026-07-20T17:44:40Z", "bea@example.com")
    eastern.sandbox.settings(answer_offsets=True)
    date = seen(eastern, "bea@example.com")["subscribeDate"]
    assert date.startswith("2026-07-20T13:44:40")
    assert datetime.fromisoformat(date) == datetime(2026, 7, 20, 17, 44, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reading", "query", "instant"),
    [
        # An offset or Z in a query counts, or the wall time is the service's, or it is UTC.
        ("offset_honoured", "2026-07-20T17:00:00Z", "2026-07-20T17:00:00"),
        ("offset_honoured", "2026-07-20T13:00:00-04:00", "2026-07-20T17:00:00"),
        ("offset_dropped", "2026-07-20T13:00:00Z", "2026-07-20T17:00:00"),
        ("offset_dropped", "2026-07-20T13:00:00+02:00", "2026-07-20T17:00:00"),
        ("read_as_utc", "2026-07-20T17:00:00-04:00", "2026-07-20T17:00:00"),
        ("read_as_utc", "2026-07-20T17:00:00Z", "2026-07-20T17:00:00"),
        # Without an offset the wall time is the service's, in the third reading UTC.
        ("offset_honoured", "2026-07-20T13:00:00", "2026-07-20T17:00:00"),
        ("offset_dropped", "2026-07-20T13:00:00", "2026-07-20T17:00:00"),
        ("read_as_utc", "2026-07-20T17:00:00", "2026-07-20T17:00:00"),
        # Fractions of any length, an unencoded plus sign.
        ("offset_honoured", "2026-07-20T17:00:00.0Z", "2026-07-20T17:00:00"),
        ("offset_honoured", "2026-07-20T13:00:00.00000000", "2026-07-20T17:00:00"),
        ("offset_honoured", "2026-07-20T19:00:00+02:00", "2026-07-20T17:00:00"),
        # M: days as MM-DD-YYYY and MM-DD-YY; midnight of the service's zone, or of UTC.
        ("offset_honoured", "07-20-2026", "2026-07-20T04:00:00"),
        ("offset_dropped", "07-20-26", "2026-07-20T04:00:00"),
        ("offset_dropped", "2026-07-20", "2026-07-20T04:00:00"),
        ("read_as_utc", "07-20-2026", "2026-07-20T00:00:00"),
        ("read_as_utc", "07-20-26", "2026-07-20T00:00:00"),
        # A wall time that does not occur (clocks go forward at 02:00) is read with the offset before.
        ("offset_dropped", "2027-03-14T02:30:00Z", "2027-03-14T07:30:00"),
        ("offset_honoured", "2027-03-14T02:30:00", "2027-03-14T07:30:00"),
        ("offset_honoured", "2027-03-14T01:59:59", "2027-03-14T06:59:59"),
        ("offset_honoured", "2027-03-14T03:00:00", "2027-03-14T07:00:00"),
        # One that occurs twice (clocks go back at 02:00) is the first of the two.
        ("offset_dropped", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00"),
        ("offset_honoured", "2026-11-01T01:30:00", "2026-11-01T05:30:00"),
        ("offset_honoured", "2026-11-01T02:00:00", "2026-11-01T07:00:00"),
        ("offset_honoured", "2026-11-01T06:30:00Z", "2026-11-01T06:30:00"),
    ],
)
def test_a_date_in_a_query_is_this_instant(eastern: Api, reading: str, query: str, instant: str) -> None:
    """A contact of exactly that instant is found, one of a second earlier is not."""
    eastern.sandbox.settings(query_dates=reading)
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    join(eastern, (moment - timedelta(seconds=1)).isoformat(), "before@example.com")
    join(eastern, moment.isoformat(), "at@example.com")
    eastern.sandbox.set_clock(now=(moment + timedelta(days=1)).isoformat())
    path = f"{eastern.base}{CONTACTS}?startDate={query}&useOriginalSubscribeDate=false"
    answer = eastern.session.get(path, timeout=60)  # as it stands: a plus sign is not encoded
    rows = {row["emailAddress"] for row in answer.json()["data"]}
    assert "at@example.com" in rows
    assert "before@example.com" not in rows


def test_both_instants_of_a_repeated_hour_are_written_alike(eastern: Api) -> None:
    """Answers tell no offset: the truth of the control routes does."""
    people = {"first@example.com": "2026-11-01T05:30:00", "second@example.com": "2026-11-01T06:30:00"}
    for address, moment in people.items():
        join(eastern, f"{moment}Z", address)
        assert seen(eastern, address)["subscribeDate"].startswith("2026-11-01T01:30:00")
    for address, moment in people.items():
        stored = eastern.sandbox.control("GET", "contacts", listId=40137, emailAddress=address)
        assert stored["subscribeDate"].startswith(moment)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-13-01", "13-01-2026", "07-20-202", "7-20-2026", "07-20-2026T1"]
)
def test_what_is_not_a_date_is_refused(own: Api, reading: str, text: str) -> None:
    own.sandbox.settings(answer_time_zone=EASTERN, query_dates=reading)
    answer = own.call("GET", CONTACTS, startDate=text)
    assert (answer.status_code, answer.json()["error"]) == (400, "ERROR_INVALID_PARAMETER")


@pytest.mark.parametrize("name", [EASTERN, "Asia/Tokyo"])
def test_the_ends_of_time_are_dates_as_well(own: Api, name: str) -> None:
    own.sandbox.settings(answer_time_zone=name)
    everybody = found(own)
    assert found(own, startDate="0001-01-01T00:00:00", endDate="9999-12-31T23:59:59") == everybody


def test_an_unknown_zone_or_reading_is_refused(own: Api) -> None:
    for setting in ({"answer_time_zone": "Eastern-ish"}, {"query_dates": "whatever"}):
        with pytest.raises(RuntimeError, match="ERROR_INVALID_PARAMETER"):
            own.sandbox.settings(**setting)


@pytest.fixture
def sms(eastern: Api) -> Iterator[Api]:
    api = Api(eastern.sandbox, "sms")
    yield api
    api.session.close()


def test_sms_dates_are_of_the_same_zone_and_birthdays_are_days(sms: Api) -> None:
    path = "/ShortCode/410"
    sms.sandbox.set_clock(now="2027-01-20T03:00:00Z", frozen=True)
    body = {"phoneNumber": "12125550123", "birthday": "1980-05-17T00:00:00+09:00"}
    assert sms.send("POST", f"{path}/PhoneList/7101/Contact", body)[0] == 201
    row = sms.get(f"{path}/Contact/12125550123")["data"]
    assert row["subscribeDate"].startswith("2027-01-19T22:00:00")
    assert row["birthday"] == "1980-05-17T00:00:00"
    sms.sandbox.set_clock(now="2027-01-20T04:00:00Z", frozen=True)
    for start, expected in (("2027-01-19T22:00:00", True), ("2027-01-19T22:00:01", False)):
        rows = sms.rows(f"{path}/PhoneList/7101/Contact", startSubscribeDate=start)
        assert any(row["phoneNumber"].endswith("2125550123") for row in rows) is expected


@pytest.mark.parametrize(
    ("reading", "written", "instant"),
    [
        ("offset_honoured", "2026-07-20T13:00:00", "2026-07-20T17:00:00+00:00"),
        ("offset_honoured", "2026-07-20T13:00:00Z", "2026-07-20T13:00:00+00:00"),
        ("offset_dropped", "2026-07-20T13:00:00Z", "2026-07-20T17:00:00+00:00"),
        ("read_as_utc", "2026-07-20T13:00:00-04:00", "2026-07-20T13:00:00+00:00"),
    ],
)
def test_dates_of_the_data_api_are_eastern(eastern: Api, reading: str, written: str, instant: str) -> None:
    """M: clients send Z and offsets though the spec says Eastern; whether they are honoured is a switch."""
    eastern.sandbox.settings(query_dates=reading)
    data = Api(eastern.sandbox, "data")
    row = {"orderNumber": "A-1", "dateEntered": written, "items": [
        {"orderNumber": "A-1", "sku": "S", "shipDate": written},
    ]}  # fmt: skip
    assert data.call("POST", "/Order", [row]).status_code == 201
    data.session.close()
    stored = eastern.sandbox.written()["data"]["Order"]
    assert stored["rows"]["A-1"] == row
    assert stored["dates"]["A-1"] == {"dateEntered": instant, "items[0].shipDate": instant}
