"""The Dagster example, run by Dagster's own in-process tools in its own environment (see Makefile)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import yaml
from postgres_server import running_server, server_programs
from tap_runs import digest, extract_from

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.shards import ShardKind, shard_streams
from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from postgres_server import Database

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("dagster")]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "dagster"
BIN = ROOT / ".venv-dagster" / "bin"
KEYS = {str(vars(stream)["name"]): vars(stream)["keys"] for stream in STREAMS}
LIST, OTHER = "list-40137", "list-40274"
CODES = ["sender-code-410", "sender-code-420", "sender-code-430"]


class Driver:
    """A process that carries out steps of `dagster_driver.py`."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def begin(self, *step: object) -> None:
        assert self.child.stdin
        self.child.stdin.write(json.dumps(step) + "\n")
        self.child.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait until the step begun first has ended, and give its answer."""
        said = []
        for line in self.child.stdout or ():
            if line.startswith(">"):
                return dict(json.loads(line[1:]))
            said.append(line)
        pytest.fail("".join(said))

    def run(self, *step: object) -> dict[str, Any]:
        self.begin(*step)
        return self.answer()

    def load(self, asset: str, partition: str | None = None) -> dict[str, Any]:
        """Materialize an asset or one of its partitions."""
        return self.run("materialize", asset, partition)


class Example:
    """The example in a folder of this test's own: its Meltano project, Dagster's data, and a sandbox.

    Args:
        folder: An empty folder.
        sandbox: The Listrak that the tap reads.
        settings: Environment variables on top of those that point at the sandbox.
    """

    def __init__(self, folder: Path, sandbox: RunningSandbox, **settings: str) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(EXAMPLE),
            "MELTANO_PROJECT_ROOT": str(folder),
            "DAGSTER_HOME": str(folder / "dagster"),
            "LISTRAK_CATALOGS": str(ROOT / "catalogs"),
            "LISTRAK_LOADER": "target-jsonl",
            "LISTRAK_RETRY_SECONDS": "0",
            "TAP_LISTRAK_API_URL": sandbox.url,
            "TAP_LISTRAK_AUTH_URL": sandbox.auth_url,
            "TAP_LISTRAK_CLIENT_ID": "sandbox-email",
            "TAP_LISTRAK_CLIENT_SECRET": "sandbox-email-secret",
            "TAP_LISTRAK_SMS_CLIENT_ID": "sandbox-sms",
            "TAP_LISTRAK_SMS_CLIENT_SECRET": "sandbox-sms-secret",
            "TAP_LISTRAK_CROSS_CHANNEL_CLIENT_ID": "sandbox-cross-channel",
            "TAP_LISTRAK_CROSS_CHANNEL_CLIENT_SECRET": "sandbox-cross-channel-secret",
            "TAP_LISTRAK_MAX_RETRIES": "0",
            **settings,
        }
        (folder / "dagster").mkdir()
        shutil.copy(EXAMPLE / "dagster.yaml", folder / "dagster")
        shutil.copy(EXAMPLE / "meltano.yml", folder)
        for plugin in ("extractors/tap-listrak", "loaders/target-postgres", "loaders/target-jsonl"):
            installed = ROOT / ".meltano" / plugin / "venv"
            if not (installed / "bin" / "python").exists() or not (BIN / "dagster").exists():
                pytest.fail(f"{plugin} or .venv-dagster is not installed; `make test` does that")
            (folder / ".meltano" / plugin).mkdir(parents=True)
            (folder / ".meltano" / plugin / "venv").symlink_to(installed)

    @contextlib.contextmanager
    def driver(self, **settings: str) -> Iterator[Driver]:
        """Run Dagster in a process of its own while the block lasts.

        Args:
            settings: Environment variables of this process only.
        """
        with subprocess.Popen(
            [str(BIN / "python"), str(Path(__file__).with_name("dagster_driver.py"))],
            cwd=self.folder,
            env=self.environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child:
            yield Driver(child)

    def jsonl_keys(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give the distinct keys in the files of all shards."""
        keys: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for file in self.folder.glob("output/*/*.jsonl"):
            for line in file.read_text("utf-8").splitlines():
                keys[file.stem].add(tuple(json.loads(line)[name] for name in KEYS[file.stem]))
        return {stream: sorted(some, key=repr) for stream, some in keys.items()}


