"""What holds for every run, whatever the kind: STATE, accounting, rejects, settings, bad input."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.channels.email.importer import ImportFailedError
from target_listrak.input.reader import InputError
from target_listrak.target import TargetListrak
from target_listrak.tracking.shares import RejectShareError

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWSLETTER, OUTLET = 40137, 40274
FIRST_NAME = 1007
SCHEMA = schema("people", "email", "first_name")
TO_LIST = {"people": {"kind": "email_list", "list": NEWSLETTER}}


def people(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        record("people", email=f"p{number}@example.org", first_name="P")
        for number in range(start, start + count)
    ]


# STATE


def test_state_is_passed_on_when_and_only_when_all_rows_before_it_are_confirmed(runs: Runs) -> None:
    messages = [SCHEMA, *people(3), state(1), *people(3, 3), state(2), *people(1, 6), state(3)]
    outcome = runs.good(messages, TO_LIST, batch_size_rows=2)
    # Batches of two: the STATE messages do not line up with them. The last word is always said.
    assert outcome.states[-1] == 3
    assert outcome.states == sorted(outcome.states)


def test_a_failure_in_a_later_batch_keeps_the_checkpoints_of_the_good_ones(runs: Runs) -> None:
    first = {"a": {"kind": "email_list", "list": NEWSLETTER}, "b": {"kind": "email_list", "list": OUTLET}}
    runs.sandbox.settings(import_outcome="complete")
    target = TargetListrak(config=runs.config(first, batch_size_rows=2))
    passed: list[str] = []
    target.run.state_tracker._write = lambda value: passed.append(value.decode())

    def lines() -> Iterator[bytes]:
        yield from (json.dumps(one).encode() for one in [schema("a", "email"), schema("b", "email")])
        yield from (json.dumps(record("a", email=f"a{one}@example.org")).encode() for one in range(2))
        yield json.dumps(state("first")).encode()
        deadline = time.monotonic() + 30
        while not passed and time.monotonic() < deadline:  # passed on while the input is still open
            time.sleep(0.01)
        assert passed == ['"first"']
        runs.sandbox.settings(import_outcome="fail")
        yield from (json.dumps(record("b", email=f"b{one}@example.org")).encode() for one in range(3))
        yield json.dumps(state("second")).encode()

    with pytest.raises(ImportFailedError, match="failed"):
        target.listen(lines())
    assert passed == ['"first"']
    tallies = target.run.tallies
    assert (tallies["a"].accepted, tallies["a"].open) == (2, 0)
    assert (tallies["b"].accepted, tallies["b"].open) == (0, 3)


def test_state_is_never_the_sdks_to_write(runs: Runs) -> None:
    """The SDK writes the latest STATE whenever it drains: before Listrak has confirmed the rows."""
    target = TargetListrak(config=runs.config(TO_LIST))
    target._process_state_message({"type": "STATE", "value": {"a": 1}})
    assert target._latest_state is None


def test_fractions_in_state_keep_every_digit(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    target = TargetListrak(config=runs.config(TO_LIST))
    line = b'{"type": "STATE", "value": {"at": 1.10000000000000000001, "n": 12345678901234567890}}'
    target.listen(iter([line]))  # type: ignore[arg-type]
    assert capsys.readouterr().out == '{"at":1.10000000000000000001,"n":12345678901234567890}\n'


def test_an_old_batch_is_sent_although_it_is_not_full(runs: Runs) -> None:
    """A slow source would otherwise wait for its first STATE until the end of input."""
    target = TargetListrak(config=runs.config(TO_LIST))
    target._MAX_RECORD_AGE_IN_MINUTES = 0
    passed: list[str] = []
    target.run.state_tracker._write = lambda value: passed.append(value.decode())

    def lines() -> Iterator[bytes]:
        yield from (json.dumps(one).encode() for one in [SCHEMA, *people(1), state(1)])
        deadline = time.monotonic() + 30
        while not passed and time.monotonic() < deadline:
            time.sleep(0.01)
        assert passed == ["1"]

    target.listen(lines())


# Accounting and rejects


def test_the_rejects_file_is_singer_input_that_only_its_owner_reads(runs: Runs) -> None:
    messages = [
        SCHEMA,
        record("people", email="nobody", first_name="N"),
        record("people", email="a@example.org"),
        schema("people", "email", "first_name", "age"),
        record("people", email=None, age="7"),
    ]
    outcome = runs.good(messages, TO_LIST)
    assert stat.S_IMODE(outcome.rejects_path.stat().st_mode) == 0o600
    assert [line["type"] for line in outcome.rejects] == ["SCHEMA", "RECORD", "SCHEMA", "RECORD"]
    assert outcome.rejects[0] == SCHEMA
    assert outcome.rejects[1]["rejected"] == {
        "outcome": "rejected",
        "code": "bad_email_address",
        "reason": "not an email address: it has no @ sign",
        "destination": "email_list: Newsletter",
        "row": 1,
    }
    mended = [
        {**line, "record": {**line["record"], "email": "mended@example.org"}} if "record" in line else line
        for line in outcome.rejects
    ]
    again = runs.good(mended, TO_LIST)
    assert again.figures == (2, 1, 0, 0, 1)
    assert runs.values(NEWSLETTER, "mended@example.org") == {FIRST_NAME: "N"}


def test_a_rejected_contact_whose_records_were_merged_is_written_down_whole(runs: Runs) -> None:
    banned = runs.special(NEWSLETTER, "Banned")
    rows = [
        record("people", email=banned, first_name="F"),
        record("people", email=banned, notes="n", first_name=None),
    ]
    outcome = runs.good([schema("people", "email", "first_name", "notes"), *rows], TO_LIST)
    assert outcome.figures == (2, 0, 0, 1, 1)
    assert outcome.rejects[1]["record"] == {"email": banned, "first_name": "F", "notes": "n"}


def test_an_old_rejects_file_is_never_touched(runs: Runs) -> None:
    old = runs.folder / "rejects.singer"
    old.write_text("not mended yet")
    outcome = runs.good([SCHEMA, record("people", email="x")], TO_LIST)
    assert old.read_text() == "not mended yet"
    assert outcome.rejects_path.name == "rejects.1.singer"


def test_old_rejects_files_are_deleted_after_rejects_keep_days_and_nothing_else(runs: Runs) -> None:
    kept = [
        "rejects.2.singer",
        "rejects.singer.bak",
        "rejects.x.singer",
        "other.singer",
        "rejects.1.singer.d",
    ]
    gone = ["rejects.singer", "rejects.1.singer", "rejects.10.singer"]
    for name in (*kept, *gone):
        (runs.folder / name).touch()
        if name != "rejects.2.singer":
            os.utime(runs.folder / name, (0, time.time() - 31 * 86_400))
    bad = [SCHEMA, record("people", email="x")]
    wrong = runs.run([*bad, *bad[1:] * 5], TO_LIST, rejects_keep_days=30, max_reject_share=0.2)
    assert wrong.error is not None  # a run that failed deletes nothing
    assert all((runs.folder / name).exists() for name in gone)
    outcome = runs.good(bad, TO_LIST, rejects_keep_days=30)
    left = {one.name for one in runs.folder.iterdir()}
    assert left.issuperset({*kept, wrong.rejects_path.name, outcome.rejects_path.name})
    assert not left.intersection(gone)


def test_nothing_rejected_leaves_no_file(runs: Runs) -> None:
    runs.good([SCHEMA, *people(1)], TO_LIST)
    assert list(runs.folder.iterdir()) == []


def test_a_rejects_file_that_cannot_be_written_ends_the_run(runs: Runs) -> None:
    (runs.folder / "file").touch()
    bad_path = str(runs.folder / "file" / "rejects.singer")
    outcome = runs.run([SCHEMA, record("people", email="x"), state(1)], TO_LIST, rejects_path=bad_path)
    assert isinstance(outcome.error, ConfigurationError)
    assert "rejects_path" in str(outcome.error)
    assert outcome.states == []


def test_too_large_a_share_of_rejected_records_is_an_error_and_holds_state_back(runs: Runs) -> None:
    rows = [*people(15), *[record("people", email="x")] * 5, state(1)]
    outcome = runs.run([SCHEMA, *rows], TO_LIST, max_reject_share=0.2)
    assert isinstance(outcome.error, RejectShareError)
    assert "stream 'people' has 5 of 20 rejected" in str(outcome.error)
    assert outcome.states == []
    assert outcome.tally.accepted == 15
    again = runs.good([SCHEMA, *rows], TO_LIST, max_reject_share=0.25)
    assert again.states == [1]
    own = {"people": {**TO_LIST["people"], "max_reject_share": 0.25}}
    assert runs.good([SCHEMA, *rows], own, max_reject_share=0.2).states == [1]


def test_a_few_wrong_rows_never_end_a_run_unless_not_a_single_one_is_allowed(runs: Runs) -> None:
    rows = [*[record("people", email="x")] * 4, state(1)]
    assert runs.good([SCHEMA, *rows], TO_LIST, max_reject_share=0.2).states == [1]
    strict = runs.run([SCHEMA, *rows], TO_LIST, max_reject_share=0)
    assert isinstance(strict.error, RejectShareError)
    assert strict.states == []


def test_state_waits_while_the_share_is_too_large_and_passes_when_it_is_not_any_more(runs: Runs) -> None:
    rows = [*[record("people", email="x")] * 5, state(1), *people(20), state(2)]
    assert runs.good([SCHEMA, *rows], TO_LIST, max_reject_share=0.2).states == [2]


def test_the_closing_table_accounts_for_every_row(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="target-listrak")
    rows = [*people(2), *people(1), record("people", email="x")]
    runs.good([SCHEMA, *rows], TO_LIST)
    table = [one.getMessage().split() for one in caplog.records if one.name == "target-listrak"]
    assert ["people", "email_list:", "Newsletter", "4", "2", "0", "0", "1", "1", "0"] in table
    metrics = [one.getMessage() for one in caplog.records if one.name == "singer_sdk.metrics"]
    assert any('"outcome":"accepted"' in one and '"value":2' in one for one in metrics)


def test_no_address_reaches_the_log(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    banned = runs.special(NEWSLETTER, "Banned")
    rows = [
        *people(2),
        record("people", email=banned),
        record("people", email="not.an.address"),
        record("people", email=5),
    ]
    runs.good([SCHEMA, *rows, state(1)], TO_LIST, validate_records=True)
    text = "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("urllib3"))
    for address in ("p0@example.org", banned, "not.an.address"):
        assert address not in text


# Streams and settings


@pytest.mark.parametrize(("unmapped", "figures"), [("skip", (2, 0, 2, 0, 0)), ("reject", (2, 0, 0, 2, 0))])
def test_streams_without_destination(runs: Runs, unmapped: str, figures: tuple[int, ...]) -> None:
    messages = [
        schema("other", "email"),
        record("other", email="a@b.co"),
        record("other", email=None),
        SCHEMA,
        *people(1),
        state(1),
    ]
    outcome = runs.good(messages, TO_LIST, unmapped_streams=unmapped, max_reject_share=0)
    other = outcome.tallies["other"]
    assert (other.read, other.accepted, other.unchanged, other.rejected, other.merged) == figures
    assert outcome.tallies["people"].accepted == 1
    assert outcome.states == [1]


def test_a_stream_without_destination_fails_before_anything_is_written(runs: Runs) -> None:
    outcome = runs.run([SCHEMA, schema("other", "email"), *people(3)], TO_LIST)
    assert isinstance(outcome.error, ConfigurationError)
    for word in ("'other'", "people", "email_list", "unmapped_streams"):
        assert word in str(outcome.error)
    assert runs.imports() == []


def test_destinations_that_no_stream_came_for_are_named_at_the_end(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    two = [{"kind": "email_list", "list": one} for one in (NEWSLETTER, OUTLET)]
    destinations = {**TO_LIST, "peple": TO_LIST["people"], "old_*": two}
    with caplog.at_level("INFO"):
        runs.good([SCHEMA, *people(1)], destinations)
    assert (
        "No stream came for: destinations.peple, destinations.old_*[0], destinations.old_*[1]" in caplog.text
    )
    caplog.clear()
    runs.good([SCHEMA, *people(1)], TO_LIST)
    assert "No stream came for" not in caplog.text


def test_patterns_the_exact_name_first_then_the_longest(runs: Runs) -> None:
    destinations = {
        "*": {"kind": "email_unsubscribe", "list": NEWSLETTER},
        "shop_*": {"kind": "email_list", "list": OUTLET},
        "shop_vips": {"kind": "email_list", "list": NEWSLETTER},
    }
    messages = [schema("shop_vips", "email"), schema("shop_all", "email"), schema("rest", "email")]
    messages += [record(one["stream"], email=f"{one['stream']}@example.org") for one in messages]
    outcome = runs.good(messages, destinations)
    assert {name: one.destination for name, one in outcome.tallies.items()} == {
        "shop_vips": "email_list: Newsletter",
        "shop_all": "email_list: Outlet & Sale",
        "rest": "email_unsubscribe: Newsletter",
    }


def test_a_dry_run_writes_nothing_and_prints_the_same_table(runs: Runs) -> None:
    destinations = {
        "people": {
            "kind": "email_list",
            "list": "Not there",
            "create_list": True,
            "create_missing": True,
            "field_group": "New",
        }
    }
    rows = [*people(2), *people(1), record("people", email="x"), state(1)]
    outcome = runs.good([SCHEMA, *rows], destinations, dry_run=True)
    assert outcome.figures == (4, 2, 0, 1, 1)
    assert outcome.states == []
    written = runs.sandbox.written()
    assert (written["imports"], written["email"]) == ([], [])


def test_stream_maps_are_the_sdks(runs: Runs) -> None:
    maps = {
        "raw": {
            "__alias__": "people",
            "email": "mail.lower()",
            "first_name": "name",
            "__filter__": "name != 'skip me'",
        }
    }
    messages = [
        schema("raw", "mail", "name"),
        *(record("raw", mail=f"{one}@Example.org", name=one) for one in ("A", "skip me")),
    ]
    messages.append(
        record("raw", mail=None, name="B")
    )  # the expression fails: the row is rejected, the run goes on
    outcome = runs.good(messages, TO_LIST, stream_maps=maps)
    assert outcome.codes == ["stream_map"]
    assert runs.values(NEWSLETTER, "a@example.org") == {FIRST_NAME: "A"}
    assert outcome.rejects[0]["stream"] == "raw"  # replayed, it goes through the map again


def test_validate_records_rejects_what_breaks_the_schema_without_showing_it(runs: Runs) -> None:
    head = schema("people", "email", first_name={"type": "string", "maxLength": 3})
    rows = [
        record("people", email="a@example.org", first_name="secret"),
        record("people", email="b@example.org", first_name="ok"),
    ]
    outcome = runs.good([head, *rows], TO_LIST, validate_records=True)
    assert outcome.codes == ["invalid_record"]
    assert (
        outcome.rejects[1]["rejected"]["reason"]
        == "the record breaks the schema's rule `maxLength` at $.first_name"
    )


def test_batch_messages_are_rows_like_others(runs: Runs) -> None:
    path = runs.folder / "part.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write(
            "".join(json.dumps({"email": email}) + "\n" for email in ("a@example.org", "b@example.org", "x"))
        )
    batch = {
        "type": "BATCH",
        "stream": "people",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [path.as_uri()],
    }
    outcome = runs.good([SCHEMA, batch, state(1)], TO_LIST)
    assert outcome.figures == (3, 2, 0, 1, 0)
    assert outcome.rejects[1]["record"] == {"email": "x"}
    assert outcome.states == [1]
    batch["manifest"] = [path.with_name("missing.gz").as_uri()]
    broken = runs.run([SCHEMA, batch, state(1)], TO_LIST)
    assert "File 1 of a BATCH message of stream 'people' cannot be read" in str(broken.error)
    assert broken.states == []
    # A full disk leaves a file without a byte, which gzip reads as an empty one.
    batch["manifest"] = [path.as_uri(), path.with_name("cut.gz").as_uri()]
    path.with_name("cut.gz").touch()
    cut = runs.run([SCHEMA, batch, state(1)], TO_LIST)
    assert "File 2 of a BATCH message of stream 'people' cannot be read: EOFError" in str(cut.error)
    assert cut.states == []


def test_parquet_batches_are_read(runs: Runs) -> None:
    """Needs the extra `parquet`."""
    path = runs.folder / "people.parquet"
    parquet.write_table(pa.table({"email": ["a@example.org", "b@example.org", "x"]}), path)
    batch = {
        "type": "BATCH",
        "stream": "people",
        "encoding": {"format": "parquet"},
        "manifest": [path.as_uri()],
    }
    outcome = runs.good([SCHEMA, batch, state(1)], TO_LIST)
    assert outcome.figures == (3, 2, 0, 1, 0)
    assert outcome.states == [1]


# Imports


def test_a_batch_that_is_large_is_cut_and_each_import_is_named(runs: Runs) -> None:
    runs.good([SCHEMA, *people(7)], TO_LIST, batch_size_rows=3)
    made = runs.imports()
    assert sorted(len(one["rows"]) for one in made) == [1, 3, 3]
    assert len({one["importFileName"] for one in made}) == 3


def test_files_stay_under_the_size_limit(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_listrak.channels.email.import_files.MAX_FILE_BYTES", 150)
    runs.good([SCHEMA, *people(20)], TO_LIST)
    sizes = [
        len("Email,Customer.First Name") + 6 + sum(len(",".join(row)) + 5 for row in one["rows"])
        for one in runs.imports()
    ]
    assert len(sizes) > 2
    assert max(sizes) <= 150
    assert sum(len(one["rows"]) for one in runs.imports()) == 20


def test_a_body_that_is_too_large_is_halved(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listrak_api.request_results.LARGE_BODY_BYTES", 1_000)  # a real one would need 250 MB
    runs.sandbox.settings(max_body_bytes=2_000)
    rows = [record("people", email=f"p{number}@example.org", first_name="P" * 50) for number in range(40)]
    outcome = runs.good([SCHEMA, *rows, state(1)], TO_LIST)
    assert outcome.tally.accepted == 40
    assert sum(len(one["rows"]) for one in runs.imports()) == 40
    assert len(runs.imports()) >= 4
    assert outcome.states == [1]


@pytest.mark.parametrize(("import_outcome", "word"), [("fail", "failed"), ("stall", "import_timeout")])
def test_an_import_that_does_not_end_well_ends_the_run(runs: Runs, import_outcome: str, word: str) -> None:
    runs.sandbox.settings(import_outcome=import_outcome)
    outcome = runs.run([SCHEMA, *people(4), state(1)], TO_LIST, import_timeout=0.3)
    assert isinstance(outcome.error, ImportFailedError)
    assert word in str(outcome.error)
    assert "the next run sends them again" in str(outcome.error)
    assert outcome.states == []
    assert (outcome.tally.read, outcome.tally.open) == (4, 4)


def test_an_unknown_status_word_with_an_end_date_is_an_end(runs: Runs) -> None:
    runs.sandbox.settings(import_end_word="Erledigt")
    assert runs.good([SCHEMA, *people(3), state(1)], TO_LIST).states == [1]


def test_one_import_per_list_at_a_time_and_lists_side_by_side(runs: Runs) -> None:
    runs.sandbox.settings(import_seconds=0.3)
    both = {"a": {"kind": "email_list", "list": NEWSLETTER}, "b": {"kind": "email_list", "list": OUTLET}}
    messages = [schema("a", "email"), schema("b", "email")]
    messages += [
        record(stream, email=f"{number}@example.org") for number in range(6) for stream in ("a", "b")
    ]
    runs.good(messages, both, batch_size_rows=2)
    spans: dict[int, list[tuple[str, str]]] = {}
    for one in runs.imports():
        spans.setdefault(one["listId"], []).append((one["startDate"], one["endDate"]))
    for some in spans.values():
        ordered = sorted(some)
        assert len(ordered) == 3
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(ordered))
    assert any(a[0] < b[1] and b[0] < a[1] for a in spans[NEWSLETTER] for b in spans[OUTLET])


def test_many_lists_do_not_fill_the_memory(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_listrak.channels.email.open_batches._MOST_MEMORY", 2_000)
    monkeypatch.setattr("target_listrak.channels.email.open_batches._LOOK_EVERY", 3)
    split = {"people": {"kind": "email_list", "list_from": "to"}}
    lists = (NEWSLETTER, OUTLET)
    rows = [
        record("people", email=f"{number}@example.org", to=lists[number % 7 == 0], first_name=f"N{number}")
        for number in range(60)
    ]
    outcome = runs.good([schema("people", "email", "first_name", to={}), *rows, state(1)], split)
    assert outcome.tally.accepted == 60
    assert outcome.states == [1]
    assert len(runs.imports()) > 5
    assert sum(len(one["rows"]) for one in runs.imports()) == 60


# Bad input


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"type": "RECORD", "stream": "people", "record": {"email": "a@b.co"', ["Line 2", "no valid JSON"]),
        (b"ann@example.org", ["Line 2", "no valid JSON"]),
        (b'["ann@example.org"]', ["Line 2", "no JSON object"]),
        (b'{"email": "ann@example.org"}', ["Line 2", "unknown type"]),
        (b'{"type": "RECROD", "record": "ann@example.org"}', ["Line 2", "unknown type (RECROD)"]),
        (b'{"type": "ann@example.org"}', ["Line 2", "unknown type"]),
        (b'{"type": "RECORD", "record": {"email": "ann@example.org"}}', ["Line 2", "lacks stream"]),
        (b'{"type": "SCHEMA", "stream": "x", "ann@example.org": 1}', ["Line 2", "lacks schema"]),
        (b'{"type": "STATE", "x": "ann@example.org"}', ["Line 2", "lacks value"]),
        (b"[" * 100_000, ["Line 2", "no valid JSON"]),
        (b'{"type": "STATE", "value": "\xff"}', ["Line 2", "no valid JSON"]),
    ],
)
def test_a_line_that_is_no_singer_message_is_named_by_its_number_and_not_shown(
    runs: Runs, line: bytes, words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    outcome = runs.run([SCHEMA, line, state(1)], TO_LIST)
    assert isinstance(outcome.error, InputError)
    for word in words:
        assert word in str(outcome.error)
    assert "ann" not in str(outcome.error) + caplog.text
    assert outcome.states == []


def test_records_that_are_no_objects_are_rejected(runs: Runs) -> None:
    odd = [
        {"type": "RECORD", "stream": "people", "record": one} for one in ("text", 5, None, ["a@example.org"])
    ]
    outcome = runs.good([SCHEMA, *odd, *people(1)], TO_LIST)
    assert outcome.codes == ["unreadable"] * 4
    assert outcome.tally.accepted == 1


def test_blank_lines_are_nothing(runs: Runs) -> None:
    assert runs.good([SCHEMA, b"", b"  ", *people(1), b"\r"], TO_LIST).tally.accepted == 1


# The console script


def command(
    runs: Runs, config: dict[str, Any] | str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    path = runs.folder / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    arguments = [
        sys.executable,
        "-c",
        "from target_listrak.__main__ import main; main()",
        "--config",
        str(path),
    ]
    return subprocess.run(
        arguments,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
        cwd=runs.folder,
    )


def test_the_command_passes_state_and_tells_the_rest_on_standard_error(runs: Runs) -> None:
    lines = b"\n".join(json.dumps(one).encode() for one in [SCHEMA, *people(2), state({"x": 1})])
    done = command(runs, runs.config(TO_LIST), lines)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b'{"x":1}\n'
    assert b"Accounting" in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"destinations": {"people": {"kind": "emial_list"}}},
            ["destinations.people.kind", "emial_list", "email_list"],
        ),
        (
            {"destinations": {"people": {"kind": "email_list", "list": 1, "lsit": 2}}},
            ["destinations.people.lsit", "'list'"],
        ),
        ({"destinations": None}, ["destinations"]),
        ({"client_secret": None}, ["client_secret"]),
        ({"client_secret": "wrong"}, ["client_secret"]),
        ({"unmapped_streams": "maybe"}, ["unmapped_streams"]),
        ({"api_url": "http://example.com"}, ["api_url"]),
        ({"batch_size_rows": 0}, ["batch_size_rows"]),
    ],
)
def test_a_wrong_setting_is_a_line_that_names_it(
    runs: Runs, change: dict[str, Any], words: list[str]
) -> None:
    config = {**runs.config(TO_LIST), **change}
    done = command(
        runs,
        {name: value for name, value in config.items() if value is not None},
        json.dumps(SCHEMA).encode(),
    )
    text = done.stderr.decode()
    assert done.returncode == 1, text
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert runs.sandbox.written()["imports"] == []


def test_fractions_in_a_config_file_are_numbers(runs: Runs) -> None:
    destination = {
        "people": {"kind": "audience", "list": NEWSLETTER, "field": "VIP", "max_removed_share": 0.5}
    }
    config = runs.config(destination, max_reject_share=0.5, import_poll_seconds=0.5)
    done = command(runs, config, json.dumps(SCHEMA).encode())
    assert done.returncode == 0, done.stderr.decode()


def test_a_config_file_that_is_no_json_is_one_line(runs: Runs) -> None:
    done = command(runs, "{destinations: ")
    text = done.stderr.decode()
    assert done.returncode == 1
    assert "not valid JSON" in text
    assert "Traceback" not in text


def test_a_malformed_line_ends_the_command_without_a_trace(runs: Runs) -> None:
    done = command(runs, runs.config(TO_LIST), json.dumps(SCHEMA).encode() + b"\n{oops ann@example.org\n")
    text = done.stderr.decode()
    assert done.returncode == 65
    assert text.splitlines()[-1].endswith("retryable: false")
    assert "Line 2 of the input" in text
    assert "Traceback" not in text
    assert "ann@example.org" not in text


@pytest.mark.parametrize(
    "signals",
    [
        # Meltano passes on the SIGTERM, or the Ctrl-C, that its whole process group has got already.
        pytest.param([signal.SIGTERM, signal.SIGTERM], id="SIGTERM"),
        pytest.param([signal.SIGINT, signal.SIGTERM], id="Ctrl-C"),
    ],
)
def test_sigterm_ends_the_run_within_seconds_and_prints_the_accounting(
    runs: Runs, signals: list[signal.Signals]
) -> None:
    runs.sandbox.settings(import_outcome="stall")
    path = runs.folder / "config.json"
    path.write_text(json.dumps(runs.config(TO_LIST, batch_size_rows=2)))
    arguments = [
        sys.executable,
        "-c",
        "from target_listrak.__main__ import main; main()",
        "--config",
        str(path),
    ]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=runs.folder
    ) as child:
        assert child.stdin is not None
        for message in [SCHEMA, *people(3), state(1)]:
            child.stdin.write(json.dumps(message).encode() + b"\n")
        child.stdin.flush()
        deadline = time.monotonic() + 30
        while not runs.sandbox.written()["imports"] and time.monotonic() < deadline:
            time.sleep(0.05)
        begun = time.monotonic()
        for one in signals:
            child.send_signal(one)
            time.sleep(0.5)
        out, errors = child.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert child.returncode == 128 + signals[0]
    assert out == b""
    assert b"Traceback" not in errors
    (row,) = re.findall(rb"people +email_list: Newsletter +(\d) +0 +0 +0 +0 +0 +(\d)", errors)
    assert row[0] == row[1]  # all that was read is told, and none of it is said to be confirmed


def test_the_version_and_the_settings_are_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "target_listrak", "--about", "--format=json"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    about = json.loads(done.stdout)
    assert about["version"] not in {None, "[could not be detected]"}
    names = set(about["settings"]["properties"])
    assert {"destinations", "rejects_path", "client_secret", "stream_maps", "batch_size_rows"} <= names


def test_settings_out_of_the_environment(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in runs.config(TO_LIST, max_reject_share=0.5).items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"TARGET_LISTRAK_{name.upper()}", text)
    target = TargetListrak(parse_env_config=True)
    assert target.run.config["max_reject_share"] == 0.5
    assert target.destinations.for_stream("people")
    monkeypatch.setenv("TARGET_LISTRAK_MAX_REJECT_SHARE", "half")
    with pytest.raises(ConfigurationError, match="max_reject_share"):
        TargetListrak(parse_env_config=True)


def test_rejects_are_written_before_the_state_that_passes_over_them(runs: Runs) -> None:
    target = TargetListrak(config=runs.config(TO_LIST))
    seen: list[int] = []
    path = Path(target.run.config["rejects_path"])
    target._write_state = lambda _: None  # type: ignore[method-assign]
    write = target.run.state_tracker._write

    def look(value: bytes) -> None:
        write(value)
        seen.append(len(path.read_text().splitlines()))

    target.run.state_tracker._write = look
    target.listen(iter([json.dumps(one).encode() for one in [SCHEMA, record("people", email="x"), state(1)]]))  # type: ignore[arg-type]
    assert seen == [2]


@pytest.mark.parametrize(
    "last_words", [pytest.param([], id="whole"), pytest.param([b'{"type": "REC'], id="cut off")]
)
@pytest.mark.parametrize(
    "destination",
    [
        {"kind": "audience", "list": NEWSLETTER, "field": "VIP"},
        {"kind": "orders", "fields": {"order_number": "orderNumber", "item_sku": "items.sku"}},
    ],
    ids=["audience", "orders"],
)
def test_what_is_kept_on_disk_is_let_go_of_however_the_run_ends(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, destination: dict[str, Any], last_words: list[bytes]
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(name: str, **options: bool | None) -> sqlite3.Connection:
        opened.append(connect(name, **options))  # type: ignore[call-overload]
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    names = ("email", "order_number", "item_sku")
    rows = [record("s", email=f"{one}@example.org", order_number=one, item_sku="S") for one in "abc"]
    runs.run([schema("s", *names), *rows, *last_words], {"s": destination}, batch_size_rows=1)
    assert opened
    for one in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            one.execute("SELECT 1")


def test_many_runs_of_one_process_log_no_slower_than_one(runs: Runs) -> None:
    runs.good([SCHEMA, *people(1)], TO_LIST)
    loggers = [logging.getLogger(name) for name in ("target-listrak", "listrak_api", "singer_sdk.mapper")]
    filters = [list(one.filters) for one in loggers]
    runs.good([SCHEMA, *people(1)], TO_LIST)
    assert [one.filters for one in loggers] == filters
