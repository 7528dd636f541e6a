"""Values that are not what they look like: spreadsheet forms, lost characters, dates that mean no date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, FIRST_NAME, BIRTHDAY, POSTAL_CODE = 40137, 1007, 1013, 1052
CASES: list[tuple[dict[str, Any], dict[int, str] | str]] = [
    ({"postal_code": '="02134"'}, {POSTAL_CODE: "02134"}),
    ({"postal_code": "'02134"}, {POSTAL_CODE: "02134"}),
    ({"first_name": "Jos\ufffd", "postal_code": "1"}, "bad_value"),
    ({"birthday": "1900-01-01"}, {BIRTHDAY: "old"}),
    ({"birthday": "1753-01-01T00:00:00"}, {BIRTHDAY: "old"}),
    ({"birthday": "9999-12-31"}, {BIRTHDAY: "old"}),
    ({"birthday": "1970-01-01"}, {BIRTHDAY: "01/01/1970"}),
    ({"birthday": "1970-01-01T00:00:00Z"}, "bad_value"),
]


@pytest.mark.parametrize("by_column", [True, False])
def test_values_that_are_none_replace_no_good_ones(runs: Runs, *, by_column: bool) -> None:
    """`="02134"`, a lost character and SQL Server's empty date overwrote what was there."""
    people = [f"p{number}@example.org" for number in range(len(CASES))]
    old = {FIRST_NAME: "José", BIRTHDAY: "05/12/1981"}
    for person in people:
        runs.save(NEWSLETTER, person, old)
    head = schema("s", "email", "first_name", "birthday", "postal_code")
    rows = [record("s", email=person, **values) for person, (values, _) in zip(people, CASES, strict=True)]
    parts = [rows] if by_column else [[one, state(1)] for one in rows]
    options = {"kind": "profile_fields", "list": "Newsletter"}
    outcome = runs.good([head, *(one for part in parts for one in part), state(2)], {"s": options})
    assert outcome.codes == [expected for _, expected in CASES if isinstance(expected, str)]
    for person, (_, expected) in zip(people, CASES, strict=True):
        said = {} if isinstance(expected, str) else expected
        new = {field: value for field, value in said.items() if value != "old"}
        assert runs.values(NEWSLETTER, person) == {**old, **new}
