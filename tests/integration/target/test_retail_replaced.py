"""An order replaces the one that Listrak has: what a record lacks is gone, and that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, messages
from target_runs import state

from target_listrak.config.destination_options import OPTIONS

if TYPE_CHECKING:
    from target_runs import Runs

ORDER: dict[str, Any] = {"orderNumber": "1", **WHOLE, "items": [{"sku": "A", "quantity": 1}]}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if "replaces the one" in one.getMessage()]


def test_a_new_status_alone_takes_date_total_and_items_away_and_that_is_said(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    load(runs, "orders", [ORDER])
    assert warnings(caplog) == []
    outcome = load(runs, "orders", [{"orderNumber": "1", "status": "Shipped"}], on_missing="send")
    assert held(runs, "orders")["1"] == {"orderNumber": "1", "status": "Shipped"}
    (said,) = {line for line in warnings(caplog) if "no property" in line}
    assert "dateEntered or orderTotal or items" in said
    assert outcome.tally.remarks.total() == 2


def test_a_table_of_orders_without_items_is_warned_of(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    load(runs, "orders", [ORDER])
    outcome = load(runs, "orders", [{"orderNumber": "1", **WHOLE, "status": "Shipped"}])
    assert any("goes to items" in line for line in warnings(caplog))
    assert [text for text in outcome.tally.remarks if "without items" in text]


@pytest.mark.parametrize("lacks", ["dateEntered", "orderTotal", "items"])
def test_single_orders_that_lack_something_are_counted(runs: Runs, lacks: str) -> None:
    rows = [ORDER, {**ORDER, "orderNumber": "2", lacks: None}]
    outcome = load(runs, "orders", rows, on_missing="send")
    assert outcome.tally.remarks.total() == 1


def test_orders_whose_items_are_a_stream_of_their_own_are_not_warned_of(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    both = [
        *messages("orders", [{"orderNumber": "1", **WHOLE}]),
        *messages("items", [{"orderNumber": "1", "sku": "A"}]),
        state(1),
    ]
    outcome = runs.good(both, {"orders": {"kind": "orders"}, "items": {"kind": "order_items"}})
    assert warnings(caplog) == []
    assert not outcome.tallies["orders"].remarks


def test_no_option_advises_to_send_a_part_of_an_order() -> None:
    assert "partial" not in OPTIONS["on_missing"].text


def test_a_later_row_without_items_takes_none_away_in_the_same_run(runs: Runs) -> None:
    """In one array the rows of an order are merged, and in two the later one replaced what was sent."""
    others = [{**ORDER, "orderNumber": str(number)} for number in range(10, 40)]
    late = {"orderNumber": "1", **WHOLE, "status": "Shipped", "items": None}
    for batch, codes in ((1000, []), (1, ["split_order"])):
        runs.sandbox.reset()
        both = [*messages("s", [ORDER, *others, late]), state(1)]
        outcome = runs.good(both, {"s": {"kind": "orders"}}, batch_size_rows=batch)
        assert outcome.codes == codes
        assert [item["sku"] for item in held(runs, "orders")["1"]["items"]] == ["A"]


def test_a_later_row_with_items_replaces_the_earlier_one(runs: Runs) -> None:
    both = [
        *messages("s", [ORDER, {**ORDER, "items": [{"sku": "B"}]}, {**ORDER, "orderNumber": "2"}]),
        state(1),
    ]
    outcome = runs.good(both, {"s": {"kind": "orders"}}, batch_size_rows=1)
    assert outcome.codes == []
    assert [item["sku"] for item in held(runs, "orders")["1"]["items"]] == ["B"]
