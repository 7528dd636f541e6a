"""Maps, catalogs and states that would read nothing, or send what was to be left out, without a word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import catalog, settings

from listrak_api.errors import ConfigurationError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.streams import STREAMS
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tap_runs import Extract, Extraction

    from tests.conftest import Script

CHAIN = ["lists", "messages", "message_activity", "message_links", "message_link_clickers"]


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def chain(tiny: RunningSandbox, extract: Extract) -> Extraction:
    return extract(tiny, streams=CHAIN)


@pytest.mark.parametrize("away", [["messages"], ["lists"], ["lists", "messages", "message_links"]])
def test_parents_that_are_mapped_away_take_no_children_with_them(
    tiny: RunningSandbox, extract: Extract, chain: Extraction, away: list[str]
) -> None:
    """`messages: null` read no activity either, and the bookmarks of the activity moved on all the same."""
    run = extract(tiny, streams=CHAIN, stream_maps=dict.fromkeys(away))
    for stream in CHAIN:
        assert run.merged(stream).keys() == (set() if stream in away else chain.merged(stream).keys()), stream
        assert (stream in run.state["bookmarks"]) == (
            stream in chain.state["bookmarks"] and stream not in away
        )


def test_one_stream_is_mapped_and_all_else_left_out_and_the_one_is_whole(
    tiny: RunningSandbox, extract: Extract, chain: Extraction
) -> None:
    """What everybody writes who wants one stream with its addresses hashed: it read not a single row."""
    maps = {"message_activity": {"emailAddress": "md5(emailAddress)"}, "__else__": "__NULL__"}
    run = extract(tiny, stream_maps=maps)
    assert len(run.records["message_activity"]) == len(chain.records["message_activity"]) > 0
    assert run.records.keys() == {"message_activity"}
    assert run.state["bookmarks"].keys() == {"message_activity"}


@pytest.mark.parametrize(
    ("maps", "named", "nearest"),
    [
        ({"contcts": {"emailAddress": "md5(emailAddress)"}}, "contcts", "contacts"),
        ({"Contacts": None}, "Contacts", "contacts"),
        ({"people": {"__source__": "contact"}}, "contact", "contacts"),
        ({"message_acitvity*": {"emailAddress": None}}, "message_acitvity*", ""),
        ({"contacts": {"emailAdress": None}}, "emailAdress", "emailAddress"),
        ({"message*": {"email_address": "__NULL__"}}, "email_address", "emailAddress"),
    ],
)
def test_a_slip_in_stream_maps_sends_nothing_that_was_to_be_hidden(
    tiny: RunningSandbox, maps: dict[str, Any], named: str, nearest: str
) -> None:
    with pytest.raises(ConfigurationError, match="stream_maps") as caught:
        TapListrak(config=settings(tiny, stream_maps=maps))
    assert repr(named) in str(caught.value)
    assert nearest in str(caught.value.hint)


@pytest.mark.parametrize(
    "maps",
    [
        {"*contacts": {"externalContactID": None}},
        {"no": {"__source__": "lists"}},
        {"message_activity": {"__key_properties__": ["listId", "messageId"]}},
    ],
)
def test_patterns_and_copies_of_streams_are_no_slips(tiny: RunningSandbox, maps: dict[str, Any]) -> None:
    assert TapListrak(config=settings(tiny, stream_maps=maps)).streams


def test_an_expression_for_a_name_that_an_object_lacks_is_told_of_get(
    tiny: RunningSandbox, script: Script
) -> None:
    """Lists have different profile fields."""
    maps = {"contacts": {"x": 'profileFields["Nothing"]'}}
    done = script("tap-listrak", config=settings(tiny, stream_maps=maps, profile_fields="all"))
    assert done.returncode == 1
    assert "write x.get('name') in place of x['name']" in done.stderr


@pytest.mark.parametrize("expression", [{"x": "int(emailAddress)"}, {"__filter__": "1 / 0"}])
def test_an_expression_that_fails_at_a_record_is_one_error_without_the_value(
    tiny: RunningSandbox, script: Script, expression: dict[str, str]
) -> None:
    done = script("tap-listrak", config=settings(tiny, stream_maps={"contacts": expression}))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "an expression for 'contacts' fails on a record" in done.stderr
    assert "@" not in done.stderr


def test_a_catalog_that_selects_nothing_is_an_error(
    tiny: RunningSandbox, script: Script, tmp_path: Path
) -> None:
    """Patterns that match nothing make such a catalog; every run was a success, and tables stayed empty."""
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog(settings(tiny), [])), "utf-8")
    done = script("tap-listrak", f"--catalog={file}", config=settings(tiny))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no stream is selected" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("empty", [True, False])
def test_a_catalog_without_metadata_selects_its_streams_as_the_sdk_does(
    tiny: RunningSandbox, caplog: pytest.LogCaptureFixture, *, empty: bool
) -> None:
    """The check of the catalog added an entry to the metadata, by which nothing was selected."""
    config = settings(tiny)
    bare = catalog(config, [])
    bare["streams"] = [one for one in bare["streams"] if one["tap_stream_id"] in {"lists", "campaigns"}]
    for entry in bare["streams"]:
        entry["metadata"] = []
        if not empty:
            del entry["metadata"]
    tap = TapListrak(config=config, catalog=bare)
    assert {name for name, one in tap.streams.items() if one.selected} == {"lists", "campaigns"}
    said = [one.getMessage() for one in caplog.records if "no metadata" in one.getMessage()]
    assert len(said) == 1
    assert "campaigns" in said[0]


@pytest.mark.parametrize("stream", [stream.name for stream in STREAMS if not stream.needs])
def test_a_catalog_whose_schema_lacks_a_key_is_an_error_that_names_it(
    tiny: RunningSandbox, stream: str
) -> None:
    """Somebody had deleted a column: records went out without it, and replaced each other in the table."""
    config = settings(tiny)
    for key in next(one.keys for one in STREAMS if one.name == stream):
        chosen = catalog(config, [stream])
        entry = next(one for one in chosen["streams"] if one["tap_stream_id"] == stream)
        del entry["schema"]["properties"][key]
        entry["metadata"] = [one for one in entry["metadata"] if one["breadcrumb"] != ["properties", key]]
        with pytest.raises(ConfigurationError, match=f"{stream}.*lacks {key}, a part of its key"):
            TapListrak(config=config, catalog=chosen)


def test_keys_stay_whatever_a_catalog_says(tiny: RunningSandbox, script: Script, tmp_path: Path) -> None:
    """A catalog without keys, or with keys deselected, made loaders double rows."""
    chosen = catalog(settings(tiny), ["contacts"])
    for entry in chosen["streams"]:
        entry.pop("key_properties", None)
        root = next(one for one in entry["metadata"] if not one["breadcrumb"])
        root["metadata"].pop("table-key-properties", None)
        entry["metadata"] = [root] + [
            {"breadcrumb": ["properties", name], "metadata": {"selected": False}}
            for name in entry["schema"]["properties"]
            if name != "subscribeDate"
        ]
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(chosen), "utf-8")
    done = script("tap-listrak", f"--catalog={file}", config=settings(tiny))
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert {tuple(one["key_properties"]) for one in messages if one["type"] == "SCHEMA"} == {
        ("listId", "emailKey")
    }
    records = [one["record"] for one in messages if one["type"] == "RECORD"]
    assert records
    assert all(one.keys() == {"listId", "emailKey", "subscribeDate"} for one in records)


def test_a_state_with_NaN_is_one_error(tiny: RunningSandbox, script: Script, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"bookmarks": {}, "row_counts": {"lists": NaN}}')
    done = script("tap-listrak", f"--state={path}", config=settings(tiny))
    assert done.returncode == 1
    assert "the state file is not valid JSON: it holds NaN" in done.stderr
    assert "Traceback" not in done.stderr


def test_X14_a_state_as_a_state_backend_stores_it_is_unwrapped_and_one_without_bookmarks_refused(
    tiny: RunningSandbox, chain: Extraction
) -> None:
    stored = {"completed": {"singer_state": chain.state}, "partial": {}}
    assert TapListrak(config=settings(tiny), state=stored).state == chain.state
    for none in (chain.state["bookmarks"], {"state": chain.state}, {"completed": {}, "partial": {}}):
        with pytest.raises(ConfigurationError, match="no 'bookmarks'"):
            TapListrak(config=settings(tiny), state=none)
    for empty in ({}, {"singer_state": {}}, {"currently_syncing": None}):
        assert "bookmarks" not in TapListrak(config=settings(tiny), state=empty).state


def test_entries_for_one_list_become_one_and_hold_nothing_back(
    tiny: RunningSandbox, extract: Extract, chain: Extraction
) -> None:
    """The older of two entries never moved, so that every run read from there again; null ones stayed."""
    state = json.loads(json.dumps(chain.state))
    for entry in state["bookmarks"].values():
        old = [{"context": {"listId": str(one["context"]["listId"])}} for one in entry["partitions"]]
        for one in old:
            one["replication_key_value"] = "2024-01-01T00:00:00Z"  # type: ignore[assignment]
        empty = [{"context": one["context"], "replication_key_value": None} for one in entry["partitions"]]
        entry["partitions"] = [*empty, *old, *entry["partitions"], *empty]
    run = extract(tiny, streams=CHAIN, state=state)
    sizes = {name: len(entry["partitions"]) for name, entry in run.state["bookmarks"].items()}
    assert sizes == {name: len(entry["partitions"]) for name, entry in chain.state["bookmarks"].items()}
    quiet = extract(tiny, streams=CHAIN, state=run.state)
    assert quiet.state == run.state
    assert len(quiet.records["messages"]) < len(run.records["messages"])


@pytest.mark.parametrize(
    "config",
    [
        {"start_date": "0001-01-01T00:00:00+14:00"},
        {"start_date": "0001-01-01"},
        {"end_date": "0001-01-01"},
        {"end_date": "9999-12-31T23:59:59-12:00"},
    ],
)
@pytest.mark.parametrize("bookmark", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_dates_at_the_ends_of_the_calendar_are_dates(
    tiny: RunningSandbox, extract: Extract, chain: Extraction, config: dict[str, str], bookmark: str
) -> None:
    state = {
        "bookmarks": {
            "messages": {
                "partitions": [{"context": {"listId": 40137}, "replication_key_value": bookmark}],
            }
        }
    }
    run = extract(tiny, streams=["messages"], state=state, **config)
    expected = set() if config.get("end_date") == "0001-01-01" else chain.merged("messages").keys()
    assert run.merged("messages").keys() == expected
