"""The status of an order in the words of shops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, reasons
from target_runs import schema

from listrak_api.errors import ConfigurationError
from target_listrak.channels.retail.models import STATUSES

if TYPE_CHECKING:
    from target_runs import Outcome, Runs

WORDS = {
    "Completed": ["complete", "Completed", "COMPLETED", "wc-completed"],
    "Canceled": ["canceled", "Cancelled", "CANCELLED", "wc-cancelled", "voided", "_cancelled"],
    "Returned": ["refunded", "wc-refunded", "Refunded"],
    "Hold": ["on-hold", "wc-on-hold", "holded", "ON_HOLD", "Manual Verification Required"],
    "Shipped": ["shipped", "fulfilled", "FULFILLED"],
    "Pending": [
        "pending",
        "wc-pending",
        "pending_payment",
        "Awaiting Payment",
        "Sales Order : Pending Approval",
    ],
    "Processing": [
        "wc-processing",
        "Awaiting Fulfillment",
        "Awaiting Shipment",
        "_pendingFulfillment",
        "IN_PROGRESS",
    ],
    "BackOrder": ["Back Order", "backordered"],
    "PreOrder": ["Pre-Order", "preordered"],
    "Closed": ["closed", "_closed"],
}
UNSURE = [
    "open",
    "new",
    "failed",
    "delivered",
    "Partially Shipped",
    "partially_refunded",
    "wc-",
    "draft",
    11,
    True,
]


def orders(runs: Runs, words: list[Any], **options: object) -> Outcome:
    rows = [{"orderNumber": str(at), **WHOLE, "status": word} for at, word in enumerate(words)]
    return load(runs, "orders", rows, **options)


def statuses(runs: Runs) -> dict[str, str | None]:
    return {number: order.get("status") for number, order in held(runs, "orders").items()}


def test_the_orders_of_a_magento_or_woocommerce_shop_are_not_rejected_once_they_are_complete(
    runs: Runs,
) -> None:
    words = [(word, status) for status, some in WORDS.items() for word in some]
    orders(runs, [word for word, _ in words])
    assert statuses(runs) == {str(at): status for at, (_, status) in enumerate(words)}


def test_a_word_that_could_be_two_statuses_is_rejected_and_the_reason_names_the_option(runs: Runs) -> None:
    outcome = orders(runs, [*UNSURE, "complete", ""])
    assert outcome.codes == ["bad_value"] * (len(UNSURE) - 1)  # "wc-" alone is no word, and so no value
    assert all("status_values" in reason for reason in reasons(outcome))
    assert sorted(filter(None, statuses(runs).values())) == ["Completed"]


def test_the_words_of_a_shop_are_named_in_an_option(runs: Runs) -> None:
    own = {
        "Delivered": "completed",
        "11": "Processing",
        "complete": "Shipped",
        "partially_shipped": "Shipped",
    }
    orders(runs, ["delivered", 11, 11.0, "wc-complete", "Partially Shipped", "shipped"], status_values=own)
    goals = ["Completed", "Processing", "Processing", "Shipped", "Shipped", "Shipped"]
    assert statuses(runs) == {str(at): goal for at, goal in enumerate(goals)}


def test_items_have_statuses_too(runs: Runs) -> None:
    items = [{"sku": "A", "status": "on-hold"}, {"sku": "B", "status": "picked"}]
    order = {"orderNumber": "1", **WHOLE, "items": items}
    load(runs, "orders", [order], status_values={"picked": "Processing"})
    assert [item["status"] for item in held(runs, "orders")["1"]["items"]] == ["Hold", "Processing"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"done": "Finished"}, "Completed, Returned"),
        ({"on-hold": "Hold", "on hold": "Pending"}, "once"),
        ("x", ""),
    ],
)
def test_a_slip_in_the_option_is_an_error_before_anything_is_sent(
    runs: Runs, given: object, text: str
) -> None:
    outcome = runs.run([schema("s", "orderNumber")], {"s": {"kind": "orders", "status_values": given}})
    assert isinstance(outcome.error, ConfigurationError)
    assert "status_values" in str(outcome.error)
    assert text in str(outcome.error)


def test_the_option_is_read_as_meltano_writes_it(runs: Runs) -> None:
    rows = [{"orderNumber": "1", **WHOLE, "status": "delivered"}]
    load(runs, "orders", rows, status_values='{"delivered": "Completed"}')
    assert statuses(runs) == {"1": "Completed"}


def test_every_status_of_listrak_is_one(runs: Runs) -> None:
    orders(runs, list(STATUSES))
    assert statuses(runs) == {str(at): status for at, status in enumerate(STATUSES)}
