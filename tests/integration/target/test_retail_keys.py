"""Keys of retail objects: two objects never become one, and one object never becomes two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, reasons

if TYPE_CHECKING:
    from target_runs import Runs


@pytest.mark.parametrize(
    ("kind", "name", "more"),
    [
        ("orders", "orderNumber", WHOLE),
        ("products", "sku", {"title": "Shirt"}),
        ("customers", "customerNumber", {"email": "ann@example.com"}),
    ],
)
@pytest.mark.parametrize("key", ["4.50123E+11", "4,50123E+11", "1E+12", 4.50123e16], ids=str)
def test_two_objects_whose_numbers_a_spreadsheet_shortened_do_not_become_one(
    runs: Runs, kind: str, name: str, more: dict[str, Any], key: object
) -> None:
    outcome = load(runs, kind, [{name: key, **more}, {name: key, **more}])
    assert outcome.codes == ["bad_value", "bad_value"]
    assert all("exponent" in reason and "as text" in reason for reason in reasons(outcome))
    assert held(runs, kind) == {}


def test_an_item_whose_sku_a_spreadsheet_shortened_is_not_sold(runs: Runs) -> None:
    items = [{"sku": "8.90123E+12", "quantity": 1}]
    outcome = load(runs, "orders", [{"orderNumber": "1", **WHOLE, "items": items}])
    assert "items[0].sku" in reasons(outcome)[0]


@pytest.mark.parametrize(
    ("kind", "name", "more"),
    [("orders", "orderNumber", WHOLE), ("products", "sku", {}), ("customers", "customerNumber", {})],
)
def test_one_object_in_two_spellings_does_not_become_two(
    runs: Runs, kind: str, name: str, more: dict[str, Any]
) -> None:
    spellings = [
        "1001",
        1001,
        1001.0,
        "1001.0",
        " 1001 ",
        "\ufeff1001",
        "1001\xa0",
        '="1001"',
        "'1001",
        "1.001E3",
    ]
    outcome = load(runs, kind, [{name: one, **more} for one in spellings])
    assert outcome.figures == (len(spellings), 1, 0, 0, len(spellings) - 1)
    assert list(held(runs, kind)) == ["1001"]


def test_keys_that_only_look_alike_stay_apart(runs: Runs) -> None:
    keys = ["1001", "01001", "#1001", "1001-1", "1001.5", "12E5", "90E-15", "a1", "A1", "1.001.0"]
    outcome = load(runs, "products", [{"sku": one} for one in keys])
    assert outcome.tally.accepted == len(keys)
    assert sorted(held(runs, "products")) == sorted(keys)


@pytest.mark.parametrize("key", [True, False, ["1", "2"], 1001.5, "1001.00", "007.0", 2.0**60], ids=str)
def test_what_is_no_key_is_rejected(runs: Runs, key: object) -> None:
    outcome = load(runs, "products", [{"sku": key, "title": "Shirt"}])
    assert outcome.codes == ["bad_value"]
    assert held(runs, "products") == {}


@pytest.mark.parametrize("guest", [0, "0", 0.0, "0.0", "guest", "00000000-0000-0000-0000-000000000000", -1])
def test_guests_are_not_one_customer(runs: Runs, guest: object) -> None:
    """WooCommerce and BigCommerce write customer_id 0 for orders without an account."""
    people = ["ann@example.com", "bo@example.com"]
    orders = [
        {"orderNumber": str(at), **WHOLE, "customer_id": guest, "email": email}
        for at, email in enumerate(people)
    ]
    outcome = load(runs, "orders", orders)
    stored = held(runs, "orders")
    assert [stored[key].get("customerNumber") for key in ("0", "1")] == [None, None]
    (said,) = (count for text, count in outcome.tally.remarks.items() if "guests" in text)
    assert said == len(people)
    load(runs, "customers", [{"customer_id": guest, "email": email, "city": email} for email in people])
    assert sorted(held(runs, "customers")) == people


def test_a_guest_without_address_is_rejected(runs: Runs) -> None:
    outcome = load(runs, "customers", [{"customer_id": 0, "first_name": "Ann"}])
    assert outcome.codes == ["missing_value"]
