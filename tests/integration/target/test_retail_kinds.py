"""`customers`, `orders`, `products`, `reviews`, `rating_summaries`: what arrives, and what is rejected."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.values.reading import NULL_TEXTS

ITEMS = ("order_number", "email", "item_sku", "item_quantity", "item_price")


def written(runs: Runs, kind: str) -> dict[str, Any]:
    return dict(runs.sandbox.written()["data"][kind])


def rows(runs: Runs, kind: str) -> dict[str, Any]:
    """What the sandbox holds, without what is null."""
    return {key: strip(row) for key, row in written(runs, kind)["rows"].items()}


def strip(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: strip(inner) for name, inner in value.items() if inner is not None}
    return [strip(inner) for inner in value] if isinstance(value, list) else value


PARTIAL_ORDERS = {"kind": "orders", "on_missing": "send"}
"""What goes without date and total: most tests are about something else."""


def load(
    runs: Runs, kind: str, records: list[dict[str, Any]], keys: tuple[str, ...] = (), **options: object
) -> Outcome:
    names = dict.fromkeys(name for one in records for name in one)
    messages = [schema("s", *names, keys=keys), *(record("s", **one) for one in records), state({"at": 1})]
    partial = PARTIAL_ORDERS if kind == "orders" else {}
    outcome = runs.good(messages, {"s": {**partial, "kind": kind, **options}})
    assert outcome.states == [{"at": 1}]
    return outcome


def test_flat_customers_arrive_nested_and_typed(runs: Runs) -> None:
    outcome = load(
        runs,
        "customers",
        [
            {
                "customer_number": 17,
                "Email": "Jo@example.org",
                "first_name": "Jo",
                "birthday": "1990-05-01T00:00:00Z",
                "registered": "yes",
                "address_city": "Lititz",
                "loyalty_available_points": "120",
                "loyalty_enroll_date": "2026-06-01T03:00:00Z",
                "shoe_size": "38",
            }
        ],
    )
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert rows(runs, "Customer") == {
        "17": {
            "customerNumber": "17",
            "email": "Jo@example.org",
            "firstName": "Jo",
            "birthday": "1990-05-01T00:00:00",
            "registered": True,
            "address": {"city": "Lititz"},
            "loyalty": {"availablePoints": 120, "enrollDate": "2026-05-31T23:00:00"},
        }
    }
    assert written(runs, "Customer")["unknown_properties"] == []


def test_nested_orders_pass_through_and_items_get_their_order_number(runs: Runs) -> None:
    order = {
        "orderNumber": "A1",
        "email": "jo@example.org",
        "dateEntered": "2026-06-30T10:00:00-04:00",
        "orderTotal": 29.97,
        "status": "shipped",
        "billingAddress": {"city": "Lititz"},
        "items": [{"sku": "S1", "quantity": 2, "price": 9.99}, {"sku": "S2", "quantity": 1, "price": 9.99}],
    }
    load(runs, "orders", [order])
    stored = rows(runs, "Order")["A1"]
    assert stored["dateEntered"] == "2026-06-30T10:00:00"
    assert stored["status"] == "Shipped"
    assert [(item["orderNumber"], item["sku"]) for item in stored["items"]] == [("A1", "S1"), ("A1", "S2")]


def test_flat_rows_of_an_order_become_one_order_and_every_row_counts(runs: Runs) -> None:
    lines = [
        {"order_number": order, "email": "jo@example.org", "item_sku": f"S{line}", "item_quantity": line}
        for order in ("A", "B")
        for line in (1, 2, 3)
    ]
    outcome = load(runs, "orders", lines)
    assert outcome.figures == (6, 6, 0, 0, 0)
    for order in ("A", "B"):
        stored = rows(runs, "Order")[order]
        assert [(item["sku"], item["quantity"]) for item in stored["items"]] == [
            ("S1", 1),
            ("S2", 2),
            ("S3", 3),
        ]


def test_an_order_keeps_all_its_items_when_its_rows_fall_into_two_arrays(runs: Runs) -> None:
    lines = [{"order_number": f"{number // 3}", "item_sku": f"S{number % 3}"} for number in range(60)]
    names = schema("s", "order_number", "item_sku")
    messages = [names, *(record("s", **line) for line in lines)]
    outcome = runs.good(messages, {"s": PARTIAL_ORDERS}, batch_size_rows=2)
    assert outcome.figures == (60, 60, 0, 0, 0)
    assert len(written(runs, "Order")["arrays"]) > 5
    for number in range(20):
        assert [item["sku"] for item in rows(runs, "Order")[str(number)]["items"]] == ["S0", "S1", "S2"]


def test_a_row_that_comes_twice_is_one_item_where_the_stream_has_keys(runs: Runs) -> None:
    lines = [
        {"order_number": "A", "line": line, "item_sku": "S", "item_quantity": quantity}
        for line, quantity in ((1, 1), (2, 1), (1, 5))
    ]
    outcome = load(runs, "orders", lines, keys=("order_number", "line"))
    assert outcome.figures == (3, 2, 0, 0, 1)
    quantities = [item["quantity"] for item in rows(runs, "Order")["A"]["items"]]
    assert sorted(quantities) == [1, 5]
    outcome = load(runs, "orders", lines)
    assert outcome.figures == (3, 3, 0, 0, 0)
    assert len(rows(runs, "Order")["A"]["items"]) == 3


def test_the_last_row_of_a_key_wins_property_by_property(runs: Runs) -> None:
    products = [{"sku": "A", "title": "Old", "price": 1}, {"sku": "A", "title": "New", "price": None}]
    outcome = load(runs, "products", products)
    assert outcome.figures == (2, 1, 0, 0, 1)
    assert rows(runs, "Product") == {"A": {"sku": "A", "title": "New", "price": 1}}


def test_reviews_and_rating_summaries_with_json_text(runs: Runs) -> None:
    rating = {
        "displayType": "d",
        "providerRatingID": "1",
        "ratingMax": 5,
        "ratingMin": 1,
        "ratingValue": 4,
        "type": "t",
    }
    review = {
        "provider": "p",
        "provider_product_id": "X",
        "provider_review_id": 9,
        "featured": False,
        "recommended": 1,
        "title": "Good",
        "ratings": json.dumps([rating]),
    }
    assert load(runs, "reviews", [review]).figures == (1, 1, 0, 0, 0)
    assert rows(runs, "Review")["9"]["ratings"] == [rating]
    summary = {
        "provider_product_id": "X",
        "rating_summaries": [{"provider_rating_summary_id": 1, "rating": "4.5"}],
    }
    assert load(runs, "rating_summaries", [summary]).figures == (1, 1, 0, 0, 0)
    assert rows(runs, "RatingSummary")["X"]["ratingSummaries"] == [
        {"providerRatingSummaryID": "1", "rating": 4.5}
    ]


def test_retail_data_touches_no_contact(runs: Runs) -> None:
    """Addresses of customers, buyers and reviewers are no consent: they are retail data, nothing else."""
    people = {"email": "stranger@example.org", "mobilePhone": "+12165550101", "email_opt_in": True}
    review = {"provider": "p", "provider_product_id": "1", "provider_review_id": "2", "featured": 0}
    streams: dict[str, dict[str, Any]] = {
        "customers": {"customer_number": "1", **people},
        "orders": {"order_number": "A", **people},
        "order_items": {"order_number": "A", "sku": "S", **people},
        "products": {"sku": "S", **people},
        "reviews": {**review, "recommended": 1, "title": "t", **people},
        "rating_summaries": {"provider_product_id": "1", **people},
    }
    messages = [one for name, row in streams.items() for one in (schema(name, *row), record(name, **row))]
    destinations = {name: {"kind": name} for name in streams} | {"orders": PARTIAL_ORDERS}
    outcome = runs.good([*messages, state(1)], destinations)
    assert {name: one.accepted for name, one in outcome.tallies.items()} == dict.fromkeys(streams, 1)
    found = runs.sandbox.written()
    assert (found["email"], found["imports"], found["sms"]["calls"]) == ([], [], [])


def test_a_deleted_review_is_marked_where_deletes_are_allowed(runs: Runs) -> None:
    review = {
        "provider": "p",
        "providerProductID": "X",
        "providerReviewID": "9",
        "featured": False,
        "recommended": True,
        "title": "Good",
        "_sdc_deleted_at": "2026-06-30T00:00:00Z",
    }
    assert load(runs, "reviews", [review]).codes == ["deleted"]
    assert load(runs, "reviews", [review], allow_deletes=True).figures == (1, 1, 0, 0, 0)
    assert rows(runs, "Review")["9"]["deleted"] is True
    assert load(runs, "products", [{"sku": "A", "_sdc_deleted_at": "2026-06-30T00:00:00Z"}]).codes == [
        "deleted"
    ]


@pytest.mark.parametrize(
    ("kind", "row", "code", "place"),
    [
        ("customers", {"first_name": "Jo"}, "missing_value", "customerNumber or email"),
        ("orders", {"email": "jo@example.org"}, "missing_value", "orderNumber"),
        ("orders", {"order_number": "A", "item_quantity": 1}, "missing_value", "items[0].sku"),
        ("orders", {"order_number": "A", "order_total": "ten"}, "bad_value", "orderTotal"),
        (
            "orders",
            {"order_number": "A", "items": [{"sku": "S", "orderNumber": "B"}]},
            "other_order",
            "items[0]",
        ),
        ("products", {"title": "No sku"}, "missing_value", "sku"),
        ("products", {"sku": "S", "in_stock": "maybe"}, "bad_value", "inStock"),
        ("reviews", {"provider": "p", "providerReviewID": "1"}, "missing_value", "featured"),
        ("rating_summaries", {"provider": "p"}, "missing_value", "providerProductID"),
    ],
)
def test_a_bad_row_is_rejected_with_its_place_and_the_rest_is_loaded(
    runs: Runs, kind: str, row: dict[str, Any], code: str, place: str
) -> None:
    good: dict[str, dict[str, Any]] = {
        "customers": {"customer_number": "1"},
        "orders": {"order_number": "1"},
        "products": {"sku": "1"},
        "reviews": {
            "provider": "p", "provider_product_id": "1", "provider_review_id": "2", "featured": 0,
            "recommended": 1, "title": "t",
        },
        "rating_summaries": {"provider_product_id": "1"},
    }  # fmt: skip
    outcome = load(runs, kind, [row, good[kind]])
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert outcome.codes == [code]
    assert outcome.rejects[-1]["rejected"]["reason"].startswith(place)
    (only,) = [one for one in runs.sandbox.written()["data"].values() if one["rows"]]
    assert len(only["rows"]) == 1


def test_on_bad_value_blank_leaves_the_value_out_and_fail_ends_the_run(runs: Runs) -> None:
    row = {"sku": "A", "title": "T", "price": "cheap"}
    assert load(runs, "products", [row], on_bad_value="blank").figures == (1, 1, 0, 0, 0)
    assert rows(runs, "Product") == {"A": {"sku": "A", "title": "T"}}
    messages = [schema("s", "sku", "price"), record("s", sku="B", price="cheap")]
    outcome = runs.run(messages, {"s": {"kind": "products", "on_bad_value": "fail"}})
    assert outcome.error is not None
    assert "price" in str(outcome.error)
    assert "cheap" not in str(outcome.error)


def test_null_is_sent_only_if_nulls_are_to_clear(runs: Runs) -> None:
    load(runs, "products", [{"sku": "A", "title": None, "brand": ""}])
    assert written(runs, "Product")["rows"]["A"].keys() == {"sku"}
    load(runs, "products", [{"sku": "A", "title": None, "brand": ""}], null_handling="clear")
    assert written(runs, "Product")["rows"]["A"] == {"sku": "A", "title": None, "brand": None}


def test_a_refused_array_is_searched_and_only_the_refused_rows_are_rejected(runs: Runs) -> None:
    """Listrak refuses customers without an address here, and says so for the array as a whole."""
    runs.sandbox.settings(crm_enabled=False, data_validation="strict")
    try:
        customers = [{"customer_number": n, "email": f"c{n}@example.org"} for n in range(100)]
        for number in (3, 50, 51, 99):
            customers[number]["email"] = None
        outcome = load(runs, "customers", customers)
    finally:
        runs.sandbox.settings(crm_enabled=True, data_validation="late")
    assert outcome.figures == (100, 96, 0, 4, 0)
    rejected = {line["record"]["customer_number"] for line in outcome.rejects if line["type"] == "RECORD"}
    assert rejected == {3, 50, 51, 99}
    assert set(outcome.codes) == {"refused"}
    assert "ERROR_INVALID_PARAMETER" in outcome.rejects[-1]["rejected"]["reason"]
    assert len(rows(runs, "Customer")) == 96


def test_what_was_merged_is_written_down_whole_when_it_is_rejected_and_can_be_sent_again(runs: Runs) -> None:
    runs.sandbox.settings(crm_enabled=False, data_validation="strict")
    try:
        rows_ = [{"customer_number": "1", "first_name": "Jo"}, {"customer_number": "1", "last_name": "Doe"}]
        outcome = load(runs, "customers", rows_)
    finally:
        runs.sandbox.settings(crm_enabled=True, data_validation="late")
    assert outcome.figures == (2, 0, 0, 1, 1)
    messages = [{**line, "record": line["record"]} for line in outcome.rejects if line["type"] == "RECORD"]
    schemas = [line for line in outcome.rejects if line["type"] == "SCHEMA"]
    runs.good([*schemas, *messages], {"s": {"kind": "customers"}})
    stored = rows(runs, "Customer")["1"]
    assert (stored["firstName"], stored["lastName"]) == ("Jo", "Doe")


def test_where_everything_is_refused_the_search_ends_with_the_run(runs: Runs) -> None:
    runs.sandbox.settings(crm_enabled=False, data_validation="strict")
    try:
        runs.sandbox.forget_requests()
        messages = [schema("s", "customer_number"), *(record("s", customer_number=n) for n in range(5000))]
        outcome = runs.run(messages, {"s": {"kind": "customers"}}, max_reject_share=0.2)
    finally:
        runs.sandbox.settings(crm_enabled=True, data_validation="late")
    assert outcome.error is not None
    assert outcome.states == []
    assert runs.sandbox.requests()["total"] < 2000


def test_a_row_of_an_order_that_was_sent_long_before_does_not_take_its_items_away(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_listrak.channels.retail.loader._RECENT", 5)
    lines = [{"order_number": str(number), "item_sku": "S"} for number in range(200)]
    lines.append({"order_number": "0", "item_sku": "late"})
    messages = [schema("s", "order_number", "item_sku"), *(record("s", **line) for line in lines)]
    outcome = runs.good(messages, {"s": PARTIAL_ORDERS}, batch_size_rows=10)
    assert outcome.codes == ["split_order"]
    assert [item["sku"] for item in rows(runs, "Order")["0"]["items"]] == ["S"]


def test_fields_name_what_goes_where_and_everything_else_stays(runs: Runs) -> None:
    load(runs, "customers", [{"id": 5, "town": "Lititz", "first_name": "Jo"}],
         fields={"id": "customerNumber", "town": "address.city"})  # fmt: skip
    assert rows(runs, "Customer") == {"5": {"customerNumber": "5", "address": {"city": "Lititz"}}}
    outcome = runs.run([schema("s", "id")], {"s": {"kind": "customers", "fields": {"id": "hat size"}}})
    assert isinstance(outcome.error, ConfigurationError)
    assert "hat size" in str(outcome.error)
    assert "customerNumber" in str(outcome.error)


def test_a_machine_without_time_zones_is_told_so_before_a_record_is_read(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(key: str) -> None:
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr("listrak_api.dates.ZoneInfo", missing)
    monkeypatch.setattr("listrak_api.dates.available_timezones", set)
    outcome = runs.run([schema("s", "sku"), record("s", sku="A")], {"s": {"kind": "products"}})
    assert "tzdata" in str(outcome.error)
    assert rows(runs, "Product") == {}


def test_a_dry_run_checks_and_sends_nothing(runs: Runs) -> None:
    messages = [schema("s", "sku"), record("s", sku="A"), record("s", sku=None), state({"at": 1})]
    outcome = runs.good(messages, {"s": {"kind": "products"}}, dry_run=True)
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert rows(runs, "Product") == {}
    assert outcome.states == []


LINES = st.lists(
    st.fixed_dictionaries(
        {"order_number": st.sampled_from("ABCD")},
        optional={
            "item_sku": st.sampled_from(["s", "t", None]),
            "item_quantity": st.integers(0, 3) | st.none(),
            "status": st.sampled_from(["shipped", "Lost", None]),
            "coupon_code": st.text(max_size=34),
        },
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(1, 6))
def test_any_rows_end_as_a_plain_model_says_and_all_are_accounted_for(
    runs: Runs, lines: list[dict[str, Any]], batch: int
) -> None:
    runs.sandbox.reset()
    messages = [schema("s", *ITEMS, "status", "coupon_code"), *(record("s", **line) for line in lines)]
    outcome = runs.good(messages, {"s": {**PARTIAL_ORDERS, "on_bad_value": "blank"}}, batch_size_rows=batch)
    model: dict[str, dict[str, Any]] = {}
    codes: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        order = model.setdefault(line["order_number"], {"items": []})
        item = {
            name: line[f"item_{name}"] for name in ("sku", "quantity") if line.get(f"item_{name}") is not None
        }
        if item:
            order["items"].append(item)
        if line.get("status") == "shipped":
            order["status"] = "Shipped"
        code = line.get("coupon_code", "")
        printable = all(
            one in "\t\n\r" or not ("\x00" <= one <= "\x1f" or "\x7f" <= one <= "\x9f") for one in code
        )
        looks_empty = not code.strip(" \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff")  # no width, or a blank
        if code.strip() not in {"", *NULL_TEXTS} and not looks_empty and len(code) <= 32 and printable:
            order["couponCode"] = code
            codes[line["order_number"]].add(code.casefold())
    assert outcome.tally.merged + outcome.tally.accepted + outcome.tally.rejected == len(lines)
    stored = rows(runs, "Order")
    for number, order in model.items():
        whole = all("sku" in item for item in order["items"])
        if whole and len(codes[number]) < 2:  # else its rows contradict each other
            items = [{**item, "orderNumber": number} for item in order.pop("items")]
            expected = {**order, "orderNumber": number, **({"items": items} if items else {})}
            assert stored[number] == expected
