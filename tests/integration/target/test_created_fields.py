"""`create_missing`: nothing is created that nobody wants, and nothing at all before all of it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Runs, record, schema, state

from target_listrak.delivery.creations import CreationLimitError

if TYPE_CHECKING:
    from target_runs import Outcome

NEWSLETTER = 40137
ENTRY = {"kind": "email_list", "list": NEWSLETTER, "create_missing": True, "field_group": "New"}


def load(runs: Runs, *names: str, dry_run: bool = False, **options: object) -> Outcome:
    rows = [schema("s", "email", *names), record("s", email="a@example.org", **dict.fromkeys(names, "x"))]
    return runs.run([*rows, state(1)], {"s": {**ENTRY, **options}}, dry_run=dry_run)


def fields(runs: Runs) -> dict[str, list[str]]:
    """The fields of each group."""
    found = {}
    for group in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup"):
        path = (
            f"List/{NEWSLETTER}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField"
        )
        found[group["segmentationFieldGroupName"]] = [one["segmentationFieldName"] for one in runs.read(path)]
    return found


def test_300_columns_create_no_field_and_no_group(runs: Runs) -> None:
    """100 fields were created, up to Listrak's limit, and then the run failed: every run did."""
    before = fields(runs)
    outcome = load(runs, *(f"c{number}" for number in range(300)))
    assert isinstance(outcome.error, CreationLimitError)
    assert "destinations.s.max_created" in str(outcome.error)
    assert "New.c0, New.c1" in str(outcome.error)
    assert "295 more" in str(outcome.error)
    assert outcome.states == []
    assert fields(runs) == before


def test_max_created_counts_what_is_new(runs: Runs) -> None:
    assert load(runs, "hat", "coat", "shoe", max_created=3).error is None
    assert load(runs, "hat", "coat", "shoe", "sock", max_created=1).error is None
    assert fields(runs)["New"] == ["hat", "coat", "shoe", "sock"]
    assert isinstance(load(runs, "scarf", max_created=0).error, CreationLimitError)


TOOLS = ["_airbyte_raw_id", "_airbyte_extracted_at", "_fivetran_synced", "_dlt_load_id", "__op", "__ts_ms"]
TOOLS += ["_sdc_batched_at", "dbt_scd_id", "_rescued_data", "METADATA$ROW_ID", "_anything_of_a_tool"]
SECRETS = [
    "password_hash",
    "Password",
    "card_number",
    "creditCardNumber",
    "api_key",
    "reset_secret",
    "cvv",
    "SSN",
]


@pytest.mark.parametrize("name", [*TOOLS, *SECRETS, "", "  ", "\u200b"])
def test_what_nobody_names_becomes_no_field(runs: Runs, name: str) -> None:
    """A column without a name (a comma at the end of a header) ended the run after other fields were made."""
    before = fields(runs)
    outcome = load(runs, "hat", name)
    assert outcome.error is None
    assert fields(runs) == {**before, "New": ["hat"]}


def test_fields_names_what_becomes_a_field_all_the_same(runs: Runs) -> None:
    assert load(runs, "card_number", fields={"card_number": "Loyalty Card"}).error is None
    assert fields(runs)["New"] == ["Loyalty Card"]


def test_two_columns_of_one_new_field_create_nothing(runs: Runs) -> None:
    before = fields(runs)
    outcome = load(runs, "New Field", "new_field")
    assert "both go to New." in str(outcome.error)
    assert fields(runs) == before


def test_a_group_without_a_new_field_is_not_created(runs: Runs) -> None:
    before = fields(runs)
    assert load(runs, "First Name").error is None
    assert fields(runs) == before


@pytest.mark.parametrize(("name", "like"), [("Frist Name", "First Name"), ("last_names", "Last Name")])
def test_a_new_field_that_is_spelled_nearly_like_one_is_warned_of(
    runs: Runs, caplog: pytest.LogCaptureFixture, name: str, like: str
) -> None:
    assert load(runs, name).error is None
    assert fields(runs)["New"] == [name]
    assert any(f"spelled nearly like {like}" in one.getMessage() for one in caplog.records)


def test_names_that_are_not_alike_are_not_warned_of(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    assert load(runs, "hat_size", "zip").error is None
    assert not any("spelled nearly" in one.getMessage() for one in caplog.records)


@pytest.mark.parametrize("names", [["hat"], [f"c{number}" for number in range(60)]])
def test_a_dry_run_creates_nothing_and_fails_as_the_run_would(runs: Runs, names: list[str]) -> None:
    before = fields(runs)
    dry = load(runs, *names, dry_run=True)
    assert fields(runs) == before
    assert type(dry.error) is type(load(runs, *names).error)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "email_events", "event_from": "id"},
        {"kind": "audience", "field_from": "id", "field_group": "Audiences"},
    ],
    ids=["event", "audience"],
)
def test_a_wrong_property_creates_no_event_or_audience_for_each_record(
    runs: Runs, entry: dict[str, Any]
) -> None:
    """`event_from` that names the order's id created an event for each order."""
    runs.save(NEWSLETTER, "a@example.org")
    rows = [record("s", email="a@example.org", id=f"order {number}") for number in range(5)]
    place = {"list": NEWSLETTER, "create_missing": True, "max_created": 3}
    outcome = runs.run([schema("s", "email", "id"), *rows, state(1)], {"s": {**entry, **place}})
    assert isinstance(outcome.error, CreationLimitError)
    made = [one["eventName"] for one in runs.read(f"List/{NEWSLETTER}/Event")]
    made += [one for names in fields(runs).values() for one in names]
    assert [one for one in made if one.startswith("order")] == ["order 0", "order 1", "order 2"]
