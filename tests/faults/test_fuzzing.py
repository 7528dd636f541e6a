"""Whatever settings, catalogs, states and lines are: a message, no stack trace, and no row unaccounted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plugin_runs import run, settings_for, without_data
from tap_cells import catalog

from tap_listrak.tap import TapListrak
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

pytestmark = [
    pytest.mark.usefixtures("quick_retries"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(MANY, max_examples=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
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
    r"\| (\S+) +(?:none|email_list)\S* ?.*?  +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)\s*$", re.MULTILINE
)


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


states = st.one_of(
    values,
    st.builds(lambda one: {"bookmarks": one}, values),
    st.builds(lambda one: {"bookmarks": {"contacts": one, "messages": one}}, values),
    st.builds(
        lambda one: {
            "bookmarks": {"contacts": {"lists": one, "partitions": one, "replication_key_value": one}}
        },
        values,
    ),
)


@MANY
@given(state=states)
def test_states_from_elsewhere(box: RunningSandbox, tmp_path: Path, state: object) -> None:
    config = {**without_data(settings_for(box)), "list_ids": [40274]}
    ended = run("tap-listrak", tmp_path, config, catalog=catalog(("contacts",)), state=lines(state))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


MEMBERS_OF_AN_ENTRY = sorted(catalog(("lists",))["streams"][0])


@MANY
@given(
    number=st.integers(0, 2),
    changes=st.dictionaries(st.sampled_from(MEMBERS_OF_AN_ENTRY), values, max_size=2),
    whole=st.none() | values,
)
def test_catalogs_from_elsewhere(
    box: RunningSandbox, tmp_path: Path, number: int, changes: dict[str, Any], whole: object
) -> None:
    chosen = catalog(("lists",))
    chosen["streams"][number].update(changes)
    config = {**without_data(settings_for(box)), "list_ids": [40274]}
    ended = run("tap-listrak", tmp_path, config, catalog=lines(chosen if whole is None else whole))
    assert ended.code == 0 or ended.stopped_cleanly(), ended.last_words


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
)


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
        sent = sum(isinstance(one, dict) and one.get("type") == "RECORD" for one in stream)
        assert sum(int(found[1]) for found in ROW.findall(ended.errors)) == sent
