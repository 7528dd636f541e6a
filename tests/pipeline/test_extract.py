"""Out of Listrak by `meltano run`: every table, whatever the loader."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from documents import example

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_project import Project
    from postgres_server import Database

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("meltano")]

DUCKDB_TYPES = {
    "integer": {"HUGEINT", "BIGINT", "INTEGER", "SMALLINT"},
    "number": {"DOUBLE"},
    "boolean": {"BOOLEAN"},
    "object": {"JSON"},
    "array": {"JSON"},
    "date-time": {"TIMESTAMP"},
    "string": {"VARCHAR"},
}
POSTGRES_TYPES = {
    "integer": {"bigint", "integer", "smallint"},
    "number": {"numeric", "double precision"},
    "boolean": {"boolean"},
    "object": {"jsonb"},
    "array": {"jsonb", "ARRAY"},
    "date-time": {"timestamp with time zone", "timestamp without time zone"},
    "string": {"text", "character varying"},
}


def schema_types() -> dict[str, dict[str, str]]:
    """Give each stream's property names and types, as the tap discovers them."""
    command = [str(Path(sys.executable).with_name("tap-listrak")), "--discover"]
    catalog = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {
        stream["tap_stream_id"]: {
            name: simple_type(of) for name, of in stream["schema"]["properties"].items()
        }
        for stream in catalog["streams"]
    }


def simple_type(schema: dict[str, Any]) -> str:
    types = [one for one in schema.get("type", ["string"]) if one != "null"]
    return "date-time" if schema.get("format") == "date-time" else types[0]


def expected_counts(project: Project) -> dict[str, int]:
    return {stream: of["count"] for stream, of in project.sandbox.expected().items()}


def duckdb_rows(project: Project, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project.folder / "output" / "listrak.duckdb"), read_only=True) as opened:
        return opened.execute(query).fetchall()


def counts(query: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, int]:
    tables = query("select table_name from information_schema.tables where table_schema = 'tap_listrak'")
    return {name: query(f'select count(*) from tap_listrak."{name}"')[0][0] for (name,) in tables}  # noqa: S608


