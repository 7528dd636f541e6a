"""The target killed, or told to end, at random points, and started again from the last STATE it passed on.

``LISTRAK_CRASHES`` crashes (46) are spread over kinds of destination, `seeds` draws when.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crashes import SAFE_END_SECONDS, SIGNALS, begin_anew, early, left_behind, wait_for_requests
from plugin_runs import settings_for, without_data
from seeds import SEED
from target_cells import COLUMNS, STREAM, People, after, messages

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

CRASHES = int(os.environ.get("LISTRAK_CRASHES", "46"))
SENT = {"transactional_message", "sms_transactional_message", "custom_events"}
"""Kinds of which nothing is sent again after a crash: test_send_crashes.py."""
LIKE_ORDERS = {"customers", "products", "reviews", "rating_summaries"}
"""Kinds that go the way of orders."""
KINDS = [kind for kind in COLUMNS if kind not in SENT | LIKE_ORDERS | {"forget"}]
EACH = -(-CRASHES // len(KINDS))
AN_END = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 128 + signal.SIGTERM}


def command(name: str, folder: Path, config: dict[str, Any], **files: object) -> list[str]:
    """Give a command line; settings and files stand in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    options = [f"--config={folder / 'config.json'}"]
    for option, content in files.items():
        path = folder / option
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        options.append(f"--{option}={path}")
    return [str(Path(sys.executable).with_name(name)), *options]


def run_until(
    box: RunningSandbox, line: list[str], how: signal.Signals | None, requests: int
) -> tuple[int, bytes, str]:
    """Run a command and end it after so many requests; give exit code, output and errors."""
    box.forget_requests()
    # Into files: a pipe that nobody reads would fill, and hold the run up.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(line, stdout=out, stderr=errors) as child:
            if how is not None:
                wait_for_requests(box, requests, child)
                child.send_signal(how)
            began = time.monotonic()
            child.wait(120)
        seconds = time.monotonic() - began
        for file in (out, errors):
            file.seek(0)
        written, said = out.read(), errors.read().decode()
    if how is signal.SIGTERM:
        assert seconds < SAFE_END_SECONDS
    return child.returncode, written, said


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_that_crashes_again_and_again_ends_as_one_that_does_not(
    box: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    column = COLUMNS[kind]
    stream = messages(column, People.of(box))
    config = settings_for(
        box,
        **column.settings,
        import_poll_seconds=0.02,
        max_reject_share=1,
        batch_size_rows=2,
        rejects_path=str(tmp_path / "rejects.singer"),
    )

    def target(passed_on: object) -> list[str]:
        lines = b"".join(json.dumps(one).encode() + b"\n" for one in after(stream, passed_on))
        return command("target-listrak", tmp_path, config, input=lines)

    def fresh_account(number: int) -> None:
        """What was sent to the account before it was emptied is not known to it any more."""
        begin_anew(box, latency_ms=10)
        config["sent_path"] = str(tmp_path / f"sent{number}.sqlite")

    fresh_account(0)
    code, _, errors = run_until(box, target(None), None, 0)
    assert code == 0, errors
    undisturbed, requests = left_behind(box), box.requests(latest=0)["total"]

    draw = random.Random(f"{SEED} {kind}")
    crashes = 0
    while crashes < EACH:  # when a run has come to its end, the next one begins with a fresh account
        fresh_account(1 + crashes)
        passed_on: object = None
        ended = False
        while not ended:
            how = draw.choice(SIGNALS) if crashes < EACH else None
            code, out, errors = run_until(box, target(passed_on), how, early(draw, requests))
            if how is not None and code == -how and out.endswith(b'"end"\n'):
                code = 0  # the run was over: an interpreter that is ending has no handlers any more
            assert code in ({0} if how is None else {AN_END[how], 0}), errors
            assert "Traceback" not in errors
            if out:
                passed_on = json.loads(out.splitlines()[-1])
            assert passed_on in {None, "end"} | {one["value"] for one in stream if one["type"] == "STATE"}
            if how is signal.SIGTERM and code:
                assert "not confirmed" in errors
            ended = code == 0
            crashes += not ended
        assert passed_on == "end"
        assert left_behind(box) == undisturbed
        raised = Counter((one["eventId"], one["emailAddress"]) for one in box.written()["events"])
        assert set(raised.values()) <= {1}


@pytest.mark.parametrize("point", range(4))
def test_a_tap_that_is_told_to_end_stops_between_two_lines_with_a_state_to_go_on_from(
    box: RunningSandbox, tmp_path: Path, point: int
) -> None:
    box.settings(latency_ms=5)
    config = {**without_data(settings_for(box)), "window_days": 60, "max_concurrency": 2}
    requests = random.Random(f"{SEED} {point}").randrange(1, 150)
    code, out, errors = run_until(box, command("tap-listrak", tmp_path, config), signal.SIGTERM, requests)
    box.settings(latency_ms=0)
    assert code == 128 + signal.SIGTERM, errors
    assert "Stopped by SIGTERM" in errors
    assert "Traceback" not in errors
    assert out.endswith(b"\n") or not out
    written = [json.loads(one) for one in out.splitlines()]
    states = [one["value"] for one in written if one["type"] == "STATE"]
    if states:
        again = command("tap-listrak", tmp_path, {**config, "end_date": "2024-09-01"}, state=states[-1])
        done = subprocess.run([*again, "--discover"], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
def test_the_list_of_processes_shows_no_setting(box: RunningSandbox, tmp_path: Path, name: str) -> None:
    box.settings(latency_ms=50)
    config = settings_for(box, destinations={STREAM: COLUMNS["sms_opt_out"].destination})
    files = {
        "input": b"".join(
            json.dumps(one).encode() + b"\n" for one in messages(COLUMNS["sms_opt_out"], People.of(box))
        )
    }
    line = command(
        name,
        tmp_path,
        config if name.startswith("target") else without_data(config),
        **(files if name.startswith("target") else {}),
    )
    box.forget_requests()
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        wait_for_requests(box, 2, child)
        shown = Path(f"/proc/{child.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        child.kill()
    box.settings(latency_ms=0)
    assert name in shown
    assert "sandbox-" not in shown
