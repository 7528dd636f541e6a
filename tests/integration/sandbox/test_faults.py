"""Each kind of fault, as a client meets it over HTTP."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sandbox_api import Api

from listrak_sandbox import faults
from listrak_sandbox.fault_kinds import KINDS
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = "/ShortCode"
CONTACTS = "/ShortCode/410/PhoneList/7101/Contact"
NEW = {"phoneNumber": "14155550123"}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as sandbox:
        yield sandbox


@pytest.fixture
def sms(running: RunningSandbox) -> Iterator[Api]:
    running.reset()
    yield Api(running, "sms")
    running.control("DELETE", "faults")


def switch_on(sms: Api, kind: str, **members: object) -> None:
    sms.sandbox.control("POST", "faults", [{"kind": kind, **members}])


def told(sms: Api) -> dict[str, Any]:
    return dict(sms.sandbox.control("GET", "faults")[0])


def is_there(sms: Api) -> bool:
    """Whether the contact that tests create has come into being."""
    return bool(sms.sandbox.control("GET", "sms-contacts", senderCodeId=410, phoneNumber=NEW["phoneNumber"]))


def raw(sms: Api, path: str, seconds: float = 5) -> tuple[bytes, str]:
    """What arrives on a bare connection, and how it ended: closed, reset or silent."""
    host, port = sms.sandbox.url.removeprefix("http://").split(":")
    token = sms.session.headers["Authorization"]
    request = f"GET /sms/v1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token!s}\r\n\r\n"
    received = b""
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(request.encode())
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "silent"
    return received, "closed"


def half_of(received: bytes) -> bool:
    """Whether exactly half of the announced body arrived."""
    head, _, body = received.partition(b"\r\n\r\n")
    announced = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(body) == int(announced.split(b":")[1]) // 2 > 0


# What is answered.


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 401])
def test_status(sms: Api, status: int) -> None:
    switch_on(sms, "status", status=status)
    answer = sms.call("GET", CODES)
    assert answer.status_code == status
    assert "retry-after" not in answer.headers
    assert answer.headers["content-type"].startswith(
        "text/html" if 502 <= status <= 504 else "application/json"
    )


def test_status_with_retry_after_in_seconds_and_as_a_date(sms: Api) -> None:
    switch_on(sms, "status", status=429, retry_after=7, count=1)
    switch_on(sms, "status", status=503, retry_after=30, retry_after_date=True, count=1)
    first, second, third = (sms.call("GET", CODES) for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    wait = parsedate_to_datetime(second.headers["retry-after"]) - parsedate_to_datetime(
        second.headers["date"]
    )
    assert wait.total_seconds() == pytest.approx(30, abs=1)
    assert third.status_code == 200


def test_html_and_empty(sms: Api) -> None:
    switch_on(sms, "html", count=1)
    switch_on(sms, "empty", count=1)
    first, second = sms.call("GET", CODES), sms.call("GET", CODES)
    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert first.text.startswith("<!DOCTYPE html>")
    assert (second.status_code, second.content) == (200, b"")


def test_slow(sms: Api) -> None:
    switch_on(sms, "slow", seconds=0.4)
    answer = sms.call("GET", CODES)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.4


def test_clock_skew(sms: Api) -> None:
    sms.sandbox.set_clock(frozen=True)
    true = parsedate_to_datetime(sms.call("GET", CODES).headers["date"])
    switch_on(sms, "clock_skew", seconds=-7200)
    assert (true - parsedate_to_datetime(sms.call("GET", CODES).headers["date"])).total_seconds() == 7200
    token = requests.post(sms.sandbox.auth_url, data={}, timeout=5)
    assert (true - parsedate_to_datetime(token.headers["date"])).total_seconds() == 7200


# The connection.


def test_reset_before_an_answer(sms: Api) -> None:
    switch_on(sms, "reset")
    assert raw(sms, CODES) == (b"", "reset")
    with pytest.raises(requests.ConnectionError):
        sms.call("GET", CODES)


def test_reset_during_the_answer(sms: Api) -> None:
    switch_on(sms, "reset_during")
    received, end = raw(sms, CONTACTS)
    assert end == "reset"
    assert half_of(received)


def test_cut_body(sms: Api) -> None:
    switch_on(sms, "cut_body")
    received, end = raw(sms, CONTACTS)
    assert end == "closed"
    assert half_of(received)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        sms.call("GET", CONTACTS)


def test_stalls(sms: Api) -> None:
    switch_on(sms, "stall", count=1)
    assert raw(sms, CODES, seconds=0.3) == (b"", "silent")
    switch_on(sms, "stall_during", count=1)
    received, end = raw(sms, CODES, seconds=0.3)
    assert end == "silent"
    assert half_of(received)
    assert sms.get(CODES)


def test_a_stall_ends_after_its_seconds(sms: Api) -> None:
    switch_on(sms, "stall", seconds=0.2)
    assert raw(sms, CODES) == (b"", "reset")


def connect(sms: Api) -> socket.socket:
    host, port = sms.sandbox.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def wait_until_somebody_listens(sms: Api) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            connect(sms).close()
            return
        time.sleep(0.05)
    pytest.fail("nobody listens")


def test_refused_connections(fresh_sandbox: RunningSandbox) -> None:
    sms = Api(fresh_sandbox, "sms")
    switch_on(sms, "refuse_connections", seconds=0.7)
    assert raw(sms, CODES) == (b"", "reset")
    with pytest.raises(ConnectionRefusedError):
        connect(sms)
    wait_until_somebody_listens(sms)
    assert Api(fresh_sandbox, "sms").get(CODES)


def test_nobody_who_connects_just_as_connections_are_refused_is_left_hanging(
    fresh_sandbox: RunningSandbox,
) -> None:
    sms = Api(fresh_sandbox, "sms")
    request = f"GET /sms/v1{CODES} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n".encode()
    for _ in range(20):
        switch_on(sms, "refuse_connections", seconds=0.02)
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(connect(sms))]
            connections[0].sendall(request)
            with contextlib.suppress(ConnectionError):
                while len(connections) < 200:
                    connections.append(stack.enter_context(connect(sms)))
            for connection in connections:  # reset, or answered; a time limit that runs out fails the test
                with contextlib.suppress(ConnectionError):
                    connection.sendall(request)
                    connection.recv(1000)
        wait_until_somebody_listens(sms)
        sms.session.close()


# Tokens.


def test_token_refused(sms: Api) -> None:
    switch_on(sms, "token_refused")
    credentials = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-sms",
        "client_secret": "sandbox-sms-secret",
    }
    answer = requests.post(sms.sandbox.auth_url, data=credentials, timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid Credentials"})
    assert sms.get(CODES)
    switch_on(sms, "token_refused", route="/ShortCode")
    assert sms.send("GET", CODES) == (401, "ERROR_UNAUTHORIZED")


def test_token_expired_midway(sms: Api) -> None:
    switch_on(sms, "token_expired", after=2)
    answers = [sms.call("GET", CODES).status_code for _ in range(4)]
    assert answers == [200, 200, 401, 401]
    renewed = Api(sms.sandbox, "sms")
    assert [renewed.call("GET", CODES).status_code for _ in range(3)] == [200] * 3


# Pages.


def test_cursor_refused(sms: Api) -> None:
    switch_on(sms, "cursor_refused", after=1)
    rows = sms.rows(CONTACTS, count=10)
    with pytest.raises(AssertionError, match="ERROR_INVALID_PARAMETER"):
        list(rows)
    assert told(sms)["matched"] == 2


def test_repeated_page(sms: Api) -> None:
    first = sms.get(CONTACTS, count=10)
    switch_on(sms, "repeated_page")
    again = sms.get(CONTACTS, count=10, cursor=first["nextPageCursor"])
    assert again["nextPageCursor"] == first["nextPageCursor"]
    assert again["data"] != first["data"]
    assert sms.get(CONTACTS, count=10)["nextPageCursor"] == "Start"


@pytest.mark.parametrize("form", ["value", "uri"])
def test_duplicate_rows(sms: Api, form: str) -> None:
    sms.sandbox.settings(cursor_form=form)
    expected = pages(sms, form)
    switch_on(sms, "duplicate_rows", rows=2, after=1)
    found = pages(sms, form)
    assert found[:2] == expected[:2]
    assert found[2] == expected[1][-2:] + expected[2]
    assert len(found) == len(expected) > 3


def pages(sms: Api, form: str) -> list[list[dict[str, Any]]]:
    found = []
    cursor = "Start"
    while cursor:
        envelope = sms.get(CONTACTS, count=10, cursor=cursor)
        found.append(envelope["data"])
        cursor = envelope["nextPageCursor"]
        if cursor and form == "uri":
            cursor = requests.utils.unquote(cursor.split("cursor=")[1].split("&")[0])
    return found


def test_changed_rows_come_again_as_they_are(sms: Api) -> None:
    expected = pages(sms, "value")
    switch_on(sms, "changed_rows", rows=2, count=1)
    found = pages(sms, "value")
    assert found[0][:-2] == expected[0][:-2]
    assert found[0][-2:] != expected[0][-2:]
    assert [row["phoneNumber"] for row in found[0]] == [row["phoneNumber"] for row in expected[0]]
    assert found[1] == expected[0][-2:] + expected[1]
    merged = {row["phoneNumber"]: row for page in found for row in page}
    assert merged == {row["phoneNumber"]: row for page in expected for row in page}


# Writes.


@pytest.mark.parametrize("reset", [False, True])
def test_lost_answer_is_carried_out(sms: Api, reset: bool) -> None:  # noqa: FBT001  a parameter
    switch_on(sms, "lost_answer", reset=reset)
    with pytest.raises(requests.ConnectionError):
        sms.call("POST", CONTACTS, NEW)
    assert is_there(sms)
    assert sms.get(CODES)
    sms.sandbox.control("DELETE", "faults")
    assert sms.send("POST", CONTACTS, NEW) == (400, "ERROR_PHONE_NUMBER_FOUND")


def test_a_write_that_was_refused_anyway_is_not_lost(sms: Api) -> None:
    switch_on(sms, "lost_answer")
    assert sms.send("POST", CONTACTS, {"phoneNumber": "1"}) == (400, "ERROR_INVALID_PHONE_NUMBER")
    assert told(sms)["hits"] == 0


def test_refused_then_done(sms: Api) -> None:
    switch_on(sms, "refused_then_done", status=500)
    assert sms.send("POST", CONTACTS, NEW) == (500, "ERROR_UNHANDLED_EXCEPTION")
    assert is_there(sms)


def test_large_body_404(sms: Api) -> None:
    switch_on(sms, "large_body_404", bytes=200)
    assert sms.send("POST", CONTACTS, NEW)[0] == 201
    assert sms.call("POST", CONTACTS, {**NEW, "firstName": "x" * 200}).status_code == 404
    chunks = (part for part in [b'{"phoneNumber": "14155550124", "firstName": "', b"x" * 200, b'"}'])
    answer = sms.session.post(sms.base + CONTACTS, data=chunks, headers={"Content-Type": "application/json"})
    assert answer.status_code == 404
    numbers = {row["phoneNumber"] for row in sms.rows(CONTACTS)}
    assert "14155550123" in numbers
    assert "14155550124" not in numbers


# Imports.


def start_import(sms: Api) -> tuple[str, str]:
    """Import a value for somebody; gives the number and the import's path."""
    number = next(sms.rows(CONTACTS))["phoneNumber"]
    field = next(
        row["segmentationFieldId"]
        for row in sms.get("/ShortCode/410/SegmentationField")["data"]
        if row["segmentationFieldName"] == "Shoe Size"
    )
    body = {
        "fileName": "a.csv",
        "fileStream": base64.b64encode(f"{number},EU 47\n".encode()).decode(),
        "importType": "UpdateSubscribers",
        "hasColumnNames": False,
        "textQualifier": "",
        "fileMappings": [
            {"fileColumnType": "Phone", "segmentationFieldId": 0, "fileColumn": 0},
            {"fileColumnType": "SegmentationField", "segmentationFieldId": field, "fileColumn": 1},
        ],
    }
    status, import_id = sms.send("POST", "/ShortCode/410/ContactImport", body)
    assert status == 201
    return number, f"/ShortCode/410/ContactImport/{import_id}"


