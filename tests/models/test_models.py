"""The dbt package on what the tap extracts: every test of its own passes, and its figures are Listrak's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from models_project import PACKAGE, Models, load_postgres

from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from conftest import Extracted
    from postgres_server import Database

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("models")]

ROOT = Path(__file__).resolve().parent.parent.parent
STREAM_NAMES = [str(vars(stream)["name"]) for stream in STREAMS]
SAME = """
    select count(*) from (
        (select * from {one}.{name} except all select * from {other}.{name})
        union all
        (select * from {other}.{name} except all select * from {one}.{name})
    )
"""


def differing(models: Models, one: str, other: str) -> dict[str, int]:
    """Count the rows in which each mart differs between two schemas."""
    counts = {
        name: models.query(SAME.format(one=one, other=other, name=name))[0][0] for name in models.marts()
    }
    return {name: count for name, count in counts.items() if count}


def test_every_test_of_the_package_passes_after_ten_incremental_days(after_ten_days: Models) -> None:
    assert set(after_ten_days.results()) == {"success", "pass"}
    assert after_ten_days.query("select count(*) from tap_listrak.message_activity")[0][0] > 3000


def test_incremental_models_equal_a_full_refresh(after_ten_days: Models) -> None:
    after_ten_days.dbt("run", "--full-refresh", schema="afresh")
    assert differing(after_ten_days, "analytics", "afresh") == {}


FIGURES = ("sends", "opens", "reads", "clicks", "bounces", "unsubscribes", "visits", "orders", "revenue")


@pytest.mark.parametrize(
    ("mart", "stream", "ids"),
    [
        ("listrak__messages", "message_summaries", {"listid": "list_id", "messageid": "message_id"}),
        (
            "listrak__conversation_messages",
            "conversation_message_summaries",
            {"listid": "list_id", "conversationmessageid": "message_id"},
        ),
        (
            "listrak__conversations",
            "conversation_summaries",
            {"listid": "list_id", "conversationid": "conversation_id"},
        ),
    ],
)
def test_the_figures_of_every_message_are_listraks(
    after_ten_days: Models, mart: str, stream: str, ids: dict[str, str]
) -> None:
    """Read from the loader's table, so that a slip of the staging layer shows as well."""
    own = ("sent", "open", "read", "click", "bounce", "unsubscribe", "visit", "conversion")
    theirs = [f"{name}count" for name in own] + ["round(revenue::decimal(18, 4), 2)"]
    rows = after_ten_days.query(f"select {', '.join([*ids, *theirs])} from tap_listrak.{stream} order by all")  # noqa: S608
    figures = (*FIGURES[:-1], "round(revenue, 2)")
    ours = after_ten_days.query(
        f"select {', '.join([*ids.values(), *figures])} from analytics.{mart} order by all"  # noqa: S608
    )
    assert len(rows) > 2
    assert sum(row[-2] for row in rows) > 0
    assert ours == rows


def test_every_row_that_was_extracted_is_in_a_mart_or_counted_as_left_out(after_ten_days: Models) -> None:
    rows = after_ten_days.query(
        "select stream_name, mart, staged_rows, mart_rows, left_out_rows, reason "
        "from analytics.listrak__row_accounting"
    )
    assert sorted(row[0] for row in rows) == sorted(STREAM_NAMES)
    for stream, mart, staged, placed, left_out, reason in rows:
        loaded = after_ten_days.query(f'select count(*) from tap_listrak."{stream}"')[0][0]  # noqa: S608
        assert staged == loaded == placed + left_out, stream
        assert (mart is not None and left_out == 0) or reason, stream
    assert sum(row[3] for row in rows) > 4000


def test_the_list_grows_to_the_contacts_that_are_subscribed_now(after_ten_days: Models) -> None:
    rows = after_ten_days.query("""
        select growth.subscribed, lists.subscribed
        from analytics.listrak__list_growth_daily as growth
        inner join analytics.listrak__lists as lists using (list_id)
        qualify row_number() over (partition by list_id order by changed_on desc) = 1
    """)
    assert len(rows) == 2
    assert all(grown == now > 0 for grown, now in rows)


