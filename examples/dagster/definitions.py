"""Listrak in Dagster: a partition for each list and each sender code, each read by a process of its own.

`tap-listrak --shards` says which lists and sender codes there are; `meltano el --state-id …` reads one.
What is set where stands in README.md.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

HERE = Path(__file__).resolve().parent
PROJECT = Path(os.environ.get("MELTANO_PROJECT_ROOT", HERE))
CATALOGS = Path(os.environ.get("LISTRAK_CATALOGS", HERE.parents[1] / "catalogs"))
OUTPUT = Path(os.environ.get("LISTRAK_OUTPUT", PROJECT / "output"))
"""Where target-jsonl writes: files of its own for each shard, so that two never write to one."""
LOADER = os.environ.get("LISTRAK_LOADER", "target-postgres")
ACTIVITY_DAYS = 31
"""`activity_window_days` of the tap and a day: a window of history begins so much earlier, so that clicks on
the last messages of the window before it are read too."""
PATIENCE_SECONDS = 10
"""How long a cancelled run may take to write down what it has; then it is killed."""

email_lists = dg.DynamicPartitionsDefinition(name="email_list")
sender_codes = dg.DynamicPartitionsDefinition(name="sender_code")
EDGES = [edge for edge in os.environ.get("LISTRAK_HISTORY", "2024-01-01,2025-01-01").split(",") if edge]
"""Where the history is divided. The first window has no beginning; daily runs go on where the last ends."""
WINDOWS = [f"{start}_{end}" for start, end in zip(["beginning", *EDGES], EDGES, strict=False)]
history = dg.MultiPartitionsDefinition(
    {"list": email_lists, "window": dg.StaticPartitionsDefinition(WINDOWS)}
)

DAILY = dg.AutomationCondition.on_cron("0 5 * * *", cron_timezone="UTC")
"""The schedule: a run for the account, each list and each sender code. Its switch is `every_morning`."""
# A backfill starts a run for each partition: that is Dagster's own backfill policy, so none is set.
SHARED: dict[str, Any] = {
    "group_name": "listrak",
    "pool": "listrak",  # how many at once: dagster.yaml
    "retry_policy": dg.RetryPolicy(
        max_retries=3,
        delay=float(os.environ.get("LISTRAK_RETRY_SECONDS", "60")),
        backoff=dg.Backoff.EXPONENTIAL,
        jitter=dg.Jitter.PLUS_MINUS,
    ),
}


class Done(NamedTuple):
    """How a command ended: its exit code and the lines that it printed."""

    code: int
    lines: list[str]


@dg.asset(**SHARED, automation_condition=DAILY)
def account() -> dg.MaterializeResult:
    """All streams that are read in full, of the whole account."""
    return extract("account", "shard-account", {})


@dg.asset(**SHARED, partitions_def=email_lists, automation_condition=DAILY)
def email_list(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Contacts, messages and activity of one list since its last run."""
    shard = context.partition_key
    hand_over(context.instance, shard)
    return extract(shard, "shard-list", list_settings(shard))


