"""What a run says: a few lines, a table at the end, what was left out and why, and errors by themselves."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import catalog, settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from listrak_singer.logs import RetryLogFilter
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tap_runs import Extract, Extraction

    from tests.conftest import Script


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox, extract: Extract) -> Extraction:
    return extract(tiny, streams=["contacts", "messages"])


def write(folder: Path, name: str, value: object) -> str:
    file = folder / name
    file.write_text(json.dumps(value), "utf-8")
    return str(file)


def test_X10_a_whole_run_is_a_few_lines_and_a_table(
    tiny: RunningSandbox, script: Script, whole: Extraction
) -> None:
    tiny.forget_requests()
    done = script("tap-listrak", config=settings(tiny))
    lines = done.stderr.splitlines()
    assert done.returncode == 0
    assert len(lines) <= 25
    assert "METRIC" not in done.stderr
    assert "child stream" not in done.stderr
    at = next(number for number, line in enumerate(lines) if "requests  retries  seconds" in line)
    table = [line.split("|")[-1].split() for line in lines[at:]]
    contacts = next(line for line in table if line[0] == "contacts")
    assert int(contacts[1]) == len(whole.records["contacts"])
    total = next(line for line in table if line[0] == "total")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    records = Counter(one["stream"] for one in messages if one["type"] == "RECORD")
    assert int(total[1].replace(",", "")) == sum(records.values())
    requests = tiny.requests()
    tokens = sum(count for route, count in requests["by_route"].items() if "Token" in route)
    assert int(total[2].replace(",", "")) == requests["total"] - tokens > 100
    own = {line[0]: int(line[1].replace(",", "")) for line in table if line[0] in records}
    assert own == {stream: records[stream] for stream in own}
    others = next(" ".join(line) for line in table if line[0] == "Rows").removeprefix("Rows of the others: ")
    own |= {name: int(rows.replace(",", "")) for name, rows in map(str.split, others.split(", "))}
    assert {stream: count for stream, count in own.items() if count} == dict(records)
    bookmarks = messages[-1]["value"]["bookmarks"]
    places = [one.get("replication_key_value") for of in bookmarks.values() for one in of["partitions"]]
    (until,) = set(places)
    assert lines[-1].endswith(f"Bookmarks: {len(places)} in {len(bookmarks)} streams moved to {until}")
    assert any(re.search(r"\bfolders +4\b", line) for line in lines), "the rows of every stream are there"


def test_X10_metrics_carry_their_stream_at_debug(
    tiny: RunningSandbox,
    extract: Extract,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAP_LISTRAK_LOGLEVEL", "DEBUG")
    with caplog.at_level(logging.DEBUG):
        extract(tiny, streams=["lists", "campaigns"])
    metrics = [json.loads(str(one.args[0])) for one in caplog.records if one.msg == "METRIC: %s" and one.args]
    assert {one["tags"]["stream"] for one in metrics} == {"lists", "campaigns"}
    assert {one["metric"] for one in metrics} == {"record_count", "sync_duration"}


def test_X10_retries_are_told_in_part() -> None:
    now = [0.0]
    told = RetryLogFilter(lambda: now[0])
    lines = []
    for number in range(100):
        now[0] = float(number)
        text = "%s: %s; retry %d of %d in %.1f s"
        record = logging.LogRecord(
            "listrak_api", logging.WARNING, "", 1, text, ("GET /List", 500, 1, 9, 1.0), None
        )
        if told.filter(record):
            lines.append(record.getMessage())
    assert len(lines) == 3 + 3
    assert "other retries" in lines[-1]
    other = logging.LogRecord("listrak_api", logging.WARNING, "", 1, "something else", (), None)
    assert told.filter(other)


def test_X11_a_selected_stream_that_cannot_be_read_is_named_with_its_setting(
    tiny: RunningSandbox, script: Script, tmp_path: Path
) -> None:
    config: dict[str, Any] = {
        name: value for name, value in settings(tiny).items() if not name.startswith("sms")
    }
    chosen = catalog(settings(tiny), ["folders", "phone_lists"])
    done = script("tap-listrak", f"--catalog={write(tmp_path, 'catalog.json', chosen)}", config=config)
    assert done.returncode == 0
    (said,) = [line for line in done.stderr.splitlines() if "phone_lists" in line]
    assert "WARNING" in said
    assert "sms_client_id" in said
    assert "Skipping deselected" not in done.stderr


def test_X19_streams_with_a_request_per_phone_number_need_a_setting(
    tiny: RunningSandbox, script: Script, extract: Extract, tmp_path: Path
) -> None:
    streams = ["phone_lists", "phone_list_subscriptions", "phone_list_contact_details"]
    file = write(tmp_path, "catalog.json", catalog(settings(tiny), streams))
    tiny.forget_requests()
    done = script("tap-listrak", f"--catalog={file}", config=settings(tiny))
    assert done.returncode == 0
    assert not [route for route in tiny.requests()["by_route"] if "{phoneNumber}" in route]
    (said,) = [line for line in done.stderr.splitlines() if "phone_list_subscriptions" in line]
    assert "WARNING" in said
    assert "include_phone_contact_details" in said
    assert "phone_list_contact_details" in said
    on = extract(tiny, streams=streams, include_phone_contact_details=True)
    assert on.records["phone_list_subscriptions"]
    assert on.records["phone_list_contact_details"]


@pytest.mark.parametrize("change", [{"list_ids": ["Nobody's"]}, {"client_secret": "wrong"}])
def test_X21_an_error_comes_alone(tiny: RunningSandbox, script: Script, change: dict[str, Any]) -> None:
    done = script("tap-listrak", config=settings(tiny, **change))
    assert done.returncode == 1
    assert "unhandled" not in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_X21_an_error_amid_the_run_comes_alone(script: Script) -> None:
    with running_sandbox(process=True, scale="tiny") as running:
        running.settings(integrations={"email": {"areas": ["List", "Contact"]}})
        done = script("tap-listrak", config=settings(running))
    assert done.returncode == 1
    assert "unhandled" not in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "STATE"
    assert "total " in done.stderr, "what was read is told all the same"
    assert "No bookmark moved" in done.stderr


def test_X4_the_test_fails_when_one_of_two_integrations_is_refused(
    tiny: RunningSandbox, script: Script
) -> None:
    done = script("tap-listrak", "--test", config=settings(tiny, client_secret="wrong"))
    assert done.returncode == 1
    assert "Email" in done.stdout
    assert "Nothing can be read with: Email API" in done.stdout
    assert script("tap-listrak", "--test", config=settings(tiny)).returncode == 0


def test_X14_a_state_as_meltano_prints_it_is_unwrapped(
    tiny: RunningSandbox, script: Script, whole: Extraction, tmp_path: Path
) -> None:
    state = write(tmp_path, "state.json", {"singer_state": whole.state})
    chosen = write(tmp_path, "catalog.json", catalog(settings(tiny), ["contacts", "messages"]))
    done = script("tap-listrak", f"--state={state}", f"--catalog={chosen}", config=settings(tiny))
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages[-1]["value"] == whole.state
    records = sum(one["type"] == "RECORD" for one in messages)
    assert records < sum(map(len, whole.records.values())) / 2
    assert TapListrak(config=settings(tiny), state={"singer_state": whole.state}).state == whole.state
