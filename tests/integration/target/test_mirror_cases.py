"""Mirrors: each accident by its name. Who is removed, when, and when never."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mirror_world import CHANNELS, MODES, MirrorWorld
from sms_world import STOCK, SmsWorld
from target_runs import Runs, activate, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.delivery.mirror import MirrorStopError
from target_listrak.tracking.shares import RejectShareError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

END_OF_INPUT: dict[str, Any] = {"mirror": "end_of_input"}
EXTRACTOR = """
import os, signal, sys
lines = open(sys.argv[1], "rb").readlines()
sys.stdout.buffer.write(b"".join(lines[: int(sys.argv[2])]))
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
TARGET = "from target_listrak.__main__ import main; main()"


@pytest.fixture(params=CHANNELS)
def world(runs: Runs, request: pytest.FixtureRequest) -> Iterator[MirrorWorld]:
    yield MirrorWorld(runs, request.param)
    runs.sandbox.reset(scale="small")


@pytest.fixture
def audience(runs: Runs) -> Iterator[MirrorWorld]:
    yield MirrorWorld(runs, "audience")
    runs.sandbox.reset(scale="small")


def removed(world: MirrorWorld) -> set[str]:
    return set(world.members) - world.on()


def written(world: MirrorWorld) -> object:
    return world.runs.sandbox.written()


# The sign that the source came to its end


