"""Reads an account in shards, several at once, each into a loader and with a state of its own.

    python run.py --config config.json --folder shards --at-once 4 -- target-postgres --config postgres.json

Needs nothing but the standard library and the two programs. The folder holds a folder for each shard, with
its state and the logs of the last run. A shard is repeated only if the programs say that it can help (exit
code 75). The exit code is 0 if all shards ended well, 75 if another run of all may succeed, else 1.
SIGTERM ends the taps and the loaders, too. Secrets may stand in variables (TAP_LISTRAK_CLIENT_SECRET …).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TAP = os.environ.get("TAP_LISTRAK", "tap-listrak")
RETRYABLE = 75
ATTEMPTS = 3
PAUSE_SECONDS = float(os.environ.get("PAUSE_SECONDS", "60"))
running: set[subprocess.Popen[bytes]] = set()
ending = threading.Event()


def shards(config: Path) -> list[dict[str, Any]]:
    """Ask the tap for the shards of the account (two requests)."""
    done = subprocess.run(
        [TAP, "--config", "ENV", "--config", config, "--shards"], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(shard: dict[str, Any], options: argparse.Namespace) -> int:
    """Read a shard, again if that can help.

    Returns:
        0, or the exit code of what failed.
    """
    if ending.is_set():
        return RETRYABLE
    folder = options.folder / str(shard["shard"])
    folder.mkdir(parents=True, exist_ok=True)
    settings = json.loads(options.config.read_text("utf-8")) | shard["settings"]
    config = folder / "config.json"
    config.touch(0o600)
    config.write_text(json.dumps(settings), "utf-8")
    tap = [
        TAP,
        "--config",
        "ENV",
        "--config",
        config,
        "--catalog",
        options.catalogs / f"{shard['catalog']}.json",
    ]
    try:
        for attempt in range(1, ATTEMPTS + 1):
            code = once(tap, options.loader, folder)
            print(f"{shard['shard']}: {'ended well' if code == 0 else f'exit code {code}'}", flush=True)
            if code != RETRYABLE or ending.is_set():
                break
            if attempt < ATTEMPTS:
                ending.wait(PAUSE_SECONDS)
    finally:
        config.unlink()  # it may have secrets
    return code


def once(tap: list[Any], loader: list[str], folder: Path) -> int:
    """Run the tap into the loader, from the last state on; keep the last STATE that the loader passes on.

    Returns:
        0, 75 if every program that failed may succeed the next time, else the code of one that may not.
    """
    state, passed_on = folder / "state.json", folder / "states.jsonl"
    known: list[Any] = ["--state", state] if state.exists() else []
    with (
        (folder / "tap.log").open("wb") as tap_log,
        (folder / "loader.log").open("wb") as loader_log,
        passed_on.open("wb") as states,
        subprocess.Popen([*tap, *known], stdout=subprocess.PIPE, stderr=tap_log) as reading,
        subprocess.Popen(loader, stdin=reading.stdout, stdout=states, stderr=loader_log) as loading,
    ):
        if reading.stdout is not None:
            reading.stdout.close()  # so that the tap learns of a loader that has ended
        running.update((reading, loading))
        if ending.is_set():
            end()
        codes = [loading.wait(), reading.wait()]
        running.difference_update((reading, loading))
    whole = [line for line in passed_on.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
    if whole:
        new = folder / "state.new"
        new.write_text(whole[-1], "utf-8")
        new.replace(state)  # in one step: a kill leaves the old state or the new one
    failed = [code for code in codes if code]
    return next((code for code in failed if code != RETRYABLE), RETRYABLE) if failed else 0


def end(*_: object) -> None:
    """End what runs, and begin nothing more."""
    ending.set()
    for one in list(running):
        one.terminate()


def main() -> int:
    """Run all shards; see above for the exit code."""
    parser = argparse.ArgumentParser(description="Read a Listrak account in shards, several at once.")
    parser.add_argument(
        "--config", type=Path, required=True, help="settings of tap-listrak that all shards share"
    )
    parser.add_argument(
        "--catalogs", type=Path, default=Path("catalogs"), help="folder with shard-list.json …"
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="where states and logs of the shards are kept"
    )
    parser.add_argument("--at-once", type=int, default=4, help="how many shards run at once (default: 4)")
    parser.add_argument("loader", nargs="+", help="command of the loader, after --")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    found = shards(options.config)
    with ThreadPoolExecutor(options.at_once) as pool:
        codes = list(pool.map(lambda shard: run(shard, options), found))
    failed = [code for code in codes if code]
    print(f"{len(codes) - len(failed)} of {len(codes)} shards ended well")
    if not failed:
        return 0
    return RETRYABLE if set(failed) == {RETRYABLE} else 1


if __name__ == "__main__":
    sys.exit(main())
