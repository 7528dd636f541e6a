"""The limit of an integration's requests: what comes faster is answered 429, whoever sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.request_rates import RequestRates
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 0.001
"""One request in a thousand seconds: what is refused does not depend on how fast the test runs."""


@pytest.fixture
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


@pytest.mark.parametrize(
    ("rate", "seconds", "admitted"),
    [
        (0, [0.0] * 9, 9),
        (3, [0.0, 0.1, 0.2, 0.3, 0.9], 3),
        (3, [0.0, 0.1, 0.2, 1.0, 1.05, 1.1], 5),
        (0.5, [0.0, 1.0, 1.9, 2.0, 3.9], 2),
        (2.5, [0.0, 0.0, 0.7, 0.8], 3),
    ],
)
def test_the_window_slides(rate: float, seconds: list[float], admitted: int) -> None:
    clock = iter(seconds)
    rates = RequestRates(lambda: next(clock))
    assert sum(rates.admit("email", rate) for _ in seconds) == admitted


def test_what_comes_faster_is_429_for_all_callers_of_that_integration(box: RunningSandbox) -> None:
    email, other, sms = Api(box, "email"), Api(box, "email"), Api(box, "sms")
    box.settings(integrations={"email": {"requests_per_second": SLOW}})
    assert email.get("/List")["status"] == 200
    assert other.send("GET", "/List") == (429, "ERROR_TOO_MANY_REQUESTS")
    assert [sms.get("/ShortCode")["status"] for _ in range(3)] == [200] * 3
    box.settings(integrations={"email": {"requests_per_second": 0}})
    assert email.get("/List")["status"] == 200


@pytest.mark.parametrize("rate", [-1, "40", True, None, [40]])
def test_a_rate_that_is_none_is_refused(box: RunningSandbox, rate: object) -> None:
    with pytest.raises(RuntimeError, match="requests_per_second of an integration"):
        box.settings(integrations={"email": {"requests_per_second": rate}})
