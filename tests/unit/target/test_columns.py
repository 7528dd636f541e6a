"""The short path gives what the long one gives: decoding, mapping and cutting input into lines."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import example, given

from target_listrak.channels.email import mapping as mapping_module
from target_listrak.channels.email.mapping import RowMapping
from target_listrak.config.destination import Destination
from target_listrak.input.columns import RecordCodec, codec_of
from target_listrak.input.reader import Reader
from target_listrak.input.row_signs import RowSigns
from target_listrak.outcomes import RowNotLoaded, RowRejected
from target_listrak.values.addresses import Address
from target_listrak.values.formats import formatter

NAMES = ["email", "name", "a b", "straße", "_sdc_deleted_at"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)
RECORDS = st.dictionaries(st.sampled_from([*NAMES, "other"]), JSON, max_size=6)
decode = msgspec.json.Decoder(float_hook=Decimal).decode


def line(record: object, **more: object) -> bytes:
    return json.dumps({"type": "RECORD", "stream": "s", "record": record, **more}).encode()


@given(st.lists(RECORDS, min_size=1, max_size=8), st.sampled_from([None, 3]))
def test_columns_are_the_records_properties(records: list[dict[str, Any]], version: int | None) -> None:
    more = {} if version is None else {"version": version}
    lines = [line(one, **more) for one in records]
    columns = RecordCodec("s", NAMES[:4], ["name"]).columns(lines, version)
    assert columns is not None
    for row, text in enumerate(lines):
        record = decode(text)["record"]
        assert [column[row] for column in columns.values] == [
            record.get(name, msgspec.UNSET) for name in NAMES[:4]
        ]
        assert (row in columns.slow_path) == ("name" not in record)


SPEAKING = [
    "_sdc_deleted_at",
    "_SDC_LSN_OPERATION",
    "_sdc_operation_type",
    "__op",
    "op",
    "isDeleted",
    "_fivetran_active",
    "gone",
    "status",
    "subscriptionState",
    "unsubscribeDate",
    "optedOut",
    "agreed",
]
WORDS = st.sampled_from(
    [
        *("D", "d", "I", "u", "delete", "update_preimage", "maybe", "", " ", "0", "1", "3", "true", "False"),
        *(
            "2026-06-30T10:00:00Z",
            "0001-01-01T00:00:00",
            "1900-01-01",
            "Subscribed",
            "Unsubscribed",
            "Pending",
        ),
        *("closed", "yes", "no", 0, 1, 2, 3, 4, True, False, None, 1.0, 0.0, 1e300, 10**30, [], {}, ["D"]),
    ]
)
JUDGED = st.dictionaries(st.sampled_from([*SPEAKING, *SPEAKING, "other"]), WORDS, max_size=4)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"allow_deletes": True, "unsubscribe": True},
    {"subscribed": "agreed"},
    {"subscribed": "agreed", "subscribed_values": ["yes", 1]},
    {"delete_markers": {"status": ["closed", 4], "gone": True}},
]


@given(
    st.lists(JUDGED, min_size=1, max_size=8),
    st.sampled_from(OPTIONS),
    st.sets(st.sampled_from(SPEAKING)),
    st.booleans(),
)
def test_what_a_record_says_is_judged_alike_by_column_and_by_itself(
    records: list[dict[str, Any]],
    options: dict[str, Any],
    properties: set[str],
    again: bool,  # noqa: FBT001 - hypothesis fills it in
) -> None:
    """Rows taken by column are those that would be loaded, whether or not the SCHEMA has their properties."""
    schema = {"properties": {name: {} for name in ["email", *properties]}, "additionalProperties": True}
    signs = RowSigns(Destination("s", "email_list", options), None)
    lines = [line({"email": "a@example.org", **one}) for one in records]
    codec = codec_of("s", ["email"], [], schema, signs)
    assert codec is not None
    columns = codec.columns(lines, None)
    if again:
        columns = codec.columns(lines, None)
    assert columns is not None
    for row, text in enumerate(lines):
        try:
            loaded = not signs.leaves(decode(text)["record"])
        except RowNotLoaded:
            loaded = False
        assert loaded or row in columns.slow_path
        state = {"subscriptionState", "unsubscribeDate", "optedOut", "METADATA$ISUPDATE"}
        assert not loaded or row not in columns.slow_path or state & records[row].keys()


@given(
    st.sampled_from(
        [
            b"",
            b"nothing",
            b"[]",
            line([]),
            line("text"),
            line(None),
            line({}, stream="other"),
            line({}, type="STATE"),
            line({}, version=2),
            line({}, version="1"),
            line({}) + line({}),
            b'{"type":"RECORD","stream":"s"}',
            b'{"type":"RECORD","stream":"s","record":{"name":"\\ud800"}}',
            b'{"type":"RECORD","stream":"s","record":{"name":"\xff"}}',
            b'{"type":"RECORD","stream":"s","record":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        ]
    ),
    st.integers(0, 2),
)
def test_a_line_that_is_no_such_record_sends_all_the_long_way(bad: bytes, place: int) -> None:
    lines = [line({"name": "x"})] * 3
    codec = RecordCodec("s", ["name"], [])
    assert codec.columns(lines, None) is not None
    lines.insert(place, bad)
    assert codec.columns(lines, None) is None


VALUES = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "x", 'quo"te', "a,b\n", "12", "1.005", "yes", "long" * 20, "\x00"]),
    st.integers(-3, 3),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-9, max_value=9),
    st.lists(st.integers(0, 3), max_size=2),
    st.just({}),
)
FIELDS = [("name", "Text", 20), ("points", "Numeric", 0), ("vip", "CheckBox", 3), ("born", "Date", 0)]
COLUMNS: Any = [
    SimpleNamespace(property=name, format=formatter(kind, length), field=SimpleNamespace(id=number))
    for number, (name, kind, length) in enumerate(FIELDS, 1)
]
ROW = st.dictionaries(st.sampled_from(["id", *(name for name, _, _ in FIELDS)]), VALUES)
FULL = st.fixed_dictionaries(dict.fromkeys(["id", *(name for name, _, _ in FIELDS)], VALUES))


@given(
    st.one_of(st.lists(ROW, min_size=1, max_size=12), st.lists(FULL, min_size=1, max_size=12)),
    st.booleans(),
    st.sampled_from([None, "id"]),
    st.sampled_from(["reject_row", "blank"]),
    st.integers(1, 5),
)
@example([{"points": 1}, {"points": True}, {"points": 1}], False, None, "reject_row", 1)  # noqa: FBT003 - clears
def test_lines_made_by_column_are_those_made_of_each_record(
    records: list[dict[str, Any]],
    clears: bool,  # noqa: FBT001 - hypothesis fills it in
    external_id: str | None,
    on_bad_value: str,
    repeat: int,
) -> None:
    records *= repeat
    mapping = RowMapping(COLUMNS, external_id=external_id, clears=clears, on_bad_value=on_bad_value)
    assert mapping.properties is not None
    columns = [[record.get(name, msgspec.UNSET) for record in records] for name in mapping.properties]
    alone: set[int] = set()
    layout, lines = mapping.lines([f'm"{row}@x' for row in range(len(records))], columns, alone)
    assert len(lines) == len(records)
    for row, record in enumerate(records):
        try:
            by_itself = mapping(record, Address(f'm"{row}@x', ""))
        except RowRejected:
            assert row in alone
            continue
        assert row in alone or (layout, lines[row]) == by_itself
    if on_bad_value == "reject_row" and all(len(one) == 5 for one in records) and not external_id:
        # Nothing goes the long way without need.
        assert alone == {row for row, record in enumerate(records) if rejected(mapping, record)}


@given(st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=2, max_size=4))
def test_cells_do_not_depend_on_how_many_values_are_remembered(blocks: list[list[Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapping_module, "_MOST_CELLS", 4)
        patch.setattr(mapping_module, "_LONGEST_KEPT", 3)
        few, one_by_one = RowMapping(COLUMNS), RowMapping(COLUMNS)
        for values in blocks:
            alone: set[int] = set()
            _, lines = few.lines(["m@x"] * len(values), [values] * len(COLUMNS), alone)
            for row in set(range(len(values))) - alone:
                record = dict.fromkeys([name for name, _, _ in FIELDS], values[row])
                assert lines[row] == one_by_one(record, Address("m@x", ""))[1]


def rejected(mapping: RowMapping, record: dict[str, Any]) -> bool:
    try:
        mapping(record, Address("m@x", ""))
    except RowRejected:
        return True
    return False


class Pipe(io.BytesIO):
    """Gives at most so many bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self.most = most

    def read1(self, size: int | None = -1, /) -> bytes:
        del size
        return self.read(self.most)


