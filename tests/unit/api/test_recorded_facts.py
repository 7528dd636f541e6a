"""What recordings (H) and production clients (M) show of answers, tokens and paging: one test per fact.

The facts stand in the notes on Listrak's API, under "What recordings and production clients show".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from api_wire import QUICK, Wire, connect, http, wire

from listrak_api import routes
from listrak_api.auth import TokenSource
from listrak_api.errors import (
    AuthenticationError,
    ConfigurationError,
    ListrakError,
    LostAnswerError,
    NotFoundError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_api.retry import RetryPolicy
from listrak_api.settings import ConnectionSettings
from listrak_api.stats import Stats
from listrak_api.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = RetryPolicy(max_retries=0)


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as running:
        yield running


def say(server: Wire, *answers: bytes) -> None:
    """Give these answers in turn, the last one for ever."""
    turns = iter(answers)
    server.answer = lambda connection: connection.sendall(next(turns, answers[-1]))


def body(**members: object) -> bytes:
    return json.dumps(members).encode()


# Tokens

TOKEN_BODIES = [
    b'{"error": "Invalid Credentials"}',
    b'{"status": 400, "error": "ERROR_INVALID_PARAMETER", "message": "No."}',
    b'{"error": "invalid_client", "error_description": "Unknown client"}',
    b"<html>No</html>",
    b"",
    b'"no"',
    b'{"access_token": "not-a-token-as-it-comes-with-an-error-status"}',
]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 405, 409, 410, 413, 415, 418, 422, 451, 499])
@pytest.mark.parametrize("answer", TOKEN_BODIES)
def test_H_every_4xx_of_the_token_host_is_final_whatever_its_body(
    server: Wire, status: int, answer: bytes
) -> None:
    """Recorded: 400 {"error": "Invalid Credentials"}, without `status` and without a code of Listrak's."""
    server.token = http(answer, f"{status} No")
    with connect(server.url) as client:
        for _ in range(3):
            with pytest.raises(
                AuthenticationError, match=f"no token for client_id: status {status}"
            ) as caught:
                client.get(routes.LISTS)
        for cause in ("client_id", "client_secret", "paused", "area", "IP address", "allow list"):
            assert cause in str(caught.value)
    assert (server.tokens, server.heads) == (1, [])


def test_H_a_token_host_that_is_not_there_is_final_too(server: Wire) -> None:
    server.token = http(b"{}", "404 Not Found")
    with connect(server.url) as client:
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="auth_url is not the address of the token endpoint"):
                client.check()
    assert server.tokens == 1


@pytest.mark.parametrize("status", [408, 425, 429])
def test_H_a_4xx_of_the_token_host_that_says_later_is_no_refusal(server: Wire, status: int) -> None:
    """These three say nothing about the credentials; a run must not end because of one of them."""
    server.token = http(b"", f"{status} Later")
    with connect(server.url) as client, pytest.raises(UnavailableError, match="tried 4 times"):
        client.check()
    assert server.tokens == 4


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_M_an_error_in_a_2xx_of_the_token_host_is_a_refusal(server: Wire, status: str) -> None:
    server.token = http(b'{"error": "Invalid Credentials", "access_token": "a-token"}', status)
    with connect(server.url) as client, pytest.raises(AuthenticationError, match="Invalid Credentials"):
        client.check()
    assert server.tokens == 1


@pytest.mark.parametrize("lifetime", [900, 3599, 86_400])
def test_H_the_lifetime_of_a_token_is_obeyed_whatever_it_is(server: Wire, lifetime: int) -> None:
    """Recorded: 3599 seconds; 900 in a mock only."""
    server.token = http(body(access_token="a-token", token_type="Bearer", expires_in=lifetime))
    settings = ConnectionSettings(
        "an-id", "a-secret", api_url=server.url, auth_url=f"{server.url}/OAuth2/Token"
    )
    now = 1000.0
    transport = Transport(settings)
    tokens = TokenSource(settings, transport, Stats(), ONCE, clock=lambda: now)
    try:
        tokens.get()
        now += lifetime - 100
        tokens.get()
        assert server.tokens == 1
        now += 99
        tokens.get()
        assert server.tokens == 2
    finally:
        transport.close()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
