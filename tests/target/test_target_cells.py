"""Cells as spreadsheets and exports write them: the right person, or a rejection with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sms_world import SmsWorld, destination, messages, new_numbers
from target_runs import record, schema

from target_listrak.retail_models import ORDER

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


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"NaN", "First Name: NaN is not a value of JSON"),
        (b"[1, -Infinity]", "First Name: -Infinity is not a value of JSON"),
        (b"1e-70000000000000000000000000", "a number is out of range"),
        (b"1e70000000000000000000000000", "First Name: the number is out of range"),
        (b"9" * 5000, "First Name: the number is out of range"),
        (b'"Ann \\ud83d"', "First Name: the text holds half a character"),
        (b'"Jos\xe9"', "First Name: the text holds half a character, or is not UTF-8"),
        (b'"a\x00b"', "not valid JSON"),
        (b"undefined", "not valid JSON"),
        (b'"Ann","First Name":"Bob"', "names a property twice"),
        (b'{"a":[{"b":1,"b":2}]}', "names a property twice"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("many", [2, 30])
def test_T12_one_value_rejects_its_row_and_the_others_are_loaded(
    runs: Runs, value: bytes, reason: str, many: int
) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter"}}
    head = schema("people", "email", "First Name")
    line = b'{"type": "RECORD", "stream": "people", "record": {"email": "odd@example.org", "First Name": %b}}'
    rows = [record("people", email=f"new{one}@example.org") for one in range(2 * many)]
    outcome = runs.good([head, *rows[:many], line % value, *rows[many:]], target)
    assert outcome.figures[:2] == (2 * many + 1, 2 * many)
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert (rejected["code"], rejected["row"]) == ("unreadable", many + 1)
    assert reason in rejected["reason"]
    # Until it is corrected it is rejected again, for the same reason.
    again = runs.good([*outcome.rejects_path.read_bytes().splitlines()], target)
    assert [one["rejected"]["reason"] for one in again.rejects if "rejected" in one] == [rejected["reason"]]


def test_T27_all_faults_of_a_row_are_named_at_once(runs: Runs) -> None:
    fields = {"a": "First Name", "b": "Birthday", "c": "Points"}
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": fields}}
    head = schema("people", "email", "a", "b", "c")
    bad = {"a": {}, "b": "yesterday", "c": "many"}
    rows = [
        record("people", email="ann@example.com\u200b", **bad),
        record("people", email="bob@example.com", **bad),
    ]
    outcome = runs.good([head, *rows], target)
    assert outcome.codes == ["bad_email_address", "bad_value"]
    first, second = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert [one["property"] for one in first["faults"]] == ["email", "a", "b", "c"]
    codes = ["bad_email_address", "not_a_text", "not_a_date", "not_a_number"]
    assert [one["code"] for one in first["faults"]] == codes
    assert [one["property"] for one in second["faults"]] == ["a", "b", "c"]
    assert all(f"{name}: " in second["reason"] for name in "abc")


def test_T27_a_row_with_many_faults_has_a_short_reason(runs: Runs) -> None:
    names = [*ORDER.properties]
    row = record("orders", **{name: [[]] for name in names})
    outcome = runs.good([schema("orders", *names), row], {"orders": {"kind": "orders"}})
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert len(rejected["faults"]) > 20
    assert "; and " in rejected["reason"]
    assert len(rejected["reason"]) < 2_000


def test_T27_all_faults_of_an_sms_row_and_of_an_order_are_named_at_once(runs: Runs) -> None:
    outcome = SmsWorld(runs).load(
        [{"phone": "2165553100 x1", "birthday": "yesterday", "email": "ann@@example.com"}]
    )
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert rejected["code"] == "bad_phone_number"
    assert [one["property"] for one in rejected["faults"]] == ["phone", "email", "birthday"]
    head = schema("orders", "orderNumber", "orderTotal", "dateEntered", "status")
    row = record("orders", orderNumber="1", orderTotal="much", status="lost")
    outcome = runs.good([head, row], {"orders": {"kind": "orders"}})
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert {"orderTotal", "status"} <= {one["property"] for one in rejected["faults"]}
