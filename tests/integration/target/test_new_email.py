"""Contacts that get a new address (`new_email`), several times in one run, and what is said of them later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, FIRST_NAME = 40137, 1007
SCHEMA = schema("people", "email", "to", "first_name", ok={})
LIST = {"kind": "email_list", "list": "Newsletter", "new_email": "to"}


def address(name: str) -> str:
    return f"{name}@example.org"


def row(old: str, new: str | None = None, stream: str = "people", **values: object) -> dict[str, Any]:
    return record(stream, email=address(old), to=new and address(new), **values)


def states(runs: Runs, *names: str) -> dict[str, str]:
    """The state of the contacts that the list has."""
    found = {name: runs.contact(NEWSLETTER, address(name)) for name in names}
    return {name: one["subscriptionState"][:3] for name, one in found.items() if one is not None}


@pytest.mark.parametrize("options", [{}, {"update_type": "Append"}], ids=["update", "append"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_contact_that_moves_twice_in_a_run_ends_at_its_last_address(
    runs: Runs, options: dict[str, Any], *, dry_run: bool
) -> None:
    """Both calls ran side by side: the middle address was subscribed as well, and got mail."""
    runs.sandbox.settings(latency_ms=20)
    runs.save(NEWSLETTER, address("a"))
    rows = [row("a", "n1", first_name="A"), row("n1", "n2"), row("n2", "n3"), row("n3", first_name="B")]
    outcome = runs.good([SCHEMA, *rows, state(1)], {"people": {**LIST, **options}}, dry_run=dry_run)
    assert outcome.figures == (4, 4, 0, 0, 0)
    assert states(runs, "a", "n1", "n2", "n3") == ({"a": "Sub"} if dry_run else {"n3": "Sub"})


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("by", ["a", "n1"])
@pytest.mark.parametrize("kind", ["email_list", "email_unsubscribe"])
def test_a_later_no_by_an_old_address_reaches_the_new_one(runs: Runs, kind: str, by: str, batch: int) -> None:
    """It was `unknown_contact`, and the new address stayed subscribed."""
    runs.save(NEWSLETTER, address("a"))
    moves = [SCHEMA, row("a", "n1", ok=True), row("n1", "n2", ok=True)]
    places: dict[str, Any] = {"people": {**LIST, "subscribed": "ok", "unsubscribe": True}}
    if kind == "email_list":
        no = [row(by, ok=False)]
    else:
        places["gone"] = {"kind": kind, "list": "Newsletter"}
        no = [schema("gone", "email"), record("gone", email=address(by))]
    outcome = runs.run([*moves, *no, state(1)], places, batch_size_rows=batch)
    assert outcome.error is None
    assert states(runs, "a", "n1", "n2") == {"n2": "Uns"}


def test_a_no_reaches_who_has_an_old_address_now(runs: Runs) -> None:
    runs.save(NEWSLETTER, address("a"))
    rows = [row("a", "n1", ok=True), row("b", "a", ok=True), row("a", ok=False)]
    runs.save(NEWSLETTER, address("b"))
    places = {"people": {**LIST, "subscribed": "ok", "unsubscribe": True}}
    runs.good([SCHEMA, *rows, state(1)], places)
    assert states(runs, "a", "b", "n1") == {"a": "Uns", "n1": "Sub"}
    runs.sandbox.reset()
    runs.save(NEWSLETTER, address("a"))
    rows = [row("a", "n1", ok=True), row("c", ok=True), row("a", ok=True), row("a", ok=False)]
    runs.good([SCHEMA, *rows, state(1)], places, batch_size_rows=1)
    assert states(runs, "a", "c", "n1") == {"a": "Uns", "c": "Sub", "n1": "Sub"}


NAMES = st.sampled_from("abcd")
MOVES = st.lists(st.tuples(NAMES, st.none() | NAMES), min_size=1, max_size=6)


def by_present_address(moves: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Leave out rows by an address that its contact has given up: in one run they mean the contact.

    So do changes of a contact that is new in the run: both rows are merged.
    """
    held, given_up, fresh, kept = {"a", "b"}, set[str](), set[str](), []
    for old, new in moves:
        if old in given_up or old in fresh:
            continue
        kept.append((old, new))
        if new is None or new == old:
            fresh |= {old} - held
            held.add(old)
        elif new not in held or old not in held:
            held = held - {old} | {new}
            given_up = given_up - {new} | {old}
    return kept


@settings(
    max_examples=int(os.environ.get("LISTRAK_MOVE_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES)
@example(moves=[("b", "c"), ("a", "b"), ("b", "d")])
@example(moves=[("a", "c"), ("c", "a"), ("b", "c"), ("a", "d")])
def test_any_moves_in_one_run_end_as_one_run_for_each(
    runs: Runs, moves: list[tuple[str, str | None]]
) -> None:
    """A row by itself in a run is the model."""
    ended = []
    for together in (True, False):
        runs.sandbox.reset()
        runs.sandbox.settings(import_seconds=0.0)
        for name in "ab":
            runs.save(NEWSLETTER, address(name), {FIRST_NAME: name})
        rows = [row(old, new) for old, new in by_present_address(moves)]
        for part in [rows] if together else [[one] for one in rows]:
            runs.good([SCHEMA, *part, state(1)], {"people": LIST})
        ended.append({name: runs.values(NEWSLETTER, address(name)).get(FIRST_NAME, "-")
                      for name in states(runs, *"abcd")})  # fmt: skip
    assert ended[0] == ended[1]
