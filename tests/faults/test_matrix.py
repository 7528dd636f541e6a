"""Every fault of the sandbox against every kind of stream and destination, as `docs/reliability.md` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matrix
import pytest
from matrix import OUTCOMES, Fault, reading, target_faults
from tap_cells import COLUMNS as STREAMS
from tap_cells import TapRuns
from target_cells import COLUMNS as DESTINATIONS
from target_cells import People, TargetRuns, account, messages, went_out

from listrak_sandbox.fault_kinds import KINDS

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.usefixtures("quick_retries")
TAP = matrix.table("tap")
READING = reading()
TARGET = matrix.table("target")
TARGET_FAULTS = target_faults()


def begin_again(box: RunningSandbox) -> None:
    """Give the account as it was, at the same moment."""
    box.reset()
    box.set_clock(now="2026-06-30T12:00:00Z", frozen=True)


@pytest.fixture(scope="module")
def undisturbed_taps() -> dict[str, tuple[Any, Any]]:
    """What a run without faults gives, by column; filled as it is asked for."""
    return {}


@pytest.mark.parametrize(("name", "column"), TAP, ids=[" / ".join(one) for one in TAP])
def test_tap(
    box: RunningSandbox,
    tmp_path: Path,
    undisturbed_taps: dict[str, tuple[Any, Any]],
    name: str,
    column: str,
) -> None:
    fault, expected = READING[name], TAP[name, column]
    if column not in undisturbed_taps:
        whole = TapRuns(box, tmp_path, STREAMS[column])
        ended = whole.run()
        assert ended.code == 0, ended.last_words
        assert all(whole.tables[stream] for stream in STREAMS[column].streams)
        undisturbed_taps[column] = whole.tables, whole.warehouse.state
    tables, state = undisturbed_taps[column]

    fault.start(box)
    runs = TapRuns(box, tmp_path, STREAMS[column])
    ended = runs.run(**fault.settings)
    hits = Fault.end(box)

    assert expected in OUTCOMES
    assert (hits == 0) == (expected == "n/a"), f"struck {hits} times: {ended.last_words}"
    if expected == "stops":
        assert ended.stopped_cleanly(), ended.last_words
        passes_on = state and state.get("bookmarks")  # SMS has none: all of it is read in each run
        assert not passes_on or runs.warehouse.state != state, "a state passed on what was not read"
        ended = runs.run()
    assert ended.code == 0, ended.last_words
    assert runs.tables == tables
    if "clock" not in name:
        assert runs.warehouse.state == state


@pytest.fixture(scope="module")
def undisturbed_targets() -> dict[str, tuple[Any, Any]]:
    """What Listrak holds, and what was rejected, after a run without faults, by column."""
    return {}


@pytest.mark.parametrize(("name", "column"), TARGET, ids=[" / ".join(one) for one in TARGET])
def test_target(  # noqa: PLR0913, PLR0917 - fixtures
    box: RunningSandbox,
    tmp_path: Path,
    undisturbed_targets: dict[str, tuple[Any, Any]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    column: str,
) -> None:
    monkeypatch.setattr("listrak_api.request_results.UNEXPLAINED_BODY_BYTES", matrix.LARGE // 2)
    fault, expected, kind = TARGET_FAULTS[name], TARGET[name, column], DESTINATIONS[column]
    stream = messages(kind, People.of(box))
    if column not in undisturbed_targets:
        before = account(box)
        whole = TargetRuns(box, tmp_path / "undisturbed", kind)
        ended = whole.run(stream)
        assert ended.code == 0, ended.last_words
        assert account(box) != before
        undisturbed_targets[column] = account(box), whole.rejected
        begin_again(box)
    holds, rejected = undisturbed_targets[column]

    fault.start(box)
    runs = TargetRuns(box, tmp_path / "disturbed", kind)
    ended = runs.run(stream, **fault.settings)
    hits = Fault.end(box)

    assert expected in OUTCOMES
    assert (hits == 0) == (expected == "n/a"), f"struck {hits} times: {ended.last_words}"
    if expected == "reports":
        assert ended.code == 0, ended.last_words
        assert_reported(runs, stream, holds["sends"])
        return
    if expected == "rejects":
        assert ended.code == 0, ended.last_words
        assert runs.passed_on == "end"
        assert runs.rejected - rejected, "nothing was rejected"
        begin_again(box)
        runs = TargetRuns(box, tmp_path / "mended", kind)
        ended = runs.run(stream)
    elif expected == "stops":
        assert ended.stopped_cleanly(), ended.last_words
        assert runs.passed_on != "end"
        ended = runs.run(stream, **fault.settings_after)
        runs.rejected = rejected
    assert ended.code == 0, ended.last_words
    assert runs.passed_on == "end"
    assert runs.rejected == rejected
    assert account(box) == holds


def assert_reported(runs: TargetRuns, stream: list[dict[str, Any]], everybody: Counter[str]) -> None:
    """Who was not reached is among those reported as unknown; sent again, the stream reaches nobody twice."""
    reached, unknown = went_out(runs.box), runs.rejected["unknown_outcome"]
    assert max(reached.values(), default=1) == 1
    assert reached <= everybody
    assert (everybody - reached).total() <= unknown
    assert unknown == runs.rejected.total() > 0
    runs.passed_on = None
    assert runs.run(stream).code == 0
    assert went_out(runs.box) == reached


def test_the_tables_name_every_fault_and_every_column() -> None:
    for told, faults, columns in ((TAP, READING, STREAMS), (TARGET, TARGET_FAULTS, DESTINATIONS)):
        assert set(told) == {(fault, column) for fault in faults for column in columns}
        assert set(told.values()) <= OUTCOMES


ELSEWHERE = {
    "empty_then_full": "integration/tap/test_empty_answers.py",
    "short_answer": "integration/tap/test_reconciliation.py",
    "null_property": "integration/sandbox/test_faults.py",
    "odd_property": "integration/tap/test_odd_texts.py",
}
"""Answers that are well-formed and untrue cannot be noticed everywhere; these tests say where they are."""


def test_the_tables_leave_out_no_kind_of_fault() -> None:
    used = {spec["kind"] for fault in TARGET_FAULTS.values() for spec in fault.specs}
    assert used | set(ELSEWHERE) == set(KINDS)
    assert not used & set(ELSEWHERE)
    for kind, file in ELSEWHERE.items():
        assert f'"{kind}"' in (matrix.PAGE.parent.parent / "tests" / file).read_text("utf-8")
