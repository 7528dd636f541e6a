"""Whatever settings, catalogs, states and lines are: a message, no stack trace, and no row unaccounted.

``LISTRAK_EXAMPLES`` (60) are tried of each.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from json_values import altered, values
from plugin_runs import run, settings_for, without_data
from tap_cells import catalog
from target_cells import COLUMNS as KINDS_OF_DESTINATION

from tap_listrak.tap import TapListrak
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.usefixtures("quick_retries")
EXAMPLES = int(os.environ.get("LISTRAK_EXAMPLES", "60"))
MANY = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEW = settings(MANY, max_examples=max(1, EXAMPLES // 2))
ADDRESSES = ("api_url", "auth_url")
TAP_SETTINGS = sorted(set(TapListrak.config_jsonschema["properties"]) - set(ADDRESSES))
TARGET_SETTINGS = sorted(
    set(TargetListrak.config_jsonschema["properties"]) - set(ADDRESSES) - {"rejects_path"}
)
MEMBERS = (
    "kind",
    "list",
    "email",
    "fields",
    "mirror",
    "null_handling",
    "field_group",
    "event_ids",
    "create_list",
    "list_from",
)
LIST = {"kind": "email_list", "list": "Newsletter"}
HEAD = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"type": "object", "properties": {"email": {"type": "string"}}},
    "key_properties": [],
}
ROW = re.compile(
    r"\| (\S+) +(?:none|email_list)\S* ?.*?  +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)\s*$",
    re.MULTILINE,
)


class Typed(msgspec.Struct):
    """As much of a message as counting needs."""

    type: str


def lines(*messages: object) -> bytes:
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in messages)


@MANY
@given(changes=st.dictionaries(st.sampled_from(TAP_SETTINGS), values, min_size=1, max_size=3))
def test_settings_of_the_tap(box: RunningSandbox, tmp_path: Path, changes: dict[str, Any]) -> None:
    config = {**without_data(settings_for(box)), "request_timeout": 5, "max_retries": 1, **changes}
    if config.get("requests_per_second"):
        del config["requests_per_second"]  # a tiny one is valid, and would take its time
    ended = run("tap-listrak", tmp_path, config, catalog=catalog(("lists",)))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


@MANY
@given(
    changes=st.dictionaries(st.sampled_from(TARGET_SETTINGS), values, max_size=2),
    members=st.dictionaries(st.sampled_from(MEMBERS), values, max_size=2),
)
def test_settings_of_the_target(
    box: RunningSandbox, tmp_path: Path, changes: dict[str, Any], members: dict[str, Any]
) -> None:
    settled = {"request_timeout": 5, "max_retries": 1, "import_timeout": 5, "import_poll_seconds": 0.02}
    config = settings_for(box, **{"destinations": {"people": {**LIST, **members}}, **settled, **changes})
    config.pop("requests_per_second", None)
    config["rejects_path"] = str(tmp_path / "rejects.singer")
    stream = lines(HEAD, {"type": "RECORD", "stream": "people", "record": {"email": "a@example.org"}})
    ended = run("target-listrak", tmp_path, config, input=stream)
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


DESTINATIONS = {
    **{name: column.destination for name, column in KINDS_OF_DESTINATION.items()},
    "people": {
        "kind": "email_list",
        "list": "Newsletter",
        "fields": {"first_name": "First Name"},
        "event_ids": [],
    },
    "people_*": {"kind": "customers"},
}


@FEW
@given(destinations=altered(DESTINATIONS))
def test_destinations_from_elsewhere(
    box: RunningSandbox, tmp_path: Path, destinations: dict[str, Any]
) -> None:
    config = settings_for(
        box, destinations=destinations, unmapped_streams="skip", dry_run=True, import_poll_seconds=0.02
    )
    config["rejects_path"] = str(tmp_path / "rejects.singer")
    stream = lines(HEAD, {"type": "RECORD", "stream": "people", "record": {"email": "a@example.org"}})
    ended = run("target-listrak", tmp_path, config, input=stream)
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


OF_THE_SDK = {
    "bookmarks": {
        "contacts": {
            "partitions": [
                {
                    "context": {"listId": 40274},
                    "replication_key": "subscribeDate",
                    "replication_key_value": "2026-06-01T00:00:00Z",
                    "progress_markers": {
                        "Note": "Progress is not resumable if interrupted.",
                        "replication_key": "subscribeDate",
                        "replication_key_value": "2026-06-02T00:00:00Z",
                    },
                }
            ],
            "starting_replication_value": "2026-05-01",
        },
        "a_stream_of_another_version": {"replication_key_value": 5},
    },
    "currently_syncing": "contacts",
}
"""What a tap made with the SDK's defaults would have left."""


