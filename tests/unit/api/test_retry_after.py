"""How long a client waits because Listrak asks for it (`Retry-After`): limited in one place (X22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from api_wire import Wire, connect, http, wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listrak_api import routes
from listrak_api.errors import UnavailableError
from listrak_api.pacing import Pace
from listrak_api.retry import MAX_RETRY_AFTER, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY_PAGE = http(b'{"status": 200, "data": []}')


@pytest.fixture(scope="module")
def server() -> Iterator[Wire]:
    with wire() as running:
        yield running


def say(server: Wire, *answers: bytes) -> None:
    """Give these answers in turn, the last one for ever."""
    turns = iter(answers)
    server.answer = lambda connection: connection.sendall(next(turns, answers[-1]))


class FakeTime:
    """Waits by turning its own clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.longest = 0.0

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        if seconds > 0:
            self.longest = max(self.longest, seconds)
            self.now += seconds
        return False


HEADER_VALUES = st.one_of(
    st.sampled_from(
        [
            "0", "1", "299", "300", "301", "899", "901", "86400", "100000000000", "1e11", "-5", "-86400",
            "NaN", "inf", "Infinity", "9" * 500, "0x10", "1,5", "1.5", ".", "", " ", "soon", "1 2", "+7",
            "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
            "Tue, 30 Jun 2026 12:00:00 -9999",
            "Mon, 01 Jan 0001 00:00:00 GMT", "Tue, 30 Jun 99999 12:00:00 GMT",
        ]
    ),
    st.integers(-10, 10**12).map(str),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)  # fmt: skip


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["429", "503"]), HEADER_VALUES), min_size=1, max_size=10))
def test_X22_no_retry_after_whatever_makes_a_run_wait_beyond_its_patience(
    server: Wire, answers: list[tuple[str, str]]
) -> None:
    """Seen: `Retry-After: 86400` was limited for the request, but not for the pace that all share."""
    say(server, *(http(b"{}", f"{one[0]} x", f"Retry-After: {one[1]}") for one in answers), EMPTY_PAGE)
    fake = FakeTime()
    policy = RetryPolicy(max_retries=9)
    with pytest.MonkeyPatch.context() as patch, connect(server.url, policy=policy) as client:
        patch.setattr("listrak_api.retry.time", fake)
        patch.setattr(client, "_pace", Pace(fake.monotonic))
        patch.setattr(client._transport, "pause", fake.pause)
        try:
            assert client.get(routes.LISTS) == []
        except UnavailableError as error:
            assert str(error)  # noqa: PT017 - some are within its patience
        # What the next request waits for the pace is limited as well.
        patch.setattr(server, "answer", lambda connection: connection.sendall(EMPTY_PAGE))
        assert client.get(routes.LISTS) == []
    assert fake.longest <= MAX_RETRY_AFTER + policy.cap
    assert fake.now - 1000 <= policy.max_seconds + MAX_RETRY_AFTER + 10


@pytest.mark.parametrize("header", ["86400", "100000000000", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_X22_a_pause_beyond_the_patience_ends_with_an_error_that_can_be_retried(
    server: Wire, header: str
) -> None:
    asked = len(server.heads)
    say(server, http(b"{}", "429 Slow down", f"Retry-After: {header}"))
    with connect(server.url, policy=RetryPolicy(9)) as client:
        with pytest.raises(UnavailableError, match="asked for a pause of") as caught:
            client.get(routes.LISTS)
        assert client._pace.reserve() <= 1
    assert caught.value.status == 429
    assert len(server.heads) == asked + 1
