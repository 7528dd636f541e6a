"""The demo: Listrak into DuckDB, again with state, and a file of customers into an email list.

Everything is real but Listrak itself: HTTP, `meltano run`, a DuckDB file, a list import that is sent, waited
for and read back. Exit code 1 if any figure is not what it should be.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

import duckdb

from demo import report
from demo.customers import write_customers
from demo.processes import ROOT, DemoError, Sandbox, end_on_signals, meltano_run, running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "output" / "demo"
DATABASE = FOLDER / "listrak.duckdb"
CUSTOMERS = FOLDER / "customers.csv"
REJECTS = FOLDER / "rejects.singer"
SCHEMA = "tap_listrak"


def settings(sandbox: Sandbox) -> dict[str, str]:
    """Give what the demo sets differently from meltano.yml: a free port, and a folder of its own."""
    files = [{"path": str(CUSTOMERS), "format": "csv", "table_name": "customers", "primary_keys": ["email"]}]
    files[0] |= {"delimiter": ",", "quote_char": '"'}
    return {
        **{f"{plugin}_LISTRAK_API_URL": sandbox.url for plugin in ("TAP", "TARGET")},
        **{f"{plugin}_LISTRAK_AUTH_URL": f"{sandbox.url}/OAuth2/Token" for plugin in ("TAP", "TARGET")},
        "MELTANO_CLI_LOG_FORMAT": "uncolored",
        "MELTANO_AUTO_INSTALL": "false",  # `make demo` has installed them
        "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
        "TARGET_DUCKDB_FILEPATH": str(DATABASE),
        "TARGET_LISTRAK_REJECTS_PATH": str(REJECTS),
        "TAP_SPREADSHEETS_FILES": json.dumps([one | {"drop_empty": False} for one in files]),
    }


def rows_in_database() -> dict[str, int]:
    """Count the rows of each table that was loaded."""
    with duckdb.connect(str(DATABASE), read_only=True) as database:
        tables = database.execute(
            "select table_name from information_schema.tables where table_schema = ?", [SCHEMA]
        ).fetchall()
        return {name: _count(database, name) for (name,) in tables}


def _count(database: duckdb.DuckDBPyConnection, table: str) -> int:
    row = database.execute(f'select count(*) from {SCHEMA}."{table}"').fetchone()  # noqa: S608  a name from the catalog
    return int(row[0]) if row else 0


def extract(sandbox: Sandbox) -> bool:
    """Run the first direction twice, and compare."""
    plugins = ("tap-listrak", "target-duckdb")
    report.heading("1. Out of Listrak: every report into DuckDB", "meltano run tap-listrak target-duckdb")
    seconds, first = meltano_run(sandbox, FOLDER / "extract.log", settings(sandbox), *plugins)
    expected = {stream: int(of["count"]) for stream, of in sandbox.ask("expected")["streams"].items()}
    loaded = rows_in_database()
    rows = [
        (name, expected.get(name, 0), loaded.get(name, 0), expected.get(name, 0) == loaded.get(name, 0))
        for name in sorted(expected | loaded)
    ]
    report.table(("table", "in Listrak", "in DuckDB", ""), rows)
    equal = all(row[-1] for row in rows)
    verdict = "all equal" if equal else "NOT all equal"
    report.line()
    total = sum(loaded.values())
    report.line(f"{total:,} rows in {len(loaded)} tables, {first:,} requests, {seconds:.0f} s: {verdict}.")

    report.heading(
        "2. The same again: with state, only what may have changed", "meltano run tap-listrak target-duckdb"
    )
    seconds, second = meltano_run(sandbox, FOLDER / "extract-again.log", settings(sandbox), *plugins)
    fewer = second * 10 <= first
    report.table(("", "requests"), [("first run", first), ("second run", second)])
    report.line()
    share = f"{100 * second / max(first, 1):.1f} % of the first run's"
    report.line(f"{seconds:.0f} s, {share} (at most a tenth is expected): {report.mark(good=fewer)}")
    same = rows_in_database() == loaded
    report.line(f"Nothing happened in Listrak, and the tables hold what they held: {report.mark(good=same)}")
    return equal and fewer and same


def rejected_records() -> list[dict[str, Any]]:
    """Read the rejects file: one message per row that was not accepted."""
    if not REJECTS.exists():
        return []
    messages = [json.loads(text) for text in REJECTS.read_text("utf-8").splitlines()]
    return [message for message in messages if message["type"] == "RECORD"]


def accounting(log: Path) -> list[str]:
    """Give the lines that target-listrak ends with: what became of every row it read."""
    said = [text.partition("] target-listrak ")[2] for text in log.read_text("utf-8").splitlines()]
    start = next((at for at, text in enumerate(said) if text.startswith("Accounting")), len(said))
    return said[start + 1 : start + 3]


def load(sandbox: Sandbox) -> bool:
    """Run the second direction twice, and show what became of every row."""
    plugins = ("tap-spreadsheets", "target-listrak")
    command = f"meltano run {' '.join(plugins)}"
    sent, bad = write_customers(CUSTOMERS, DATABASE)
    report.heading("3. Into Listrak: a file of customers into an email list", command)
    log = FOLDER / "import.log"
    seconds, requests = meltano_run(sandbox, log, settings(sandbox), *plugins)
    report.line(f"{sent:,} rows in the file, {requests:,} requests, {seconds:.0f} s. The accounting:")
    report.line()
    for text in accounting(log):
        report.line(text)
    imports = sandbox.ask("written")["imports"]
    for one in imports:
        report.line()
        report.line(f"Listrak about import {one['importFileName']}:")
        counts = {name.removesuffix("Count"): count for name, count in one["summary"].items() if count}
        report.line(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    rejected = [one["rejected"] for one in rejected_records()]
    report.line()
    report.line(f"Rows that were not loaded, kept with their reasons in {REJECTS.relative_to(ROOT)}:")
    report.line()
    report.table(("row", "code", "reason"), [(one["row"], one["code"], one["reason"]) for one in rejected])
    right = len(rejected) == bad and bool(imports)
    report.line()
    report.line(
        f"{len(rejected)} of {sent} rows not loaded, {bad} were bad on purpose: {report.mark(good=right)}"
    )

    report.heading("4. The same again: the file has not changed", command)
    seconds, again = meltano_run(sandbox, FOLDER / "import-again.log", settings(sandbox), *plugins)
    nothing = len(sandbox.ask("written")["imports"]) == len(imports)
    report.line(
        f"No row read, no import sent, {again} requests, {seconds:.0f} s: {report.mark(good=nothing)}"
    )
    return right and nothing


def tidy_up() -> None:
    """Remove what only the demo itself needed: all but the database and the rejected rows."""
    for path in FOLDER.iterdir():
        if path not in {DATABASE, REJECTS}:
            path.unlink()
    for plugin in ("tap-listrak", "target-duckdb", "tap-spreadsheets", "target-listrak"):
        shutil.rmtree(ROOT / ".meltano" / "run" / plugin, ignore_errors=True)


def next_steps(clone: Path, *, installed: bool) -> list[str]:
    """Give what to type next, for a project beside this clone.

    Args:
        clone: This repository.
        installed: Whether `meltano` is a command here.
    """
    beside = f"../{clone.name}/plugins"
    lines = [f"cd {clone.parent}"]
    if not installed:
        lines.append(f'export PATH="{clone}/.venv/bin:$PATH"      # Meltano, as the demo used it')
    lines += [
        "meltano init my-project",
        "cd my-project",
        f"meltano add --from-ref {beside}/tap-listrak.yml tap-listrak",
        f"meltano add --from-ref {beside}/target-duckdb.yml target-duckdb",
        "meltano config set tap-listrak client_id …         # of an integration of type Email in Listrak",
        "meltano config set tap-listrak client_secret …",
        "meltano invoke tap-listrak:test",
        "meltano run tap-listrak target-duckdb",
    ]
    if clone.name != "singer-listrak":
        lines.append(
            f"# The definitions expect this clone at ../singer-listrak: rename {clone.name} or change pip_url"
        )
    return lines


def main() -> int:
    """Run the demo."""
    end_on_signals()
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        with running_sandbox() as sandbox:
            print(report.bold("singer-listrak: both ways on one machine"))
            report.line(
                f"A sandbox stands in for Listrak at {sandbox.url}, with two years of a retailer's account."
            )
            good = extract(sandbox)
            good = load(sandbox) and good
    except DemoError as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the sandbox has been stopped.", file=sys.stderr)
        return 130
    verdict = "Everything is as it should be" if good else "Something is NOT as it should be"
    print(f"\n{report.mark(good=good)} {verdict}, in {time.monotonic() - began:.0f} s.")
    if not good:
        print(f"  The database, the logs and the rejected rows are in {FOLDER.relative_to(ROOT)}/.")
        return 1
    tidy_up()
    kept = DATABASE.relative_to(ROOT)
    print(f"  The sandbox has ended. {kept} and the rejected rows beside it stay until the next demo.")
    report.heading("Next, in a project of your own", "less docs/quickstart.md")
    for text in next_steps(ROOT, installed=shutil.which("meltano") is not None):
        report.line(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
