"""Runs the example against the sandbox: `make scale-demo`.

Starts `dagster dev` (server, daemon, one process for each run), lets the sensor find lists and sender codes,
backfills them with one list that Listrak fails once, and compares the keys that were loaded with those that
the sandbox holds. Exit code 1 if they differ.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from demo.processes import BIN, ROOT, DemoError, Sandbox, end_on_signals, ended, running_sandbox
from tap_listrak.shards import shard_streams
from tap_listrak.streams import STREAMS

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / "output" / "scale-demo"
DAGSTER = ROOT / ".venv-dagster" / "bin"
SCALE = os.environ.get("LISTRAK_SANDBOX_SCALE", "small")
KEYS = {str(vars(stream)["name"]): vars(stream)["keys"] for stream in STREAMS}
SECONDS = 1800
"""How long the demo waits for all runs."""

START_SENSOR = """mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"""
PARTITIONS = (
    """query($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode { partitionKeys } } }"""
)
BACKFILL = """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
    __typename ... on PythonError { message } } }"""
RUNS = """{ runsOrError { ... on Runs { results { status } } } }"""
RESULTS = """query($k: AssetKeyInput!) { assetOrError(assetKey: $k) { ... on Asset { assetMaterializations {
    partition metadataEntries { label ... on IntMetadataEntry { intValue }
    ... on FloatMetadataEntry { floatValue } } } } } }"""
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "definitions.py"}
ASSETS = ("account", "email_list", "sender_code")


class Dagster:
    """A running Dagster, seen through its GraphQL interface.

    Args:
        url: ``http://127.0.0.1:PORT``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Send a query or mutation, and give its data.

        Raises:
            DemoError: Dagster refused it.
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 - always http to this machine
            f"{self.url}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            told: dict[str, Any] = json.load(answer)
        if "errors" in told:
            raise DemoError(f"Dagster refused a query: {told['errors'][0]['message']}")
        return dict(told["data"])

    def partitions(self, asset: str) -> list[str]:
        """Give the partitions of an asset."""
        return list(self.ask(PARTITIONS, k={"path": [asset]})["assetNodeOrError"]["partitionKeys"])

    def backfill(self, asset: str, partitions: list[str]) -> None:
        """Start a run for each partition."""
        params: dict[str, object] = {"assetSelection": [{"path": [asset]}]}
        params |= {"partitionNames": partitions} if partitions else {"allPartitions": True}
        told = self.ask(BACKFILL, p=params)["launchPartitionBackfill"]
        if told["__typename"] != "LaunchBackfillSuccess":
            raise DemoError(f"Dagster started no backfill: {told}")


def wait_for(what: str, seconds: float, done: Any) -> Any:  # noqa: ANN401 - what the caller waits for
    """Ask twice a second until something is there.

    Raises:
        DemoError: It does not come.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := done():
                return found
        except OSError:  # Dagster is still starting
            pass
        time.sleep(0.5)
    raise DemoError(f"{what}: not in {seconds:.0f} s; see {FOLDER.relative_to(ROOT)}/dagster.log")


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Give what the example is set to: the sandbox, files for each shard, one rate for all runs."""
    return os.environ | {
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
        "DAGSTER_HOME": str(FOLDER / "dagster"),
        "MELTANO_PROJECT_ROOT": str(HERE),
        "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
        "LISTRAK_LOADER": "target-jsonl",
        "LISTRAK_OUTPUT": str(FOLDER / "shards"),
        "LISTRAK_RETRY_SECONDS": "2",
        "TAP_LISTRAK_API_URL": sandbox.url,
        "TAP_LISTRAK_AUTH_URL": f"{sandbox.url}/OAuth2/Token",
        "TAP_LISTRAK_CLIENT_ID": "sandbox-email",
        "TAP_LISTRAK_CLIENT_SECRET": "sandbox-email-secret",
        "TAP_LISTRAK_SMS_CLIENT_ID": "sandbox-sms",
        "TAP_LISTRAK_SMS_CLIENT_SECRET": "sandbox-sms-secret",
        "TAP_LISTRAK_CROSS_CHANNEL_CLIENT_ID": "sandbox-cross-channel",
        "TAP_LISTRAK_CROSS_CHANNEL_CLIENT_SECRET": "sandbox-cross-channel-secret",
        "TAP_LISTRAK_MAX_RETRIES": "0",  # so that Dagster has something to repeat
        "TAP_LISTRAK_REQUESTS_PER_SECOND": "400",
        "TAP_LISTRAK_RATE_LIMIT_URL": f"sqlite:///{FOLDER / 'rate.sqlite'}",
    }


