"""Rows of one order that cannot all be right, and rows that cannot be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, messages, reasons
from target_runs import state

if TYPE_CHECKING:
    from target_runs import Outcome, Runs


def flat(number: str, sku: str | None, **more: object) -> dict[str, Any]:
    return {"orderNumber": number, **WHOLE, "item_sku": sku, **more}


def joined(
    runs: Runs,
    orders: list[dict[str, Any]],
    items: list[dict[str, Any]],
    keys: tuple[str, ...],
    **options: object,
) -> Outcome:
    both = [*messages("orders", orders), *messages("items", items, keys), state(1)]
    return runs.good(both, {"orders": {"kind": "orders"}, "items": {"kind": "order_items", **options}})


def skus(runs: Runs, number: str = "1") -> list[str]:
    return [item["sku"] for item in held(runs, "orders")[number]["items"]]


# Flat rows that contradict each other


@pytest.mark.parametrize(
    ("name", "values", "path"),
    [
        ("orderTotal", [5, 7], "orderTotal"),
        ("status", ["Shipped", "Pending"], "status"),
        ("dateEntered", ["2026-06-01", "2026-06-02"], "dateEntered"),
        ("billing_city", ["Lititz", "Lancaster"], "billingAddress.city"),
        ("email", ["ann@example.com", "bo@example.com"], "email"),
    ],
)
def test_an_order_does_not_get_the_total_of_its_last_line(
    runs: Runs, name: str, values: list[Any], path: str
) -> None:
    rows = [flat("1", "A", **{name: values[0]}), flat("1", "B", **{name: values[1]}), flat("2", "A")]
    outcome = load(runs, "orders", rows)
    assert outcome.codes == ["contradicting_rows"] * 2
    assert all(reason.startswith(f"{path}: ") and "`fields`" in reason for reason in reasons(outcome))
    assert list(held(runs, "orders")) == ["2"]


def test_a_column_of_the_item_is_named_as_such(runs: Runs) -> None:
    """What the reason of the rejection advises."""
    row = {"order": "1", "day": "2026-06-01", "sum": 9}
    rows = [{**row, "sku": sku, "total": at} for at, sku in enumerate("AB", 4)]
    own = {"order": "orderNumber", "day": "dateEntered", "sum": "orderTotal"}
    load(runs, "orders", rows, fields={**own, "sku": "item_sku", "total": "item_itemTotal"})
    stored = held(runs, "orders")["1"]
    assert (stored["orderTotal"], [item["itemTotal"] for item in stored["items"]]) == (9, [4, 5])


def test_rows_that_say_the_same_or_nothing_do_not_contradict_each_other(runs: Runs) -> None:
    """Shopify's export has the order's own values in its first row only."""
    bare = {"orderNumber": "1", "item_sku": "B"}
    rows = [
        flat("1", "A", email="Ann@example.com"),
        bare,
        flat("1", "C", orderTotal="10.0", email="ann@example.com"),
    ]
    load(runs, "orders", rows)
    assert skus(runs) == ["A", "B", "C"]


def test_rows_that_come_again_with_a_new_status_replace_the_old_ones(runs: Runs) -> None:
    rows = [
        flat("1", sku, line=sku, status=status) for status in ("Pending", "Shipped") for sku in ("A", "B")
    ]
    keys = ("orderNumber", "line")
    assert load(runs, "orders", rows, keys).figures == (4, 2, 0, 0, 2)
    assert held(runs, "orders")["1"]["status"] == "Shipped"
    assert load(runs, "orders", rows[:3], keys).codes == ["contradicting_rows"] * 2


def test_a_contradiction_across_two_arrays_does_not_change_what_was_sent(runs: Runs) -> None:
    others = [flat(str(number), "X") for number in range(10, 40)]
    rows = [flat("1", "A", orderTotal=5), *others, flat("1", "B", orderTotal=7)]
    both = [*messages("s", rows), state(1)]
    outcome = runs.good(both, {"s": {"kind": "orders"}}, batch_size_rows=1)
    assert outcome.codes == ["contradicting_rows"]
    assert held(runs, "orders")["1"]["orderTotal"] == 5
    assert skus(runs) == ["A"]


def test_flat_rows_beside_an_items_stream_are_compared_as_well(runs: Runs) -> None:
    rows = [flat("1", "A", orderTotal=5), flat("1", "B", orderTotal=7), flat("2", "A")]
    outcome = joined(runs, rows, [{"orderNumber": "3", "sku": "A"}], ())
    assert sorted(outcome.codes) == ["contradicting_rows", "contradicting_rows", "no_order"]


# Items without their key


ORDERS = [{"orderNumber": "1", **WHOLE}, {"orderNumber": "2", **WHOLE}]


@pytest.mark.parametrize("null", [None, "", "NULL", "4.50123E+11"])
def test_items_whose_key_is_null_do_not_replace_each_other(runs: Runs, null: object) -> None:
    items = [{"orderNumber": "1", "line": null, "sku": sku} for sku in "AB"]
    items += [{"orderNumber": "2", "line": null, "sku": "C"}]  # alone in its order it is no other item
    outcome = joined(runs, ORDERS, items, ("line",))
    assert outcome.codes == ["no_item_key"] * 3
    assert list(held(runs, "orders")) == ["2"]
    assert skus(runs, "2") == ["C"]


def test_one_of_several_keys_may_be_null_where_the_others_tell_the_items_apart(runs: Runs) -> None:
    items: list[dict[str, Any]] = [
        {"orderNumber": number, "product": product, "variant": None, "sku": f"S{product}"}
        for number in "12"
        for product in (1, 2)
    ]
    joined(runs, ORDERS, items, ("orderNumber", "product", "variant"))
    assert skus(runs) == ["S1", "S2"]
    again = [*items, {**items[0], "sku": "other"}]
    outcome = joined(runs, ORDERS, again, ("orderNumber", "product", "variant"))
    assert set(outcome.codes) == {"no_item_key"}


def test_an_item_whose_key_is_null_is_not_corrected_by_another_one(runs: Runs) -> None:
    items = [{"orderNumber": "1", "line": None, "sku": sku} for sku in (None, "B")]
    outcome = joined(runs, ORDERS[:1], items, ("line",))
    assert sorted(outcome.codes) == ["incomplete_order", "incomplete_order", "missing_value"]


def test_a_deleted_item_whose_key_is_null_takes_no_other_item_away(runs: Runs) -> None:
    items: list[dict[str, Any]] = [{"orderNumber": "1", "line": None, "sku": "A", "_sdc_deleted_at": None}]
    items.append({**items[0], "_sdc_deleted_at": "2026-06-02T00:00:00Z"})
    outcome = joined(runs, ORDERS[:1], items, ("line",), allow_deletes=True)
    assert sorted(outcome.codes) == ["incomplete_order", "incomplete_order", "no_item_key"]


def test_flat_items_whose_key_is_null_do_not_replace_each_other(runs: Runs) -> None:
    outcome = load(runs, "orders", [flat("1", sku, line=None) for sku in "AB"], ("orderNumber", "line"))
    assert outcome.codes == ["no_item_key"] * 2
    assert held(runs, "orders") == {}


@pytest.mark.parametrize("lines", [(1.1, 1.2), (True, False), ("1", "01")], ids=str)
def test_lines_with_unusual_numbers_are_items_each(runs: Runs, lines: tuple[Any, ...]) -> None:
    items = [{"orderNumber": "1", "line": line, "sku": "A"} for line in lines]
    joined(runs, ORDERS[:1], items, ("line",))
    assert skus(runs) == ["A", "A"]
