"""Values of retail objects that a program wrote in place of another one, or of none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from retail_runs import WHOLE, held, load, reasons

if TYPE_CHECKING:
    from target_runs import Runs

ORDER: dict[str, Any] = {"orderNumber": "1", **WHOLE, "items": [{"sku": "A", "quantity": 1}]}
NO_DATES = [
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "1969-12-31T19:00:00-05:00",
    "1900-01-01 00:00:00",
    "0001-01-01",
]


@pytest.mark.parametrize("total", [True, False, 1e30, "1e20", 10**15], ids=str)
def test_a_total_that_is_no_amount_is_rejected(runs: Runs, total: object) -> None:
    outcome = load(runs, "orders", [{**ORDER, "orderTotal": total}])
    assert outcome.codes == ["bad_value"]
    assert reasons(outcome)[0].startswith("orderTotal: ")


def test_a_quantity_is_not_true(runs: Runs) -> None:
    outcome = load(runs, "orders", [{**ORDER, "items": [{"sku": "A", "quantity": True}]}])
    assert "items[0].quantity" in reasons(outcome)[0]


@pytest.mark.parametrize("date", NO_DATES)
def test_a_date_that_stands_for_none_is_none(runs: Runs, date: str) -> None:
    outcome = load(
        runs, "orders", [{**ORDER, "dateEntered": date}, {**ORDER, "orderNumber": "2", "shipDate": date}]
    )
    assert outcome.codes == ["missing_value"]
    assert "shipDate" not in held(runs, "orders")["2"]


def test_people_are_born_on_such_days(runs: Runs) -> None:
    load(runs, "customers", [{"customerNumber": "1", "birthday": "1970-01-01"}])
    assert held(runs, "customers")["1"]["birthday"] == "1970-01-01T00:00:00"
