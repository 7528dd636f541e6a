"""What a run says of settings that do something else than was meant, though they are valid."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
ORDER = {"order_id": "L-1", "order_date": "2026-05-01", "gesamt": "12.50", "email": "a@example.org"}


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(one.getMessage() for one in caplog.records)


def test_columns_that_fields_leaves_out_are_named(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    """Listrak replaces an order: what a run leaves out is gone."""
    fields = {"order_id": "orderNumber", "order_date": "dateEntered", "gesamt": "orderTotal"}
    with caplog.at_level(logging.WARNING):
        runs.good(
            [schema("orders", *ORDER), record("orders", **ORDER)],
            {"orders": {"kind": "orders", "fields": fields}},
        )
    assert "left out, though Listrak has the property: email" in logged(caplog)
    assert "order_id" not in logged(caplog)
    caplog.clear()
    entry: dict[str, Any] = {"kind": "email_list", "list": NEWSLETTER, "fields": {"vorname": "First Name"}}
    row = record("people", email="a@example.org", vorname="Ann", city="Bonn", note="x")
    with caplog.at_level(logging.WARNING):
        runs.good([schema("people", "email", "vorname", "city", "note"), row], {"people": entry})
    assert (
        "destinations.people.fields names all that is sent; left out, though a field has the name: city"
        in logged(caplog)
    )


def test_a_stream_of_which_every_row_is_rejected_is_warned_of(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    """Fewer than five rejected rows fail no run."""
    rows = [record("people", email="Ann Smith"), record("people", email="Bob")]
    with caplog.at_level(logging.WARNING):
        runs.good([schema("people", "email"), *rows], {"people": {"kind": "email_list", "list": NEWSLETTER}})
    assert "every row was rejected: look for a wrong setting" in logged(caplog)


@pytest.mark.parametrize("dry", [True, False])
def test_a_dry_run_says_what_would_be_created(
    runs: Runs,
    caplog: pytest.LogCaptureFixture,
    dry: bool,  # noqa: FBT001 - a parameter
) -> None:
    entry = {
        "kind": "email_list",
        "list": NEWSLETTER,
        "fields": {"shop_size": "Marketing.Shop Size"},
        "create_missing": True,
    }
    row = record("people", email="a@example.org", shop_size="L")
    with caplog.at_level(logging.INFO):
        runs.good([schema("people", "email", "shop_size"), row], {"people": entry}, dry_run=dry)
    assert ("would be created" in logged(caplog), "is created" in logged(caplog)) == (dry, not dry)


def test_a_reject_with_one_fault_names_its_code(runs: Runs) -> None:
    row = record("people", email="a@example.org", birthday="yesterday")
    entry = {"kind": "email_list", "list": NEWSLETTER, "fields": {"birthday": "Birthday"}}
    outcome = runs.good([schema("people", "email", "birthday"), row], {"people": entry}, max_reject_share=1)
    (rejected,) = [one["rejected"] for one in outcome.rejects if one["type"] == "RECORD"]
    assert rejected["code"] == "bad_value"
    assert [(one["property"], one["code"]) for one in rejected["faults"]] == [("birthday", "not_a_date")]


@pytest.mark.parametrize(
    ("rule", "place"),
    [({"pattern": "(["}, "pattern"), ({"type": "strin"}, "type"), ({"maxLength": "x"}, "maxLength")],
    ids=str,
)
def test_a_schema_by_which_nothing_can_be_checked_is_named_in_one_line(
    runs: Runs, rule: dict[str, Any], place: str
) -> None:
    """The SDK's own error repeats the schema, in about ninety lines."""
    entry = {"people": {"kind": "email_list", "list": NEWSLETTER}}
    outcome = runs.run([schema("people", email=rule)], entry, validate_records=True)
    assert f"no valid JSON schema at properties.email.{place}" in str(outcome.error)
    runs.good(
        [schema("people", email=rule), record("people", email="a@example.org")], entry, validate_records=False
    )


def test_columns_without_a_name_suggest_another_delimiter(runs: Runs) -> None:
    """A file with one column is split where the extractor takes a letter for the delimiter."""
    outcome = runs.run(
        [schema("people", "emai", "col_1")], {"people": {"kind": "email_list", "list": NEWSLETTER}}
    )
    assert "set the delimiter of its columns in the extractor" in str(getattr(outcome.error, "hint", ""))
