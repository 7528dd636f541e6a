"""The tap as a person meets it on the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from edits import misspellings
from tap_runs import settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from listrak_singer.suggestions import distance
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from tests.conftest import Script


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        yield running


def refused(done: CompletedProcess[str]) -> str:
    """A user's mistake: exit code 1, a line or two, no stack trace."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("retryable: false")
    return done.stderr


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"client_secret": None}, "client_secret", "client_id"),
    ({"window_days": "many"}, "window_days", "whole number"),
    ({"start_date": "yesterday"}, "start_date", "2026-01-31"),
    ({"start_date": "2026-01-01", "end_date": "2025-01-01"}, "start_date", "end_date"),
    ({"profile_fields": "City"}, "profile_fields", "list"),
    ({"api_url": "http://listrak.example"}, "api_url", "https"),
    ({"activity_refresh": "often"}, "activity_refresh", "decaying"),
    ({"page_size": 0}, "page_size", "minimum"),
    ({"list_ids": ["Nobody's"]}, "Nobody's", "There are"),
    ({"list_ids": [1]}, "list_ids", "There are"),
    ({"sender_code_ids": [1]}, "sender_code_ids: 1 is not a sender code", "There are"),
    ({"phone_list_ids": [1]}, "phone_list_ids: 1 is not a phone list", "There are"),
]


@pytest.mark.parametrize(("change", "name", "way_out"), MISTAKES, ids=[str(one[0]) for one in MISTAKES])
def test_a_wrong_setting_is_named_with_the_way_out(
    tiny: RunningSandbox, script: Script, change: dict[str, Any], name: str, way_out: str
) -> None:
    text = refused(script("tap-listrak", config=settings(tiny, **change)))
    assert name in text
    assert way_out in text


@pytest.mark.parametrize("change", [{"list_ids": ["Nobody's"]}, {"profile_fields": ["Shoe sise"]}])
def test_a_list_or_field_that_does_not_exist_is_found_before_anything_else_is_read(
    tiny: RunningSandbox, script: Script, change: dict[str, Any]
) -> None:
    """Streams run by name: content and folders were written before the lists were looked at."""
    tiny.forget_requests()
    done = script("tap-listrak", config=settings(tiny, **change))
    refused(done)
    assert "RECORD" not in {json.loads(line)["type"] for line in done.stdout.splitlines()}
    asked = tiny.requests()["by_route"]
    assert asked["GET /email/v1/List"] == 1
    assert all(route.startswith(("GET /email/v1/List", "POST /OAuth2/Token")) for route in asked)


def test_no_credentials_at_all(script: Script) -> None:
    text = refused(script("tap-listrak", config={}))
    assert "client_id" in text
    assert "sms" in text.lower()


def test_the_value_of_a_secret_is_never_shown(tiny: RunningSandbox, script: Script) -> None:
    text = refused(script("tap-listrak", config=settings(tiny, client_secret=8647135290)))
    assert "client_secret is wrong: expected a string" in text
    assert "8647135290" not in text


def test_an_unknown_setting_is_a_warning_with_the_nearest_one(tiny: RunningSandbox, script: Script) -> None:
    done = script("tap-listrak", "--test", config=settings(tiny, strat_date="2026-01-01"))
    assert done.returncode == 0
    assert "'strat_date'" in done.stderr
    assert "'start_date'" in done.stderr


@pytest.mark.parametrize("option", ["config", "state", "catalog"])
@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_file_that_is_no_json_object_is_one_line(
    tiny: RunningSandbox, script: Script, tmp_path: Path, option: str, text: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    config = None if option == "config" else settings(tiny)
    stderr = refused(script("tap-listrak", f"--{option}={file}", config=config))
    assert option in stderr
    assert "JSON" in stderr or "object" in stderr


def test_a_missing_config_file_is_named(script: Script) -> None:
    assert "nowhere.json" in refused(script("tap-listrak", "--config=nowhere.json"))


def test_an_unknown_stream_in_the_catalog(tiny: RunningSandbox, script: Script, tmp_path: Path) -> None:
    entry = {
        "tap_stream_id": "mesages",
        "stream": "mesages",
        "schema": {"properties": {}},
        "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
    }
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps({"streams": [entry]}))
    text = refused(script("tap-listrak", f"--catalog={file}", config=settings(tiny)))
    assert "'mesages'" in text
    assert "'messages'" in text
    assert "message_link_clickers" in text


