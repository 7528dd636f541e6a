"""The kind `audience`: who is on afterwards, and who was not touched."""

from __future__ import annotations

from typing import Any

import pytest
from target_runs import Runs, activate, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.mirror import MirrorStopError

NEWSLETTER = 40137
VIP, FIRST_NAME = 1124, 1007
SCHEMA = schema("vips", "email", member={"type": ["boolean", "string", "null"]})


def audience(**options: object) -> dict[str, Any]:
    return {"vips": {"kind": "audience", "list": NEWSLETTER, "field": "VIP", **options}}


def on(runs: Runs) -> set[str]:
    """Who is on, of both states, as the API tells it."""
    found = set()
    for subscription_state in ("Subscribed", "Unsubscribed"):
        cursor = "Start"
        while cursor:
            answer = runs._session.get(
                f"{runs.sandbox.url}/email/v1/List/{NEWSLETTER}/Contact",
                params={
                    "subscriptionState": subscription_state,
                    "segmentationFieldIds": VIP,
                    "count": 5000,
                    "cursor": cursor,
                },
                headers={"Authorization": f"Bearer {runs.sandbox.token()}"},
                timeout=30,
            ).json()
            for row in answer["data"]:
                if any(value["value"] == "on" for value in row["segmentationFieldValues"]):
                    found.add(row["emailAddress"])
            cursor = answer["nextPageCursor"]
    return found


@pytest.fixture
def members(runs: Runs) -> list[str]:
    """Nobody but these ten is on; the last one has unsubscribed since."""
    clear = [SCHEMA, *(record("vips", email=one, member=False) for one in sorted(on(runs)))]
    runs.good(clear, audience(member="member"))
    assert on(runs) == set()
    people = [f"vip{number}@example.org" for number in range(10)]
    for one in people:
        runs.save(NEWSLETTER, one, {VIP: "on", FIRST_NAME: "stays"})
    runs.unsubscribe(NEWSLETTER, people[-1])
    runs.sandbox.forget_requests()
    return people


def rows(people: list[str], version: int | None = None, **values: object) -> list[dict[str, Any]]:
    return [record("vips", version, email=one, **values) for one in people]


def test_only_differences_are_imported(runs: Runs, members: list[str]) -> None:
    runs.save(NEWSLETTER, "new@example.org")
    before = len(runs.imports())
    outcome = runs.good([SCHEMA, *rows([*members, "new@example.org", "stranger@example.org"])], audience())
    assert outcome.figures == (12, 1, 10, 1, 0)
    assert outcome.codes == ["unknown_contact"]
    assert on(runs) == {*members, "new@example.org"}
    (made,) = runs.imports()[before:]
    assert [row[0] for row in made["rows"]] == ["new@example.org", "stranger@example.org"]
    assert runs.contact(NEWSLETTER, "stranger@example.org") is None


def test_without_mirror_nobody_is_removed(runs: Runs, members: list[str]) -> None:
    runs.good([SCHEMA, *rows(members[:1], 5), activate("vips", 5)], audience())
    assert on(runs) == set(members)


def test_a_boolean_property_says_on_and_off(runs: Runs, members: list[str]) -> None:
    runs.save(NEWSLETTER, "new@example.org")
    said = [
        (members[0], False),
        (members[1], True),
        (members[9], "no"),
        ("new@example.org", 1),
        (members[2], "maybe"),
        (members[3], None),
    ]
    messages = [SCHEMA, *(record("vips", email=email, member=value) for email, value in said)]
    outcome = runs.good(messages, audience(member="member"))
    assert outcome.figures == (6, 3, 1, 2, 0)
    assert outcome.codes == ["bad_value", "bad_value"]
    assert on(runs) == {*members[1:9], "new@example.org"}  # the unsubscribed one was still on, and is off now


def test_the_last_word_on_a_contact_counts(runs: Runs, members: list[str]) -> None:
    said = [
        (members[0], False),
        (members[0], True),
        (members[1], True),
        (members[1], False),
        (members[2], False),
        (members[2], False),
    ]
    messages = [SCHEMA, *(record("vips", email=email, member=value) for email, value in said)]
    outcome = runs.good(messages, audience(member="member"))
    assert on(runs) == set(members) - {members[1], members[2]}
    assert outcome.tally.rejected == 0


@pytest.mark.parametrize(
    ("mirror", "tail", "removed"),
    [
        (True, [activate("vips", 5)], True),
        (True, [], False),
        (True, [activate("vips", 4)], False),
        (True, [activate("vips", 5), *rows(["vip1@example.org"], 5)], False),
        ("end_of_input", [], True),
        (True, [record("vips", 4, email="vip1@example.org"), activate("vips", 4)], False),
        (True, [record("vips", email="vip1@example.org"), activate("vips", 5)], False),
        (False, [activate("vips", 5)], False),
    ],
)
def test_when_members_whom_no_record_names_are_set_off(
    runs: Runs,
    members: list[str],
    mirror: object,
    tail: list[Any],
    removed: bool,  # noqa: FBT001 - pytest or hypothesis fills it in
) -> None:
    messages = [SCHEMA, *rows(members[1:9], 5), state("end"), *tail]
    outcome = runs.run(messages, audience(mirror=mirror, max_removed_share=0.5))
    assert on(runs) == (set(members[1:9]) if removed else set(members))
    assert outcome.tally.removed == (2 if removed else 0)
    assert outcome.closes()
    if mirror is False or removed:
        assert outcome.error is None
        assert outcome.states == ["end"]
    else:
        assert isinstance(outcome.error, MirrorStopError)
        assert "destinations.vips.mirror: 2 of 10 current members in Service.VIP" in str(outcome.error)
        assert outcome.states == []
    for one in members:
        assert runs.values(NEWSLETTER, one)[FIRST_NAME] == "stays"
    assert (runs.contact(NEWSLETTER, members[9]) or {})["subscriptionState"] == "Unsubscribed"