@pytest.mark.parametrize(
    "said",
    [
        body(status=401, message="Authorization was denied for this request."),
        body(status=401, error="ERROR_UNAUTHORIZED", message="Authorization was denied for this request."),
        b"",
        b"<html>Forbidden</html>",
    ],
)
def test_M_an_expired_token_is_renewed_once_and_the_request_repeated(
    server: Wire, status: str, said: bytes
) -> None:
    """Seen: 401, "Authorization was denied for this request."; 403 for access and IP address as well."""
    say(server, http(said, status), http(body(status=200, data=[])))
    with connect(server.url, policy=ONCE) as client:
        assert client.get(routes.LISTS) == []
    assert (len(server.heads), server.tokens) == (2, 2)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_M_a_refusal_that_stays_names_every_cause(server: Wire, status: str) -> None:
    say(server, http(b"", status))
    with connect(server.url) as client, pytest.raises(AuthenticationError) as caught:
        client.get(routes.MESSAGES, {"listId": 7})
    for cause in ("client_id", "client_secret", "paused", "List, Message", "IP address", "allow list"):
        assert cause in str(caught.value)
    assert (len(server.heads), server.tokens) == (2, 2)


def test_H_a_429_has_no_headers_and_is_waited_for_blindly(server: Wire) -> None:
    say(server, http(b"", "429 Too Many Requests"), http(body(status=200, data=[])))
    with connect(server.url) as client:
        assert client.get(routes.LISTS) == []
        assert client.stats.snapshot().throttled == 1


# Answers

ERRORS: list[tuple[dict[str, object], type[ListrakError]]] = [
    ({"status": 400, "error": "ERROR_INVALID_PARAMETER"}, RequestRefusedError),
    ({"status": "400", "error": "ERROR_INVALID_PARAMETER"}, RequestRefusedError),
    ({"status": "BadRequest", "error": "ERROR_INVALID_PARAMETER", "message": "No."}, RequestRefusedError),
    ({"status": "error", "error": "something"}, RequestRefusedError),
    ({"status": 200, "error": "ERROR_LIST_INACTIVE"}, RequestRefusedError),
    ({"error": "Invalid Credentials"}, RequestRefusedError),
    ({"error": {"code": "x"}, "data": []}, RequestRefusedError),
    ({"status": None, "data": [{"a": 1}], "error": "ERROR_INVALID_PARAMETER"}, RequestRefusedError),
    ({"status": "200", "data": [], "error": "ERROR_UNABLE_TO_LOCATE_RESOURCE"}, NotFoundError),
    ({"status": "404", "error": "anything"}, NotFoundError),
    ({"status": "Unauthorized", "error": "ERROR_UNAUTHORIZED"}, AuthenticationError),
    ({"status": "401", "error": "x"}, AuthenticationError),
]


@pytest.mark.parametrize(("said", "expected"), ERRORS)
def test_M_an_error_member_in_a_2xx_is_a_failure_also_where_the_status_is_a_text(
    server: Wire, said: dict[str, object], expected: type[ListrakError]
) -> None:
    # The error may stand behind any amount of data.
    rows = [{"listId": 7, "listName": "x" * 500}]
    long = {**({"data": rows} if "data" not in said else {}), **said}
    with connect(server.url, policy=ONCE) as client:
        for answer in (said, long):
            say(server, http(json.dumps(answer).encode()))
            with pytest.raises(expected):
                client.get(routes.LISTS)
            with pytest.raises(expected):
                client.get_page(routes.LISTS)
            with pytest.raises(expected):
                client.send(routes.CREATE_LIST, body={})


def test_M_a_servers_error_in_a_2xx_passes_for_reads_and_is_unsure_for_writes(server: Wire) -> None:
    failed = http(body(status="500", error="ERROR_UNHANDLED_EXCEPTION"))
    with connect(server.url) as client:
        say(server, failed, http(body(status=200, data=[])))
        assert client.get(routes.LISTS) == []
        say(server, failed)
        with pytest.raises(LostAnswerError):
            client.send(routes.CREATE_LIST, body={})


