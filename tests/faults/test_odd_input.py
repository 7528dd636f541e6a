"""Input of the target that no tap should write: each was a stack trace once, or went past unseen."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from plugin_runs import Ended, run, settings_for, without_data
from tap_cells import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

SCHEMA: dict[str, Any] = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"type": "object", "properties": {"email": {"type": "string"}}},
    "key_properties": ["email"],
}
RECORD = {"type": "RECORD", "stream": "people", "record": {"email": "ada@example.org"}}
BATCH = {"type": "BATCH", "stream": "people", "encoding": {"format": "jsonl"}, "manifest": []}
ACTIVATE = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}


def load(folder: Path, *messages: object, unmapped: str = "skip") -> Ended:
    """Load messages, or lines as they are; no stream has a destination, so nobody is asked for anything."""
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
    config = {
        "destinations": {},
        "unmapped_streams": unmapped,
        "max_reject_share": 1,
        "rejects_path": str(folder / "rejects.singer"),
    }
    return run("target-listrak", folder, config, input=b"\n".join([*lines, b""]))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({**RECORD, "stream": []}, "stream is not a string"),
        ({**RECORD, "stream": None}, "stream is not a string"),
        ({**BATCH, "stream": {}}, "stream is not a string"),
        ({**ACTIVATE, "stream": []}, "stream is not a string"),
        ({**ACTIVATE, "version": [1]}, "version is not a number"),
        ({**SCHEMA, "schema": {"properties": 5}}, "schema is not the schema"),
        ({**SCHEMA, "schema": {"properties": []}}, "schema is not the schema"),
        ({**SCHEMA, "key_properties": 5}, "key_properties are not a list"),
        ({**SCHEMA, "key_properties": "email"}, "key_properties are not a list"),
        ({**BATCH, "encoding": 5}, "encoding names no format"),
        ({**BATCH, "encoding": {"compression": "gzip"}}, "encoding names no format"),
        ({**BATCH, "manifest": "file:///a"}, "manifest is not a list of files"),
        ({**BATCH, "manifest": [None]}, "manifest is not a list of files"),
        (b"{}", "unknown type"),
        (b'{"type":"STATE","value":{"n":NaN}}', "no valid JSON"),
        (b"Traceback (most recent call last):", "no valid JSON"),
        (b'{"type":"RECORD","record":{"n":NaN}}', "no valid JSON"),
        (b'{"type":"RECORD","stream":"people","record":{"n":NaN}} {}', "no valid JSON"),
        (b'{"type":"RECORD","stream":"people","record":{"n":"a', "no valid JSON"),
        (b'{"type":"STATE","value":' + b"[" * 50_000, "nested too deeply"),
        (json.dumps(RECORD).encode("utf-16"), "no valid JSON"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_message_that_is_none_ends_the_run_by_its_line(tmp_path: Path, line: object, what: str) -> None:
    ended = load(tmp_path, SCHEMA, RECORD, line)
    assert ended.stopped_cleanly(), ended.last_words
    assert "Line 3 of the input" in ended.errors
    assert what in ended.errors
    assert "ada@example.org" not in ended.errors


@pytest.mark.parametrize("unmapped", ["skip", "reject"])
@pytest.mark.parametrize(
    "value",
    [b"1e999999999999", b"1e400", b"-0.0", b"12345678901234567890.123", b"[" * 500 + b"]" * 500,
     b'"' + b"x" * 3_000_000 + b'"'],
    ids=["exponent", "no double", "zero", "digits", "nested", "huge"],
)  # fmt: skip
def test_a_strange_value_is_in_the_books_and_among_the_rejects_as_it_came(
    tmp_path: Path, value: bytes, unmapped: str
) -> None:
    line = b'{"type":"RECORD","stream":"people","record":{"email":' + value + b"}}"
    ended = load(tmp_path, SCHEMA, line, unmapped=unmapped)
    assert ended.code == 0, ended.last_words
    assert "read=1" in ended.errors or " 1 " in ended.errors
    if unmapped == "reject":
        assert value in (tmp_path / "rejects.singer").read_bytes()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path, end: bytes) -> None:
    lines = b"\xef\xbb\xbf" + json.dumps(SCHEMA).encode() + end + json.dumps(RECORD).encode() + end
    ended = load(tmp_path, lines)
    assert ended.code == 0, ended.last_words


def test_the_schema_in_the_rejects_file_has_no_byte_order_mark(tmp_path: Path) -> None:
    ended = load(tmp_path, b"\xef\xbb\xbf" + json.dumps(SCHEMA).encode(), RECORD, unmapped="reject")
    assert ended.code == 0, ended.last_words
    assert (tmp_path / "rejects.singer").read_bytes().startswith(b"{")


CORRUPT = bytearray(gzip.compress(bytes(range(256)) * 40))
CORRUPT[30:60] = b"\xff" * 30
FILES = {
    "deep.json": b"[" * 100_000,
    "text.json": b"Traceback (most recent call last):\n",
    "cut.json": b'{"email":"ada@example.org"}\n{"email":"bob@exa',
    "corrupt.json.gz": bytes(CORRUPT),
    "cut.json.gz": gzip.compress(b'{"email":"ada@example.org"}\n' * 100)[:-12],
}


@pytest.mark.parametrize(
    "url",
    [
        *(f"here:{name}" for name in FILES),
        "file:///etc/passwd", "file:///", "file:///no-such-folder/x.json", "no-such-folder/x.json", "", ".",
        "..", "/", "\0", "http://127.0.0.1:9/x.json", "s3://a/b", "gs://a/b", "nothing://a/b", "file://[/x",
        "data:,x",
    ],
)  # fmt: skip
def test_a_batch_file_that_is_none_is_an_error_without_its_content_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The SDK makes the folder of a file that is to be read."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    compression = {"compression": "gzip"} if url.endswith("gz") else {}
    encoding = {"format": "jsonl", **compression}
    place = (tmp_path / url.removeprefix("here:")).as_uri() if url.startswith("here:") else url
    ended = load(tmp_path, SCHEMA, {**BATCH, "encoding": encoding, "manifest": [place]})
    assert ended.stopped_cleanly(), ended.last_words
    assert "File 1 of a BATCH message of stream 'people' cannot be read" in ended.errors
    assert "root:" not in ended.errors
    assert "ada@example.org" not in ended.errors
    assert [one for one in sorted(tmp_path.rglob("*")) if one.suffix != ".in"] == before


def test_T12_one_value_of_a_batch_file_rejects_its_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    rows = [
        b'{"email":"a@example.org"}',
        b'{"email":"\xe9"}',
        b'{"n":NaN}',
        b'{"n":1e-70000000000000000000000000}',
    ]
    file.write_bytes(b"\n".join([*rows, b'{"n":1,"n":2}']))
    batch = {**BATCH, "manifest": [file.as_uri()]}
    ended = load(tmp_path, SCHEMA, batch, unmapped="reject")
    assert ended.code == 0, ended.last_words
    again = load(tmp_path, *(tmp_path / "rejects.singer").read_bytes().splitlines(), unmapped="reject")
    assert again.code == 0, again.last_words
    assert "people: 5 rejected: no_destination" in again.errors


@pytest.mark.parametrize(
    "maps", [{"lists": {"__alias__": "../x"}}, {"lists": {"a": "no_such_function(1)"}}, {"lists": 5}]
)
def test_a_stream_map_that_is_none_is_an_error_of_the_tap_by_its_setting(
    tmp_path: Path, box: RunningSandbox, maps: dict[str, Any]
) -> None:
    config = {**without_data(settings_for(box)), "stream_maps": maps}
    ended = run("tap-listrak", tmp_path, config, catalog=catalog(("lists",)))
    assert ended.stopped_cleanly(), ended.last_words
    assert "stream_maps" in ended.errors


@pytest.mark.parametrize(
    "record", [b'{"email":"no address","unused":%s}', b'{"email":%s}', b'{"email":"x@example.org","a":%s}']
)
def test_T12_a_number_out_of_range_among_many_records_rejects_its_row(
    tmp_path: Path, box: RunningSandbox, record: bytes
) -> None:
    """Runs of records are read by column, and what no destination wants is left unread."""
    odd = (
        b'{"type": "RECORD", "stream": "people", "record": '
        + record % b"1e-70000000000000000000000000"
        + b"}"
    )
    many = [{**RECORD, "record": {"email": f"a{number}@example.org"}} for number in range(20)]
    lines = [json.dumps(one).encode() for one in (SCHEMA, *many)]
    destination = {"kind": "email_list", "list": "Newsletter"}
    config = settings_for(box, destinations={"people": destination}, import_poll_seconds=0.02)
    path = str(tmp_path / "rejects.singer")
    ended = run(
        "target-listrak",
        tmp_path,
        {**config, "rejects_path": path},
        input=b"\n".join([*lines, odd, *lines[1:], b""]),
    )
    assert ended.code == 0, ended.last_words
    file = tmp_path / "rejects.singer"
    rejected = [one for one in file.read_bytes().splitlines() if b"RECORD" in one] if file.exists() else []
    # Where nobody looks at it, the row is as good as any.
    assert [b"out of range" in one for one in rejected] == ([] if b'"a"' in record else [True])


@pytest.mark.parametrize("many", [2, 30])
def test_T12_a_record_that_is_nested_too_deeply_rejects_its_row(tmp_path: Path, many: int) -> None:
    deep = b"[" * 5000 + b"]" * 5000
    line = b'{"type": "RECORD", "stream": "people", "record": {"email": "ada@example.org", "a": %b}}' % deep
    ended = load(tmp_path, SCHEMA, *[RECORD] * many, line, *[RECORD] * many, unmapped="reject")
    assert ended.code == 0, ended.last_words
    rejects = (tmp_path / "rejects.singer").read_bytes()
    assert len(rejects.splitlines()) == 2 * many + 2
    again = load(tmp_path, *rejects.splitlines(), unmapped="reject")
    assert again.code == 0, again.last_words
    assert f" {2 * many + 1} " in again.errors


def test_T12_a_source_that_dies_within_a_line_is_named_as_such(tmp_path: Path) -> None:
    cut = json.dumps(RECORD).encode()[:-20]
    config = {"destinations": {}, "unmapped_streams": "skip"}
    text = b"\n".join([json.dumps(SCHEMA).encode(), json.dumps(RECORD).encode(), cut])
    ended = run("target-listrak", tmp_path, config, input=text)
    assert ended.stopped_cleanly(), ended.last_words
    assert "Line 3 of the input: the input ends in the middle of this line" in ended.errors
    assert "ada@example.org" not in ended.errors


def test_input_that_windows_wrote_as_utf_16_is_named_as_such(tmp_path: Path) -> None:
    text = json.dumps(SCHEMA).encode("utf-16") + b"\n"
    ended = run("target-listrak", tmp_path, {"destinations": {}, "unmapped_streams": "skip"}, input=text)
    assert ended.stopped_cleanly(), ended.last_words
    assert "UTF-16" in ended.errors


def trimmed(*names: str) -> dict[str, Any]:
    """Give a catalog that has these streams only."""
    return {"streams": [one for one in catalog(names)["streams"] if one["tap_stream_id"] in names]}


def test_a_catalog_may_leave_out_the_parents_of_what_it_selects(tmp_path: Path, box: RunningSandbox) -> None:
    """It was a KeyError: the SDK makes a stream's map out of the stream's entry in the catalog."""
    config = {**without_data(settings_for(box)), "list_ids": [40274]}
    alone, whole = (
        run("tap-listrak", tmp_path, config, catalog=one)
        for one in (trimmed("contacts"), catalog(("contacts",)))
    )
    assert alone.code == 0, alone.last_words
    written = [
        [
            {**one, "time_extracted": None}
            for one in map(json.loads, ended.out.splitlines())
            if "record" in one
        ]
        for ended in (alone, whole)
    ]
    assert written[0]
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"stream": "people"}, "the catalog renames 'lists'"),
        ({"schema": {}}, "$.streams[0].schema breaks the rule"),
        ({"schema": None}, "$.streams[0].schema breaks the rule"),
        ({"schema": {"properties": {"listId": {"type": [[]]}}}}, "the schema of 'lists' is invalid"),
        ({"schema": {"properties": {"listId": {"items": True}}}}, "the schema of 'lists' is invalid"),
    ],
)
def test_a_catalog_that_cannot_be_used_is_an_error_that_names_the_place(
    tmp_path: Path, box: RunningSandbox, change: dict[str, Any], what: str
) -> None:
    chosen = trimmed("lists")
    chosen["streams"][0].update(change)
    ended = run("tap-listrak", tmp_path, without_data(settings_for(box)), catalog=chosen)
    assert ended.stopped_cleanly(), ended.last_words
    assert what in ended.errors
