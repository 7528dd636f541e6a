"""The items of an order: in the wrappers of APIs, and without a SKU."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, messages, reasons
from target_runs import state

if TYPE_CHECKING:
    from target_runs import Outcome, Runs

ITEMS = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}]
WRAPPED: list[Any] = [
    {"edges": [{"node": one, "cursor": "c"} for one in ITEMS], "pageInfo": {"hasNextPage": False}},
    {"nodes": ITEMS},
    {"object": "list", "data": ITEMS, "has_more": False, "total_count": 2},
    {"count": 2, "items": ITEMS},
    {"items": {"data": ITEMS}},
    {"31": ITEMS[0], "32": ITEMS[1]},
    [{"node": one} for one in ITEMS],
    [None, *ITEMS, {}, {"sku": None, "quantity": None}],
    {"line_item": ITEMS},
]
NOT_ITEMS: list[Any] = [
    {"edges": [{"node": ITEMS[0]}], "pageInfo": {"hasNextPage": True}},
    {"data": ITEMS, "has_more": "true"},
    {"nodes": ITEMS, "totalCount": 3},
    {"data": ITEMS, "rows": ITEMS},
    {"url": "https://shop.example/orders/1/items", "rel": "items"},
    {"stuff": ITEMS},
    {"data": ["A", "B"]},
    ["A", "B"],
    "A, B",
    7,
    [{"name": "Tip"}],
]


def order(items: object, **more: object) -> dict[str, Any]:
    return {"orderNumber": "1", **WHOLE, "items": items, **more}


def skus(runs: Runs) -> list[str]:
    return [item["sku"] for item in held(runs, "orders")["1"].get("items", ())]


# Wrappers


@pytest.mark.parametrize("wrapped", WRAPPED, ids=range(len(WRAPPED)))
def test_items_in_the_wrapper_of_an_api_are_not_lost(runs: Runs, wrapped: object) -> None:
    """Shopify's GraphQL has edges and nodes, Stripe has data."""
    for form in (wrapped, json.dumps(wrapped)):
        runs.sandbox.reset()
        load(runs, "orders", [order(form)])
        assert skus(runs) == ["A", "B"]


@pytest.mark.parametrize("on_bad_value", ["reject_row", "blank"])
@pytest.mark.parametrize("given", NOT_ITEMS, ids=range(len(NOT_ITEMS)))
def test_what_may_hold_items_is_not_sent_without_them(runs: Runs, given: object, on_bad_value: str) -> None:
    load(runs, "orders", [order(ITEMS)])
    outcome = load(runs, "orders", [order(given, status="Shipped")], on_bad_value=on_bad_value)
    assert outcome.tally.rejected == 1
    assert "items" in reasons(outcome)[0]
    assert skus(runs) == ["A", "B"]


@pytest.mark.parametrize(
    "empty", [None, [], "", "[]", {"edges": []}, {"data": [], "has_more": False}, {}, [{}]]
)
def test_no_items_are_none(runs: Runs, empty: object) -> None:
    load(runs, "orders", [order(empty)])
    assert skus(runs) == []


def test_ratings_are_unwrapped_as_well(runs: Runs) -> None:
    one = {"providerRatingSummaryID": "1", "rating": 4.5}
    load(runs, "rating_summaries", [{"providerProductID": "X", "ratingSummaries": {"data": [one]}}])
    assert runs.sandbox.written()["data"]["RatingSummary"]["rows"]["X"]["ratingSummaries"][0]["rating"] == 4.5


# Items without SKU

TIP = {"sku": None, "title": "Tip", "quantity": 1, "price": "1.00", "product_id": 77}


def test_an_order_with_a_tip_is_rejected_whole(runs: Runs) -> None:
    outcome = load(runs, "orders", [order([*ITEMS, TIP])], on_bad_value="blank")
    assert outcome.codes == ["missing_value"]
    assert "items[2].sku" in reasons(outcome)[0]
    assert "items_without_sku" in reasons(outcome)[0]


def test_a_tip_is_left_out_of_its_order_and_counted_where_an_option_says_so(runs: Runs) -> None:
    items = [ITEMS[0], TIP, {"title": "Bag"}, ITEMS[1]]
    outcome = load(runs, "orders", [order(items)], items_without_sku="leave_out")
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert skus(runs) == ["A", "B"]
    assert outcome.tally.remarks.total() == 2


def test_a_sku_that_cannot_be_read_is_no_item_without_sku(runs: Runs) -> None:
    lost = {"sku": "8.90123E+12", "quantity": 1}
    for on_bad_value in ("reject_row", "blank"):
        options = {"items_without_sku": "leave_out", "on_bad_value": on_bad_value}
        assert load(runs, "orders", [order([ITEMS[0], lost])], **options).tally.rejected == 1
    assert held(runs, "orders") == {}


def test_another_property_stands_in_for_the_sku(runs: Runs) -> None:
    load(runs, "orders", [order([{**ITEMS[0], "product_id": 5}, TIP])], sku_from="productId")
    assert skus(runs) == ["A", "77"]
    both = {"sku_from": "product_id", "items_without_sku": "leave_out"}
    load(runs, "orders", [order([TIP, {**TIP, "product_id": None}])], **both)
    assert skus(runs) == ["77"]


FLAT: list[dict[str, Any]] = [
    {"orderNumber": "1", **WHOLE, "item_sku": sku, "item_price": 5, "product_id": number}
    for number, sku in enumerate(["A", None, "", "B"])
]


def test_flat_items_without_sku(runs: Runs) -> None:
    assert load(runs, "orders", FLAT).codes == ["missing_value"] * 4
    outcome = load(runs, "orders", FLAT, items_without_sku="leave_out")
    assert outcome.figures == (4, 4, 0, 0, 0)
    assert skus(runs) == ["A", "B"]
    assert outcome.tally.remarks.total() == 2
    load(runs, "orders", FLAT, sku_from="product_id")
    assert skus(runs) == ["A", "1", "2", "B"]


def joined(runs: Runs, **options: object) -> Outcome:
    items = [
        {"orderNumber": "1", "sku": row["item_sku"], "line": at, "other": f"P{at}"}
        for at, row in enumerate(FLAT)
    ]
    both = [*messages("o", [{"orderNumber": "1", **WHOLE}]), *messages("i", items, ("line",)), state(1)]
    return runs.good(both, {"o": {"kind": "orders"}, "i": {"kind": "order_items", **options}})


def test_rows_of_items_without_sku(runs: Runs) -> None:
    assert sorted(joined(runs).codes) == ["incomplete_order"] * 3 + ["missing_value"] * 2
    outcome = joined(runs, items_without_sku="leave_out")
    assert outcome.tallies["i"].accepted == 4
    assert skus(runs) == ["A", "B"]
    assert outcome.tallies["i"].remarks.total() == 2
    joined(runs, sku_from="other")
    assert skus(runs) == ["A", "P1", "P2", "B"]