@pytest.mark.parametrize("status", ["OK", "Success", "200", "", None, 0, True, [], {"code": 200}])
@pytest.mark.parametrize("error", [None, "", False, {}])
def test_M_a_status_that_is_a_text_is_no_failure_by_itself(
    server: Wire, status: object, error: object
) -> None:
    say(server, http(body(status=status, error=error, data=[{"listId": 7}], resourceId=7)))
    with connect(server.url) as client:
        assert client.get(routes.LISTS) == [{"listId": 7}]
        assert client.get_page(routes.LISTS).rows == [{"listId": 7}]
        assert client.send(routes.CREATE_LIST, body={}).resource_id == "7"


@pytest.mark.parametrize("value", [None, "null", "NULL", " null ", ""])
def test_H_a_resource_id_of_null_is_neither_an_id_nor_a_failure(server: Wire, value: object) -> None:
    """Recorded: a transactional send answers 201 with the text "null", the Data API 201 with null."""
    say(server, http(body(status=201, resourceId=value), "201 Created"))
    with connect(server.url, "data") as client:
        answer = client.send(routes.IMPORT_ORDERS, body=[])
    assert (answer.status, answer.resource_id) == (201, None)
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("value", "text"), [("jane@example.com", "jane@example.com"), (7, "7"), ("null7", "null7")]
)
@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_H_the_resource_id_of_a_contact_is_its_address_for_new_and_known_ones(
    server: Wire, status: str, value: object, text: str
) -> None:
    say(server, http(body(status=int(status[:3]), resourceId=value), status))
    with connect(server.url) as client:
        assert client.send(routes.SAVE_CONTACT, {"listId": 7}, body={}).resource_id == text


# Paging


@pytest.mark.parametrize("last", [{"nextPageCursor": None}, {"nextPageCursor": ""}, {}])
def test_M_the_last_page_has_a_cursor_that_is_null_empty_or_not_there(
    server: Wire, last: dict[str, object]
) -> None:
    say(
        server,
        http(body(status=200, nextPageCursor="abc", data=[{"listId": 1}])),
        http(body(status=200, data=[{"listId": 2}], **last)),
    )
    with connect(server.url) as client:
        assert [page.rows for page in client.pages(routes.MESSAGES, {"listId": 7})] == [
            [{"listId": 1}],
            [{"listId": 2}],
        ]
    assert len(server.heads) == 2


@pytest.mark.parametrize("cursor", ["abc", "a+b/c==", "a b&c", "2026-01-31T00:00:00", "0", "é"])
def test_M_cursors_are_passed_back_as_they_came(server: Wire, cursor: str) -> None:
    from urllib.parse import parse_qs, urlsplit  # noqa: PLC0415 - only here

    say(server, http(body(nextPageCursor=cursor, data=[])), http(body(nextPageCursor=None, data=[])))
    with connect(server.url) as client:
        list(client.pages(routes.CONTACTS, {"listId": 7}, {"subscriptionState": "Subscribed"}))
    query = parse_qs(urlsplit(server.heads[1].split()[1]).query)
    assert query["cursor"] == [cursor]
    assert query["subscriptionState"] == ["Subscribed"]


def test_H_routes_without_a_cursor_in_their_answers_end_and_take_one_all_the_same(server: Wire) -> None:
    """Recorded: the answers of List and Event lack `nextPageCursor`, and the routes accept `cursor`."""
    say(server, http(body(status=200, data=[{"listId": 1}])))
    with connect(server.url) as client:
        assert [page.rows for page in client.pages(routes.LISTS)] == [[{"listId": 1}]]
        say(
            server,
            http(body(status=200, nextPageCursor="more", data=[{"listId": 1}])),
            http(body(status=200, data=[{"listId": 2}])),
        )
        assert [page.rows for page in client.pages(routes.LISTS)] == [[{"listId": 1}], [{"listId": 2}]]
    assert "cursor=more" in server.heads[-1]


def test_H_a_plus_in_a_path_reaches_listrak_as_a_plus(server: Wire) -> None:
    """Recorded: `+` in an address works unencoded; encoded it means the same in every path."""
    from urllib.parse import unquote  # noqa: PLC0415 - only here

    say(server, http(body(status=200, data={"emailAddress": "jane+one@example.com"})))
    with connect(server.url, policy=QUICK) as client:
        client.get(routes.CONTACT, {"listId": 7, "contactIdentifier": "jane+one@example.com"})
    assert unquote(server.heads[0].split()[1]).endswith("/Contact/jane+one@example.com")
