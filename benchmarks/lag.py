"""The target on a slow Listrak: three lists in one run, beside one list alone and a run for each list."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.jobs import BIN, OURS, Contender, Job
from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.jobs import Place
    from benchmarks.measure import Run
    from listrak_sandbox.testing import RunningSandbox

LISTS = (40137, 40274, 40411)
ROWS = 20_000
BATCH = 10_000
LATENCY_MS = 200.0
IMPORT_SECONDS = 5


@contextmanager
def job(folder: Path) -> Iterator[Job]:
    """Start the sandbox, slow as the job needs it.

    Args:
        folder: Takes the input files.

    Yields:
        The job; the sandbox is there while the block lasts.
    """
    with running_sandbox(process=True, scale="small", latency_ms=LATENCY_MS) as sandbox:
        sandbox.settings(import_seconds=IMPORT_SECONDS)
        runs = {one: _target(sandbox, folder, (one,)) for one in LISTS}
        contenders = (
            Contender(OURS, "three lists in one stream", _target(sandbox, folder, LISTS), _nothing),
            Contender("alone", "one of the lists alone", runs[LISTS[0]], _nothing),
            Contender("in-turn", "the three lists, a run for each", _in_turn(list(runs.values())), _nothing),
        )
        title = (
            f"A slow Listrak: {LATENCY_MS:.0f} ms latency, imports that take {IMPORT_SECONDS} s; "
            f"{ROWS:,} rows and {ROWS // BATCH} imports a list"
        )
        yield Job("lag", title, {}, None, contenders)


def _target(sandbox: RunningSandbox, folder: Path, lists: tuple[int, ...]) -> Callable[[Place], list[str]]:
    source = folder / f"input-{len(lists)}-{lists[0]}.singer"
    _write(source, lists)
    config = {
        "api_url": sandbox.url,
        "auth_url": sandbox.auth_url,
        "client_id": "sandbox-email",
        "client_secret": "sandbox-email-secret",
        "batch_size_rows": BATCH,
        "import_poll_seconds": 1,
        "destinations": {"people": {"kind": "email_list", "list_from": "list"}},
    }

    def command(place: Place) -> list[str]:
        settings = place.file(f"config-{source.stem}.json", config)
        return [str(BIN / "target-listrak"), "--config", settings, "--input", str(source)]

    return command


def _in_turn(runs: list[Callable[[Place], list[str]]]) -> Callable[[Place], list[str]]:
    return lambda place: ["bash", "-ec", "; ".join(shlex.join(run(place)) for run in runs)]


def _write(path: Path, lists: tuple[int, ...]) -> None:
    """Write the rows of some lists, each list's in turn with the others'."""
    schema = {"type": "object", "properties": {"email": {"type": "string"}, "list": {"type": "integer"}}}
    head = {"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["email"]}
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
        for number in range(ROWS):
            for one in lists:
                record = {"email": f"contact{number:06}@customer.example", "list": one}
                file.write(json.dumps({"type": "RECORD", "stream": "people", "record": record}) + "\n")


def _nothing(_run: Run, _place: Place) -> None:
    return None