def postgres_keys(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give the keys of all rows of all tables, dates as the tap writes them."""
    names = database.query("select table_name from information_schema.tables where table_schema = 'listrak'")
    found = {}
    for (table,) in names:
        columns = ", ".join(f'"{name}"' for name in KEYS[table])
        rows = database.query(f'select {columns} from listrak."{table}"')  # noqa: S608 - names of our own
        found[table] = [tuple(as_written(value) for value in row) for row in rows]
    return found


def as_written(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    utc = value if value.tzinfo is None else value.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digests(keys: Mapping[str, Collection[tuple[Any, ...]]], *kinds: ShardKind) -> dict[str, dict[str, Any]]:
    """Give the digest of each stream of some kinds of shard that has rows."""
    chosen = [name for kind in kinds for name in shard_streams()[kind]]
    return {stream: digest(keys[stream]) for stream in chosen if keys.get(stream)}


def whole(sandbox: RunningSandbox, **config: object) -> dict[str, Collection[tuple[Any, ...]]]:
    """Give the keys that one run of everything reads."""
    found = extract_from(sandbox, **config)
    return {stream: found.merged(stream).keys() for stream in found.keys}


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def test_shards_equal_the_account_and_a_list_that_fails_fails_alone(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    programs = server_programs()
    with contextlib.ExitStack() as stack:
        database = None
        settings = {}
        if programs is not None:  # else one file for each shard: DuckDB takes one writer only
            database = stack.enter_context(running_server(programs)).make()
            settings = {
                "LISTRAK_LOADER": "target-postgres",
                "TARGET_POSTGRES_SQLALCHEMY_URL": database.target_url,
            }
        example = Example(tmp_path, sandbox, **settings)
        dagster = stack.enter_context(example.driver())
        shards = dagster.run("sensor", None)
        assert (shards["email_list"], shards["sender_code"]) == ([LIST, OTHER], CODES)
        due = [["account"], ["email_list", LIST, OTHER], ["sender_code", *CODES]]
        assert dagster.run("schedule") == {"04:59": [], "05:00": due, "05:10": []}
        # Refused for good: not repeated. The other list is loaded all the same.
        struck = {"kind": "status", "ids": {"listId": 40274}}
        sandbox.control("POST", "faults", [struck | {"status": 403, "route": "/List/{listId}/Message"}])
        failed, spared = dagster.load("email_list", OTHER), dagster.load("email_list", LIST)
        assert (failed["success"], failed["retries"]) == (False, 0)
        assert "retryable: false" in failed["errors"][0]
        assert spared["success"]
        # Unavailable for a moment, after some of its rows: Dagster repeats that partition, and no other.
        sandbox.control("DELETE", "faults")
        late = {"status": 503, "count": 1, "after": 20, "route": "/List/{listId}/Message/*"}
        sandbox.control("POST", "faults", [struck | late])
        done = [
            dagster.load("sender_code", CODES[0]),
            dagster.load("account"),  # its ACTIVATE_VERSION removes no rows of the shards before
            dagster.load("email_list", OTHER),
            dagster.load("sender_code", CODES[1]),
            dagster.load("sender_code", CODES[2]),
        ]
        assert [one["success"] for one in done] == [True] * 5, done
        assert [one["retries"] for one in done] == [0, 0, 1, 0, 0]
        keys = example.jsonl_keys() if database is None else postgres_keys(database)
    kinds: tuple[ShardKind, ...] = ("account", "list", "sender-code")
    assert keys.keys() <= {name for kind in kinds for name in shard_streams()[kind]}
    assert digests(keys, *kinds) == digests(whole(sandbox), *kinds)
    assert all(len(some) == len(set(some)) for some in keys.values())
    assert spared["metadata"]["rows"] > spared["metadata"]["requests"] > 0


def test_windows_of_history_are_handed_over_to_the_daily_runs(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    example = Example(tmp_path, sandbox, LISTRAK_HISTORY="2025-07-01,2026-06-01")
    first, last = f"{LIST}|beginning_2025-07-01", f"{LIST}|2025-07-01_2026-06-01"
    with example.driver() as dagster:
        dagster.run("partitions", "email_list", LIST)
        assert dagster.load("email_list_history", last)["success"]
        early = dagster.load("email_list", LIST)
        assert (early["success"], early["retries"]) == (False, 0)
        assert f"{LIST}: load beginning_2025-07-01 of email_list_history first" in early["errors"][0]
        window, daily = dagster.load("email_list_history", first), dagster.load("email_list", LIST)
    assert window["success"]
    assert daily["success"]
    assert daily["metadata"]["requests"] < window["metadata"]["requests"] / 2, "it began anew"
    assert digests(example.jsonl_keys(), "list") == digests(whole(sandbox, list_ids=[40137]), "list")


def test_a_list_that_is_missing_twice_is_retired(sandbox: RunningSandbox, tmp_path: Path) -> None:
    with Example(tmp_path, sandbox).driver(TAP_LISTRAK_LIST_IDS="40137") as dagster:
        dagster.run("partitions", "email_list", LIST, OTHER)
        once = dagster.run("sensor", "[]")
        twice = dagster.run("sensor", once["cursor"])
    assert (once["email_list"], json.loads(once["cursor"])) == ([LIST, OTHER], [OTHER])
    assert twice["email_list"] == [LIST]
    assert once["sender_code"] == twice["sender_code"] == CODES


def test_of_a_cancelled_run_no_process_is_left(sandbox: RunningSandbox, tmp_path: Path) -> None:
    example = Example(tmp_path, sandbox)
    sandbox.control("POST", "faults", [{"kind": "stall", "route": "/List/{listId}/Message"}])
    with example.driver() as dagster, (tmp_path / "dagster.log").open("w") as log:
        dagster.run("partitions", "email_list", LIST)
        # A run as Dagster's launcher starts it: the run's process, and one of the step.
        command = ["asset", "materialize", "--select=email_list", f"--partition={LIST}"]
        run = subprocess.Popen(
            [str(BIN / "dagster"), *command, f"--python-file={EXAMPLE / 'definitions.py'}"],
            cwd=tmp_path,
            env=example.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        while run.poll() is None and not sandbox.requests()["in_flight"]:
            time.sleep(0.2)
        started = psutil.Process(run.pid).children(recursive=True)
        names = {part for child in started for part in child.cmdline()}
        assert {"el", "tap-listrak", "target-jsonl"} <= {Path(name).name for name in names}, names
        run.send_signal(signal.SIGINT)
        _, left = psutil.wait_procs(started, timeout=15)
        assert not left
        assert run.wait(timeout=60) != 0
        sandbox.control("DELETE", "faults")
        assert dagster.load("email_list", LIST)["success"]


def test_two_processes_share_a_rate(tmp_path: Path) -> None:
    with running_sandbox(scale="tiny") as sandbox, contextlib.ExitStack() as stack:
        sandbox.settings(integrations={"email": {"requests_per_second": 44}})
        example = Example(
            tmp_path,
            sandbox,
            TAP_LISTRAK_REQUESTS_PER_SECOND="40",
            TAP_LISTRAK_RATE_LIMIT_URL=f"sqlite:///{tmp_path / 'rate.sqlite'}",
            TAP_LISTRAK_START_DATE="2026-03-01",
            TAP_LISTRAK_MAX_RETRIES="9",
        )
        with example.driver() as one:
            one.run("sensor", None)  # it makes Meltano's database, which two runs at once could not
            sandbox.forget_requests()
            other = stack.enter_context(example.driver())
            one.begin("materialize", "email_list", LIST)
            other.begin("materialize", "email_list", OTHER)
            done = [one.answer(), other.answer()]
        assert [shard["success"] for shard in done] == [True, True], done
        log = sandbox.requests(latest=500)
    times = sorted(datetime.fromisoformat(one["at"]) for one in log["latest"])
    total, seconds = len(times), (times[-1] - times[0]).total_seconds()
    assert total > 120
    # The first second's requests may come at once; from then on there are 40 in each.
    assert (total - 40) / seconds <= 44


def test_the_files_of_the_example_agree_with_the_plugins() -> None:
    project = yaml.safe_load((EXAMPLE / "meltano.yml").read_text("utf-8"))
    reference = yaml.safe_load((ROOT / "plugins" / "tap-listrak.yml").read_text("utf-8"))
    known = {one["name"]: (one["kind"], one.get("sensitive")) for one in reference["settings"]}
    (tap,) = project["plugins"]["extractors"]
    assert {
        one["name"]: (one["kind"], one.get("sensitive")) for one in tap["settings"]
    }.items() <= known.items()
    ours = {one["name"]: one["pip_url"] for one in root_loaders()}
    for loader in project["plugins"]["loaders"]:
        assert loader["pip_url"].replace("../../", "") == ours[loader["name"]]
    dagster = yaml.safe_load((EXAMPLE / "dagster.yaml").read_text("utf-8"))
    assert dagster["telemetry"] == {"enabled": False}


def root_loaders() -> list[Mapping[str, Any]]:
    definition = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    return list(definition["plugins"]["loaders"])