def test_the_snapshot_holds_every_contact_as_it_is_now(after_ten_days: Models) -> None:
    current = "from analytics.listrak__contacts_snapshot where dbt_valid_to is null"
    rows = after_ten_days.query(f"select contact_key {current} order by all")
    assert rows == after_ten_days.query("select contact_key from analytics.listrak__contacts order by all")


def test_profile_fields_that_are_asked_for_become_columns(after_ten_days: Models) -> None:
    rows = after_ten_days.query("select count(first_name), count(*) from analytics.listrak__contacts")
    assert 0 < rows[0][0] <= rows[0][1]


def snake(name: str) -> str:
    """The names that a loader gives which decamelises them."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_another_loaders_names_and_types_give_the_same_marts(after_ten_days: Models) -> None:
    """Names in snake case and every value as text, times with an offset; unused tables are not there."""
    catalog = json.loads((ROOT / "catalogs" / "shard-account.json").read_text("utf-8"))
    spelt = {name.lower(): name for stream in catalog["streams"] for name in stream["schema"]["properties"]}
    after_ten_days.query("create schema decamelised")
    columns = after_ten_days.query(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'tap_listrak'"
    )
    tables: dict[str, list[str]] = {}
    for table, column, kind in columns:
        text = (
            f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ')" if kind == "TIMESTAMP" else f'"{column}"::varchar'
        )
        text = text.replace(f"({column},", f'("{column}",')
        tables.setdefault(table, []).append(f'{text} as "{snake(spelt.get(column, column))}"')
    for table in set(tables) - {"content", "ip_pools", "folders"}:
        select = f'select {", ".join(tables[table])} from tap_listrak."{table}"'  # noqa: S608
        after_ten_days.query(f'create table decamelised."{table}" as {select}')
    after_ten_days.dbt("run", schema="second", listrak_schema="decamelised")
    assert set(differing(after_ten_days, "analytics", "second")) == {"listrak__row_accounting"}


def test_absent_tables_give_empty_marts(after_ten_days: Models) -> None:
    after_ten_days.dbt("run", schema="empty", listrak_schema="nowhere")
    for name in after_ten_days.marts():
        expected = len(STREAM_NAMES) if name == "listrak__row_accounting" else 0
        assert after_ten_days.query(f"select count(*) from empty.{name}")[0][0] == expected, name  # noqa: S608


def test_every_column_of_every_mart_is_described(after_ten_days: Models) -> None:
    described = {node["name"]: node["columns"] for node in after_ten_days.nodes() if "columns" in node}
    columns = after_ten_days.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'analytics'"
    )
    assert len(columns) > 200
    for table, column in columns:
        if table.startswith("listrak__") and not table.endswith("snapshot") and column != "first_name":
            assert described[table].get(column, {}).get("description"), f"{table}.{column}"


def test_postgres_gives_what_duckdb_gives(
    extracted: Extracted, postgres: Database, after_ten_days: Models, folder: Path, target: Path
) -> None:
    """Loaded and built twice, as DuckDB was: the sends first, and then everything with all tests."""
    database = postgres.make()
    place = {"HOST": "127.0.0.1", "PORT": str(database.port), "USER": "test", "DATABASE": database.name}
    models = Models(folder, target / "postgres", after_ten_days.file, LISTRAK_MODELS_TARGET="postgres")
    models.environment |= {f"LISTRAK_MODELS_{name}": value for name, value in place.items()}
    load_postgres(database.target_url, extracted.first, folder)
    models.dbt("run", "--select=+listrak__sends")
    load_postgres(database.target_url, extracted.later, folder)
    models.dbt("build")
    for name in models.marts():
        text = f"select count(*) from analytics.{name}"  # noqa: S608
        assert database.query(text) == after_ten_days.query(text), name
    # A full refresh selects every row of this view; all other marts are built anew in each run.
    columns = ", ".join(row[0] for row in after_ten_days.query("describe analytics.listrak__sends"))
    refreshed = f"(select {columns} from analytics.int_listrak__sends)"  # noqa: S608
    kept = f"(select {columns} from analytics.listrak__sends)"  # noqa: S608
    for one, other in ((kept, refreshed), (refreshed, kept)):
        assert database.query(f"select count(*) from ({one} except all {other}) as differing") == [(0,)]  # noqa: S608
    totals = """
        select message_kind, count(*), sum(click_count), sum(case when opened then 1 end), sum(order_total)
        from analytics.listrak__sends group by message_kind order by message_kind
    """
    assert database.query(totals) == after_ten_days.query(totals)


def test_the_package_is_not_part_of_the_distribution() -> None:
    assert (PACKAGE / "dbt_project.yml").exists()
    assert "dbt_listrak" not in (ROOT / "pyproject.toml").read_text("utf-8").split("[tool.pytest", 1)[0]


def cell(value: object) -> object:
    """A value as it is compared with a table of the page: numbers as numbers, however they are written."""
    text = "" if value is None else str(value).strip().replace(",", "")
    try:
        return round(float(text), 4)
    except ValueError:
        return text


def test_the_example_queries_of_the_page_give_the_results_that_it_shows(after_ten_days: Models) -> None:
    page = (ROOT / "docs" / "analytics.md").read_text("utf-8").split("## The marts", 1)[1]
    shown = re.findall(
        r"^### (\w+)$.*?```sql\n(.*?)```\n\n((?:\|[^\n]*\n?)+)", page, re.MULTILINE | re.DOTALL
    )
    assert sorted(name for name, _, _ in shown) == after_ten_days.marts()
    for name, query, table in shown:
        told = [[cell(one) for one in line.strip("|").split(" | ")] for line in table.splitlines()]
        rows = after_ten_days.query(query.replace("listrak__", "analytics.listrak__"))
        assert [[cell(one) for one in row] for row in rows] == told[2:], name


def columns_tested(mart: dict[str, Any], kind: str) -> set[str]:
    """Give the columns of a mart that a kind of test is for, its own or one of the whole mart."""
    found = {
        column["name"] for column in mart["columns"] for test in column.get("data_tests", []) if kind in test
    }
    for test in mart.get("data_tests", []):
        found.update(test.get(kind, {}).get("arguments", {}).get("columns", []))
    return found


FOREIGN = {
    "list_id": "listrak__lists",
    "message_key": "listrak__messages",
    "send_id": "listrak__sends",
    "phone_list_key": "listrak__sms_lists",
    "conversation_id": "listrak__conversations",
    "campaign_id": "listrak__campaigns",
}
NULLABLE = {"external_campaign_id", "external_contact_id", "split_test_id"}
NULLABLE_OF = {
    "listrak__sends": {"conversation_id"},
    "listrak__engagement_events": {"send_id", "link_id"},
}
"""What a message, contact, send or event may lack."""


def test_every_key_of_every_mart_is_tested() -> None:
    """A key of its own is unique, no key is null, and a key of another mart is found there."""
    for mart in yaml.safe_load((PACKAGE / "models" / "marts" / "_marts.yml").read_text("utf-8"))["models"]:
        name, keys = (
            mart["name"],
            {one["name"] for one in mart["columns"] if one["name"].endswith(("_id", "_key"))},
        )
        unique, group = columns_tested(mart, "unique"), columns_tested(mart, "primary_key")
        assert unique or group, f"{name} has no unique key"
        may_be_null = keys - columns_tested(mart, "not_null") - group
        assert may_be_null <= NULLABLE | NULLABLE_OF.get(name, set()), name
        foreign = (keys & FOREIGN.keys()) - unique - {key for key, home in FOREIGN.items() if home == name}
        assert foreign <= columns_tested(mart, "relationships") | columns_tested(mart, "references"), name