def fail_once(sandbox: Sandbox, shard: str) -> None:
    """Let Listrak be unavailable once, late in the run of one list."""
    fault = {"kind": "status", "status": 503, "count": 1, "after": 50, "route": "/List/{listId}/Message/*"}
    body = json.dumps([fault | {"ids": {"listId": int(shard.rpartition("-")[2])}}]).encode()
    with urllib.request.urlopen(f"{sandbox.url}/_sandbox/faults", body, timeout=60):  # noqa: S310 - as above
        pass


def loaded() -> dict[str, int]:
    """Count the distinct keys of each stream in the files of all shards."""
    keys: dict[str, set[tuple[object, ...]]] = {}
    for file in FOLDER.glob("shards/*/*.jsonl"):
        with file.open(encoding="utf-8") as lines:
            found = {tuple(row[name] for name in KEYS[file.stem]) for row in map(json.loads, lines)}
        keys.setdefault(file.stem, set()).update(found)
    return {stream: len(some) for stream, some in keys.items()}


def show(dagster: Dagster) -> None:
    """Print the metadata that Dagster plots, a line for each partition."""
    columns = ("rows", "requests", "retries", "seconds")
    print(f"\n  {'partition':<24}" + "".join(f"{name:>12}" for name in columns))
    for asset in ASSETS:
        for one in dagster.ask(RESULTS, k={"path": [asset]})["assetOrError"]["assetMaterializations"]:
            entries = one["metadataEntries"]
            values = {entry["label"]: entry.get("intValue", entry.get("floatValue")) for entry in entries}
            print(f"  {one['partition'] or asset:<24}" + "".join(f"{values[name]:>12,}" for name in columns))


def read_all(sandbox: Sandbox, dagster: Dagster) -> bool:
    """Let Dagster read the account, and say whether all of it is there."""
    selector = LOCATION | {"sensorName": "lists_come_and_go"}
    wait_for("Dagster's start", 180, lambda: dagster.ask(START_SENSOR, s=selector))
    print("  The sensor asks tap-listrak --shards …", flush=True)
    shards = {
        asset: wait_for(f"partitions of {asset}", 180, lambda asset=asset: dagster.partitions(asset))
        for asset in ("email_list", "sender_code")
    }
    print(f"  {len(shards['email_list'])} lists and {len(shards['sender_code'])} sender codes.", flush=True)
    fail_once(sandbox, shards["email_list"][0])
    for asset in ASSETS:
        dagster.backfill(asset, shards.get(asset, []))
    wanted = 1 + sum(map(len, shards.values()))

    def ended_runs() -> list[str] | None:
        states = [run["status"] for run in dagster.ask(RUNS)["runsOrError"]["results"]]
        finished = [state for state in states if state in {"SUCCESS", "FAILURE", "CANCELED"}]
        return finished if len(finished) == wanted else None

    print(f"  {wanted} runs, four at once; watch them on {dagster.url}/runs …", flush=True)
    states = wait_for("the end of all runs", SECONDS, ended_runs)
    show(dagster)
    streams = {name for names in shard_streams().values() for name in names}
    expected = {
        stream: int(of["count"])
        for stream, of in sandbox.ask("expected")["streams"].items()
        if stream in streams and of["count"]
    }
    equal = loaded() == expected
    rows = sum(expected.values())
    print(f"\n  {states.count('SUCCESS')} of {wanted} runs ended well, {rows:,} rows in Listrak.")
    print(f"  Loaded: {'the same, stream by stream' if equal else 'NOT the same'}.")
    return equal and states.count("SUCCESS") == wanted


def main() -> int:
    """Run the demo."""
    end_on_signals()
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "dagster").mkdir(parents=True)
    shutil.copy(HERE / "dagster.yaml", FOLDER / "dagster")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(DAGSTER / "dagster"), "dev", "-f", "definitions.py", "-p", str(port), "-d", str(HERE)]
    with running_sandbox(SCALE) as sandbox, (FOLDER / "dagster.log").open("w") as log:
        options = {"env": environment(sandbox), "stdout": log, "stderr": subprocess.STDOUT}
        with ended(command, cwd=HERE, **options):
            return 0 if read_all(sandbox, Dagster(f"http://127.0.0.1:{port}")) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        sys.exit(f"Demo stopped: {error}")