def test_more_than_the_share_removes_nobody_and_keeps_the_additions(runs: Runs, members: list[str]) -> None:
    runs.save(NEWSLETTER, "new@example.org")
    messages = [SCHEMA, *rows([*members[:7], "new@example.org"], 1), activate("vips", 1), state("end")]
    outcome = runs.run(messages, audience(mirror=True))
    assert isinstance(outcome.error, MirrorStopError)
    assert "destinations.vips.max_removed_share" in str(outcome.error)
    assert outcome.states == []
    assert on(runs) == {*members, "new@example.org"}
    assert outcome.closes()


def test_the_share_is_allowed_up_to_its_edge(runs: Runs, members: list[str]) -> None:
    messages = [SCHEMA, *rows(members[:8], 1), activate("vips", 1), state("end")]
    assert runs.good(messages, audience(mirror=True)).states == ["end"]  # 2 of 10 is 0.2, the default
    assert on(runs) == set(members[:8])


def test_an_empty_stream_does_not_empty_the_audience(runs: Runs, members: list[str]) -> None:
    outcome = runs.run([SCHEMA, activate("vips", 1)], audience(mirror=True))
    assert isinstance(outcome.error, MirrorStopError)
    assert on(runs) == set(members)


def test_a_rejected_row_with_a_readable_key_protects_its_member(runs: Runs, members: list[str]) -> None:
    odd = [
        record("vips", 1, id=0, email=members[0], member="perhaps"),  # a bad value
        record("vips", 1, email=members[1]),  # lacks the stream's key
        record(
            "vips", 1, id=1, email=members[2], member=True, _sdc_deleted_at="2026-01-01"
        ),  # a deletion that is not allowed
    ]
    good = [record("vips", 1, id=2, email=one, member=True) for one in members[3:9]]
    head = schema("vips", "email", keys=("id",), id={}, member={"type": ["boolean", "string", "null"]})
    messages = [head, *odd, *good, activate("vips", 1)]
    outcome = runs.good(messages, audience(mirror=True, member="member"))
    assert sorted(outcome.codes) == ["bad_value", "deleted", "missing_key"]
    assert on(runs) == set(members[:9])  # only the one who is in no row at all has left
    assert outcome.tally.removed == 1


def test_broken_input_removes_nobody(runs: Runs, members: list[str]) -> None:
    outcome = runs.run(
        [SCHEMA, *rows(members[:9], 1), activate("vips", 1), b'{"type": "REC'], audience(mirror=True)
    )
    assert outcome.error is not None
    assert on(runs) == set(members)


def test_deletions_set_off_where_that_is_allowed(runs: Runs, members: list[str]) -> None:
    messages = [SCHEMA, *rows(members[:1], _sdc_deleted_at="2026-06-01T00:00:00Z")]
    assert runs.good(messages, audience()).codes == ["deleted"]
    assert on(runs) == set(members)
    assert runs.good(messages, audience(allow_deletes=True)).figures == (1, 1, 0, 0, 0)
    assert on(runs) == set(members[1:])


def test_unsubscribed_people_are_set_on_only_where_they_are_included(runs: Runs, members: list[str]) -> None:
    del members
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    messages = [SCHEMA, *rows(["gone@example.org"])]
    assert runs.good(messages, audience()).codes == ["previously_unsubscribed"]
    assert runs.good(messages, audience(include_unsubscribed=True)).tally.accepted == 1
    assert "gone@example.org" in on(runs)
    assert (runs.contact(NEWSLETTER, "gone@example.org") or {})["subscriptionState"] == "Unsubscribed"


def test_the_field_is_made_where_that_is_allowed(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.org")
    destination = audience(field="Spring buyers", field_group="Engage Audiences")
    messages = [SCHEMA, *rows(["a@example.org"])]
    refused = runs.run(messages, destination)
    assert isinstance(refused.error, ConfigurationError)
    assert "Engage Audiences" in str(refused.error)
    destination["vips"]["create_missing"] = True
    outcome = runs.good(messages, destination)
    lists = outcome.target.run.session(EmailSession).lists  # type: ignore[union-attr]
    field = lists.fields(lists.find(NEWSLETTER)).find("Spring buyers")
    assert (field.data_type, field.group.name) == ("CheckBox", "Engage Audiences")
    assert runs.values(NEWSLETTER, "a@example.org") == {field.id: "on"}
    assert runs.good(messages, destination).figures == (1, 0, 1, 0, 0)


def test_a_field_that_is_no_check_box_is_refused(runs: Runs) -> None:
    outcome = runs.run([SCHEMA], audience(field="Points"))
    assert isinstance(outcome.error, ConfigurationError)
    assert "Loyalty.Points is of type Numeric" in str(outcome.error)


def test_a_dry_run_counts_and_changes_nothing(runs: Runs, members: list[str]) -> None:
    runs.save(NEWSLETTER, "new@example.org")
    before = len(runs.imports())
    messages = [SCHEMA, *rows([*members[1:9], "new@example.org"], 1), state(1), activate("vips", 1)]
    outcome = runs.good(messages, audience(mirror=True), dry_run=True)
    assert outcome.figures == (9, 1, 8, 0, 0)
    assert outcome.tally.removed == 2
    assert outcome.states == []
    assert len(runs.imports()) == before
    assert on(runs) == set(members)