def test_discovery_needs_no_credentials(script: Script) -> None:
    done = script("tap-listrak", "--discover")
    assert done.returncode == 0
    streams = {one["tap_stream_id"]: one for one in json.loads(done.stdout)["streams"]}
    assert {"contacts", "message_activity", "phone_list_contacts"} <= streams.keys()
    for name, stream in streams.items():
        assert stream["key_properties"], name
        properties = stream["schema"]["properties"]
        for key in stream["key_properties"]:
            assert "null" not in properties[key]["type"], (name, key)
            assert key in stream["schema"]["required"]
        for column, part in properties.items():
            assert part.get("description"), (name, column)


def test_about_names_every_setting(script: Script) -> None:
    done = script("tap-listrak", "--about", "--format=json")
    assert done.returncode == 0
    about = json.loads(done.stdout)
    assert about["version"] != "[could not be detected]"
    for name, part in about["settings"]["properties"].items():
        assert part.get("description"), name


def test_test_says_what_may_be_read(script: Script) -> None:
    with running_sandbox(scale="tiny") as running:
        running.settings(integrations={"email": {"areas": ["List", "Message"]}})
        done = script("tap-listrak", "--test", config=settings(running))
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert any("List: granted" in line for line in lines)
    assert any("Message: granted" in line for line in lines)
    assert lines[0] == "The credentials work, but not everything can be read. See what is not granted below."
    report = next(line for line in lines if "Report:" in line)
    assert "not granted" in report
    assert "message_activity" in report
    assert any("SMS API: the credentials are accepted" in line for line in lines)


def test_test_prints_its_answer_first_and_nothing_else(tiny: RunningSandbox, script: Script) -> None:
    done = script("tap-listrak", "--test", config=settings(tiny))
    assert done.returncode == 0
    assert done.stdout.startswith("The credentials work: Email API, SMS API, Cross Channel API.\n")
    assert done.stderr == ""


def test_test_fails_when_nothing_can_be_read(tiny: RunningSandbox, script: Script) -> None:
    wrong = settings(tiny, client_secret="wrong", sms_client_secret="wrong")
    done = script("tap-listrak", "--test", config=wrong)
    assert done.returncode == 1
    for cause in ("client_secret", "paused", "allow list", "Nothing can be read"):
        assert cause in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"client_secret": "wrong"}, "Email API (client_id)"),
        ({"sms_client_secret": "wrong"}, "SMS API (sms_client_id)"),
    ],
)
def test_X4_the_test_fails_when_any_integration_is_refused_and_says_which(
    tiny: RunningSandbox, script: Script, wrong: dict[str, str], name: str
) -> None:
    done = script("tap-listrak", "--test", config=settings(tiny, **wrong))
    assert done.returncode == 1
    assert done.stdout.startswith(f"Nothing can be read with: {name}.")
    assert "credentials are accepted" in done.stdout  # the other one's
    assert "Traceback" not in done.stderr


def test_X4_a_token_without_any_access_is_a_refusal(script: Script) -> None:
    with running_sandbox(scale="tiny") as running:
        running.settings(integrations={"email": {"areas": []}})
        done = script("tap-listrak", "--test", config=settings(running))
    assert done.returncode == 1
    assert "Nothing can be read with: Email API (client_id)." in done.stdout


def test_streams_of_an_api_without_credentials_are_left_out(tiny: RunningSandbox, script: Script) -> None:
    config = {name: value for name, value in settings(tiny).items() if not name.startswith("client")}
    done = script("tap-listrak", config=config)
    assert done.returncode == 0
    streams = {json.loads(line).get("stream") for line in done.stdout.splitlines()}
    assert "phone_lists" in streams
    assert "lists" not in streams


def test_no_address_reaches_the_log(tiny: RunningSandbox, script: Script) -> None:
    done = script("tap-listrak", config=settings(tiny))
    assert done.returncode == 0
    assert "@" in done.stdout
    assert "@" not in done.stderr
    assert "secret" not in done.stderr


def test_X7_every_misspelt_setting_or_variable_is_a_warning_that_names_the_nearest_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """``LISTRAK_SLIPS`` (3) misspellings are tried of each name; 0 tries all."""
    TapListrak.append_builtin_config(TapListrak.config_jsonschema)
    known = TapListrak.config_jsonschema["properties"]
    for name in known:
        slips = misspellings(name, known)
        caplog.clear()
        with monkeypatch.context() as patched:
            for slip in slips:
                patched.setenv(f"TAP_LISTRAK_{slip.upper()}", "5")
            TapListrak(config={"client_id": "i", "client_secret": "s", **dict.fromkeys(slips, "5")})
        said = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
        nearest = dict(re.findall(r"(\S+): did you mean '(?:TAP_LISTRAK_)?(\w+)'", "\n".join(said)))
        for slip in slips:
            for found in (repr(slip), f"TAP_LISTRAK_{slip.upper()}"):
                suggested = nearest[found].lower()
                assert suggested in known
                assert distance(slip, suggested) == 1
