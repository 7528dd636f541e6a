"""Builds and tests the dbt models in `dbt_listrak/`, and shows five figures to look at first.

    python -m demo.models

Takes what the demo loaded into DuckDB; if there is nothing, extracts a sandbox first. Exit code 1 if a model
or a test failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from demo import report
from demo.processes import ROOT, DemoError, end_on_signals, meltano_run, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER = ROOT / "output" / "models"
DEMO = ROOT / "output" / "demo" / "listrak.duckdb"
PACKAGE = ROOT / "dbt_listrak"
DBT = ROOT / ".venv-models" / "bin" / "dbt"
SCHEMA = "analytics"
WIDTH = 40


class Figure(NamedTuple):
    """A figure of the report.

    Attributes:
        title: The question it answers.
        label: What its bars are.
        unit: What their length is.
        query: Gives a label and a number per row, in order.
    """

    title: str
    label: str
    unit: str
    query: str


FIGURES = (
    Figure(
        "Which broadcasts earn most?",
        "message",
        "revenue per 1,000 delivered",
        """
        select left(regexp_replace(subject, '\\s+', ' ', 'g'), 32) || ' · ' || strftime(sent_on, '%d %b %Y'),
            1000 * revenue_per_delivered
        from {schema}.listrak__messages
        where delivered >= (
            select quantile_cont(delivered, 0.25) from {schema}.listrak__messages where sends > 0
        )
        order by revenue_per_delivered desc, message_key
        limit 8
        """,
    ),
    Figure(
        "Which lists grow?",
        "list",
        "contacts gained in the last 90 days, less those who left",
        """
        with latest as (select max(changed_on) as day from {schema}.listrak__list_growth_daily)
        select coalesce(lists.list_name, 'list ' || growth.list_id), sum(growth.net_growth)
        from {schema}.listrak__list_growth_daily as growth
        cross join latest
        inner join {schema}.listrak__lists as lists using (list_id)
        where growth.changed_on > latest.day - 90
        group by all
        order by 2 desc
        """,
    ),
    Figure(
        "Who is fading?",
        "engagement",
        "subscribed contacts",
        """
        select engagement, count(*)
        from {schema}.listrak__contacts
        where subscription_state = 'Subscribed'
        group by engagement
        order by list_position(['active', 'warm', 'fading', 'lapsed', 'never engaged'], engagement)
        """,
    ),
    Figure(
        "What do journeys do?",
        "conversation",
        "revenue per 1,000 delivered",
        """
        select conversation_name || ' · ' || coalesce(list_name, ''), 1000 * revenue_per_delivered
        from {schema}.listrak__conversations
        where sends > 0
        order by 2 desc
        """,
    ),
    Figure(
        "Where does deliverability drop?",
        "domain",
        "per cent bounced in the last 90 days",
        """
        with latest as (select max(sent_on) as day from {schema}.listrak__deliverability_daily)
        select email_domain, 100.0 * sum(bounces) / sum(sends)
        from {schema}.listrak__deliverability_daily
        cross join latest
        where sent_on > latest.day - 90
        group by email_domain
        order by 2 desc
        limit 8
        """,
    ),
)
"""What a person would look at first."""


def bars(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, str, str]]:
    """Give a label, a number and a bar for each row; the longest bar is that of the largest number."""
    most = max((abs(float(value)) for _, value in rows), default=0) or 1
    full = "█" if report.LINE == "─" else "#"
    shown = []
    for label, value in rows:
        number = float(value)
        length = round(WIDTH * abs(number) / most)
        text = f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
        shown.append((str(label), text.rjust(10), (full if number >= 0 else "-") * length))
    return shown


def extract(database: Path) -> None:
    """Load a sandbox into DuckDB by `meltano run`."""
    plugins = ("tap-listrak", "target-duckdb")
    report.heading("1. Out of Listrak: every report into DuckDB", "meltano run tap-listrak target-duckdb")
    with running_sandbox() as sandbox:
        environment = {
            "TAP_LISTRAK_API_URL": sandbox.url,
            "TAP_LISTRAK_AUTH_URL": f"{sandbox.url}/OAuth2/Token",
            "MELTANO_CLI_LOG_FORMAT": "uncolored",
            "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
            "TARGET_DUCKDB_FILEPATH": str(database),
        }
        seconds, requests = meltano_run(sandbox, FOLDER / "extract.log", environment, *plugins)
    report.line(f"{requests:,} requests, {seconds:.0f} s.")


def build(database: Path) -> bool:
    """Run `dbt build`, which builds and tests every model; tells whether it ended well."""
    report.heading("2. Models and their tests", "dbt build")
    began, log = time.monotonic(), FOLDER / "dbt.log"
    command = [str(DBT), "--no-use-colors", "build", f"--project-dir={PACKAGE}", f"--profiles-dir={PACKAGE}"]
    command += [f"--target-path={FOLDER / 'target'}", f"--log-path={FOLDER}"]
    environment = os.environ | {"LISTRAK_MODELS_DUCKDB": str(database), "LISTRAK_MODELS_SCHEMA": SCHEMA}
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=FOLDER, env=environment, stdout=file, stderr=file, check=False)
    lines = log.read_text("utf-8").splitlines()
    last = lines[-15:] if done.returncode else [line.partition("  ")[2] for line in lines if "Done." in line]
    for text in last:
        report.line(text)
    report.line(f"{time.monotonic() - began:.0f} s: {report.mark(good=not done.returncode)}")
    return not done.returncode


def show(database: Path) -> None:
    """Print the five figures."""
    with duckdb.connect(str(database), read_only=True) as opened:
        for number, figure in enumerate(FIGURES, 3):
            report.heading(f"{number}. {figure.title}", f"… from {mart(figure)}")
            rows = opened.execute(figure.query.format(schema=SCHEMA)).fetchall()
            report.table((figure.label, "", figure.unit), bars(rows))


def mart(figure: Figure) -> str:
    """Name the mart that a figure is read from."""
    return figure.query.partition("{schema}.")[2].split()[0].strip(")")


def main() -> int:
    """Run it."""
    end_on_signals()
    FOLDER.mkdir(parents=True, exist_ok=True)
    database = DEMO if DEMO.exists() else FOLDER / "listrak.duckdb"
    try:
        if database != DEMO:
            database.unlink(missing_ok=True)
            (FOLDER / "meltano.db").unlink(missing_ok=True)
            extract(database)
        if not build(database):
            return 1
        show(database)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    report.line()
    report.line(
        f"The tables are in {database.relative_to(ROOT)}, schema {SCHEMA}; docs/analytics.md explains them."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
