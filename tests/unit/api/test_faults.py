"""What the client makes of everything that can go wrong between it and Listrak, met over HTTP."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from api_wire import connect, fault

from listrak_api import routes
from listrak_api.errors import (
    AuthenticationError,
    ListrakError,
    LostAnswerError,
    PagingError,
    PayloadTooLargeError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_api.retry import RetryPolicy
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_api.client import Client

TIMES_OF_A_STALL = {"seconds": 30.0}
PASSING = [
    ("status", {"status": 429}),
    ("status", {"status": 429, "retry_after": 0}),
    ("status", {"status": 429, "retry_after": 0, "retry_after_date": True}),
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 503, "retry_after": 0}),
    ("status", {"status": 504}),
    ("reset", {}),
    ("reset_during", {}),
    ("cut_body", {}),
    ("html", {}),
    ("empty", {}),
    ("stall", TIMES_OF_A_STALL),
    ("stall_during", TIMES_OF_A_STALL),
]
STALLS = {"stall", "stall_during"}
NUMBER = "14155550123"
CODES = "/ShortCode"
CONTACTS = "/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as sandbox:
        yield sandbox


@pytest.fixture
def box(running: RunningSandbox) -> RunningSandbox:
    running.reset()
    return running


@pytest.fixture
def sms(box: RunningSandbox) -> Iterator[Client]:
    with connect(box.url, "sms", request_timeout=60) as client:
        client.check()
        yield client


@pytest.fixture
def hasty(box: RunningSandbox) -> Iterator[Client]:
    """A client that waits half a second for an answer."""
    with connect(box.url, "sms", request_timeout=0.5) as client:
        client.check()
        yield client


def create(client: Client, *, idempotent: bool = False) -> str | None:
    ids = {"senderCodeId": 410, "phoneListId": 7101}
    body = {"phoneNumber": NUMBER}
    return client.send(routes.CREATE_PHONE_LIST_CONTACT, ids, body=body, idempotent=idempotent).resource_id


def is_there(box: RunningSandbox) -> bool:
    return bool(box.control("GET", "sms-contacts", senderCodeId=410, phoneNumber=NUMBER))


def calls(box: RunningSandbox, name: str) -> int:
    """How often a route was called. A client that gave up can be ahead of the sandbox, which still counts."""
    deadline = time.monotonic() + 10
    while not (count := int(box.requests()["by_route"].get(name, 0))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return count


@pytest.mark.parametrize(("kind", "members"), PASSING)
def test_a_read_recovers_from_whatever_passes(
    box: RunningSandbox, sms: Client, hasty: Client, kind: str, members: dict[str, object]
) -> None:
    client = hasty if kind in STALLS else sms
    undisturbed = sms.get(routes.SENDER_CODES)
    before = client.stats.snapshot()
    with fault(box, kind, route=CODES, count=2, **members):
        assert client.get(routes.SENDER_CODES) == undisturbed
    after = client.stats.snapshot()
    assert after.retries - before.retries == 2
    assert after.throttled - before.throttled == (2 if members.get("status") == 429 else 0)


@pytest.mark.parametrize(("kind", "members"), PASSING)
def test_a_read_stops_cleanly_at_what_does_not_pass(
    box: RunningSandbox, sms: Client, hasty: Client, kind: str, members: dict[str, object]
) -> None:
    client = hasty if kind in STALLS else sms
    with (
        fault(box, kind, route=CODES, **members),
        pytest.raises(UnavailableError, match=r"GET /sms/v1/ShortCode was tried 4 times") as caught,
    ):
        client.get(routes.SENDER_CODES)
    assert caught.value.hint
    assert caught.value.status == members.get("status", 0)


@pytest.mark.parametrize(("kind", "members"), PASSING)
def test_a_write_is_repeated_only_if_it_was_certainly_not_carried_out(
    box: RunningSandbox, sms: Client, hasty: Client, kind: str, members: dict[str, object]
) -> None:
    client = hasty if kind in STALLS else sms
    with fault(box, kind, route=CONTACTS, method="POST", count=1, **members):
        if members.get("status") == 429:
            create(client)
        else:
            with pytest.raises(LostAnswerError, match="may or may not have carried it out"):
                create(client)
    assert calls(box, f"POST /sms/v1{CONTACTS}") == (2 if members.get("status") == 429 else 1)


@pytest.mark.parametrize("members", [{}, {"reset": True}])
def test_a_write_whose_answer_is_lost_is_sent_once(
    box: RunningSandbox, sms: Client, members: dict[str, object]
) -> None:
    with fault(box, "lost_answer", **members), pytest.raises(LostAnswerError) as caught:
        create(sms)
    assert caught.value.status == 0
    assert NUMBER not in str(caught.value)
    assert is_there(box)
    assert calls(box, f"POST /sms/v1{CONTACTS}") == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_after_a_write_says_nothing_about_it(
    box: RunningSandbox, sms: Client, status: int
) -> None:
    with fault(box, "refused_then_done", status=status), pytest.raises(LostAnswerError) as caught:
        create(sms)
    assert caught.value.status == status
    assert is_there(box)
    assert calls(box, f"POST /sms/v1{CONTACTS}") == 1


def test_a_write_that_the_caller_vouches_for_is_repeated(box: RunningSandbox, sms: Client) -> None:
    with fault(box, "status", status=503, count=2, method="POST", route=CONTACTS):
        create(sms, idempotent=True)
    assert is_there(box)
    assert sms.stats.snapshot().retries == 2


def test_a_write_that_meets_nobody_listening_is_repeated(box: RunningSandbox) -> None:
    patient = RetryPolicy(max_retries=20, base=0.05, cap=0.5)
    with connect(box.url, "sms", policy=patient) as client:
        client.check()
        with fault(box, "refuse_connections", seconds=0.5, route=CONTACTS, method="POST"):
            # The call that switches it off is cut as well, so its own fate is unknown;
            # the one after it finds nobody listening, and is certain not to have been carried out.
            with pytest.raises(LostAnswerError):
                create(client)
            create(client)
        assert is_there(box)


def test_an_expired_token_is_renewed_once_and_the_write_done_once(box: RunningSandbox, sms: Client) -> None:
    box.control("POST", "expire-tokens")
    create(sms)
    assert is_there(box)
    assert sms.stats.snapshot().renewals == 2


def test_threads_that_meet_an_expired_token_together_renew_it_once(box: RunningSandbox) -> None:
    with connect(box.url, "sms", max_concurrency=16) as client:
        client.check()
        box.settings(latency_ms=50)
        box.control("POST", "expire-tokens")
        results: list[object] = []
        threads = [
            threading.Thread(target=lambda: results.append(client.get(routes.SENDER_CODES)))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        box.settings(latency_ms=0)
        assert len(results) == 16
        assert client.stats.snapshot().renewals == 2


def test_a_token_that_is_refused_again_is_final(box: RunningSandbox, sms: Client) -> None:
    with fault(box, "token_refused", route=CODES), pytest.raises(AuthenticationError):
        sms.get(routes.SENDER_CODES)
    counts = sms.stats.snapshot()
    assert (counts.requests, counts.renewals) == (2, 2)


@pytest.mark.parametrize("attributes", [{"paused": True}, {"refuse_ip": True}, {"client_secret": "changed"}])
def test_a_refused_integration_names_every_cause_and_asks_once(
    box: RunningSandbox, attributes: dict[str, object]
) -> None:
    box.settings(integrations={"sms": attributes})
    with connect(box.url, "sms") as client:
        for _ in range(3):
            with pytest.raises(AuthenticationError) as caught:
                client.get(routes.SENDER_CODES)
        text = str(caught.value)
        for cause in ("sms_client_id", "sms_client_secret", "paused", "area", "IP address", "allow list"):
            assert cause in text
        assert "sandbox-sms" not in text
        assert caught.value.setting == "sms_client_id"
        assert client.stats.snapshot().renewals == 1


def test_a_missing_area_is_named(box: RunningSandbox) -> None:
    box.settings(integrations={"email": {"areas": ["List"]}})
    with connect(box.url) as client:
        lists = client.get(routes.LISTS)
        with pytest.raises(AuthenticationError, match="List, Message") as caught:
            client.get(routes.CAMPAIGNS, {"listId": lists[0]["listId"]})
        assert caught.value.areas == ("List", "Message")
        assert client.get(routes.LISTS) == lists


def test_a_token_endpoint_that_fails_for_a_while_is_waited_for(box: RunningSandbox) -> None:
    with connect(box.url) as client, fault(box, "status", status=503, route="/OAuth2/Token", count=2):
        assert client.get(routes.LISTS)
        assert client.stats.snapshot().renewals == 3


def test_a_token_endpoint_that_never_answers_is_not_retried_twice_over(box: RunningSandbox) -> None:
    with connect(box.url) as client, fault(box, "html", route="/OAuth2/Token"):
        with pytest.raises(UnavailableError, match="OAuth2/Token was tried 4 times"):
            client.get(routes.LISTS)
        assert client.stats.snapshot().renewals == 4


def first_list(client: Client) -> dict[str, object]:
    return {"listId": client.get(routes.LISTS)[0]["listId"]}


@pytest.mark.parametrize("form", ["value", "uri"])
def test_pages_are_followed_whatever_form_the_cursor_has(box: RunningSandbox, form: str) -> None:
    with connect(box.url) as client:
        ids = first_list(client)
        params = {"subscriptionState": "Subscribed"}
        (whole,) = client.pages(routes.CONTACTS, ids, params)
        box.settings(cursor_form=form)
        pages = list(client.pages(routes.CONTACTS, ids, params, count=7))
        assert len(pages) == -(-len(whole.rows) // 7)
        assert [row for page in pages for row in page.rows] == whole.rows


def test_a_repeated_cursor_ends_the_reading_with_an_error(box: RunningSandbox) -> None:
    with connect(box.url) as client:
        ids = first_list(client)
        with fault(box, "repeated_page", after=1), pytest.raises(PagingError, match="gave a cursor twice"):
            list(client.pages(routes.CONTACTS, ids, {"subscriptionState": "Subscribed"}, count=7))


def test_a_refused_cursor_is_no_end_of_the_collection(box: RunningSandbox) -> None:
    with connect(box.url) as client:
        ids = first_list(client)
        with (
            fault(box, "cursor_refused"),
            pytest.raises(RequestRefusedError, match="ERROR_INVALID_PARAMETER"),
        ):
            list(client.pages(routes.CONTACTS, ids, {"subscriptionState": "Subscribed"}, count=7))


def test_a_body_over_listraks_limit_is_said_to_be_too_large(box: RunningSandbox, sms: Client) -> None:
    with fault(box, "large_body_404", bytes=600_000), pytest.raises(PayloadTooLargeError, match="larger"):
        sms.send(routes.START_SMS_CONTACT_IMPORT, {"senderCodeId": 410}, body={"fileStream": "x" * 700_000})


def test_a_clock_ahead_never_puts_the_runs_start_ahead(box: RunningSandbox) -> None:
    with fault(box, "clock_skew", seconds=10 * 365 * 86400.0), connect(box.url) as client:
        assert client.started_at() <= client.now()
        assert client.started_at().year < 2030


def test_the_sandboxs_clock_drives_the_runs_start(box: RunningSandbox) -> None:
    box.set_clock(now="2026-01-02T03:04:05Z", frozen=True)
    with connect(box.url) as client:
        assert client.started_at().isoformat() == "2026-01-02T03:04:05+00:00"
        client.get(routes.LISTS)
        assert client.started_at().isoformat() == "2026-01-02T03:04:05+00:00"


def test_closing_wakes_a_client_that_waits_to_retry(box: RunningSandbox) -> None:
    sleepy = RetryPolicy(max_retries=3, base=1000, cap=1000)
    with connect(box.url, policy=sleepy) as client:
        client.check()
        errors: list[ListrakError] = []
        retried = threading.Event()
        client.observer = lambda _route, _observation: retried.set()

        def run() -> None:
            try:
                client.get(routes.LISTS)
            except ListrakError as error:
                errors.append(error)

        with fault(box, "status", status=503):
            thread = threading.Thread(target=run)
            thread.start()
            assert retried.wait(30)
            client.close()
            thread.join(30)
        assert [type(error) for error in errors] == [UnavailableError]