def watched(sms: Api, path: str, seconds: float = 1.0) -> list[tuple[str, bool]]:
    """The status words of an import and whether it had ended, in order, until its end."""
    found: list[tuple[str, bool]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not (found and found[-1][1]):
        row = sms.get(path)["data"]
        if not found or found[-1] != (row["status"], bool(row["endDate"])):
            found.append((row["status"], bool(row["endDate"])))
        time.sleep(0.02)
    return found


def was_applied(sms: Api, number: str) -> bool:
    found = sms.sandbox.control("GET", "sms-contacts", senderCodeId=410, phoneNumber=number)
    return found[0]["values"].get("Shoe Size") == "EU 47"


def test_import_stalls(sms: Api) -> None:
    switch_on(sms, "import_stalls", count=1)
    number, path = start_import(sms)
    assert [ended for _, ended in watched(sms, path)] == [False, False]
    assert not was_applied(sms, number)
    assert watched(sms, start_import(sms)[1], seconds=20)[-1] == ("Completed", True)


@pytest.mark.parametrize(("share_done", "applied"), [(0.0, False), (1.0, True)])
def test_import_fails(sms: Api, share_done: float, applied: bool) -> None:  # noqa: FBT001  a parameter
    switch_on(sms, "import_fails", word="Import Error", share_done=share_done)
    number, path = start_import(sms)
    assert watched(sms, path, seconds=20)[-1] == ("Import Error", True)
    assert was_applied(sms, number) is applied


def test_import_odd_status(sms: Api) -> None:
    switch_on(sms, "import_odd_status", words=["Simmering", "Plated"])
    number, path = start_import(sms)
    assert watched(sms, path, seconds=20)[-2:] == [("Simmering", False), ("Plated", True)]
    assert was_applied(sms, number)


def email_import(email: Api, **fault: object) -> tuple[list[tuple[str, bool]], int]:
    """What a client sees of an import of twenty new addresses, and how many of them were subscribed."""
    email.sandbox.control("POST", "faults", [fault])
    lines = "".join(f"fault{number}@example.com\n" for number in range(20))
    body = {
        "fileDelimiter": ",",
        "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
        "fileName": "a.csv",
        "fileStream": base64.b64encode(lines.encode()).decode(),
        "importType": "AddSubscribers",
        "segmentationImportType": "Update",
        "hasColumnNames": False,
        "textQualifier": '"',
    }
    path = f"/List/{email.get('/List')['data'][0]['listId']}"
    status, import_id = email.send("POST", f"{path}/ListImport", body)
    assert status == 201
    seen = watched(
        email, f"{path}/ListImport/{import_id}/Status", seconds=20 if "stalls" not in str(fault) else 1
    )
    there = {row["emailAddress"] for row in email.rows(f"{path}/Contact")}
    return seen, sum(f"fault{number}@example.com" in there for number in range(20))


def test_import_faults_reach_email_imports_too(sms: Api) -> None:
    email = Api(sms.sandbox, "email")
    seen, done = email_import(email, kind="import_stalls", share_done=0.25, count=1)
    assert not seen[-1][1]
    assert 4 <= done <= 6
    email.sandbox.reset()
    seen, done = email_import(email, kind="import_fails", share_done=0, word="Cancelled by error", count=1)
    assert (seen[-1], done) == (("Cancelled by error", True), 0)
    email.sandbox.reset()
    seen, done = email_import(email, kind="import_odd_status", words=["Simmering", "Plated"], count=1)
    assert (seen[-1], done) == (("Plated", True), 20)
    assert seen[-2:-1] in ([("Simmering", False)], [("Queued", False)], [])


# Which calls are struck.


def test_faults_are_told_with_their_hits_and_cleared(sms: Api) -> None:
    switch_on(sms, "status", status=500, route="/ShortCode", count=2, after=1)
    answers = [sms.call("GET", CODES).status_code for _ in range(5)]
    assert answers == [200, 500, 500, 200, 200]
    assert sms.call("GET", "/ShortCode/410").status_code == 200
    found = told(sms)
    assert (found["matched"], found["hits"], found["status"], found["route"]) == (5, 2, 500, "/ShortCode")
    assert sms.sandbox.control("DELETE", "faults") == []
    assert sms.sandbox.control("GET", "faults") == []
    switch_on(sms, "status")
    sms.sandbox.reset()
    assert sms.sandbox.control("GET", "faults") == []


@pytest.mark.parametrize(
    "route",
    [
        "/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact",
        "/sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact",
        "GET /sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact",
        "*/Contact",
        "GET /sms/*/Contact",
    ],
)
def test_routes_are_named_by_template_or_pattern(sms: Api, route: str) -> None:
    switch_on(sms, "status", route=route, method="get")
    assert sms.call("GET", CONTACTS).status_code == 500
    assert sms.call("GET", CODES).status_code == 200
    assert sms.call("POST", CONTACTS, NEW).status_code == 201


def test_a_share_is_met_and_a_retry_is_drawn_anew(sms: Api) -> None:
    switch_on(sms, "status", share=0.3, seed=5)
    answers = [sms.call("GET", CODES).status_code for _ in range(200)]
    assert 40 <= answers.count(500) <= 80


def test_the_same_calls_meet_the_same_faults_in_any_order(sms: Api) -> None:
    def struck(paths: list[str], seed: int) -> dict[str, int]:
        sms.sandbox.control("DELETE", "faults")
        switch_on(sms, "status", share=0.5, seed=seed)
        return {path: sms.call("GET", path).status_code for path in paths}

    paths = [f"{CONTACTS}?count={number}" for number in range(1, 41)]
    first = struck(paths, seed=1)
    assert struck(paths[::-1], seed=1) == first
    assert struck(paths, seed=2) != first
    assert set(first.values()) == {200, 500}


def test_the_log_has_broken_connections_too(sms: Api) -> None:
    switch_on(sms, "reset")
    sms.sandbox.forget_requests()
    raw(sms, CODES)
    assert sms.sandbox.requests()["by_status"] == {"0": 1}
    assert sms.sandbox.requests()["in_flight"] == 0


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "gremlins"}, "lost_answer"),
        ({}, "kind is one of"),
        (["reset"], "A fault is an object"),
        ({"kind": "status", "stats": 500}, "stats"),
        ({"kind": "reset", "share": 2}, "between 0 and 1"),
        ({"kind": "reset", "count": "x"}, "count"),
        ({"kind": "slow", "seconds": "long"}, "seconds of slow is a number"),
        ({"kind": "status", "retry_after": "soon", "retry_after_date": True}, "retry_after"),
        ({"kind": "status", "status": 99}, "200 to 599"),
        ({"kind": "import_odd_status", "words": ["one"]}, "words are two"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(sms: Api, fault: object, says: str) -> None:
    with pytest.raises(RuntimeError, match="ERROR_INVALID_PARAMETER") as refused:
        sms.sandbox.control("POST", "faults", fault)
    assert says in str(refused.value)
    assert sms.sandbox.control("GET", "faults") == []


def test_faults_can_be_on_from_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:  # noqa: ANN401
    file = tmp_path / "faults.json"
    file.write_text('[{"kind": "status", "status": 503}]')
    for text in (file.read_text(), f"@{file}"):
        monkeypatch.setenv(faults.VARIABLE, text)
        with running_sandbox(scale="tiny", process=True) as sandbox:
            sms = Api(sandbox, "sms")
            assert sms.call("GET", CODES).status_code == 503
            sandbox.reset()
            assert sms.call("GET", CODES).status_code == 503
            sandbox.control("DELETE", "faults")
            assert sms.call("GET", CODES).status_code == 200


def test_bad_faults_at_the_start_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(faults.VARIABLE, "[{]")
    with pytest.raises(SystemExit, match="LISTRAK_SANDBOX_FAULTS cannot be used"):
        faults.install(None)  # type: ignore[arg-type]


def test_any_retry_after_is_sent_as_it_stands(sms: Api) -> None:
    for text in ("86400", "1e11", "soon", "-5", "0.5", "Fri, 31 Dec 9999 23:59:59 GMT"):
        switch_on(sms, "status", status=429, retry_after=text, count=1)
        assert sms.call("GET", CODES).headers["retry-after"] == text


def test_error_in_success(sms: Api) -> None:
    """M: a 2xx answer can carry an ``error`` member. Nothing was done."""
    switch_on(sms, "error_in_success", count=1, error="ERROR_X")
    path = f"{CODES}/410/PhoneList/7101/Contact"
    answer = sms.call("POST", path, {"phoneNumber": "12125550123"})
    assert (answer.status_code, answer.json()["error"]) == (200, "ERROR_X")
    assert sms.send("POST", path, {"phoneNumber": "12125550123"})[0] == 201


def test_text_status(sms: Api) -> None:
    """M: the status in the body can be a text."""
    switch_on(sms, "text_status", count=1)
    first, second = sms.get(CODES), sms.get(CODES)
    assert (first.pop("status"), second.pop("status")) == ("OK", 200)
    assert first == second


def test_empty_then_full(sms: Api) -> None:
    """M: a production job reads an answer with empty ``data`` again, until it is there."""
    truth = sms.get(CODES)
    switch_on(sms, "empty_then_full", times=2)
    answers = [sms.get(CODES) for _ in range(4)]
    assert [one["data"] for one in answers] == [[], [], truth["data"], truth["data"]]
    # Each call counts for itself.
    assert sms.get(f"{CODES}/410/PhoneList")["data"] == []


def test_short_answer(sms: Api) -> None:
    truth = sms.get(f"{CODES}/410/PhoneList/7101/Contact", count=10)
    assert truth["nextPageCursor"]
    switch_on(sms, "short_answer", rows=4)
    short = sms.get(f"{CODES}/410/PhoneList/7101/Contact", count=10)
    assert (short["data"], short["nextPageCursor"]) == (truth["data"][:6], None)


def test_null_property(sms: Api) -> None:
    """M: both dates of an activity row may be null; null occurs in every property of the examples."""
    switch_on(sms, "null_property", property="merchantName", every=2)
    rows = sms.get(CODES)["data"]
    assert [row["merchantName"] is None for row in rows] == [True, False, True]


def test_odd_property(sms: Api) -> None:
    switch_on(sms, "odd_property", property="merchantName", every=2, value="soon")
    rows = sms.get(CODES)["data"]
    assert [row["merchantName"] == "soon" for row in rows] == [True, False, True]


def test_every_kind_has_a_test() -> None:
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  this file
        text = file.read()
    assert [kind for kind in KINDS if f'switch_on(sms, "{kind}"' not in text] == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(sorted(KINDS)),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["kind", "share", "status", "words", "seconds", "route"]), inner, max_size=4
            )
        ),
    )
)
def test_any_json_is_either_read_or_refused(value: object) -> None:
    try:
        found = faults.parse(json.loads(json.dumps(value)))
    except ValueError:
        return
    assert all(fault.spec.kind in KINDS for fault in found)


def test_a_fault_with_ids_strikes_one_phone_list_alone(sms: Api) -> None:
    lists = [one["phoneListId"] for one in sms.rows("/ShortCode/410/PhoneList")]
    struck, spared = lists[0], lists[1]
    switch_on(sms, "status", status=500, ids={"senderCodeId": 410, "phoneListId": struck})
    for number, status in ((struck, 500), (spared, 200)):
        assert sms.call("GET", f"/ShortCode/410/PhoneList/{number}/Contact").status_code == status
    assert sms.call("GET", CODES).status_code == 200
    assert told(sms)["ids"] == {"senderCodeId": 410, "phoneListId": struck}
    assert told(sms)["hits"] == 1


@pytest.mark.parametrize("ids", [7, [7], {"listId": None}, {"listId": True}, {"listId": [1]}])
def test_ids_that_are_none_are_refused(ids: object) -> None:
    with pytest.raises(ValueError, match=r"status: .*ids"):
        faults.parse({"kind": "status", "ids": ids})
