"""The kind `forget`: only with permission, each person once, and every request in the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = schema("requests", "email", "phone", id={}, is_deleted={}, keys=("id",))


def row(number: int, **values: object) -> dict[str, Any]:
    return record("requests", **{"id": number, **values})


class Requests:
    """Runs of the stream `requests` into `forget`."""

    def __init__(self, runs: Runs, folder: Path) -> None:
        self.sandbox = runs.sandbox
        self.path = folder / "forget.jsonl"
        self._runs = runs

    def run(self, messages: list[Any], *, fails: bool = False, **options: object) -> Outcome:
        settings = {name: options.pop(name) for name in ("dry_run", "max_retries") if name in options}
        settings["forget_report_path"] = str(self.path)
        entry = {"kind": "forget", "allow_forget": True, "max_wait_seconds": 0, **options}
        entry = {name: value for name, value in entry.items() if value is not None}
        return (self._runs.run if fails else self._runs.good)(messages, {"requests": entry}, **settings)

    def made(self) -> list[tuple[str | None, str | None]]:
        return [(one["emailAddress"], one["phoneNumber"]) for one in self.sandbox.written()["forget"]]

    def report(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


@pytest.fixture
def requests(runs: Runs, tmp_path: Path) -> Requests:
    return Requests(runs, tmp_path)


def test_people_are_forgotten_by_address_number_or_both_and_each_once(requests: Requests) -> None:
    rows = [
        row(1, email="Ada@Example.org", phone="(216) 555-0101"),
        row(2, email="bo@example.org"),
        row(3, phone="216.555.0103"),
        row(4, email="bo@example.org"),
    ]
    outcome = requests.run([HEAD, *rows, state(1)], max_wait_seconds=20)
    assert sorted(requests.made(), key=str) == [
        ("Ada@Example.org", "12165550101"),
        ("bo@example.org", None),
        (None, "12165550103"),
    ]
    assert (outcome.tallies["requests"].accepted, outcome.tallies["requests"].unchanged) == (3, 1)
    assert outcome.states == [1]
    report = requests.report()
    assert [one["status"] for one in report] == ["COMPLETE"] * 3
    assert all(one["submittedDate"] and one["processedDate"] for one in report)
    assert {one["requestID"] for one in report} == {
        one["requestID"] for one in requests.sandbox.written()["forget"]
    }
    assert sorted(one["row"] for one in report) == [1, 2, 3]
    text = requests.path.read_text("utf-8")
    assert "example" not in text
    for one in report:  # ids may have these digits by chance
        text = text.replace(one["requestID"], "")
    assert "555" not in text
    assert requests.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allow_forget": None}, ["destinations.requests.allow_forget", "for good"]),
        ({"allow_forget": False}, ["destinations.requests.allow_forget"]),
        ({"allow_forgte": True}, ["allow_forgte", "allow_forget"]),
        ({"email": "mail"}, ["destinations.requests.email", "'mail'"]),
        ({"max_wait_seconds": -1}, ["destinations.requests.max_wait_seconds"]),
        ({"allow_deletes": True}, ["destinations.requests.allow_deletes"]),
    ],
)
def test_nobody_is_forgotten_by_a_wrong_destination(
    requests: Requests, options: dict[str, Any], words: list[str]
) -> None:
    outcome = requests.run([HEAD, row(1, email="ada@example.org")], fails=True, **options)
    assert isinstance(outcome.error, ConfigurationError), outcome.error
    for word in words:
        assert word in str(outcome.error)
    assert requests.made() == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "no address"}, "bad_email_address"),
        ({"email": "ada@example.org", "phone": "12"}, "bad_phone_number"),
        ({"email": " ", "phone": None}, "no_identifier"),
        ({"email": "ada@example.org, bo@example.org"}, "bad_email_address"),
        ({"email": "ada@example.org", "is_deleted": True}, "deleted"),
    ],
)
def test_a_doubtful_record_forgets_nobody(requests: Requests, values: dict[str, Any], code: str) -> None:
    assert requests.run([HEAD, row(1, **values)]).codes == [code]
    assert requests.made() == []


def test_a_dry_run_says_how_many_would_be_forgotten_and_forgets_nobody(requests: Requests) -> None:
    rows = [row(1, email="ada@example.org"), row(2, email="bo@example.org"), row(3, email="bo@example.org")]
    outcome = requests.run([HEAD, *rows], dry_run=True)
    assert outcome.tallies["requests"].remarks == {"people would be forgotten": 2}
    assert requests.made() == []
    assert not requests.path.exists()


def test_what_was_not_complete_is_asked_for_by_the_next_run(requests: Requests) -> None:
    requests.sandbox.settings(forget_seconds=3600)
    requests.run([HEAD, row(1, email="ada@example.org")])
    assert [one["status"] for one in requests.report()] == ["PROCESSING"]
    requests.sandbox.settings(forget_seconds=0)
    requests.run([HEAD, row(2, email="bo@example.org")], max_wait_seconds=2)
    assert len(requests.report()) == 2
    assert requests.report()[1]["status"] == "COMPLETE"


def test_a_report_of_something_else_is_an_error_that_names_the_setting(requests: Requests) -> None:
    requests.path.write_text("not a report\n")
    outcome = requests.run([HEAD, row(1, email="ada@example.org")], fails=True)
    assert "forget_report_path" in str(outcome.error)
    assert requests.made() == []
    assert requests.path.read_text() == "not a report\n"


def test_a_lost_answer_is_repeated_for_a_person_cannot_be_forgotten_twice(requests: Requests) -> None:
    requests.sandbox.control(
        "POST", "faults", [{"kind": "lost_answer", "route": "/Forget", "method": "POST", "count": 1}]
    )
    outcome = requests.run([HEAD, row(1, email="ada@example.org")])
    assert outcome.tallies["requests"].accepted == 1
    assert set(requests.made()) == {("ada@example.org", None)}
    assert len(requests.report()) == 1


@pytest.mark.parametrize("status", [404, 500])
def test_a_state_that_cannot_be_read_fails_no_run(
    requests: Requests, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    fault = {"kind": "status", "status": status, "route": "/Forget/{requestId}", "method": "GET"}
    requests.sandbox.control("POST", "faults", [fault])
    outcome = requests.run([HEAD, row(1, email="ada@example.org"), state(1)], max_retries=0)
    assert outcome.states == [1]
    assert [one["status"] for one in requests.report()] == ["NOT_FOUND" if status == 404 else "PROCESSING"]
    assert ("does not know" if status == 404 else "could not be read") in caplog.text


@pytest.mark.parametrize(
    "values",
    [
        {"erasure_requested": "no"},
        {"erasure_requested": False},
        {"forget": 0},
        {"ShouldForget": "false"},
        {"request_type": "access"},
        {"request_type": "something"},
        {"type": "do_not_sell"},
        {"status": "cancelled"},
        {"request_status": "Completed"},
    ],
    ids=str,
)
def test_who_did_not_ask_is_not_forgotten(requests: Requests, values: dict[str, Any]) -> None:
    head = schema("requests", "email", "phone", id={}, keys=("id",), **{name: {} for name in values})
    asks = {name: "erasure" if "type" in name else None for name in values}
    rows = [row(1, email="ada@example.org", **values), row(2, email="bo@example.org", **asks)]
    outcome = requests.run([head, *rows], max_reject_share=1)
    assert outcome.codes == ["not_requested"]
    assert requests.made() == [("bo@example.org", None)]


def test_no_more_people_are_forgotten_in_a_run_than_the_settings_allow(requests: Requests) -> None:
    rows = [row(number, email=f"p{number}@example.org") for number in (1, 2, 2, 3)]
    outcome = requests.run([HEAD, *rows, state(1)], fails=True, max_forgotten=2)
    assert "raise max_forgotten" in str(getattr(outcome.error, "hint", ""))
    assert len(requests.made()) <= 2
    assert outcome.states == []
