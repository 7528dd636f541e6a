"""The kind `profile_fields`: rows without a value, contacts found by their external id, values appended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, FIRST_NAME, CITY = 40137, 1007, 1016
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


KINDS = ("profile_fields", "email_list", "audience")


def save(runs: Runs, *people: str, external: str = "E") -> None:
    for number, person in enumerate(people):
        runs.save(NEWSLETTER, person, {CITY: f"{number}:"}, externalContactID=f"{external}{number}")


@pytest.mark.parametrize("kind", KINDS)
def test_two_rows_of_a_contact_are_both_appended(runs: Runs, kind: str) -> None:
    """Only the last one was; the other counted as merged."""
    save(runs, "a@example.org", "b@example.org")
    rows = [("a", "U"), ("b", "V"), ("a", "W"), ("a", "U"), ("b", None)]
    lines = [record("people", email=f"{person}@example.org", city=city) for person, city in rows]
    options = {"kind": kind, "update_type": "Append", "fields": {"city": "City"}}
    field = {"field": "VIP"} if kind == "audience" else {}
    outcome = runs.good([SCHEMA, *lines, state(1)], to_fields(**options, **field))
    assert outcome.figures == (5, 5, 0, 0, 0)
    assert outcome.states == [1]
    assert runs.values(NEWSLETTER, "a@example.org")[CITY] == "0:UWU"
    assert runs.values(NEWSLETTER, "b@example.org")[CITY] == "1:V"
    assert len(runs.imports()) == 3  # as many as one contact has rows


def test_a_later_no_withdraws_all_rows_of_a_contact_that_would_be_appended(runs: Runs) -> None:
    rows = [("a", "U", True), ("a", "V", True), ("b", "W", True), ("a", "X", False), ("b", "Y", True)]
    lines = [record("people", email=f"{one}@example.org", city=city, ok=ok) for one, city, ok in rows]
    options = to_fields(kind="email_list", update_type="Append", subscribed="ok")
    outcome = runs.good([schema("people", "email", "city", ok={}), *lines, state(1)], options)
    assert outcome.figures == (5, 2, 0, 1, 2)
    assert runs.contact(NEWSLETTER, "a@example.org") is None
    assert runs.values(NEWSLETTER, "b@example.org")[CITY] == "WY"


@pytest.mark.parametrize("blank", [None, "", " ", "absent"])
def test_a_record_without_an_address_is_found_by_its_external_id(runs: Runs, blank: str | None) -> None:
    """It was rejected (`no_email_address`) because the stream has addresses."""
    save(runs, "a@example.org", "b@example.org")
    names = {} if blank == "absent" else {"email": blank}
    lines = [
        record("people", email="b@example.org", city="B"),
        record("people", id="E0", city="A", **names),
        record("people", id="E9", city="?", **names),
    ]
    outcome = runs.good([SCHEMA, *lines, state(1)], to_fields(external_id="id"))
    assert outcome.figures == (3, 2, 0, 1, 0)
    assert outcome.codes == ["unknown_contact"]
    assert [runs.values(NEWSLETTER, f"{one}@example.org")[CITY] for one in "ab"] == ["A", "B"]


def test_a_record_with_neither_address_nor_external_id_is_rejected(runs: Runs) -> None:
    lines = [record("people", email=None, id=None, city="A"), record("people", email="?", id="E0", city="A")]
    outcome = runs.good([SCHEMA, *lines, state(1)], to_fields(external_id="id"))
    assert outcome.codes == ["no_external_id", "bad_email_address"]


ROWS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.booleans(), st.sampled_from([FIRST_NAME, CITY]), st.sampled_from("UVW")
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=int(os.environ.get("LISTRAK_FIELD_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, update_type=st.sampled_from(["Update", "Append"]))
@example(
    rows=[
        ("a", True, CITY, "U"),
        ("a", False, CITY, "V"),
        ("a", True, CITY, "W"),
        ("a", False, FIRST_NAME, "U"),
    ],
    update_type="Update",
)
def test_rows_of_a_contact_by_address_and_by_external_id_count_in_their_order(
    runs: Runs, rows: list[tuple[str, bool, int, str]], update_type: str
) -> None:
    """A row by external id was dropped, as `unchanged`, if the batch had its contact's address too."""
    runs.sandbox.reset()
    runs.sandbox.settings(import_seconds=0.0)
    (runs.folder / "sent-rows.sqlite").unlink(missing_ok=True)
    save(runs, "a@example.org", "b@example.org")
    expected = {one: {CITY: f"{number}:"} for number, one in enumerate("ab")}
    lines = []
    for person, by_address, field, value in rows:
        key = {"email": f"{person}@example.org"} if by_address else {"id": f"E{'ab'.index(person)}"}
        lines.append(record("people", **key, **{"city" if field == CITY else "first_name": value}))
        before = expected[person].get(field, "") if update_type == "Append" else ""
        expected[person][field] = before + value
    options = to_fields(external_id="id", update_type=update_type)
    outcome = runs.good([SCHEMA, *lines, state(1)], options)
    assert outcome.states == [1]
    assert {one: runs.values(NEWSLETTER, f"{one}@example.org") for one in "ab"} == expected
