"""Files, variables and places that cannot be used: a line or two on the command line, never a stack trace."""

from __future__ import annotations

import json
import os
import pty
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plugin_runs import run, settings_for, without_data
from target_runs import record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.testing import RunningSandbox

LIST = {"kind": "email_list", "list": "Newsletter"}
PEOPLE = [schema("people", "email"), record("people", email="ada@example.org")]
REJECTED = [schema("people", "email"), *(record("people", email="no address") for _ in range(3)), state(1)]
TIME_LIMIT = 120


def lines(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in messages)


def command(
    folder: Path,
    *arguments: object,
    name: str = "target-listrak",
    text: bytes | None = b"",
    limit: Callable[[], None] | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run a console script as a shell would, without variables of the caller's."""
    environment = {one: value for one, value in os.environ.items() if "LISTRAK" not in one}
    return subprocess.run(
        [str(Path(sys.executable).with_name(name)), *map(str, arguments)],
        cwd=folder,
        env={**environment, "HOME": str(folder), "XDG_STATE_HOME": "", **variables},
        input=text,
        capture_output=True,
        preexec_fn=limit,
        timeout=TIME_LIMIT,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[bytes]) -> str:
    """What it said: an error of a line or two."""
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert "ERROR" in said
    assert "Exception ignored" not in said
    return said


@pytest.fixture
def config(box: RunningSandbox, tmp_path: Path) -> Path:
    """A config file of the target."""
    path = tmp_path / "config.json"
    settings = settings_for(box, destinations={"people": LIST}, import_poll_seconds=0.02, max_reject_share=1)
    path.write_text(json.dumps(settings))
    return path


# The place of rejects


def test_T23_a_full_disk_under_rejects_path_names_the_setting_and_the_accounting_is_printed(
    config: Path, tmp_path: Path
) -> None:
    """A limit on the size of files stands for a full disk: writing fails the same way."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    said = refused(command(tmp_path, f"--config={config}", text=lines(REJECTED), limit=limit))
    assert "rejects_path" in said
    assert "Accounting" in said
    assert "people" in said.partition("Accounting")[2]


@pytest.mark.parametrize(
    "path", ["folder", "folder/", ".", "file/rejects.singer", "x" * 300, "a\0b", "/dev/null"]
)
def test_T23_a_rejects_path_that_cannot_be_one_is_an_error_before_the_first_request(
    box: RunningSandbox, config: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    settings = json.loads(config.read_text()) | {"rejects_path": str(tmp_path / path)}
    box.forget_requests()
    ended = run("target-listrak", tmp_path, settings, input=lines(REJECTED))
    assert ended.stopped_cleanly(), ended.last_words
    assert "rejects_path" in ended.errors
    assert int(box.requests()["total"]) == 0


@pytest.mark.parametrize(
    ("variables", "place", "replay"),
    [
        ({}, ".local/state/singer-listrak", "target-listrak --config="),
        ({"XDG_STATE_HOME": "{}/state"}, "state/singer-listrak", "target-listrak --config="),
        (
            {"MELTANO_PROJECT_ROOT": "{}/project", "MELTANO_LOADER_NAME": "target-listrak--b"},
            "project/.meltano/target-listrak",
            "meltano invoke target-listrak--b --input ",
        ),
        (
            {
                "MELTANO_PROJECT_ROOT": "{}/project",
                "MELTANO_LOADER_NAME": "target-listrak",
                "MELTANO_ENVIRONMENT": "prod",
            },
            "project/.meltano/target-listrak",
            "meltano --environment=prod invoke target-listrak --input ",
        ),
    ],
)
def test_T30_rejects_go_to_a_place_that_nobody_commits_and_the_run_says_how_to_load_them_again(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    place: str,
    replay: str,
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    given = {name: value.format(tmp_path) for name, value in variables.items()}
    done = command(tmp_path, f"--config={config}", text=lines(REJECTED), **given)
    said = done.stderr.decode()
    assert done.returncode == 0, said
    path = tmp_path / place / "target-listrak-rejects.singer"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert f"3 (3 rejected, 0 declined), with their reasons, in {path}" in said
    assert replay in said
    assert str(path) in said.partition(replay)[2]
    if replay.startswith("target-listrak"):
        words = said.partition("they are loaded by: target-listrak ")[2].splitlines()[0].split()
        again = command(tmp_path, *words, **given)
        assert again.returncode == 0
        assert b"they are loaded by" in again.stderr


def test_a_dry_run_says_that_its_rejects_are_corrected_in_the_source(config: Path, tmp_path: Path) -> None:
    """A file of a dry run that was loaded later would load what the run that writes has loaded already."""
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "dry_run": True}))
    done = command(tmp_path, f"--config={config}", text=lines(REJECTED))
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert "Correct rejected records in the source before the run that writes" in said
    assert "they are loaded by" not in said


# Files of the command line


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_X16_files_as_windows_writes_them_are_read(
    box: RunningSandbox, tmp_path: Path, encoding: str
) -> None:
    folders = {
        "tap_stream_id": "folders",
        "stream": "folders",
        "schema": {"type": "object", "properties": {"folderId": {"type": "integer"}}},
        "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
    }
    files = {"state": {"bookmarks": {}}, "catalog": {"streams": [folders]}, "config": {"list_ids": [40274]}}
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_bytes(json.dumps(content).encode(encoding))
    options = [f"--{name}={tmp_path / name}.json" for name in files]
    ended = run("tap-listrak", tmp_path, without_data(settings_for(box)), *options)
    assert ended.code == 0, ended.last_words


UNUSABLE = [None, b"\xff\xfe{", b"\x80\x81\x82", b'{"a": 1, "a": 2}', b"[" * 100_000, "."]
OPTIONS = [
    ("tap-listrak", "config"),
    ("tap-listrak", "state"),
    ("tap-listrak", "catalog"),
    ("target-listrak", "config"),
    ("target-listrak", "input"),
]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
@pytest.mark.parametrize("content", UNUSABLE)
def test_X16_a_file_that_cannot_be_used_is_a_line_that_names_it(
    box: RunningSandbox, tmp_path: Path, name: str, option: str, content: bytes | str | None
) -> None:
    path = tmp_path / "file.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    if content == b'{"a": 1, "a": 2}' and option == "input":
        pytest.skip("a message's members are the input's own matter")
    settings = without_data(settings_for(box))
    if name == "target-listrak":
        settings["destinations"] = {}
    ended = run(name, tmp_path, settings, f"--{option}={path}")
    assert ended.stopped_cleanly(), ended.last_words
    assert option in ended.errors or "of the input" in ended.errors


def test_T8_a_member_that_stands_twice_in_the_config_file_is_an_error(tmp_path: Path) -> None:
    """One of the two would have no effect."""
    path = tmp_path / "config.json"
    path.write_text('{"destinations": {}, "dry_run": true, "dry_run": false}')
    assert "'dry_run' occurs twice" in refused(command(tmp_path, f"--config={path}"))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"TAP_LISTRAK_CLIENT_ID=\x80\n"])
@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
def test_X16_a_dotenv_file_that_cannot_be_read_is_a_line_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(content)
    ended = run(name, tmp_path, {}, "--config=ENV")
    assert ended.stopped_cleanly(), ended.last_words
    assert ".env" in ended.errors


# Variables


NO_VALUES = ["{bad", "eight", "''", "[", "9" * 5000, "[" * 50_000, "\x1b[31m", "NaN", "\udcff"]


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
@pytest.mark.parametrize("text", NO_VALUES)
def test_T22_no_variable_ends_in_a_stack_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    prefix = name.replace("-", "_").upper()
    for setting in (
        "DESTINATIONS" if name == "target-listrak" else "LIST_IDS",
        "MAX_CONCURRENCY",
        "REQUESTS_PER_SECOND",
        "STREAM_MAPS",
        "FLATTENING_ENABLED",
        "BATCH_CONFIG",
        "API_URL",
    ):
        monkeypatch.setenv(f"{prefix}_{setting}", text)
    ended = run(name, tmp_path, {}, "--config=ENV")
    assert ended.stopped_cleanly(), ended.last_words
    assert f"{prefix}_MAX_CONCURRENCY" in ended.errors
    assert "config file" not in ended.errors


# Standard input and output


def test_a_closed_standard_input_is_one_line(config: Path, tmp_path: Path) -> None:
    done = command(tmp_path, f"--config={config}", text=None, limit=lambda: os.close(0))
    assert "standard input is closed" in refused(done)


def test_a_terminal_as_standard_input_is_said(config: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"\x04")  # Ctrl-D
        done = subprocess.run(
            [str(Path(sys.executable).with_name("target-listrak")), f"--config={config}"],
            cwd=tmp_path,
            stdin=theirs,
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr.decode()
    assert b"from the terminal" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "tap-listrak",
        "target-listrak",
        "tap-listrak --about",
        "target-listrak --about",
        "tap-listrak --discover",
    ],
)
@pytest.mark.parametrize("output", ['"$@" > /dev/full', '"$@" | true; exit ${PIPESTATUS[0]}'])
def test_standard_output_that_takes_nothing_is_one_line(
    box: RunningSandbox, config: Path, tmp_path: Path, command: str, output: str
) -> None:
    name, *options = command.split()
    if name == "tap-listrak":
        config.write_text(json.dumps({**without_data(settings_for(box)), "list_ids": [40274]}))
    script = Path(sys.executable).with_name(name)
    done = subprocess.run(
        ["/bin/bash", "-c", output, "bash", str(script), f"--config={config}", *options],
        cwd=tmp_path,
        input=lines([*PEOPLE, state(1)]),
        capture_output=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    said = refused(done)
    assert "standard output" in said or "standard input or output" in said or "closed the pipe" in said


def test_a_standard_output_that_was_closed_before_is_one_line(
    box: RunningSandbox, config: Path, tmp_path: Path
) -> None:
    config.write_text(json.dumps({**without_data(settings_for(box)), "list_ids": [40274]}))
    script = Path(sys.executable).with_name("tap-listrak")
    done = subprocess.run(
        ["/bin/bash", "-c", '"$@" >&-', "bash", str(script), f"--config={config}"],
        cwd=tmp_path,
        capture_output=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert "standard output" in refused(done)


# Errors alone


def test_X21_nothing_precedes_the_error_of_a_destination(box: RunningSandbox, tmp_path: Path) -> None:
    settings = settings_for(box, destinations={"people": {**LIST, "external_id": "crm"}})
    ended = run("target-listrak", tmp_path, settings, input=lines(PEOPLE))
    assert ended.stopped_cleanly(), ended.last_words
    errors = [one for one in ended.errors.splitlines() if "ERROR" in one]
    assert "has no property 'crm'" in errors[0]
    assert len(errors) == 3
    assert errors[-1].endswith("retryable: false")
