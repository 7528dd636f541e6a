"""The exit code of each kind of error, and whether a scheduler should repeat the run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plugin_runs import run
from singer_sdk.exceptions import (
    ConfigValidationError,
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

import tap_listrak.tap
import target_listrak.target
from listrak_api.errors import (
    AuthenticationError,
    Cause,
    ConfigurationError,
    ListrakError,
    LostAnswerError,
    NotFoundError,
    PagingError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_singer.exit_codes import Ending, ExitCode, ending_of
from tap_listrak.sync.reconciliation import ReconciliationError
from target_listrak.config.names import UnknownNameError
from target_listrak.delivery.mirror import MirrorStopError
from target_listrak.delivery.polling import ImportFailedError
from target_listrak.tracking.shares import RejectShareError

if TYPE_CHECKING:
    from collections.abc import Iterator

assert tap_listrak.tap
assert target_listrak.target

UNREACHABLE = "http://127.0.0.1:9"
"""Nothing listens on the port of the discard protocol."""

ENDINGS: list[tuple[BaseException, int, bool]] = [
    (ConfigurationError("x"), 1, False),
    (AuthenticationError("x"), 1, False),
    (UnknownNameError("x"), 1, False),
    (ConfigValidationError("x"), 1, False),
    (MapExpressionError("x"), 1, False),
    (StreamMapConfigError("x"), 1, False),
    (RequestRefusedError("x", status=400), 65, False),
    (NotFoundError("x"), 65, False),
    (MirrorStopError("x"), 65, False),
    (RejectShareError("x"), 65, False),
    (InvalidInputLine("x"), 65, False),
    (RecordsWithoutSchemaException("x"), 65, False),
    (UnavailableError("x"), 75, True),
    (LostAnswerError("x"), 75, True),
    (PagingError("x"), 75, True),
    (ImportFailedError("x"), 75, True),
    (ReconciliationError("x"), 75, True),
    (BrokenPipeError(32, "Broken pipe"), 1, True),
    (OSError(28, "No space left on device"), 1, False),
    (ZeroDivisionError("a fault of the code"), 1, False),
]


@pytest.mark.parametrize(
    ("error", "code", "retryable"), ENDINGS, ids=[type(one[0]).__name__ for one in ENDINGS]
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int, retryable: bool) -> None:  # noqa: FBT001
    assert ending_of(error) == Ending(ExitCode(code), retryable=retryable)


def kinds_below(kind: type[ListrakError]) -> Iterator[type[ListrakError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from kinds_below(one)


@pytest.mark.parametrize("kind", sorted(set(kinds_below(ListrakError)), key=str))
def test_only_what_listrak_could_not_do_now_is_retryable(kind: type[ListrakError]) -> None:
    ending = ending_of(kind.__new__(kind))
    assert ending.retryable is (kind.cause is Cause.UNAVAILABLE)
    assert ending.retryable is (ending.code == 75)


def test_the_documented_codes_are_those_of_the_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text("utf-8")
    section = page.partition("\n## Exit codes\n")[2].partition("\n## ")[0]
    assert set(map(int, re.findall(r"^\| (\d+) \|", section, re.MULTILINE))) == {0, *ExitCode}


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
def test_a_misspelt_setting_is_not_repeated_but_an_unreachable_listrak_is(name: str, tmp_path: Path) -> None:
    """A scheduler repeated a run with a misspelt list three times: every error ended with exit code 1."""
    settings: dict[str, Any] = {
        "client_id": "an-id",
        "client_secret": "a-secret",
        "api_url": UNREACHABLE,
        "auth_url": f"{UNREACHABLE}/token",
        "max_retries": 0,
    }
    schema: dict[str, bytes] = {}
    if name == "target-listrak":
        settings["destinations"] = {"people": {"kind": "email_list", "list": "Newsletter"}}
        schema["input"] = b'{"type":"SCHEMA","stream":"people","schema":{"properties":{"email":{}}}}\n'
    slip = run(name, tmp_path, settings | {"max_concurrency": "many"}, **schema)
    assert slip.code == 1
    assert slip.errors.splitlines()[-1].endswith("retryable: false")
    away = run(name, tmp_path, settings, **schema)
    assert away.code == 75, away.last_words
    assert away.errors.splitlines()[-1].endswith("retryable: true")
    option = run(name, tmp_path, settings, "--no-such-option", **schema)
    assert option.code == 2
    assert option.errors.splitlines()[-1].endswith("retryable: false")


def test_a_closed_standard_output_leaves_it_to_its_reader_whether_the_run_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("singer_sdk.plugin_base.SingerCommand.invoke", closed)
    ended = run("tap-listrak", tmp_path, {})
    assert ended.code == 1
    assert [line.rpartition("| ")[2] for line in ended.errors.splitlines()[-2:]] == [
        "The program that reads standard output has closed it: nothing more can be written. See its own log.",
        "retryable: true",
    ]
    assert "Traceback" not in ended.errors + capfd.readouterr().err
