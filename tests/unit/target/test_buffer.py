"""Import files: quoting that survives everything, merging by property, base64 made while it is sent."""

from __future__ import annotations

import base64
import csv
import io
import json
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from target_listrak.channels.email.buffer import Buffer, Line
from target_listrak.delivery.import_body import ImportBody, decode_line, encode_line
from target_listrak.tracking.state import Checkpoint
from target_listrak.tracking.tallies import Row, Rows

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
) | st.sampled_from(['"', '""', ',"', '","', "\n", "\r\n", "a\nb", " ", "'", ";", "\t", '"",""', "é😀"])
CELLS = st.lists(TEXT, min_size=1, max_size=6)


@given(CELLS)
def test_any_cells_come_back_as_they_were(cells: list[str]) -> None:
    line = encode_line(cells)
    assert decode_line(line) == cells
    assert next(csv.reader(io.StringIO(line.decode(), newline=""))) == cells  # as a stranger reads it


def test_a_huge_cell_comes_back() -> None:
    cells = ["a", 'x"' * 1_000_000, ""]
    assert decode_line(encode_line(cells)) == cells


@given(st.lists(CELLS, max_size=30), st.sampled_from([1, 3, 1000]))
def test_the_body_is_valid_json_with_the_file_in_base64(rows: list[list[str]], repeat: int) -> None:
    lines = [encode_line(cells) for cells in rows] * repeat
    body = ImportBody({"fileName": 'a"b'}, lines)
    pieces = list(body)
    assert len(b"".join(pieces)) == len(body)
    decoded = json.loads(b"".join(pieces))
    assert base64.b64decode(decoded["fileStream"]) == b"".join(lines)
    assert decoded["fileName"] == 'a"b'
    assert pieces == list(body)  # a second attempt sends the same


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.dictionaries(st.sampled_from([1, 2, 3]), st.sampled_from(["", "x", "y", 'q"', ","]), max_size=3),
    ),
    max_size=25,
)


@given(ROWS, st.booleans())
def test_the_last_row_of_a_contact_wins_property_by_property(
    rows: list[tuple[str, dict[int, str]]],
    clears: bool,  # noqa: FBT001 - pytest or hypothesis fills it in
) -> None:
    buffer = Buffer(clears=clears)
    model: dict[str, dict[int, str]] = {}
    count: dict[str, int] = {}
    checkpoints = [Checkpoint() for _ in rows]
    for number, (key, cells) in enumerate(rows):
        record = {str(column): cell or None for column, cell in cells.items()}
        line = json.dumps({"record": record}).encode()
        text = encode_line([key, *cells.values()])
        buffer.add(Line(key, tuple(cells), text), Row(number, checkpoints[number], line))
        kept = model.setdefault(key, {})
        count[key] = count.get(key, 0) + 1
        for column, cell in cells.items():
            if cell or clears:
                kept[column] = cell
            else:
                kept.setdefault(column, cell)
    assert set(buffer.rows) == set(model)
    settled: list[Checkpoint] = []
    for key, index in buffer.rows.items():
        assert buffer.cells(index) == (key, model[key])
        assert buffer.sources.merged(index) == count[key] - 1
        settled += buffer.sources.checkpoints(index)
        _, whole = buffer.sources.record(index, clears=clears)
        if whole is not None:
            assert {int(name): value or "" for name, value in whole.items()} == model[key]
    assert sorted(map(id, settled)) == sorted(map(id, checkpoints))
    assert buffer.bytes == sum(map(len, buffer.lines))
    buffer.close()


@given(ROWS, st.lists(st.integers(0, 25), max_size=5))
def test_rows_taken_many_at_a_time_are_as_those_taken_one_by_one(
    rows: list[tuple[str, dict[int, str]]], cuts: list[int]
) -> None:
    one_by_one, at_once = Buffer(), Buffer()
    checkpoint, layout = Checkpoint(), (1,)
    keys = [key + str(len(cells)) for key, cells in rows]
    lines = [encode_line([key, cells.get(1, "")]) for key, (_, cells) in zip(keys, rows, strict=True)]
    records = [json.dumps({"record": {"1": number}}).encode() for number in range(len(rows))]
    for number, key in enumerate(keys):
        one_by_one.add(Line(key, layout, lines[number]), Row(number + 7, checkpoint, records[number]))
    ends = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    for start, end in pairwise(ends):
        part = Rows(7, checkpoint, records).part(start, end)
        at_once.add_many(keys[start:end], layout, lines[start:end], part)
    assert at_once.rows == one_by_one.rows
    assert (at_once.lines, at_once.bytes) == (one_by_one.lines, one_by_one.bytes)
    indices = range(len(one_by_one))
    assert at_once.layouts_of(indices) == one_by_one.layouts_of(indices)
    assert at_once.sources.count_checkpoints(indices) == one_by_one.sources.count_checkpoints(indices)
    for index in indices:
        assert at_once.sources.number(index) == one_by_one.sources.number(index)
        assert at_once.sources.record(index) == one_by_one.sources.record(index)
    assert at_once.indices_of(keys) == [one_by_one.index_of(key) for key in keys]
