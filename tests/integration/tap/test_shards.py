"""An account divided among several processes: together they read what one reads, and nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import Extraction, digest, settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.shards import shard_streams
from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Script

CATALOGS = Path(__file__).parents[3] / "catalogs"


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        yield running


def shards(script: Script, config: dict[str, Any]) -> list[dict[str, Any]]:
    done = script("tap-listrak", "--shards", config=config)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(script: Script, config: dict[str, Any], catalog: str) -> Extraction:
    done = script("tap-listrak", f"--catalog={CATALOGS / catalog}.json", config=config)
    assert done.returncode == 0, done.stderr
    return Extraction(done.stdout.encode().splitlines())


def test_every_stream_is_in_one_kind_of_shard() -> None:
    every = [name for names in shard_streams().values() for name in names]
    assert len(every) == len(set(every))
    left_out = {str(vars(stream)["name"]) for stream in STREAMS} - set(every)
    assert left_out == {"phone_list_subscriptions", "phone_list_contact_details"}, "they need a setting"
    assert len(shard_streams()["list"]) == sum(stream.incremental for stream in STREAMS)


def test_the_shards_together_equal_the_account_and_nothing_is_read_twice(
    tiny: RunningSandbox, script: Script
) -> None:
    config = settings(tiny)
    parts = shards(script, config)
    assert [one["shard"].rpartition("-")[0] or one["shard"] for one in parts] == sorted(
        one["shard"].rpartition("-")[0] or one["shard"] for one in parts
    )
    keys: dict[str, Counter[tuple[Any, ...]]] = {}
    for part in parts:
        found = read(script, config | part["settings"], part["catalog"])
        for stream in found.keys:
            # A run may send a row of its own again; two shards never send the same row.
            keys.setdefault(stream, Counter()).update(found.merged(stream).keys())
        versioned = {one["stream"] for one in found.messages if one["type"] == "ACTIVATE_VERSION"}
        assert not versioned or part["shard"] == "account", "a shard would delete another's rows"
    done = script("tap-listrak", config=config)
    assert done.returncode == 0, done.stderr
    whole = Extraction(done.stdout.encode().splitlines())
    chosen = {name for names in shard_streams().values() for name in names}
    assert set(keys) == set(whole.keys) == chosen
    for stream in chosen:
        assert digest(keys[stream]) == whole.digest(stream), stream
        assert not [key for key, count in keys[stream].items() if count > 1], stream


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"client_id": None, "client_secret": None}, {"account", "sender"}),
        ({"sms_client_id": None, "sms_client_secret": None}, {"account", "list"}),
    ],
)
def test_there_are_shards_only_of_what_the_credentials_read(
    tiny: RunningSandbox, script: Script, change: dict[str, None], kinds: set[str]
) -> None:
    config = {name: value for name, value in (settings(tiny) | change).items() if value is not None}
    assert {one["shard"].partition("-")[0] for one in shards(script, config)} == kinds


def test_settings_that_name_lists_or_sender_codes_leave_out_the_others(
    tiny: RunningSandbox, script: Script
) -> None:
    every = shards(script, settings(tiny))
    lists = [one["settings"]["list_ids"] for one in every if "list_ids" in one["settings"]]
    chosen = shards(script, settings(tiny, list_ids=lists[0]))
    assert [one["settings"]["list_ids"] for one in chosen if "list_ids" in one["settings"]] == lists[:1]


@pytest.mark.parametrize(("change", "code"), [({"list_ids": [1]}, 1), ({"client_secret": "wrong"}, 1)])
def test_a_slip_is_an_error_with_the_line_for_schedulers(
    tiny: RunningSandbox, script: Script, change: dict[str, Any], code: int
) -> None:
    done = script("tap-listrak", "--shards", config=settings(tiny, **change))
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("retryable: false")


def test_a_list_that_fails_fails_alone_and_its_retry_completes(tiny: RunningSandbox, script: Script) -> None:
    config = settings(tiny, max_retries=0)
    parts = [one for one in shards(script, config) if one["catalog"] == "shard-list"]
    struck, spared = parts[0], parts[1]
    fault = {"kind": "status", "status": 503, "ids": {"listId": struck["settings"]["list_ids"][0]}}
    tiny.control("POST", "faults", [fault])
    try:
        catalog = f"--catalog={CATALOGS / 'shard-list'}.json"
        failed = script("tap-listrak", catalog, config=config | struck["settings"])
        assert failed.returncode == 75
        assert failed.stderr.splitlines()[-1].endswith("retryable: true")
        assert "Traceback" not in failed.stderr
        assert read(script, config | spared["settings"], "shard-list").records["contacts"]
    finally:
        tiny.control("DELETE", "faults")
    assert read(script, config | struck["settings"], "shard-list").records["contacts"]
