"""No secret, token, address or number in what is logged or left behind, with faults on, at DEBUG too."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, Any

import matrix
import pytest
from plugin_runs import run, settings_for, without_data
from tap_cells import COLUMNS as STREAMS
from tap_cells import TapRuns
from target_cells import CODE, NEWSLETTER, STREAM, People, messages
from target_cells import COLUMNS as DESTINATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.usefixtures("quick_retries")
SECRETS = {
    f"{kind}_{part}": f"leaky-{part}-{kind}/+= 4711"
    for kind in ("email", "sms", "data")
    for part in ("id", "secret")
}
LEVELS = [
    ("INFO", "reads"),
    *(("DEBUG", name) for name in ("none", "reads", "writes", "refusals", "tokens", "html")),
]
"""What is logged at INFO is logged at DEBUG as well."""
FAULTS: dict[str, list[matrix.Spec]] = {
    "none": [],
    "reads": [
        {"kind": "status", "status": 500, "share": 0.2},
        {"kind": "cut_body", "share": 0.2, "method": "GET"},
    ],
    "writes": [{"kind": "lost_answer", "share": 0.5}, {"kind": "refused_then_done", "share": 0.5}],
    "refusals": [{"kind": "status", "status": 400, "error": "ERROR_INVALID_PARAMETER", "after": 4}],
    "tokens": [{"kind": "token_refused", "route": "*/v1/*", "after": 4}],
    "html": [{"kind": "html", "after": 4}],
}


@pytest.fixture
def leaky(box: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """An account with secrets that are found wherever they turn up, and a folder that all files go to."""
    given = {
        kind: {"client_id": SECRETS[f"{kind}_id"], "client_secret": SECRETS[f"{kind}_secret"]}
        for kind in ("email", "sms", "data")
    }
    box.settings(integrations=given)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield box
    box.settings(
        integrations={
            kind: {"client_id": f"sandbox-{kind}", "client_secret": f"sandbox-{kind}-secret"}
            for kind in ("email", "sms", "data")
        }
    )


def credentials() -> dict[str, Any]:
    prefixes = {"email": "", "sms": "sms_", "data": "data_"}
    return {
        f"{prefixes[name.split('_')[0]]}client_{name.split('_')[1]}": value for name, value in SECRETS.items()
    }


@pytest.fixture(scope="module")
def people(tiny_sandbox: RunningSandbox) -> People:
    tiny_sandbox.reset(seed=0)
    return People.of(tiny_sandbox)


def private(box: RunningSandbox, people: People) -> set[str]:
    """Everything that must not be seen: secrets, tokens given out, and how people can be reached."""
    assert box.sandbox is not None
    tokens = set(box.sandbox.tokens._known)
    special = set(box.control("GET", "contacts", listId=NEWSLETTER)["special"])
    everybody = box.control("GET", "sms-contacts", senderCodeId=CODE, limit=10_000)
    numbers = {one["phoneNumber"] for one in everybody}
    emails = {
        *people.subscribed,
        *people.left,
        *special,
        *(one["emailAddress"] for one in everybody if one["emailAddress"]),
    }
    assert tokens
    assert len(emails) > 150
    assert len(numbers) > 50
    return {*SECRETS.values(), *tokens, *emails, *numbers, *(number[1:] for number in numbers)}


def found(text: str, secrets: set[str]) -> list[str]:
    """Give what of it is in a text, whatever the spelling."""
    plain = text.casefold().replace("%40", "@").replace("%2b", "+")
    digits = re.sub(r"(?<=\d)[ .()-]+(?=\d)", "", plain)
    return [one for one in secrets if one.casefold() in plain or (one.isdigit() and one in digits)]


def left_behind(folder: Path) -> list[Path]:
    """Give the files that a run has made, but for those that hold data by their nature."""
    return [one for one in folder.rglob("*") if one.is_file() and one.suffix not in {".in", ".singer"}]


@pytest.mark.parametrize(("level", "fault"), LEVELS)
@pytest.mark.parametrize("column", ["window-read", "SMS", "child collection"])
def test_tap(  # noqa: PLR0913, PLR0917 - fixtures
    leaky: RunningSandbox,
    people: People,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    fault: str,
    column: str,
) -> None:
    monkeypatch.setenv("TAP_LISTRAK_LOGLEVEL", level)
    leaky.control("POST", "faults", FAULTS[fault])
    ended = TapRuns(leaky, tmp_path, STREAMS[column]).run(**without_data(credentials()), max_retries=20)
    assert ("DEBUG" in ended.errors) == (level == "DEBUG")
    secrets = private(leaky, people)
    assert found(ended.errors, secrets) == []
    assert found(ended.out.decode(), {*SECRETS.values()}) == []
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("level", "fault"), LEVELS)
@pytest.mark.parametrize("column", ["email_list", "audience", "sms_list", "sms_opt_out"])
def test_target(  # noqa: PLR0913, PLR0917 - fixtures
    leaky: RunningSandbox,
    people: People,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    fault: str,
    column: str,
) -> None:
    monkeypatch.setenv("TARGET_LISTRAK_LOGLEVEL", level)
    kind = DESTINATIONS[column]
    leaky.control("POST", "faults", FAULTS[fault])
    config = settings_for(
        leaky,
        **credentials(),
        destinations={STREAM: kind.destination},
        import_poll_seconds=0.02,
        max_reject_share=1,
        max_retries=20,
        rejects_path=str(tmp_path / "rejects.singer"),
    )
    lines = b"".join(matrix.line(one) for one in messages(kind, people))
    ended = run("target-listrak", tmp_path, config, input=lines)
    assert ("DEBUG" in ended.errors) == (level == "DEBUG")
    secrets = private(leaky, people) | {"new0@example.org", "12165553000", "2165553000", "no address"}
    assert found(ended.errors, secrets) == []
    assert found(ended.out.decode(), secrets) == []
    assert left_behind(tmp_path) == []
    for rejects in tmp_path.glob("*.singer"):
        assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
        assert found(rejects.read_text("utf-8"), {*SECRETS.values()}) == []


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
@pytest.mark.parametrize(
    "arguments", [("--about",), ("--about", "--format=json"), ("--about", "--format=markdown")]
)
def test_about_shows_no_secret(
    leaky: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: tuple[str, ...],
) -> None:
    for setting, value in credentials().items():
        monkeypatch.setenv(f"{name.replace('-', '_')}_{setting}".upper(), value)
    config = {**settings_for(leaky, **credentials()), "destinations": {}}
    ended = run(name, tmp_path, without_data(config) if name.startswith("tap") else config, *arguments)
    assert ended.code == 0, ended.last_words
    assert b"client_secret" in ended.out or b"Client" in ended.out
    assert found(ended.out.decode() + ended.errors, set(SECRETS.values())) == []


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
@pytest.mark.parametrize("setting", ["client_id", "client_secret", "sms_client_secret"])
@pytest.mark.parametrize(
    "wrap",
    [lambda one: [one], lambda one: {"value": one}, lambda one: one + "\n"],
    ids=["list", "object", "newline"],
)
def test_a_credential_of_a_wrong_form_is_named_and_not_shown(
    leaky: RunningSandbox,
    tmp_path: Path,
    name: str,
    setting: str,
    wrap: Any,  # noqa: ANN401 - makes a wrong value
) -> None:
    values = credentials()
    config = settings_for(
        leaky,
        **values,
        destinations={
            STREAM: DESTINATIONS["sms_opt_out"].destination,
            "a": DESTINATIONS["email_list"].destination,
        },
    )
    config[setting] = wrap(values[setting])
    if name.startswith("tap"):
        config = {key: value for key, value in without_data(config).items() if key != "destinations"}
    ended = run(
        name,
        tmp_path,
        config,
        *(() if name.startswith("target") else ("--test",)),
        **({"input": b""} if name.startswith("target") else {}),
    )
    assert ended.stopped_cleanly(), ended.last_words
    assert setting in ended.errors
    assert found(ended.errors + ended.out.decode(), set(SECRETS.values())) == []
