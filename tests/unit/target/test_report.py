"""What the report says about the next run: which rows it sends again, and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_listrak.tracking.report import report_tallies, sent_again
from target_listrak.tracking.state import StateTracker
from target_listrak.tracking.tallies import Results, Tally

if TYPE_CHECKING:
    import pytest

    from target_listrak.tracking.state import Checkpoint


class Load:
    """A load as the report sees it: rows, STATE messages, results."""

    def __init__(self, *, state_may_pass: bool = True) -> None:
        self.tally = Tally("people", "email_list: Newsletter")
        self.state = StateTracker(lambda _: None, lambda: state_may_pass)

    def read(self, rows: int) -> Checkpoint:
        self.tally.read += rows
        return self.state.open(rows)

    def confirm(self, checkpoint: Checkpoint, results: Results) -> None:
        self.tally.add(results)
        self.state.confirm(checkpoint, sum(results))

    @property
    def sent_again(self) -> str | None:
        return sent_again([self.tally], self.state)


def test_a_run_whose_state_covers_every_row_says_nothing_of_the_next_one() -> None:
    load = Load()
    hold = load.state.hold()
    rows = load.read(20)
    load.confirm(rows, Results(accepted=18, rejected=2))
    load.state.state(b"1")
    hold.release()
    assert load.state.covered == 20
    assert load.sent_again is None


def test_rows_in_listrak_that_no_state_covers_are_sent_again() -> None:
    load = Load(state_may_pass=False)
    load.confirm(load.read(21), Results(accepted=21))
    load.state.state(b"1")
    assert load.sent_again == (
        "21 rows are in Listrak; the next run sends them again, as no STATE was passed on"
    )


def test_a_run_that_broke_off_says_how_many_rows_are_repeated() -> None:
    load = Load()
    load.confirm(load.read(100), Results(accepted=100))
    load.state.state(b"1")
    load.read(30)
    load.state.state(b"2")
    load.confirm(load.read(21), Results(accepted=20, declined=1))
    assert load.sent_again == (
        "The next run sends 51 rows again: 21 that are confirmed and 30 that are not confirmed"
    )


def test_without_state_nothing_is_repeated_by_itself() -> None:
    load = Load()
    rows = load.read(5)
    load.confirm(rows, Results(accepted=3))
    assert (
        load.sent_again == "2 rows are not confirmed, and the input has no STATE: load the same input again"
    )
    load.confirm(rows, Results(accepted=2))
    assert load.sent_again is None


def test_the_columns_that_have_rows_are_explained_once(caplog: pytest.LogCaptureFixture) -> None:
    load = Load()
    load.confirm(load.read(3), Results(accepted=2, merged=1))
    with caplog.at_level(logging.INFO):
        report_tallies(logging.getLogger("target-listrak"), [load.tally])
    said = [one.getMessage() for one in caplog.records if one.name == "target-listrak"]
    (line,) = [one for one in said if one.startswith("accepted: ")]
    assert "merged: replaced by a later record of the same contact" in line
    assert "declined" not in line
