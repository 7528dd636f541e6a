"""Texts such as `NULL` and `\\N` that programs write where there is no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema

from target_listrak.values.reading import NULL_TEXTS

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
FIELDS = {"first": "First Name", "born": "Birthday", "points": "Points"}
GOOD = {"first": "Marie", "born": "1981-05-12", "points": "12"}


def people(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [schema("people", "email", *FIELDS), *(record("people", **row) for row in rows)]


@pytest.mark.parametrize("many", [1, 20], ids=["by itself", "by column"])
def test_a_text_that_means_null_replaces_no_good_value(runs: Runs, many: int) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": FIELDS}}
    addresses = [f"p{place}@example.org" for place in range(len(NULL_TEXTS) * many)]
    runs.good(people([{"email": address, **GOOD} for address in addresses]), target)
    before = [runs.values(NEWSLETTER, address) for address in addresses]
    assert before[0]
    rows = [
        {"email": address, **dict.fromkeys(FIELDS, f" {text} " if place % 2 else text)}
        for place, (address, text) in enumerate(zip(addresses, NULL_TEXTS * many, strict=True))
    ]
    outcome = runs.good(people(rows), target)
    assert outcome.not_loaded == (0, 0)
    assert [runs.values(NEWSLETTER, address) for address in addresses] == before


def test_with_nulls_that_clear_it_clears(runs: Runs) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": {"first": "First Name"}}}
    rows = [schema("people", "email", "first"), record("people", email="p@example.org", first="Marie")]
    runs.good(rows, target)
    assert runs.values(NEWSLETTER, "p@example.org")
    target["people"]["null_handling"] = "clear"
    runs.good([rows[0], record("people", email="p@example.org", first="NULL")], target)
    assert not any(runs.values(NEWSLETTER, "p@example.org").values())


@pytest.mark.parametrize(
    ("null_values", "expected"), [([], "NULL"), (["n.a."], "NULL"), (["n.a.", "NULL"], "Marie")]
)
def test_the_setting_says_which_texts_mean_null(runs: Runs, null_values: list[str], expected: str) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": {"first": "First Name"}}}
    for name in ("Marie", "NULL"):
        runs.good(
            [schema("people", "email", "first"), record("people", email="p@example.org", first=name)],
            target,
            null_values=null_values,
        )
    assert list(runs.values(NEWSLETTER, "p@example.org").values()) == [expected]


def test_names_that_only_look_alike_are_names(runs: Runs) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": {"first": "First Name"}}}
    names = ["Null", "Nan", "Nil", "Undefined", "NONE"]
    rows = [record("people", email=f"p{place}@example.org", first=name) for place, name in enumerate(names)]
    runs.good([schema("people", "email", "first"), *rows], target)
    for place, name in enumerate(names):
        assert list(runs.values(NEWSLETTER, f"p{place}@example.org").values()) == [name]


@pytest.mark.parametrize("text", ["NULL", "None", "\\N", " N/A "])
@pytest.mark.parametrize("settings", [{}, {"null_values": []}], ids=["default", "no texts"])
def test_no_contact_is_found_by_an_external_id_called_null(
    runs: Runs, text: str, settings: dict[str, Any]
) -> None:
    runs.save(NEWSLETTER, "p@example.org", externalContactID=text.strip())
    target = {
        "people": {
            "kind": "profile_fields",
            "list": "Newsletter",
            "external_id": "id",
            "fields": {"first": "First Name"},
        }
    }
    rows = [record("people", id=text, first="Eve")]
    outcome = runs.run([schema("people", "id", "first"), *rows], target, max_reject_share=1, **settings)
    assert outcome.closes()
    assert outcome.codes == ["no_external_id"]
    assert not runs.values(NEWSLETTER, "p@example.org")


@pytest.mark.parametrize("number", ["NULL", "null", "-", "--", "N/A", "None", "", " "])
def test_an_order_without_a_real_number_is_rejected(runs: Runs, number: object) -> None:
    head = schema("orders", "orderNumber", "dateEntered", "orderTotal")
    row = record("orders", orderNumber=number, dateEntered="2026-06-01", orderTotal=12)
    good = record("orders", orderNumber="A-1", dateEntered="2026-06-01", orderTotal=12)
    outcome = runs.run([head, row, good], {"orders": {"kind": "orders"}})
    assert outcome.closes()
    assert outcome.codes == ["missing_value"]
    assert list(runs.sandbox.written()["data"]["Order"]["rows"]) == ["A-1"]


def test_items_of_shops_keep_their_values_under_common_names(runs: Runs) -> None:
    items = [
        {"variant_sku": "S-1", "qty": 2, "unit_price": "9.50", "line_total": 19},
        {"product_sku": "S-2", "quantity_ordered": 1, "price": 3, "total": 3},
    ]
    head = schema("orders", "orderNumber", "dateEntered", "orderTotal", "line_items")
    row = record("orders", orderNumber="A-1", dateEntered="2026-06-01", orderTotal=22, line_items=items)
    runs.good([head, row], {"orders": {"kind": "orders"}})
    (order,) = runs.sandbox.written()["data"]["Order"]["rows"].values()
    assert [(one["sku"], one["quantity"], one["price"], one["itemTotal"]) for one in order["items"]] == [
        ("S-1", 2, 9.5, 19),
        ("S-2", 1, 3, 3),
    ]


@pytest.mark.parametrize("text", ["NULL", " n/a ", "undefined"])
@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "email_events", "event_from": "named", "create_missing": True},
        {"kind": "audience", "field_from": "named", "field_group": "Audiences", "create_missing": True},
        {"kind": "email_events", "event": "Ordered", "create_missing": True, "list_from": "named"},
    ],
    ids=["event", "audience", "list"],
)
def test_nothing_is_created_or_looked_for_that_is_called_null(
    runs: Runs, text: str, entry: dict[str, Any]
) -> None:
    runs.save(NEWSLETTER, "p@example.org")
    place = {} if "list_from" in entry else {"list": NEWSLETTER}
    outcome = runs.good(
        [schema("rows", "email", "named"), record("rows", email="p@example.org", named=text)],
        {"rows": {**entry, **place}},
    )
    assert outcome.codes[0] in {"no_event", "no_audience", "no_list"}
    names = [one["eventName"] for one in runs.read(f"List/{NEWSLETTER}/Event")]
    for group in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup"):
        path = (
            f"List/{NEWSLETTER}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField"
        )
        names += [one["segmentationFieldName"] for one in runs.read(path)]
    assert text.strip() not in names


def test_an_address_that_means_null_is_missing(runs: Runs) -> None:
    """The external id finds the contact; there is no address that the contact is moved to."""
    runs.save(NEWSLETTER, "p@example.org", externalContactID="E1")
    head = schema("rows", "email", "id", "moved")
    event = {"kind": "email_events", "list": NEWSLETTER, "event": "E", "create_missing": True}
    outcome = runs.good(
        [head, record("rows", email="NULL", id="E1")], {"rows": {**event, "external_id": "id"}}
    )
    assert outcome.tally.accepted == 1
    move = {"kind": "email_list", "list": NEWSLETTER, "new_email": "moved"}
    outcome = runs.good([head, record("rows", email="p@example.org", moved="NULL")], {"rows": move})
    assert outcome.not_loaded == (0, 0)
