"""Whatever stands in place of an order's items: all of them are read, or the order is rejected."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from target_listrak.channels.retail.mapper import Mapper

SKUS = st.lists(st.text("ABC123", min_size=1), min_size=1, max_size=5)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
NAMES = st.sampled_from(
    ["edges", "node", "nodes", "data", "items", "sku", "quantity", "0", "1", "has_more", "pageInfo", "other"]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


def wrappers(items: list[Any]) -> st.SearchStrategy[Any]:
    """Give the forms in which APIs write an array of items."""
    forms = [
        items,
        {"edges": [{"node": one, "cursor": "x"} for one in items], "pageInfo": {"hasNextPage": False}},
        {"nodes": items, "totalCount": len(items)},
        {"object": "list", "data": items, "has_more": False, "url": "/v1/items"},
        {"count": len(items), "results": items, "next": None},
        {str(number * 7): one for number, one in enumerate(items)},
        {"data": {"items": items}},
        {"line_items": {"edges": [{"node": one} for one in items]}},
    ]
    return st.sampled_from(forms)


@given(SKUS.flatmap(lambda skus: wrappers([{"sku": one} for one in skus]).map(lambda form: (skus, form))))
def test_every_item_is_read_from_every_wrapper(drawn: tuple[list[str], Any]) -> None:
    skus, form = drawn
    for given_form in (form, json.dumps(form)):
        out = Mapper("orders").convert({"items": given_form})
        assert out.bad == []
        assert [item["sku"] for item in out.value["items"]] == skus


def holds_item(value: object) -> bool:
    """Return whether an item with a SKU is anywhere in it, but for what is beside an array."""
    if isinstance(value, list):
        return any(map(holds_item, value))
    if not isinstance(value, dict):
        return False
    sku = value.get("sku")
    inner = (one for name, one in value.items() if name not in {"other", "pageInfo", "has_more"})
    return (isinstance(sku, str | int) and str(sku).strip() != "") or any(map(holds_item, inner))


@given(JSON)
def test_no_item_is_left_out_without_a_fault(value: Any) -> None:  # noqa: ANN401 - any JSON
    out = Mapper("orders").convert({"items": value})
    if holds_item(value):
        assert out.bad or out.value.get("items")
    if isinstance(value, int | str) and str(value).strip():
        assert out.bad
