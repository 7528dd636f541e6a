"""The kind `profile_fields`: rows without a value, contacts found by their external id, values appended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, FIRST_NAME = 40137, 1007
SCHEMA = schema("people", "email", "first_name", "birthday", "city", "id")


def to_fields(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "profile_fields", "list": "newsletter", **options}}


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("others", [True, False])
def test_a_row_without_a_value_does_not_stop_the_beta_route(
    runs: Runs, *, others: bool, dry_run: bool
) -> None:
    """Listrak refused the whole request because of it, and every later run ended alike."""
    empty = {f"b{number}@example.org": value for number, value in enumerate((None, "", "NULL", "1/2/3"))}
    for person in ("a@example.org", *empty):
        runs.save(NEWSLETTER, person)
    runs.sandbox.settings(beta_seconds=0.0)
    rows = [record("people", email=person, birthday=value) for person, value in empty.items()]
    if others:
        rows.insert(1, record("people", email="a@example.org", first_name="A"))
    options = to_fields(route="beta", on_bad_value="blank")
    outcome = runs.good([SCHEMA, *rows, state(1)], options, dry_run=dry_run)
    assert outcome.figures == (len(rows), int(others), 4, 0, 0)
    assert outcome.states == ([] if dry_run else [1])
    assert runs.values(NEWSLETTER, "a@example.org") == ({FIRST_NAME: "A"} if others and not dry_run else {})
    assert not any(runs.values(NEWSLETTER, person) for person in empty)
