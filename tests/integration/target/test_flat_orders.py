"""Flat orders of which one row is wrong, and orders as shops nest them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema

if TYPE_CHECKING:
    from target_runs import Runs

FLAT = ("order_number", "order_date", "total", "item_sku", "item_quantity")


def row(number: str, sku: str, quantity: object) -> str:
    return record(
        "orders", order_number=number, order_date="2026-06-01", total=9, item_sku=sku, item_quantity=quantity
    )


def orders(runs: Runs) -> dict[str, Any]:
    stored: dict[str, Any] = runs.sandbox.control("GET", "data?kind=Order")["Order"]["rows"]
    return stored


def test_T26_a_flat_order_with_a_wrong_row_is_sent_whole_or_not_at_all(runs: Runs) -> None:
    """Else the corrected row, sent alone, would replace the order and take its other items away."""
    rows = [row("wrong", "A", 1), row("good", "A", 1), row("wrong", "B", "two"), row("wrong", "C", 3)]
    outcome = runs.good([schema("orders", *FLAT), *rows], {"orders": {"kind": "orders"}}, max_reject_share=1)
    assert sorted(outcome.codes) == ["bad_value", "incomplete_order", "incomplete_order"]
    stored = orders(runs)
    assert "wrong" not in stored
    assert [item["sku"] for item in stored["good"]["items"]] == ["A"]


@pytest.mark.parametrize(
    ("sku", "quantity", "rejected", "held"),
    [("late", "two", 1, ["A", "B"]), ("", 2, 2, ["A"])],
    ids=["at once", "with its array"],
)
def test_a_wrong_row_of_a_flat_order_that_was_sent_in_part_says_so(
    runs: Runs, sku: str, quantity: object, rejected: int, held: list[str]
) -> None:
    """Corrected and sent alone, it would take the items away that were sent."""
    rows = [row(str(number), "A", 1) for number in range(40)]
    outcome = runs.good(
        [schema("orders", *FLAT), *rows, row("0", sku, quantity), row("0", "B", 1)],
        {"orders": {"kind": "orders"}},
        batch_size_rows=1,
        max_reject_share=1,
    )
    reasons = [line["rejected"]["reason"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert len(reasons) == rejected
    assert all("Send all rows of the order together" in reason for reason in reasons)
    assert [item["sku"] for item in orders(runs)["0"]["items"]] == held


def test_a_flat_row_that_its_source_deleted_is_no_item_of_its_order(runs: Runs) -> None:
    gone = record(
        "orders",
        order_number="a",
        order_date="2026-06-01",
        item_sku="B",
        _sdc_deleted_at="2026-06-02T00:00:00Z",
    )
    outcome = runs.good([schema("orders", *FLAT), row("a", "A", 1), gone], {"orders": {"kind": "orders"}})
    assert outcome.codes == ["deleted"]
    assert [item["sku"] for item in orders(runs)["a"]["items"]] == ["A"]


def test_a_flat_row_without_its_key_lets_its_order_not_be_sent(runs: Runs) -> None:
    head = schema("orders", *FLAT, keys=("order_number", "item_sku"))
    lacks = record("orders", order_number="a", order_date="2026-06-01", total=9, item_quantity=1)
    outcome = runs.good([head, row("a", "A", 1), lacks], {"orders": {"kind": "orders"}})
    assert sorted(outcome.codes) == ["incomplete_order", "missing_key"]
    assert orders(runs) == {}


def test_T26_line_items_are_items(runs: Runs) -> None:
    items = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    head = schema("orders", "order_number", "order_date", "total", line_items={"type": "array"})
    lines = record("orders", order_number="shop", order_date="2026-06-01", total=9, line_items=items)
    runs.good([head, lines], {"orders": {"kind": "orders"}})
    assert [item["sku"] for item in orders(runs)["shop"]["items"]] == ["A", "B"]


def test_T27_an_item_lacks_no_order_number_that_its_order_has(runs: Runs) -> None:
    items = [{"sku": "A", "quantity": 1.5}]
    head = schema("orders", "order_number", "order_date", "total", "items")
    wrong = record("orders", order_number="n", order_date="2026-06-01", total=9, items=items)
    outcome = runs.good([head, wrong], {"orders": {"kind": "orders"}})
    (rejected,) = [line["rejected"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert "items[0].quantity" in rejected["reason"]
    assert "orderNumber" not in rejected["reason"]