def check_columns(
    query: Callable[[str], list[tuple[Any, ...]]],
    schemas: dict[str, dict[str, str]],
    types: dict[str, set[str]],
) -> None:
    """Every property has a column of its name and of a type that holds its values."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in query(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'tap_listrak'"
    ):
        found.setdefault(table, {})[column.lower()] = kind
    assert found
    for table, columns in found.items():
        for name, kind in schemas[table].items():
            assert columns.get(name.lower()) in types[kind], f"{table}.{name}"


@pytest.mark.parametrize("project", ["small"], indirect=True)
def test_every_table_reaches_duckdb_and_a_second_run_asks_for_little(project: Project) -> None:
    def query(text: str) -> list[tuple[Any, ...]]:
        return duckdb_rows(project, text)

    first = project.run("tap-listrak", "target-duckdb")
    loaded = counts(query)
    assert loaded == expected_counts(project)
    check_columns(query, schema_types(), DUCKDB_TYPES)

    second = project.run("tap-listrak", "target-duckdb")
    assert counts(query) == loaded
    assert second <= first / 10


def test_what_happened_since_the_last_run_arrives_with_the_next(project: Project) -> None:
    project.run("tap-listrak", "target-duckdb")
    project.sandbox.set_clock(advance_seconds=3 * 86400)
    before = counts(lambda text: duckdb_rows(project, text))
    project.run("tap-listrak", "target-duckdb")
    after = counts(lambda text: duckdb_rows(project, text))
    assert after["conversation_message_activity"] > before["conversation_message_activity"]
    expected = expected_counts(project)
    # Streams that are read whole lose rows in Listrak too; target-duckdb knows no ACTIVATE_VERSION.
    grown = {stream for stream, count in expected.items() if count >= before[stream]}
    assert {stream: after[stream] for stream in grown} == {stream: expected[stream] for stream in grown}


def test_the_duckdb_loader_passes_on_no_state_whose_rows_it_has_not_loaded(project: Project) -> None:
    """By itself it does so with the first batch of another stream, and a run that is killed loses rows."""
    loader = next(one for one in project.definition["plugins"]["loaders"] if one["name"] == "target-duckdb")
    file = project.folder / "rows.duckdb"
    config = {**loader["config"], "filepath": str(file), "default_target_schema": "tap"}
    (project.folder / "config.json").write_text(json.dumps({**config, "batch_size_rows": 2}), "utf-8")
    schema = {"properties": {"id": {"type": ["integer"]}, "name": {"type": ["null", "string"]}}}
    messages: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]} for stream in "ab"
    ]
    messages += [
        {"type": "RECORD", "stream": "a", "record": {"id": 1}},
        {"type": "STATE", "value": {"bookmarks": {"a": {"read": 1}}}},
        {"type": "RECORD", "stream": "b", "record": {"id": 1}},
        {"type": "RECORD", "stream": "b", "record": {"id": 2}},
    ]
    venv = project.folder / ".meltano" / "loaders" / "target-duckdb" / "venv"
    done = subprocess.run(
        [str(venv / "bin" / loader["executable"]), "--config", str(project.folder / "config.json")],
        input="".join(json.dumps(one) + "\n" for one in messages) + '{"type": "RECO',
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert json.loads(done.stdout.splitlines()[-1]) == {"bookmarks": {"a": {"read": 1}}}
    with duckdb.connect(str(file), read_only=True) as opened:
        assert opened.execute("select id from tap.a").fetchall() == [(1,)]


def test_every_record_reaches_json_lines_as_it_is(project: Project) -> None:
    schemas = schema_types()
    project.run("tap-listrak", "target-jsonl")
    for stream, count in expected_counts(project).items():
        file = project.folder / "output" / "jsonl" / f"{stream}.jsonl"
        records = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if count else []
        assert len(records) == count, stream
        for record in records:
            assert set(record) <= set(schemas[stream]), stream


def test_every_table_reaches_postgres_and_a_second_run_keeps_one_row_of_each(
    project: Project, database: Database
) -> None:
    project.environment["TARGET_POSTGRES_SQLALCHEMY_URL"] = database.target_url
    project.environment["TAP_LISTRAK_EMIT_ACTIVATE_VERSION_MESSAGES"] = "true"
    project.run("tap-listrak", "target-postgres")
    expected = expected_counts(project)
    loaded = counts(database.query)
    assert loaded == {stream: expected[stream] for stream in loaded}
    assert {stream for stream, count in expected.items() if count} <= set(loaded)
    check_columns(database.query, schema_types(), POSTGRES_TYPES)

    project.run("tap-listrak", "target-postgres")
    assert counts(database.query) == loaded


def test_a_ready_catalog_selects_its_streams_and_no_others(project: Project) -> None:
    project.set_extras("tap-listrak", catalog="catalogs/contacts.json")
    project.run("tap-listrak", "target-jsonl")
    written = {file.stem for file in (project.folder / "output" / "jsonl").iterdir()}
    assert written == {"lists", "profile_field_groups", "profile_fields", "contacts"}


def test_the_privacy_example_leaves_no_address_behind(project: Project) -> None:
    shown = example("privacy", "reading.md")
    project.set_extras("tap-listrak", select=shown["select"])
    project.configure("tap-listrak", **shown["config"])
    project.run("tap-listrak", "target-duckdb")
    tables = counts(lambda text: duckdb_rows(project, text))
    expected = expected_counts(project)
    assert tables
    for table, count in tables.items():
        assert count == expected[table]
        for row in duckdb_rows(project, f'select * from tap_listrak."{table}"'):  # noqa: S608
            assert "@" not in json.dumps(row, default=str), table
    joined = duckdb_rows(
        project,
        "select count(*) from tap_listrak.message_activity "
        "join tap_listrak.contacts using (listid, emailaddress)",
    )
    assert joined[0][0] > 0
    domains = duckdb_rows(project, "select distinct emaildomain from tap_listrak.message_activity")
    assert ("shop.example.org",) in domains


def test_X2_a_second_run_into_json_lines_is_incremental_and_doubles_no_settled_row(project: Project) -> None:
    """Classic targets forget a state that records follow: every run was a first run."""
    project.sandbox.set_clock(frozen=True)
    first = project.run("tap-listrak", "target-jsonl")
    second = project.run("tap-listrak", "target-jsonl")
    assert second < first / 3
    file = project.folder / "output" / "jsonl" / "contacts.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    contacts = [(row["listId"], row["emailKey"]) for row in rows]
    doubled = len(contacts) - len(set(contacts))
    assert doubled < len(set(contacts)) / 10, "only what the overlap reads again"
    file = project.folder / "output" / "jsonl" / "message_link_clickers.jsonl"
    clicks = file.read_text("utf-8").splitlines()
    assert len(clicks) - len(set(clicks)) < len(set(clicks)) / 10


def test_X10_a_whole_run_says_what_it_did_in_forty_lines(project: Project) -> None:
    said = project.meltano("run", "--no-install", "tap-listrak", "target-jsonl").splitlines()
    assert len(said) <= 40, "\n".join(said)
    assert any("total" in line for line in said)


def test_X1_a_narrowed_run_removes_nothing_from_a_database_that_holds_everything(
    project: Project, database: Database
) -> None:
    """ACTIVATE_VERSION came after every stream: with `hard_delete` all that was not chosen was deleted."""
    project.environment["TARGET_POSTGRES_SQLALCHEMY_URL"] = database.target_url
    project.environment["TAP_LISTRAK_EMIT_ACTIVATE_VERSION_MESSAGES"] = "true"
    project.sandbox.set_clock(frozen=True)
    project.run("tap-listrak", "target-postgres")
    whole = counts(database.query)
    chosen = 'select "conversationId", "listId" from tap_listrak.conversations order by 1 limit 1'
    ((conversation, mailing_list),) = database.query(chosen)
    ((sender_code,),) = database.query('select min("senderCodeId") from tap_listrak.sender_codes')
    narrow: dict[str, Any] = {
        "list_ids": [mailing_list],
        "conversation_ids": [conversation],
        "sender_code_ids": [sender_code],
        "start_date": "2026-06-01T00:00:00Z",
    }
    project.set_extras("tap-listrak", metadata={"contacts": {"replication-method": "FULL_TABLE"}})
    project.configure("tap-listrak", **narrow)
    project.run("tap-listrak", "target-postgres")
    assert counts(database.query) == whole

    # Those who left do go, with the next run that reads everything: a narrowed run's rows have a version too.
    columns = "_sdc_extracted_at, _sdc_received_at, _sdc_batched_at, _sdc_table_version"
    database.query(
        f'insert into tap_listrak.conversations ("listId", "conversationId", {columns}) '  # noqa: S608
        f'select "listId", 424242, {columns} from tap_listrak.conversations where "conversationId" = %s',
        conversation,
    )
    project.configure("tap-listrak", **dict.fromkeys(narrow))
    project.run("tap-listrak", "target-postgres")
    assert counts(database.query) == whole