@given(
    st.lists(
        st.sampled_from(
            [
                line({"n": 1}),
                line({"n": "ü" * 9}),
                line({}, stream="t"),
                b'{"type": "STATE", "value": 1}',
                b"",
                b" \r",
            ]
        ),
        max_size=30,
    ),
    st.integers(1, 200),
    st.booleans(),
    st.booleans(),
)
def test_every_line_is_read_once_however_it_comes(
    lines: list[bytes],
    most: int,
    ended: bool,  # noqa: FBT001 - hypothesis fills it in
    takes: bool,  # noqa: FBT001 - hypothesis fills it in
) -> None:
    reader = Reader()
    seen: list[object] = []

    def on_consecutive(stream: str, run: Any) -> bool:  # noqa: ANN401 - lines
        messages = [decode(one) for one in run]
        assert all(one["stream"] == stream for one in messages)
        if takes:
            seen.extend(messages)
        return takes

    reader.on_consecutive = on_consecutive
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    counts = reader.process_lines(Pipe(text, most), {"RECORD": seen.append, "STATE": seen.append})
    wanted = [decode(one) for one in lines if one.strip()]
    assert seen == wanted
    assert counts.total() == len(wanted)
    assert reader.line_number == text.count(b"\n") + (not ended and bool(lines[-1:] != [b""] and lines))