@pytest.fixture(scope="module")
def own_state(tiny_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The state that a run of this version leaves."""
    config = {**without_data(settings_for(tiny_sandbox)), "list_ids": [40274]}
    streams = catalog(("contacts", "messages", "list_imports"))
    ended = run("tap-listrak", tmp_path_factory.mktemp("state"), config, catalog=streams)
    assert ended.code == 0, ended.last_words
    states = [one for one in map(json.loads, ended.out.splitlines()) if one["type"] == "STATE"]
    return dict(states[-1]["value"])


@FEW
@given(data=st.data())
def test_states_from_elsewhere(
    box: RunningSandbox, tmp_path: Path, own_state: dict[str, Any], data: st.DataObject
) -> None:
    assert own_state["bookmarks"]["contacts"]
    state = data.draw(values | altered(own_state) | altered(OF_THE_SDK))
    config = {**without_data(settings_for(box)), "list_ids": [40274]}
    streams = catalog(("contacts", "messages", "list_imports"))
    ended = run("tap-listrak", tmp_path, config, catalog=streams, state=lines(state))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


WANTED = ("lists", "contacts")
CATALOG = {"streams": [one for one in catalog(WANTED)["streams"] if one["tap_stream_id"] in WANTED]}


@MANY
@given(chosen=altered(CATALOG) | values)
def test_catalogs_from_elsewhere(box: RunningSandbox, tmp_path: Path, chosen: object) -> None:
    config = {**without_data(settings_for(box)), "list_ids": [40274]}
    ended = run("tap-listrak", tmp_path, config, catalog=lines(chosen))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "email": {"type": ["string", "null"]},
        "since": {"type": ["null", "string"], "format": "date-time"},
        "address": {
            "type": "object",
            "properties": {"city": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        },
    },
    "required": ["email"],
}
RECORD = b'{"type":"RECORD","stream":"people","record":{"email":"d@example.org","first_name":%s}}'
emails = st.sampled_from(["a@example.org", "b@example.org", "", "no address"]) | values
rows = st.builds(lambda one: {"type": "RECORD", "stream": "people", "record": {"email": one}}, emails)
odd = st.one_of(
    st.binary(max_size=12).map(lambda one: one + b"\n"),
    values,
    st.builds(
        lambda kind, rest: {"type": kind, **rest},
        st.sampled_from(["RECORD", "SCHEMA", "STATE", "BATCH", "ACTIVATE_VERSION"]),
        st.dictionaries(
            st.sampled_from(
                ["stream", "record", "schema", "value", "version", "key_properties", "encoding", "manifest"]
            ),
            values | st.just("people"),
            max_size=4,
        ),
    ),
    st.builds(lambda one: {**HEAD, "schema": one}, values),
    st.builds(lambda one: {"type": "RECORD", "stream": "people", "record": one}, values),
    altered({**HEAD, "schema": SCHEMA, "key_properties": ["email"], "bookmark_properties": ["since"]}),
    altered({"type": "RECORD", "stream": "people", "record": {"email": "c@example.org"}, "version": 1}),
    altered(
        {"type": "BATCH", "stream": "people", "encoding": {"format": "jsonl", "compression": "gzip"},
         "manifest": ["file:///no-such-folder/a.gz"]}
    ),
    st.sampled_from(
        [
            RECORD.replace(b"%s", one) + end
            for end in (b"\n", b"\r\n", b"")
            for one in (
                b'"\\ud83d"', b'"\xff\xfe"', b'"\xef\xbb\xbf"', b"NaN", b"-Infinity", b"-0.0",
                b"1e999999999", b"1e-70000000000000000000000000", b"9" * 5000,
                b"[" * 2000 + b"]" * 2000, b'"' + b"x" * 1_000_000 + b'"',
            )
        ]
    ),
)  # fmt: skip


def _type_of(line: bytes) -> str:
    """The type of a message; only a RECORD whose record cannot be used does not end the run."""
    try:
        return msgspec.json.decode(line, type=Typed).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return "RECORD"


@MANY
@given(stream=st.lists(st.one_of(rows, rows, rows, odd), max_size=8))
def test_lines_from_elsewhere_and_every_row_in_the_books(
    box: RunningSandbox, tmp_path: Path, stream: list[Any]
) -> None:
    config = settings_for(
        box, destinations={"people": LIST}, import_poll_seconds=0.02, max_reject_share=1,
        rejects_path=str(tmp_path / "rejects.singer"),
    )  # fmt: skip
    ended = run("target-listrak", tmp_path, config, input=lines(HEAD, *stream))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words
    for _, read, *settled in ROW.findall(ended.errors):
        assert int(read) == sum(map(int, settled))
    if ended.code == 0:
        given_lines = [one for one in lines(*stream).split(b"\n") if one.strip()]
        sent = sum(_type_of(one) == "RECORD" for one in given_lines)
        assert sum(int(found[1]) for found in ROW.findall(ended.errors)) == sent
