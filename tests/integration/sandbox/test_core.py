"""The sandbox's own machinery: start, tokens, envelopes, cursors, log, clock, settings."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sandbox_api import Api

from listrak_sandbox import config
from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

LIST = "/List/40137"


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "listrak_sandbox", *arguments],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_options_come_from_the_command_line_then_the_environment_then_defaults() -> None:
    environment = {
        "LISTRAK_SANDBOX_SEED": "7",
        "LISTRAK_SANDBOX_LATENCY_MS": "2.5",
        "LISTRAK_SANDBOX_SCALE": "tiny",
    }
    found = config.parse(["--seed", "9", "--token-ttl", "3"], environment)
    assert found == config.Config(8990, 9, "tiny", 2.5, 3.0)
    assert config.parse([], {}) == config.Config()


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--scale", "huge"], {}, "--scale"),
        ([], {"LISTRAK_SANDBOX_SCALE": "huge"}, "--scale"),
        (["--port", "70000"], {}, "--port"),
        ([], {"LISTRAK_SANDBOX_PORT": "abc"}, "--port"),
        (["--latency-ms", "-1"], {}, "--latency-ms"),
        (["--nope"], {}, "--nope"),
    ],
)
def test_a_mistaken_option_is_named_without_a_trace(
    arguments: list[str], environment: dict[str, str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        config.parse(arguments, environment)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_a_mistaken_option_ends_the_process() -> None:
    ended = started("--port", "70000", LISTRAK_SANDBOX_SCALE="tiny")
    assert ended.returncode == 2
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_one_line(tiny: RunningSandbox) -> None:
    ended = started("--port", tiny.url.rpartition(":")[2])
    assert ended.returncode == 1
    assert "--port 0" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_runs_as_a_process_of_its_own_and_says_where() -> None:
    with running_sandbox(process=True, scale="tiny", seed=5) as running:
        assert running.control("GET", "clock")["now"].startswith("2026-06-30T12:00:")
        assert Api(running, "email").get("/List")["data"]


def ask_token(sandbox: RunningSandbox, **form: str) -> requests.Response:
    given = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-email",
        "client_secret": "sandbox-email-secret",
        **form,
    }
    return requests.post(sandbox.auth_url, data=given, timeout=60)


def test_the_token_endpoint_gives_tokens_for_right_credentials_only(tiny: RunningSandbox) -> None:
    good = ask_token(tiny).json()
    assert good["token_type"] == "Bearer"
    assert good["expires_in"] == 3599
    for form in ({"client_secret": "x"}, {"client_id": "x"}, {"client_id": "sandbox-sms"}):
        bad = ask_token(tiny, **form)
        assert (bad.status_code, bad.json()) == (400, {"error": "Invalid Credentials"})
    assert ask_token(tiny, grant_type="password").status_code == 400


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}]
)
def test_a_missing_or_bad_token_is_refused(tiny: RunningSandbox, headers: dict[str, str]) -> None:
    answer = requests.get(f"{tiny.url}/email/v1/List", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["error"]) == (401, "ERROR_UNAUTHORIZED")


def test_a_token_of_another_integration_is_refused(tiny: RunningSandbox) -> None:
    headers = {"Authorization": f"Bearer {tiny.token('data')}"}
    assert requests.get(f"{tiny.url}/email/v1/List", headers=headers, timeout=60).status_code == 401


def test_tokens_expire_and_can_be_made_to(own: Api) -> None:
    own.sandbox.control("POST", "expire-tokens")
    assert own.call("GET", "/List").status_code == 401
    own.sandbox.settings(token_ttl=0)
    own.session.headers["Authorization"] = f"Bearer {own.sandbox.token()}"
    assert own.call("GET", "/List").status_code == 401


@pytest.mark.parametrize("change", [{"paused": True}, {"refuse_ip": True}])
def test_a_paused_integration_or_a_foreign_address_gets_nothing(own: Api, change: dict[str, Any]) -> None:
    own.sandbox.settings(integrations={"email": change})
    assert own.send("GET", "/List") == (401, "ERROR_UNAUTHORIZED")
    assert ask_token(own.sandbox).json() == {"error": "Invalid Credentials"}


@pytest.mark.parametrize(
    ("area", "path"),
    [
        ("List", "/List"),
        ("Contact", f"{LIST}/Contact"),
        ("Message", f"{LIST}/Message"),
        ("Report", f"{LIST}/Message/10000001/Activity"),
        ("Segmentation", f"{LIST}/SegmentationFieldGroup"),
        ("Event", f"{LIST}/Event"),
    ],
)
def test_each_area_is_needed(own: Api, area: str, path: str) -> None:
    assert own.call("GET", path).status_code == 200
    rest = [one for one in ("Contact", "Event", "List", "Message", "Report", "Segmentation") if one != area]
    own.sandbox.settings(integrations={"email": {"areas": rest}})
    assert own.send("GET", path) == (401, "ERROR_UNAUTHORIZED")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/Nowhere", 404, "ERROR_UNKNOWN_ROUTE"),
        ("GET", "/List/40137/", 404, "ERROR_UNKNOWN_ROUTE"),
        ("DELETE", "/List", 405, "ERROR_UNSUPPORTED_METHOD"),
        ("GET", "/List/1", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", "/List/abc", 400, "ERROR_INVALID_PARAMETER"),
        ("GET", f"{LIST}/Message/5", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/Message/-5/Activity", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/Message/{10**12}/Activity", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/Message/10000001/Link/7/Clicker", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/Conversation/9/Message", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/ListImport/9/Status", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("GET", f"{LIST}/SplitTest/9", 404, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
    ],
)
def test_unknown_things_are_refused_in_the_envelope(
    email: Api, method: str, path: str, status: int, code: str
) -> None:
    answer = email.call(method, path)
    assert answer.status_code == status
    assert answer.json() | {"message": ""} == {"status": status, "error": code, "message": ""}


def test_bodies_must_be_json_and_say_so(email: Api) -> None:
    url = f"{email.base}/List"
    plain = email.session.post(url, data="x", headers={"Content-Type": "text/plain"}, timeout=60)
    assert (plain.status_code, plain.json()["error"]) == (415, "ERROR_UNSUPPORTED_CONTENT_TYPE")
    broken = email.session.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=60)
    assert (broken.status_code, broken.json()["error"]) == (400, "ERROR_MALFORMED_REQUEST_BODY")
    wrong = email.session.post(url, json={"listName": 5}, timeout=60)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "ERROR_INVALID_PARAMETER")


def test_a_body_beyond_the_limit_is_answered_404(own: Api) -> None:
    own.sandbox.settings(max_body_bytes=1000)
    body = {"listName": "x" * 2000, "bounceHandling": "None", "bounceUnsubscribeCount": 1}
    assert own.call("POST", "/List", body).status_code == 404


@pytest.mark.parametrize("count", ["0", "-1", "5001", "many"])
def test_counts_outside_the_limits_are_refused(email: Api, count: str) -> None:
    assert email.call("GET", f"{LIST}/Contact", count=count).json()["error"] == "ERROR_INVALID_PARAMETER"


def test_a_cursor_belongs_to_its_query(email: Api) -> None:
    cursor = email.get(f"{LIST}/Contact", count=10)["nextPageCursor"]
    assert email.call("GET", f"{LIST}/Contact", count=10, cursor=cursor).status_code == 200
    for query in ({"count": 11}, {"count": 10, "subscriptionState": "Unsubscribed"}):
        assert email.call("GET", f"{LIST}/Contact", cursor=cursor, **query).status_code == 400
    assert email.call("GET", "/List/40274/Contact", count=10, cursor=cursor).status_code == 400
    assert email.call("GET", f"{LIST}/Contact", count=10, cursor="AAAA").status_code == 400
    assert email.call("GET", f"{LIST}/Contact", count=10, cursor="ä!").status_code == 400


@pytest.mark.parametrize("path", [f"{LIST}/Contact", f"{LIST}/Message", f"{LIST}/Message/10000040/Activity"])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_pages_hold_each_row_once_whatever_their_size(email: Api, path: str, count: int) -> None:
    whole = list(email.rows(path))
    assert list(email.rows(path, count=count)) == whole
    assert len({str(row) for row in whole}) == len(whole) > 0


def test_the_last_page_has_no_cursor_even_when_it_is_full(email: Api) -> None:
    rows = list(email.rows(f"{LIST}/Message"))
    assert email.get(f"{LIST}/Message", count=len(rows))["nextPageCursor"] is None


def test_cursors_can_be_written_as_addresses(own: Api) -> None:
    own.sandbox.settings(cursor_form="uri")
    cursor = own.get(f"{LIST}/Contact", count=5)["nextPageCursor"]
    assert cursor.startswith("https://api.listrak.com/email/v1/List/40137/Contact?")
    assert "cursor=" in cursor


def test_a_request_that_was_in_flight_when_the_log_was_forgotten_is_not_counted(own: Api) -> None:
    """What a run that was killed had asked for does not count among the requests of the next one."""
    own.get(LIST)
    own.sandbox.settings(latency_ms=300)
    late = threading.Thread(target=own.get, args=(LIST,))
    late.start()
    while not own.sandbox.requests()["in_flight"]:
        assert late.is_alive()
    own.sandbox.forget_requests()
    late.join()
    log = own.sandbox.requests()
    assert (log["total"], log["in_flight"]) == (0, 0)


def test_the_log_counts_by_template_and_shows_unknown_parameters(own: Api) -> None:
    own.sandbox.forget_requests()
    own.get(f"{LIST}/Contact", startDat="2026-01-01")
    own.get(f"{LIST}/Contact/pia.dubois1001@mail.example.com")
    own.call("GET", "/Nowhere")
    log = own.sandbox.requests()
    assert log["by_route"] == {
        "ANY (unknown route)": 1,
        "GET /email/v1/List/{listId}/Contact": 1,
        "GET /email/v1/List/{listId}/Contact/{contactIdentifier}": 1,
    }
    assert log["by_status"] == {"200": 2, "404": 1}
    assert log["unknown_parameters"] == {"GET /email/v1/List/{listId}/Contact ?startDat": 1}
    assert log["total"] == 3
    assert "@" not in str(log)


def test_the_clock_drives_the_date_header_and_can_be_set_frozen_and_moved(own: Api) -> None:
    own.sandbox.set_clock(now="2027-01-02T03:04:05Z", frozen=True)
    assert own.call("GET", "/List").headers["Date"] == "Sat, 02 Jan 2027 03:04:05 GMT"
    assert own.sandbox.set_clock(advance_seconds=86_400) == "2027-01-03T03:04:05+00:00"
    assert own.sandbox.now() == "2027-01-03T03:04:05+00:00"
    own.sandbox.reset()
    assert own.sandbox.now().startswith("2026-06-30T12:00:")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("settings", {"latency": 3}),
        ("settings", {"latency_ms": "fast"}),
        ("settings", {"integrations": {"fax": {}}}),
        ("settings", {"integrations": {"email": {"area": []}}}),
        ("settings", {"cursor_form": "other"}),
        ("clock", {"now": "yesterday"}),
        ("clock", {"noww": "2026-01-01"}),
        ("reset", {"scale": "huge"}),
        ("reset", {"seed": "x"}),
    ],
)
def test_control_routes_refuse_what_they_do_not_know(
    tiny: RunningSandbox, path: str, body: dict[str, Any]
) -> None:
    with pytest.raises(RuntimeError, match="ERROR_INVALID_PARAMETER"):
        tiny.control("POST", path, body)


def test_reset_forgets_what_was_written(own: Api) -> None:
    before = own.sandbox.expected()
    body = {"emailAddress": "someone@example.com", "segmentationFieldValues": []}
    assert own.send("POST", f"{LIST}/Contact", body)[0] == 201
    assert own.sandbox.expected()["contacts"] != before["contacts"]
    own.sandbox.reset()
    assert own.sandbox.expected() == before
    assert own.sandbox.written()["email"] == []
    own.sandbox.reset(seed=2)
    assert own.sandbox.expected()["message_activity"] != before["message_activity"]
