"""The short path writes what the SDK would have written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tap_runs import settings as tap_settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.records import dates
from tap_listrak.records.pages import encode
from tap_listrak.streams import base as streams_base
from tap_listrak.streams.messages import MessageActivity
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_runs import Extract

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
PARENTS = ("listId", "messageId", "conversationId", "conversationMessageId", "linkId")
TAP = TapListrak(config={"client_id": "a", "client_secret": "b"}, validate_config=False)

date_texts = st.one_of(
    st.sampled_from(
        ["0001-01-01T00:00:00", "", "2026-06-30", "yesterday", "2026-06-30 08:15:23", "0001-01-01"]
    ),
    st.builds(
        lambda moment, tail: moment.strftime("%Y-%m-%dT%H:%M:%S") + tail,
        st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - Listrak's have no zone
        st.sampled_from(["", ".1", ".1234567", ".0000000", "Z", ".5Z", "+05:30", "-0400", ".1234567+00:00"]),
    ),
)


def values(part: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that Listrak may send for a property, null among them, whatever the schema says about keys."""
    kinds = part["type"]
    if part.get("format") == "date-time":
        return st.none() | date_texts
    kind = next(one for one in kinds if one != "null")
    some: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(-(2**53), 2**53),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        "string": st.text(max_size=12),
        "boolean": st.booleans(),
    }
    return st.none() | some.get(kind, st.none())


def rows(stream: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    properties = TAP.streams[stream].schema["properties"]
    row = st.fixed_dictionaries({}, optional={name: values(part) for name, part in properties.items()})
    odd = st.fixed_dictionaries(
        {"emailAddress": st.text(max_size=3)},
        optional={"newlyAdded": st.integers(), "open": st.integers(0, 2), "clickCount": st.text(max_size=2)},
    )
    return st.lists(st.one_of(row, row, row, odd), max_size=6)


def ids_for(stream: Any) -> dict[str, int]:  # noqa: ANN401 - any stream
    """What a context gives: all parents' ids, the last part of the key being the row's own."""
    return {name: 7 for name in PARENTS if name in stream.primary_keys[:-1]}


def by_sdk(stream: Any, data: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: ANN401 - any stream
    """What the SDK's own path writes for rows."""
    messages = [
        message
        for record in stream.preparer.prepare(json.loads(json.dumps(data)), ids_for(stream))
        for message in stream._generate_record_messages(record)
    ]
    lines = [msgspec.json.encode({**message.to_dict(), "time_extracted": NOW}) for message in messages]
    return [json.loads(line, object_pairs_hook=list) for line in lines]


def by_page(stream: Any, data: list[dict[str, Any]]) -> list[dict[str, Any]] | None:  # noqa: ANN401
    """What the short path writes for the same rows; None if it leaves them to the SDK."""
    structs = stream.codec.rows(msgspec.json.encode(data), ids_for(stream))
    if structs is None:
        return None
    lines = encode(structs, stream.name, stream._stream_version, NOW).splitlines()
    return [json.loads(line, object_pairs_hook=list) for line in lines]


@settings(deadline=None)
@given(
    data=st.sampled_from([name for name, stream in TAP.streams.items() if stream.selected]).flatmap(
        lambda name: st.tuples(st.just(name), rows(name))
    )
)
def test_both_paths_write_the_same(data: tuple[str, list[dict[str, Any]]]) -> None:
    name, sent = data
    stream = TAP.streams[name]
    stream.codec._tolerates = False
    written = by_page(stream, sent)
    if written is not None:
        assert written == by_sdk(stream, sent)


def test_rows_as_the_schema_says_take_the_short_path() -> None:
    stream = TAP.streams["message_activity"]
    row = {"emailAddress": "a@b.example", "open": True, "clickCount": 2, "orderTotal": 3, "sendDate": None}
    assert by_page(stream, [row]) == by_sdk(stream, [row])


def test_an_unknown_member_is_named_once_and_then_left_out(caplog: pytest.LogCaptureFixture) -> None:
    stream = MessageActivity(TAP)
    stream._stream_maps = TAP.streams["message_activity"].stream_maps
    row = {"emailAddress": "a@b.example", "addedByListrakIn2027": 1}
    assert by_page(stream, [row]) is None
    assert by_sdk(stream, [row]) == by_page(stream, [row])
    assert "addedByListrakIn2027" in caplog.text


@settings(deadline=None)
@given(text=date_texts | st.text(max_size=30))
def test_dates_are_rfc_3339_or_as_they_came(text: str) -> None:
    normalised = dates.UtcDates(dates.UtcHours(UTC))
    result = normalised[text]
    if result is not None:
        assert normalised[result] == result
    read = dates.parse_record_date(text)
    if result is not None and read is not None and len(text) > len("2026-06-30T12:00"):
        assert dates.parse_record_date(result) == read
        assert result[-1] == "Z"


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def test_a_whole_run_is_the_same_on_both_paths(
    tiny: RunningSandbox, extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = extract(tiny, profile_fields="all")
    monkeypatch.setattr(streams_base, "passes_records_through", lambda _: False)
    long = extract(tiny, profile_fields="all")
    assert short.without_times() == long.without_times()


def test_a_discovered_catalog_takes_the_short_path(tiny: RunningSandbox) -> None:
    """A catalog loses details of the schema; that must not cost everybody the short path."""
    config = tap_settings(tiny)
    catalog = TapListrak(config=dict(config)).catalog_dict
    for stream in TapListrak(config=config, catalog=catalog).streams.values():
        assert streams_base.passes_records_through(stream) or not stream.selected, stream.name


@pytest.mark.parametrize(
    "change",
    [
        {"stream_maps": {"message_activity": {"emailAddress": "md5(emailAddress)"}}},
        {"stream_maps": {"message_activity": {"__alias__": "opens"}}},
        {"flattening_enabled": True, "flattening_max_depth": 2},
    ],
)
def test_what_touches_records_takes_the_long_path(change: dict[str, Any]) -> None:
    tap = TapListrak(config={"client_id": "a", "client_secret": "b", **change})
    assert not streams_base.passes_records_through(tap.streams["message_activity"])
