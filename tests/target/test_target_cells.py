"""Cells as spreadsheets and exports write them: the right person, or a rejection with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sms_world import SmsWorld, destination, messages, new_numbers

if TYPE_CHECKING:
    from target_runs import Outcome, Runs


def load(runs: Runs, cells: list[object]) -> Outcome:
    """Load cells by the settings as they are without a word about phone numbers."""
    return runs.good(messages([{"phone": cell} for cell in cells]), destination(), phone_digits=None)


def test_T1_spreadsheet_decimals_never_become_foreign_numbers(runs: Runs) -> None:
    sms = SmsWorld(runs)
    before = set(sms.everybody())
    numbers = new_numbers(7)
    one, two, three, four, five, six, seven = (number[1:] for number in numbers)
    rows = [
        f"{one}.0",
        float(two),
        f"'{three}",
        f'="{four}"',
        f"+1 {five}\u202c",
        f"{six[0]}.{six[1:]}E9",
        int(seven),
    ]
    outcome = load(runs, rows)
    assert outcome.figures == (7, 7, 0, 0, 0)
    assert set(sms.everybody()) - before == set(numbers)


def test_T1_what_could_be_a_stranger_is_rejected_with_its_cause(runs: Runs) -> None:
    sms = SmsWorld(runs)
    before = set(sms.everybody())
    cells = {
        "41555501000": "default_country",
        "+2095550113": "without its country code",
        "2.16555E9": "digits are lost",
        "2165553100 x12": "extension",
        "2165553100 / 2165553101": "more than one number",
        "216555O100": "letters",
    }
    outcome = load(runs, list(cells))
    assert outcome.figures == (6, 0, 0, 6, 0)
    reasons = [line["rejected"]["reason"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert all(cause in reason for cause, reason in zip(cells.values(), reasons, strict=True))
    assert set(sms.everybody()) == before