@dg.asset(**SHARED, partitions_def=sender_codes, automation_condition=DAILY)
def sender_code(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Phone lists, their contacts and opt-outs of one sender code."""
    shard = context.partition_key
    settings = {"TAP_LISTRAK_SENDER_CODE_IDS": f"[{shard.rpartition('-')[2]}]"}
    return extract(shard, "shard-sender-code", settings)


@dg.asset(**SHARED, partitions_def=history)
def email_list_history(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """One window of time of one list, for the first backfill: windows of a list are read side by side."""
    keys = context.partition_key.keys_by_dimension  # type: ignore[attr-defined]
    start, end = keys["window"].split("_")
    settings = list_settings(keys["list"]) | {"TAP_LISTRAK_END_DATE": end}
    if start != "beginning":
        settings["TAP_LISTRAK_START_DATE"] = str(date.fromisoformat(start) - timedelta(days=ACTIVITY_DAYS))
    return extract(f"{keys['list']}-until-{end}", "shard-list", settings)


@dg.sensor(minimum_interval_seconds=3600)
def lists_come_and_go(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Add a partition for each new list and sender code; remove those that are missing twice in a row.

    One short answer of Listrak removes nothing. Rows, state and the history of runs stay in any case.
    """
    done = run(["meltano", "invoke", "--no-install", "tap-listrak", "--shards"], {})
    if done.code:
        raise dg.Failure("tap-listrak --shards failed:\n" + "".join(done.lines[-5:]))
    shards = [json.loads(line)["shard"] for line in done.lines if line.startswith('{"shard"')]
    missing_before, missing, requests = set(json.loads(context.cursor or "[]")), [], []
    for partitions, kind in ((email_lists, "list-"), (sender_codes, "sender-code-")):
        found = {shard for shard in shards if shard.startswith(kind)}
        known = set(context.instance.get_dynamic_partitions(partitions.name or ""))
        gone = known - found
        missing += sorted(gone)
        requests.append(partitions.build_add_request(sorted(found - known)))
        requests.append(partitions.build_delete_request(sorted(gone & missing_before)))
    wanted = [request for request in requests if request.partition_keys]
    return dg.SensorResult(dynamic_partitions_requests=wanted, cursor=json.dumps(missing))


def list_settings(shard: str) -> dict[str, str]:
    """Return the setting of the shard `list-40274`."""
    return {"TAP_LISTRAK_LIST_IDS": f"[{shard.rpartition('-')[2]}]"}


def state_id(shard: str) -> str:
    """Return the name that Meltano keeps a shard's state under."""
    return f"listrak-{shard}"


def hand_over(instance: dg.DagsterInstance, shard: str) -> None:
    """Before the first daily run of a list: let it go on where its windows of history end.

    A list of which no window was loaded is read from its beginning.

    Raises:
        Failure: Some windows are loaded and some are not: the rows of those would never be read.
    """
    if shard in instance.get_materialized_partitions(email_list.key):
        return
    loaded = instance.get_materialized_partitions(email_list_history.key)
    left = [window for window in WINDOWS if f"{shard}|{window}" not in loaded]
    if len(left) == len(WINDOWS):
        return
    if left:
        raise dg.Failure(f"{shard}: load {', '.join(left)} of email_list_history first", allow_retries=False)
    source, target = state_id(f"{shard}-until-{EDGES[-1]}"), state_id(shard)
    known = run(["meltano", "state", "list", "--pattern", target], {})
    if f"{target}\n" in known.lines:  # a first daily run was broken off: the next goes on where it was
        return
    copied = run(["meltano", "state", "copy", "--force", source, target], {})
    if copied.code:
        raise dg.Failure(
            f"{shard}: its state cannot be handed over: {copied.lines[-1:]}", allow_retries=False
        )


def extract(shard: str, catalog: str, settings: Mapping[str, str]) -> dg.MaterializeResult:
    """Read one shard and load it.

    Args:
        shard: Its name; the state is kept under it.
        catalog: The catalog with the streams of this kind of shard.
        settings: Environment variables with the settings of this shard.

    Raises:
        Failure: Meltano failed. Repeated only if every plugin that says so calls the error retryable.
    """
    folder = OUTPUT / shard
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    command = ["meltano", "el", "--no-install", "tap-listrak", LOADER]
    command += [f"--state-id={state_id(shard)}", f"--catalog={CATALOGS / catalog}.json"]
    done = run(command, {**settings, "TARGET_JSONL_DESTINATION_PATH": str(folder)})
    metadata = figures(done.lines) | {"seconds": round(time.monotonic() - began, 1)}
    if done.code:
        ends = [number for number, line in enumerate(done.lines) if line.startswith("retryable: ")]
        repeat = bool(ends) and all(done.lines[end].strip() == "retryable: true" for end in ends)
        reason = done.lines[max(ends[-1] - 2, 0) : ends[-1] + 1] if ends else done.lines[-5:]
        raise dg.Failure(f"{shard}: " + "".join(reason), metadata=metadata, allow_retries=repeat)
    return dg.MaterializeResult(metadata=metadata)


def figures(lines: list[str]) -> dict[str, int]:
    """Read the figures that the plugins print at the end; Dagster draws each number over the partitions."""
    found = {"rejects": 0}
    for line in lines:
        if total := re.match(r"total +([\d,]+) +([\d,]+) +([\d,]+) ", line):  # of tap-listrak
            found |= zip(("rows", "requests", "retries"), map(number, total.groups()), strict=True)
        elif rejected := re.match(r"Records that were not loaded: ([\d,]+)", line):  # by target-listrak
            found["rejects"] += number(rejected[1])
    return found


def number(text: str) -> int:
    """Read a number with commas."""
    return int(text.replace(",", ""))


def run(command: list[str], settings: Mapping[str, str]) -> Done:
    """Run a command in a process group of its own, and pass on what it prints to the log of the run.

    When the run is cancelled, the whole group ends: Meltano, the tap and the loader.
    """
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "MELTANO_CLI_LOG_FORMAT": "plain", "NO_COLOR": "1", **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    try:
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
        return Done(process.wait(), lines)
    except BaseException:
        end_group(process)
        raise


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process and all that it started: politely, then by force."""
    for name, seconds in ((signal.SIGTERM, PATIENCE_SECONDS), (signal.SIGKILL, 1)):
        until = time.monotonic() + seconds
        try:
            os.killpg(process.pid, name)
            while time.monotonic() < until:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.1)
        except ProcessLookupError:  # nobody is left
            return


every_morning = dg.AutomationConditionSensorDefinition(
    "every_morning", target=[account, email_list, sender_code]
)
defs = dg.Definitions(
    assets=[account, email_list, sender_code, email_list_history],
    sensors=[lists_come_and_go, every_morning],
)
