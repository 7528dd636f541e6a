"""The data API of the sandbox over HTTP: models, whole arrays refused, rows kept by the merchant's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_api import Api

from listrak_sandbox.data import models
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOMER = {"customerNumber": "C1", "email": "a@example.com", "loyalty": {"availablePoints": 5}}
ORDER = {
    "orderNumber": "O1",
    "status": "Shipped",
    "orderTotal": 12.5,
    "dateEntered": "2026-06-01T10:00:00",
    "items": [{"orderNumber": "O1", "sku": "S1", "quantity": 2}, {"orderNumber": "O1", "sku": "S2"}],
}
PRODUCT = {"sku": "S1", "title": "Größe 39½", "price": 10, "relatedProducts": [{"sku": "S2", "rank": 1}]}
REVIEW = {
    "providerReviewID": "R1",
    "provider": "P",
    "providerProductID": "S1",
    "title": "",
    "featured": False,
    "recommended": True,
    "ratings": [],
}
SUMMARY = {"providerProductID": "S1", "ratingSummaries": [{"providerRatingSummaryID": "x", "rating": 4.5}]}
GOOD = {"Customer": CUSTOMER, "Order": ORDER, "Product": PRODUCT, "Review": REVIEW, "RatingSummary": SUMMARY}
KEYS = {"Customer": "C1", "Order": "O1", "Product": "S1", "Review": "R1", "RatingSummary": "S1"}
BAD = (400, "ERROR_INVALID_PARAMETER")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as sandbox:
        yield sandbox


@pytest.fixture
def data(running: RunningSandbox) -> Api:
    running.reset()
    return Api(running, "data")


def kept(data: Api, kind: str) -> dict[str, Any]:
    return dict(data.sandbox.written()["data"][kind]["rows"])


@pytest.mark.parametrize("kind", GOOD)
def test_an_array_is_kept_by_the_merchants_keys(data: Api, kind: str) -> None:
    assert data.send("POST", f"/{kind}", [GOOD[kind]]) == (201, None)
    assert kept(data, kind) == {KEYS[kind]: GOOD[kind]}
    assert data.sandbox.written()["data"][kind]["arrays"][0]["rows"] == 1
    data.sandbox.reset()
    assert kept(data, kind) == {}


def test_the_same_key_again_replaces(data: Api) -> None:
    data.send("POST", "/Product", [PRODUCT, {"sku": "S2"}])
    data.send("POST", "/Product", [{"sku": "S1", "title": "Newer"}])
    assert kept(data, "Product") == {"S1": {"sku": "S1", "title": "Newer"}, "S2": {"sku": "S2"}}


def test_a_customer_without_number_is_known_by_its_address(data: Api) -> None:
    assert data.send("POST", "/Customer", [{"email": "b@example.com"}])[0] == 201
    assert list(kept(data, "Customer")) == ["b@example.com"]


def test_what_the_model_does_not_know_is_ignored_but_told(data: Api) -> None:
    row = {**ORDER, "total": 5, "items": [{**ORDER["items"][0], "SKU": "x"}]}  # type: ignore[index]
    assert data.send("POST", "/Order", [row])[0] == 201
    assert data.sandbox.written()["data"]["Order"]["unknown_properties"] == ["items.SKU", "total"]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("Customer", {"firstName": "Nobody"}),
        ("Customer", {**CUSTOMER, "customerNumber": "x" * 21}),
        ("Customer", {**CUSTOMER, "customerNumber": 5}),
        ("Customer", {**CUSTOMER, "registered": "yes"}),
        ("Customer", {**CUSTOMER, "birthday": "31/12/1990"}),
        ("Customer", {**CUSTOMER, "loyalty": {"enrollDate": "soon"}}),
        ("Customer", {**CUSTOMER, "loyalty": {"availablePoints": 2**31}}),
        ("Customer", {**CUSTOMER, "address": {"city": "x" * 101}}),
        ("Customer", {**CUSTOMER, "address": "Main St"}),
        ("Order", {"email": "a@example.com"}),
        ("Order", {**ORDER, "orderNumber": ""}),
        ("Order", {**ORDER, "status": "shipped"}),
        ("Order", {**ORDER, "orderTotal": "12.50"}),
        ("Order", {**ORDER, "items": [{"orderNumber": "O1"}]}),
        ("Order", {**ORDER, "items": [{"orderNumber": "O2", "sku": "S1"}]}),
        ("Order", {**ORDER, "items": [{"orderNumber": "O1", "sku": "S1", "shipDate": "never"}]}),
        ("Product", {"title": "No sku"}),
        ("Product", {**PRODUCT, "description": "x" * 4001}),
        ("Review", {name: value for name, value in REVIEW.items() if name != "recommended"}),
        ("Review", {**REVIEW, "ratings": [{"ratingValue": 5}]}),
        ("RatingSummary", {**SUMMARY, "ratingSummaries": [{"rating": 5}]}),
        ("RatingSummary", {"provider": "P"}),
        ("Product", None),
        ("Product", "S1"),
    ],
)
def test_with_strict_validation_one_bad_row_refuses_the_whole_array(
    data: Api, kind: str, row: object
) -> None:
    data.sandbox.settings(data_validation="strict")
    good = GOOD[kind]
    assert data.send("POST", f"/{kind}", [good, row]) == BAD
    assert kept(data, kind) == {}


def test_the_refusal_names_the_place(data: Api) -> None:
    data.sandbox.settings(data_validation="strict")
    body = [ORDER, {**ORDER, "items": [{"orderNumber": "O1", "sku": "x" * 101}]}]
    assert "$[1].items[0].sku" in data.call("POST", "/Order", body).json()["message"]


@pytest.mark.parametrize("body", [[], {}, None, "x"])
def test_an_array_of_one_or_more_is_needed(data: Api, body: object) -> None:
    assert data.send("POST", "/Product", body)[0] in (400, 415)


def test_an_address_is_needed_where_the_account_is_not_crm_enabled(data: Api) -> None:
    data.sandbox.settings(crm_enabled=False, data_validation="strict")
    assert data.send("POST", "/Customer", [{"customerNumber": "C1"}]) == BAD
    assert data.send("POST", "/Order", [ORDER]) == BAD
    assert data.send("POST", "/Order", [{**ORDER, "email": "a@example.com"}])[0] == 201


def test_a_body_that_is_too_large_is_not_found(data: Api) -> None:
    assert data.sandbox.settings()["max_body_bytes"] == 262_144_000
    data.sandbox.settings(max_body_bytes=1000)
    answer = data.call("POST", "/Product", [{"sku": "S1", "description": "x" * 1000}])
    assert answer.status_code == 404
    assert kept(data, "Product") == {}


def test_each_kind_needs_its_area(data: Api) -> None:
    data.sandbox.settings(integrations={"data": {"areas": ["Customer", "Review"]}})
    answers = {kind: data.send("POST", f"/{kind}", [GOOD[kind]])[0] for kind in GOOD}
    assert answers == {"Customer": 201, "Order": 401, "Product": 401, "Review": 201, "RatingSummary": 201}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["items", "sku", "rank", "x"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["sku", "price", "relatedProducts", "saleEndDate", "x"]), json_values)
    )
)
def test_any_rows_are_either_taken_or_refused_with_their_place(rows: list[dict[str, Any]]) -> None:
    refusal = ""
    try:
        models.check(models.PRODUCT, rows)
    except ValueError as error:
        refusal = str(error)
    assert "$[" in refusal or (not refusal and all(isinstance(row["sku"], str) for row in rows))
    assert all(isinstance(name, str) for name in models.unknown_properties(models.PRODUCT, rows))