@pytest.mark.parametrize("dies_after", [0.9, 1.0])
def test_T2_an_extractor_that_is_killed_removes_nobody_and_fails_the_run(
    world: MirrorWorld, dies_after: float, tmp_path: Path
) -> None:
    """A real process, killed by SIGKILL after whole lines: the pipe is closed as by one that ends."""
    count = int(len(world.members) * dies_after)
    lines = [world.schema(), *world.rows(world.members[3:]), state("end")]
    (tmp_path / "lines").write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
    (tmp_path / "config.json").write_text(
        json.dumps(world.runs.config(world.destinations(**END_OF_INPUT, max_removed_share=1)))
    )
    end = min(count, len(lines) - 1)
    with subprocess.Popen(
        [sys.executable, "-c", EXTRACTOR, str(tmp_path / "lines"), str(end)], stdout=subprocess.PIPE
    ) as extractor:
        done = subprocess.run(
            [sys.executable, "-c", TARGET, "--config", str(tmp_path / "config.json")],
            stdin=extractor.stdout,
            capture_output=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
    missing = len(world.members) - (end - 1)
    said = f"{missing} of {len(world.members)} current members in {world.title} would be removed"
    assert extractor.returncode == -9
    assert done.returncode == 65
    assert said.encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""
    assert removed(world) == set()


@pytest.mark.parametrize(
    ("value", "complete"),
    [
        ({"bookmarks": {}, "currently_syncing": "crowd_a"}, False),
        ({"bookmarks": {"crowd_a": {"progress_markers": {"Note": "x"}}}}, False),
        (
            {"bookmarks": {"crowd_a": {"partitions": [{"context": {}, "progress_markers": {"Note": "x"}}]}}},
            False,
        ),
        ({"bookmarks": {"crowd_a": {"replication_key_value": 1}}, "currently_syncing": None}, True),
        ({"bookmarks": {"other": {"progress_markers": {"Note": "x"}}}, "currently_syncing": "other"}, True),
        ("anything", True),
    ],
)
def test_T2_a_state_that_says_that_the_stream_is_still_being_read_is_no_sign(
    audience: MirrorWorld,
    value: object,
    complete: bool,  # noqa: FBT001 - a parameter
) -> None:
    messages = [audience.schema(), *audience.rows(audience.members[1:]), state(value)]
    outcome = audience.run(messages, **END_OF_INPUT)
    assert removed(audience) == ({audience.members[0]} if complete else set())
    if not complete:
        assert isinstance(outcome.error, MirrorStopError)
        assert "still being read" in str(outcome.error)


@pytest.mark.parametrize("mode", ["true", "end_of_input"])
def test_T2_a_run_that_would_remove_nobody_needs_no_sign(world: MirrorWorld, mode: str) -> None:
    messages = [world.schema(), *world.rows(world.members[:10]), state(1), *world.rows(world.members[10:])]
    outcome = world.run(messages, **MODES[mode])
    assert outcome.error is None
    assert outcome.states == [1]


def test_T2_a_dry_run_says_the_same(world: MirrorWorld) -> None:
    messages = [world.schema(), *world.rows(world.members[2:])]
    outcome = world.runs.run(messages, world.destinations(**END_OF_INPUT), dry_run=True)
    assert isinstance(outcome.error, MirrorStopError)
    assert f"2 of {len(world.members)} current members" in str(outcome.error)


def test_T2_a_state_between_streams_covers_those_that_ended_before_it(world: MirrorWorld) -> None:
    """The other stream goes on after it, and gets its own."""
    half = len(world.members) // 2
    one = [world.schema(), *world.rows(world.members[1:half]), state(1)]
    other = [world.schema("crowd_b"), *world.rows(world.members[half:], "crowd_b")]
    cut = world.run([*one, *other], **END_OF_INPUT)
    assert isinstance(cut.error, MirrorStopError)
    assert "'crowd_b'" in str(cut.error)
    assert "'crowd_a'" not in str(cut.error)
    assert removed(world) == set()
    whole = world.run([*one, *other, state(2)], **END_OF_INPUT)
    assert whole.error is None
    assert removed(world) == {world.members[0]}


def test_T2_a_record_that_a_stream_map_leaves_out_takes_the_sign_back(audience: MirrorWorld) -> None:
    messages = [
        audience.schema(),
        *audience.rows(audience.members[1:]),
        state(1),
        audience.row("left-out@example.org"),
    ]
    maps = {"crowd_a": {"__filter__": "email != 'left-out@example.org'"}}
    outcome = audience.runs.run(messages, audience.destinations(**END_OF_INPUT), stream_maps=maps)
    assert isinstance(outcome.error, MirrorStopError)
    assert removed(audience) == set()
    again = audience.runs.run([*messages, state(2)], audience.destinations(**END_OF_INPUT), stream_maps=maps)
    assert again.error is None
    assert removed(audience) == {audience.members[0]}


def test_T2_a_version_that_changes_in_the_middle_keeps_those_of_the_earlier_one(world: MirrorWorld) -> None:
    """With `mirror: true` no ACTIVATE_VERSION is for all of the records."""
    head = [world.schema(), *world.rows(world.members[1:9], version=1)]
    rest = [*world.rows(world.members[9:], version=2), activate("crowd_a", 2), state(1)]
    refused = world.run([*head, *rest], mirror=True)
    assert isinstance(refused.error, MirrorStopError)
    assert removed(world) == set()
    assert world.run([*head, *rest], **END_OF_INPUT).error is None
    assert removed(world) == {world.members[0]}


def test_a_schema_that_changes_on_the_way_forgets_nobody(world: MirrorWorld) -> None:
    half = len(world.members) // 2
    messages = [
        world.schema(),
        *world.rows(world.members[1:half]),
        world.schema(extra={"type": "string"}),
        *world.rows(world.members[half:]),
        state(1),
    ]
    assert world.run(messages, **END_OF_INPUT).error is None
    assert removed(world) == {world.members[0]}


@pytest.mark.parametrize(
    ("mode", "tail", "allowed"),
    [
        ("true", [activate("crowd_a", 1)], False),  # it may be the one that sources send first
        ("true", [activate("crowd_a", 1), state(1)], True),
        ("end_of_input", [], False),
        ("end_of_input", [state(1)], True),
        ("without_state", [], True),
    ],
)
def test_an_empty_stream_removes_everybody_only_with_the_sign_and_a_share_of_one(
    audience: MirrorWorld,
    mode: str,
    tail: list[Any],
    allowed: bool,  # noqa: FBT001 - a parameter
) -> None:
    messages = [audience.schema(), *tail]
    assert isinstance(audience.run(messages, **MODES[mode]).error, MirrorStopError)
    assert removed(audience) == set()
    outcome = audience.run(messages, max_removed_share=1, **MODES[mode])
    assert (outcome.error is None) is allowed
    assert removed(audience) == (set(audience.members) if allowed else set())


def test_a_stream_that_does_not_come_at_all_removes_nobody(world: MirrorWorld) -> None:
    outcome = world.run([state(1)], max_removed_share=1, **MODES["without_state"])
    assert outcome.error is None
    assert removed(world) == set()


# Keys that cannot be read


def test_T4_badly_written_keys_keep_their_members(world: MirrorWorld) -> None:
    """Three end in a zero-width space (or an extension); only the one whom no row names is removed."""
    people = world.members
    ends = ("\u200b", "\ufeff", ",") if world.key == "email" else ("\u200b", " x12", " ext. 7")
    odd = [f"{one}{end}" for one, end in zip(people[1:4], ends, strict=True)]
    two = f"{people[4]}; {people[5]}" if world.key == "email" else f"+{people[4]} or +{people[5]}"
    messages = [world.schema(), *world.rows([*odd, two, *people[6:]]), state(1)]
    outcome = world.run(messages, **END_OF_INPUT)
    assert outcome.error is None
    assert removed(world) == {people[0]}


@pytest.mark.parametrize("cell", ["", None, "n/a", ["x"], 0, True])
def test_T4_a_key_that_cannot_be_read_may_be_anybody_s(
    world: MirrorWorld, cell: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is removed in that run; it says so, and all else goes on."""
    messages = [world.schema(), *world.rows(world.members[2:]), world.row(cell), state(1)]
    outcome = world.run(messages, **END_OF_INPUT)
    assert outcome.error is None
    assert outcome.states == [1]
    assert removed(world) == set()
    assert f"nobody was removed from {world.title}" in caplog.text
    assert "the key of 1 record could not be read" in caplog.text


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(
    "how", ["no key property", "breaks the schema", "stream map", "not a number", "no object", "BATCH"]
)
def test_T4_rows_that_are_rejected_before_the_loader_sees_them_count_alike(
    world: MirrorWorld,
    how: str,
    readable: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    """One with a readable key keeps its member; one without keeps everybody."""
    people = world.members
    head = {**world.schema(id={"type": ["integer", "null"]}), "key_properties": ["id"]}
    cell = people[1] if readable else "nobody"
    values: dict[str, Any] = {"id": 1}
    settings: dict[str, Any] = {}
    if how == "no key property":
        values = {}
    elif how == "breaks the schema":
        values, settings = {"id": "x"}, {"validate_records": True}
    elif how == "stream map":
        values, settings = {"id": 0}, {"stream_maps": {"crowd_a": {"part": "1 / id"}}}
    odd: Any = world.row(cell, **values)
    if how == "not a number":
        odd = json.dumps(odd).replace('"id": 1', '"id": NaN').encode()
    elif how == "no object":
        odd = {**odd, "record": [odd["record"]]}
        readable = False
    elif how == "BATCH":
        (tmp_path / "rows.jsonl").write_text(json.dumps({world.key: cell}) + "\n")
        odd = {
            "type": "BATCH",
            "stream": "crowd_a",
            "encoding": {"format": "jsonl"},
            "manifest": [(tmp_path / "rows.jsonl").as_uri()],
        }
    good = [world.row(one, id=1) for one in people[2:]]
    messages = [head, *good[:5], odd, *good[5:], state(1)]
    outcome = world.runs.run(messages, world.destinations(**END_OF_INPUT), **settings)
    assert outcome.error is None
    assert len(outcome.codes) == 1
    assert removed(world) == ({people[0]} if readable else set())


def test_T4_a_key_that_a_stream_map_makes_is_not_known_where_the_map_fails(audience: MirrorWorld) -> None:
    """What the record has under the key's name is not the key."""
    people = audience.members
    messages = [
        audience.schema(id={"type": "integer"}),
        *(audience.row(one, id=1) for one in people[2:]),
        audience.row(people[1], id=0),
        state(1),
    ]
    maps = {"crowd_a": {"email": "email if 1 / id else email"}}
    outcome = audience.runs.run(messages, audience.destinations(**END_OF_INPUT), stream_maps=maps)
    assert outcome.error is None
    assert outcome.codes == ["stream_map"]
    assert removed(audience) == set()


def test_declined_rows_keep_their_members(world: MirrorWorld) -> None:
    """Listrak's refusal and missing consent are no reason to remove anybody else either."""
    if world.channel == "sms_list":
        strangers = SmsWorld(world.runs).some(1, "unsubscribed")
    else:
        strangers = ["stranger@example.org"]
    if world.channel == "email_list":
        world.runs.save(40137, strangers[0])
        world.runs.unsubscribe(40137, strangers[0])
    outcome = world.run(
        [world.schema(), *world.rows([*world.members[1:], *strangers]), state(1)], **END_OF_INPUT
    )
    assert outcome.error is None
    assert outcome.tally.declined == 1
    assert removed(world) == {world.members[0]}


def test_a_member_whose_own_address_cannot_be_read_is_left_alone(audience: MirrorWorld) -> None:
    """Listrak has it with an invisible character, say; a record names the person without it."""
    odd = "odd..one@example.org"
    audience.runs.save(40137, odd, {1124: "on"})
    assert odd in audience.on()
    messages = [audience.schema(), *audience.rows(audience.members[1:]), state(1)]
    assert audience.run(messages, **END_OF_INPUT).error is None
    assert audience.on() == {*audience.members[1:], odd}


# Runs that fail


def test_T5_a_mirror_with_too_many_rejects_removes_nobody(world: MirrorWorld) -> None:
    half = len(world.members) // 2
    bad = [world.row(one, _sdc_deleted_at="2026-06-30T00:00:00Z") for one in world.members[1:half]]
    messages = [world.schema(), *bad, *world.rows(world.members[half:]), state(1)]
    outcome = world.runs.run(messages, world.destinations(**END_OF_INPUT), max_reject_share=0.2)
    assert isinstance(outcome.error, RejectShareError)
    assert removed(world) == set()
    assert outcome.states == []


def test_where_another_stream_fails_the_run_nobody_is_removed(world: MirrorWorld) -> None:
    destinations = {
        **world.destinations(**END_OF_INPUT),
        "other": {"kind": "email_unsubscribe", "list": 40137, "max_reject_share": 0},
    }
    messages = [
        schema("other", "email"),
        record("other", email="n/a"),
        world.schema(),
        *world.rows(world.members[1:]),
        state(1),
    ]
    outcome = world.runs.run(messages, destinations)
    assert isinstance(outcome.error, RejectShareError)
    assert removed(world) == set()


def test_where_one_mirror_stops_no_other_removes_anybody(audience: MirrorWorld) -> None:
    sms = MirrorWorld(audience.runs, "sms_list")
    destinations = {"crowd_a": audience.entry(**END_OF_INPUT), "crowd_b": sms.entry(**END_OF_INPUT)}
    messages = [
        audience.schema(),
        *audience.rows(audience.members[1:]),
        sms.schema("crowd_b"),
        *sms.rows(sms.members[:3], "crowd_b"),
        state(1),
    ]
    outcome = audience.runs.run(messages, destinations)
    assert isinstance(outcome.error, MirrorStopError)
    assert "destinations.crowd_b.max_removed_share" in str(outcome.error)
    assert (removed(audience), removed(sms)) == (set(), set())


def test_an_import_that_fails_removes_nobody(audience: MirrorWorld) -> None:
    audience.runs.save(40137, "new@example.org")
    audience.runs.sandbox.settings(import_outcome="fail")
    messages = [audience.schema(), *audience.rows([*audience.members[1:], "new@example.org"]), state(1)]
    outcome = audience.run(messages, **END_OF_INPUT)
    audience.runs.sandbox.settings(import_outcome="complete")
    assert outcome.error is not None
    assert outcome.states == []
    assert removed(audience) == set()


# Several streams and entries


@pytest.mark.parametrize("mode", ["true", "end_of_input"])
def test_T9_streams_of_one_pattern_are_one_audience(world: MirrorWorld, mode: str) -> None:
    people, half = world.members, len(world.members) // 2
    messages = [
        world.schema("crowd_us"),
        *world.rows(people[1:half], "crowd_us"),
        activate("crowd_us", 1),
        world.schema("crowd_eu"),
        *world.rows(people[half:], "crowd_eu"),
        activate("crowd_eu", 1),
        state(1),
    ]
    outcome = world.run(messages, **MODES[mode])
    assert outcome.error is None
    assert removed(world) == {people[0]}


@pytest.mark.parametrize("mirrors", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("spelled", ["alike", "by id"])
def test_T9_two_entries_that_fill_what_one_of_them_mirrors_are_an_error(
    world: MirrorWorld, mirrors: tuple[bool, bool], spelled: str
) -> None:
    """Before anything is written; also where one names the list and field, and the other gives their ids."""
    first, second = (world.entry(**(END_OF_INPUT if one else {})) for one in mirrors)
    if spelled == "by id":
        second |= {
            "audience": {"list": "Newsletter", "field": 1124},
            "email_list": {"list": "Newsletter"},
            "sms_list": {"sender_code": "48291", "phone_list": "VIP Texts"},
        }[world.channel]
    before = written(world)
    messages = [world.schema("us"), *world.rows(world.members[:3], "us"), state(1)]
    outcome = world.runs.run(messages, {"us": first, "eu": second})
    assert isinstance(outcome.error, ConfigurationError)
    assert outcome.error.setting in {"destinations.us.mirror", "destinations.eu.mirror"}
    assert written(world) == before
    assert removed(world) == set()


def test_T9_entries_that_do_not_mirror_may_share_a_field_and_the_last_row_counts(
    audience: MirrorWorld,
) -> None:
    audience.runs.save(40137, "new@example.org")
    member = {"type": "boolean"}
    messages = [
        audience.schema("us", member=member),
        audience.schema("eu", member=member),
        audience.row("new@example.org", "us", member=True),
        audience.row("new@example.org", "eu", member=False),
    ]
    entry = audience.entry(member="member")
    outcome = audience.runs.run(messages, {"us": entry, "eu": entry})
    assert outcome.error is None
    assert "new@example.org" not in audience.on()


def test_T9_a_stream_without_records_removes_its_members_only_with_a_share_of_one(world: MirrorWorld) -> None:
    """Sources may announce all streams first and send a STATE after each: one that dies looks alike."""
    messages = [
        world.schema("crowd_us"),
        world.schema("crowd_eu"),
        *world.rows(world.members[1:], "crowd_us"),
        state(1),
    ]
    outcome = world.run(messages, **END_OF_INPUT)
    assert isinstance(outcome.error, MirrorStopError)
    assert "stream 'crowd_eu' has no records" in str(outcome.error)
    assert removed(world) == set()
    assert world.run(messages, max_removed_share=1, **END_OF_INPUT).error is None
    assert removed(world) == {world.members[0]}


# Replays, pending numbers, explicit off


def test_T14_a_rejects_file_that_is_sent_again_removes_nobody(
    world: MirrorWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "target-listrak")
    head = world.schema(id={})
    head["key_properties"] = ["id"]
    messages = [
        head,
        *(world.row(one, id=1) for one in world.members[3:]),
        *world.rows(world.members[:3]),
        state(1),
    ]
    first = world.run(messages, **END_OF_INPUT)
    assert first.codes == ["missing_key"] * 3
    replay: list[Any] = [
        {**one, "record": {**one["record"], "id": 1}} if "record" in one else one for one in first.rejects
    ]
    outcome = world.run([*replay, activate("crowd_a", 1), state(2)], max_removed_share=1, **END_OF_INPUT)
    assert outcome.error is None
    assert outcome.states == [2]
    assert removed(world) == set()
    assert "rejected records of an earlier run" in caplog.text


def test_T14_rejected_records_of_any_stream_are_found_also_where_many_are_read_at_once(
    audience: MirrorWorld,
) -> None:
    rejected = [
        {**record("other", email=f"r{number}@example.org"), "rejected": {"code": "x"}} for number in range(40)
    ]
    destinations = {**audience.destinations(**END_OF_INPUT), "other": {"kind": "email_list", "list": 40137}}
    plain = [record("other", email=f"p{number}@example.org") for number in range(40)]
    messages = [
        schema("other", "email"),
        *plain,
        *rejected,
        audience.schema(),
        *audience.rows(audience.members[1:]),
        state(1),
    ]
    outcome = audience.runs.run(messages, destinations)
    assert outcome.error is None
    assert outcome.tallies["other"].accepted == 80
    assert removed(audience) == set()


def test_pending_numbers_are_left_alone(runs: Runs) -> None:
    runs.sandbox.reset(scale="tiny")
    sms = SmsWorld(runs)
    pending = set(sms.everybody(STOCK, "pending"))
    on = sorted(number for number, one in sms.everybody(STOCK, "subscribed").items() if not one["optOut"])
    assert pending
    entry = {"kind": "sms_list", "sender_code": "48291", "phone_list": STOCK, **END_OF_INPUT}
    rows = [schema("s", "phone"), *(record("s", phone=one) for one in on[1:]), state(1)]
    outcome = runs.run(rows, {"s": entry})
    assert outcome.error is None
    assert set(sms.everybody(STOCK, "pending")) == pending
    assert sms.touched() == {on[0]}
    runs.sandbox.reset(scale="small")


def test_T24_an_explicit_off_is_written_where_the_field_was_never_set(audience: MirrorWorld) -> None:
    for one in ("empty@example.org", "unsubscribed@example.org"):
        audience.runs.save(40137, one)
    audience.runs.unsubscribe(40137, "unsubscribed@example.org")
    rows = [
        audience.row(one, member=False)
        for one in ("empty@example.org", "unsubscribed@example.org", audience.members[0])
    ]
    messages = [audience.schema(member={"type": "boolean"}), *rows]
    assert audience.run(messages, member="member").figures[:3] == (3, 3, 0)
    for one in ("empty@example.org", "unsubscribed@example.org", audience.members[0]):
        assert audience.runs.values(40137, one)[1124] == "off"
    assert audience.run(messages, member="member").figures[:3] == (3, 0, 3)
    assert (audience.runs.contact(40137, "unsubscribed@example.org") or {})[
        "subscriptionState"
    ] == "Unsubscribed"


ABSENT: list[dict[str, Any]] = [
    {"bookmarks": {"crowd_a": {}}, "currently_syncing": "crowd_b"},
    {"bookmarks": {"crowd_a": {}, "crowd_b": {"replication_key_value": "2026-06-29"}}},
    {"bookmarks": {"crowd_b": {"progress_markers": {"at": 1}}}},
]


@pytest.mark.parametrize("value", ABSENT, ids=("being read", "of an earlier run", "begun"))
def test_T2_a_stream_of_the_pattern_that_the_state_names_and_that_did_not_come_removes_nobody(
    world: MirrorWorld, value: dict[str, Any]
) -> None:
    """The source died before it came to the second stream, whose members look like those who left."""
    messages = [world.schema(), *world.rows(world.members[5:]), {"type": "STATE", "value": value}]
    outcome = world.run(messages, **END_OF_INPUT)
    assert isinstance(outcome.error, MirrorStopError)
    assert "stream 'crowd_b' did not come" in str(outcome.error)
    assert (removed(world), outcome.states) == (set(), [])
    # Mapped away, or of another destination, it is not missed.
    done = world.runs.run(messages, world.destinations(**END_OF_INPUT), stream_maps={"crowd_b": None})
    assert done.error is None
    assert removed(world) == set(world.members[:5])


def test_T2_a_stream_that_the_settings_name_and_that_did_not_come_removes_nobody(world: MirrorWorld) -> None:
    messages = [world.schema(), *world.rows(world.members[5:]), state("end")]
    outcome = world.run(messages, **END_OF_INPUT, mirror_streams=["crowd_a", "crowd_b"])
    assert isinstance(outcome.error, MirrorStopError)
    assert "mirror_streams" in str(outcome.error)
    assert removed(world) == set()
    assert world.run(messages, **END_OF_INPUT, mirror_streams=["crowd_a"]).error is None
    assert removed(world) == set(world.members[:5])


@pytest.mark.parametrize(
    "options", [{"mirror_streams": ["crowd_a"]}, {**END_OF_INPUT, "mirror_streams": ["crwd_a"]}]
)
def test_mirror_streams_are_streams_of_a_mirror(world: MirrorWorld, options: dict[str, Any]) -> None:
    outcome = world.run([], **options)
    assert isinstance(outcome.error, ConfigurationError)
    assert "mirror_streams" in str(outcome.error)


def test_mirror_without_state_belongs_to_end_of_input(world: MirrorWorld) -> None:
    outcome = world.run([], mirror=True, mirror_without_state=True)
    assert isinstance(outcome.error, ConfigurationError)
    assert "mirror_without_state" in str(outcome.error)
