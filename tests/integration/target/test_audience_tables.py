"""The kind `audience` with values, external ids, new subscribers, and with an audience for each record."""

from __future__ import annotations

from typing import Any

import pytest
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.delivery.mirror import MirrorStopError

NEWSLETTER, OTHER = 40137, 40274
VIP, FIRST_NAME = 1124, 1007
BOOLEAN = {"type": ["boolean", "null"]}
SCHEMA = schema("vips", "email", "first_name", "id", "audience", "list", member=BOOLEAN, ok=BOOLEAN)
MIRROR = {"mirror": "end_of_input", "max_removed_share": 1}


def audience(**options: object) -> dict[str, Any]:
    return {"vips": {"kind": "audience", "list": NEWSLETTER, "field": "VIP", **options}}


def table(**options: object) -> dict[str, Any]:
    """An (email, audience) table."""
    entry = {"kind": "audience", "list": NEWSLETTER, "field_from": "audience", "field_group": "Audiences"}
    return {"vips": {**entry, "create_missing": True, **options}}


def named(people: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Rows of a table, from audience to its members."""
    return [record("vips", email=one, audience=name) for name, some in people.items() for one in some]


def known(runs: Runs, count: int, list_id: int = NEWSLETTER, **body: object) -> list[str]:
    people = [f"vip{number}@example.org" for number in range(count)]
    for one in people:
        runs.save(list_id, one, **body)
    return people


def field_id(runs: Runs, name: str, group: str = "Audiences", list_id: int = NEWSLETTER) -> int:
    (home,) = [
        one["segmentationFieldGroupId"]
        for one in runs.read(f"List/{list_id}/SegmentationFieldGroup")
        if one["segmentationFieldGroupName"] == group
    ]
    fields = runs.read(f"List/{list_id}/SegmentationFieldGroup/{home}/SegmentationField")
    (found,) = [one["segmentationFieldId"] for one in fields if one["segmentationFieldName"] == name]
    return int(found)


def on(runs: Runs, people: list[str], field: int, list_id: int = NEWSLETTER) -> list[str]:
    return [one for one in people if runs.values(list_id, one).get(field) == "on"]


# Values, external ids, new subscribers


def test_values_go_with_the_membership_in_one_import(runs: Runs) -> None:
    people = known(runs, 3)
    before = len(runs.imports())
    rows = [record("vips", email=one, first_name="Ann") for one in people]
    outcome = runs.good([SCHEMA, *rows], audience(fields={"first_name": "First Name"}))
    assert outcome.figures == (3, 3, 0, 0, 0)
    assert len(runs.imports()) == before + 1
    assert runs.values(NEWSLETTER, people[0]) == {VIP: "on", FIRST_NAME: "Ann"}


def test_values_are_written_for_who_is_on_already_and_not_for_who_is_set_off(runs: Runs) -> None:
    people = known(runs, 2)
    for one in people:
        runs.save(NEWSLETTER, one, {VIP: "on"})
    said = zip(people, (True, False), strict=True)
    rows = [record("vips", email=one, first_name="Ann", member=value) for one, value in said]
    runs.good([SCHEMA, *rows], audience(fields={"first_name": "First Name"}, member="member"))
    assert runs.values(NEWSLETTER, people[0]) == {VIP: "on", FIRST_NAME: "Ann"}
    assert runs.values(NEWSLETTER, people[1]) == {VIP: "off"}


def test_without_fields_no_other_property_is_written(runs: Runs) -> None:
    (one,) = known(runs, 1)
    runs.good([SCHEMA, record("vips", email=one, first_name="Ann")], audience())
    assert runs.values(NEWSLETTER, one) == {VIP: "on"}


@pytest.mark.parametrize("with_email", [True, False])
def test_members_are_found_by_external_id(runs: Runs, with_email: bool) -> None:  # noqa: FBT001 - a parameter
    runs.save(NEWSLETTER, "a@example.org", {VIP: "on"}, externalContactID="A1")
    runs.save(NEWSLETTER, "b@example.org", externalContactID="B1")
    names = ("email", "id") if with_email else ("id",)
    rows = [record("vips", id=one) for one in ("A1", "B1", "C1", "")]
    outcome = runs.good([schema("vips", *names), *rows], audience(external_id="id"))
    assert outcome.figures == (4, 1, 1, 2, 0)
    assert sorted(outcome.codes) == ["no_external_id", "unknown_contact"]
    assert on(runs, ["a@example.org", "b@example.org"], VIP) == ["a@example.org", "b@example.org"]


def test_a_mirror_keeps_whom_records_name_by_external_id(runs: Runs) -> None:
    for number in range(3):
        runs.save(NEWSLETTER, f"ext{number}@example.org", {VIP: "on"}, externalContactID=f"E{number}")
    rows = [record("vips", id="E0"), record("vips", email="ext1@example.org", id="other")]
    outcome = runs.good([SCHEMA, *rows, state(1)], audience(external_id="id", **MIRROR))
    people = [f"ext{number}@example.org" for number in range(3)]
    assert on(runs, people, VIP) == people[:2]
    assert outcome.tally.unchanged == 2


@pytest.mark.parametrize("external", ["", None, ["x"]])
def test_a_mirror_removes_nobody_where_neither_key_can_be_read(runs: Runs, external: object) -> None:
    runs.save(NEWSLETTER, "ext@example.org", {VIP: "on"}, externalContactID="E0")
    runs.good(
        [SCHEMA, record("vips", id="E9"), record("vips", id=external), state(1)],
        audience(external_id="id", **MIRROR),
    )
    assert on(runs, ["ext@example.org"], VIP) == ["ext@example.org"]


def test_T4_a_record_with_an_unknown_external_id_may_mean_any_member_without_one(runs: Runs) -> None:
    """People who joined by a web form have no external id in Listrak."""
    runs.save(NEWSLETTER, "form@example.org", {VIP: "on"})
    for number in range(3):
        runs.save(NEWSLETTER, f"ext{number}@example.org", {VIP: "on"}, externalContactID=f"E{number}")
    rows = [record("vips", id="E0"), record("vips", email="", id="unknown")]
    runs.good([SCHEMA, *rows, state(1)], audience(external_id="id", **MIRROR))
    people = ["form@example.org", *(f"ext{number}@example.org" for number in range(3))]
    assert sorted(on(runs, people, VIP)) == [
        "ext0@example.org",
        "form@example.org",
    ]


def test_subscribe_adds_unknown_contacts_and_never_who_unsubscribed_or_did_not_agree(runs: Runs) -> None:
    runs.save(NEWSLETTER, "left@example.org")
    runs.unsubscribe(NEWSLETTER, "left@example.org")
    (there,) = known(runs, 1)
    said = {"new@example.org": True, "left@example.org": True, "no@example.org": False, there: True}
    rows = [record("vips", email=one, ok=ok, id=f"X {one}", first_name="Ann") for one, ok in said.items()]
    options = {"subscribe": True, "subscribed": "ok", "fields": {"first_name": "First Name"}}
    outcome = runs.good([SCHEMA, *rows], audience(**options, external_id="id"))
    assert sorted(outcome.codes) == ["no_consent", "previously_unsubscribed"]
    assert runs.values(NEWSLETTER, "new@example.org") == {VIP: "on", FIRST_NAME: "Ann"}
    added = runs.contact(NEWSLETTER, "new@example.org") or {}
    assert (added["subscriptionState"], added["externalContactID"]) == ("Subscribed", "X new@example.org")
    assert (runs.contact(NEWSLETTER, "left@example.org") or {})["subscriptionState"] == "Unsubscribed"
    assert runs.contact(NEWSLETTER, "no@example.org") is None


def test_without_subscribe_nobody_is_added_and_consent_is_not_asked(runs: Runs) -> None:
    (there,) = known(runs, 1)
    rows = [record("vips", email=one, accepts_marketing=False) for one in ("new@example.org", there)]
    outcome = runs.good([schema("vips", "email", accepts_marketing=BOOLEAN), *rows], audience())
    assert outcome.codes == ["unknown_contact"]
    assert outcome.tally.accepted == 1


def test_with_subscribe_the_usual_names_of_consent_count(runs: Runs) -> None:
    rows = [record("vips", email="new@example.org", accepts_marketing=False)]
    messages = [schema("vips", "email", accepts_marketing=BOOLEAN), *rows]
    outcome = runs.good(messages, audience(subscribe=True))
    assert outcome.codes == ["no_consent"]
    assert runs.contact(NEWSLETTER, "new@example.org") is None


def test_the_latest_record_that_says_no_is_not_subscribed(runs: Runs) -> None:
    rows = [record("vips", email="new@example.org", ok=value) for value in (True, False)]
    outcome = runs.good([SCHEMA, *rows], audience(subscribe=True, subscribed="ok"))
    assert (outcome.tally.merged, outcome.tally.declined) == (1, 1)
    assert runs.contact(NEWSLETTER, "new@example.org") is None


# One table, many audiences


def test_one_table_feeds_many_audiences_that_are_created(runs: Runs) -> None:
    people = known(runs, 4)
    before = len(runs.imports())
    rows = [record("vips", email=one, audience=name) for one in people for name in ("Gold", "Silver")]
    outcome = runs.good([SCHEMA, *rows, state(1)], table())
    assert outcome.figures == (8, 8, 0, 0, 0)
    assert len(runs.imports()) == before + 2  # one for each audience, however the table is sorted
    for name in ("Gold", "Silver"):
        assert on(runs, people, field_id(runs, name)) == people


def test_each_audience_that_is_named_is_mirrored_by_itself(runs: Runs) -> None:
    people = known(runs, 4)
    runs.good([SCHEMA, *named({"Gold": people, "Silver": people, "Bronze": people})], table())
    rows = named({"Gold": people[:1], "Silver": people[1:]})
    outcome = runs.good([SCHEMA, *rows, state(1)], table(**MIRROR))
    found = {name: on(runs, people, field_id(runs, name)) for name in ("Gold", "Silver", "Bronze")}
    assert found == {"Gold": people[:1], "Silver": people[1:], "Bronze": people}  # no record names Bronze
    assert outcome.tally.removed == 4
    assert outcome.states == [1]


def test_one_audience_over_its_share_stops_them_all(runs: Runs) -> None:
    people = known(runs, 10)
    runs.good([SCHEMA, *named({"Gold": people, "Silver": people})], table())
    rows = named({"Gold": people[:1], "Silver": people[1:]})
    outcome = runs.run([SCHEMA, *rows, state(1)], table(mirror="end_of_input"))
    assert isinstance(outcome.error, MirrorStopError)
    assert "9 of 10 current members in Audiences.Gold" in str(outcome.error)
    assert outcome.states == []
    assert all(on(runs, people, field_id(runs, name)) == people for name in ("Gold", "Silver"))


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ({"email": "nobody", "audience": "Gold"}, {"Gold"}),
        ({"email": "x@example.org", "audience": None}, {"Gold", "Silver"}),
        ({"email": "x@example.org", "audience": ["Gold"]}, {"Gold", "Silver"}),
        ({"email": "x@example.org"}, {"Gold", "Silver"}),
        ({"email": "x@example.org", "audience": "Gold"}, set()),
    ],
)
def test_a_record_of_no_audience_that_can_be_read_may_be_of_any(
    runs: Runs, odd: dict[str, Any], kept: set[str]
) -> None:
    people = known(runs, 3)
    runs.good([SCHEMA, *named({"Gold": people, "Silver": people})], table())
    rows = named({"Gold": people[1:], "Silver": people[1:]})
    outcome = runs.good([SCHEMA, *rows, record("vips", **odd), state(1)], table(**MIRROR))
    stayed = {name for name in ("Gold", "Silver") if on(runs, people, field_id(runs, name)) == people}
    assert stayed == kept
    assert outcome.states == [1]


def test_an_audience_is_the_same_by_name_and_by_id(runs: Runs) -> None:
    people = known(runs, 3)
    runs.good([SCHEMA, *named({"Gold": people})], table())
    gold = field_id(runs, "Gold")
    number = {"type": ["string", "integer", "null"]}
    messages = [
        schema("vips", "email", audience=number),
        record("vips", email=people[0], audience=gold),
        record("vips", email=people[1], audience="gold"),
        state(1),
    ]
    outcome = runs.good(messages, table(**MIRROR))
    assert on(runs, people, gold) == people[:2]
    assert outcome.tally.unchanged == 2


def test_an_unknown_audience_rejects_the_record_where_none_is_created(runs: Runs) -> None:
    people = known(runs, 1)
    entry = table(create_missing=False, field_group="Service")
    outcome = runs.good([SCHEMA, *named({"VIP": people, "Vpi": people, "First Name": people})], entry)
    assert outcome.codes == ["unknown_audience", "unknown_audience"]
    assert on(runs, people, VIP) == people


def test_a_field_of_another_group_is_no_audience_of_the_table(runs: Runs) -> None:
    """`VIP` of another group stays as it is: the table's own field is created."""
    people = known(runs, 1)
    runs.good([SCHEMA, *named({"VIP": people})], table())
    assert on(runs, people, VIP) == []
    assert on(runs, people, field_id(runs, "VIP")) == people


def test_the_records_may_name_the_list_as_well(runs: Runs) -> None:
    people = known(runs, 2)
    known(runs, 2, OTHER)
    rows = [
        record("vips", email=people[0], audience="Gold", list="Newsletter"),
        record("vips", email=people[1], audience="Gold", list=str(OTHER)),
        record("vips", email=people[1], audience="Gold", list="nowhere"),
    ]
    entry = table()
    del entry["vips"]["list"]
    entry["vips"]["list_from"] = "list"
    outcome = runs.good([SCHEMA, *rows], entry)
    assert outcome.codes == ["unknown_list"]
    assert on(runs, people, field_id(runs, "Gold")) == people[:1]
    assert on(runs, people, field_id(runs, "Gold", list_id=OTHER), OTHER) == people[1:]


def test_another_destination_of_an_audience_that_a_record_names_is_an_error(runs: Runs) -> None:
    """The one would set off whom the other sets on. Found when the record comes; nobody is removed."""
    people = known(runs, 2)
    runs.save(NEWSLETTER, people[1], {VIP: "on"})
    by_record = table(field_group="Service", create_missing=False, **MIRROR)
    messages = [
        SCHEMA,
        schema("others", "email"),
        record("others", email=people[0]),
        *named({"VIP": people[:1]}),
        state(1),
    ]
    others = {"kind": "audience", "list": NEWSLETTER, "field": "VIP"}
    outcome = runs.run(messages, {**by_record, "others": others})
    assert isinstance(outcome.error, ConfigurationError)
    assert "destinations.vips.mirror: destinations.others fills the same profile field" in str(outcome.error)
    assert on(runs, people[1:], VIP) == people[1:]


def test_a_dry_run_of_a_table_keeps_the_same_accounts_and_creates_nothing(runs: Runs) -> None:
    people = known(runs, 3)
    rows = [SCHEMA, *named({"Gold": [*people, "stranger@example.org"], "Silver": people}), state(1)]
    dry = runs.good(rows, table(**MIRROR), dry_run=True)
    groups = [
        one["segmentationFieldGroupName"] for one in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup")
    ]
    assert "Audiences" not in groups
    real: Outcome = runs.good(rows, table(**MIRROR))
    assert dry.figures == real.figures == (7, 6, 0, 1, 0)


# The mirror of an email list


def test_a_mirrored_list_unsubscribes_whom_no_record_names(runs: Runs) -> None:
    runs.sandbox.reset(scale="tiny")
    runs.sandbox.settings(import_seconds=0.0)
    there = [
        one["emailAddress"] for one in runs.read(f"List/{NEWSLETTER}/Contact?subscriptionState=Subscribed")
    ]
    entry = {"vips": {"kind": "email_list", "list": NEWSLETTER, "mirror": "end_of_input"}}
    rows = [record("vips", email=one) for one in [*there[3:], "new@example.org"]]
    outcome = runs.good([SCHEMA, *rows, state(1)], entry)
    runs.sandbox.reset(scale="small")
    assert outcome.tally.removed == 3
    assert outcome.states == [1]
    assert outcome.tally.rejected == outcome.tally.declined == 0


def test_a_list_by_record_is_mirrored_by_itself_and_a_new_address_keeps_its_contact(runs: Runs) -> None:
    runs.sandbox.reset(scale="tiny")
    runs.sandbox.settings(import_seconds=0.0)
    there = [
        one["emailAddress"] for one in runs.read(f"List/{NEWSLETTER}/Contact?subscriptionState=Subscribed")
    ]
    other = len(runs.read(f"List/{OTHER}/Contact?subscriptionState=Subscribed"))
    entry = {"kind": "email_list", "list_from": "list", "new_email": "moved", "mirror": "end_of_input"}
    rows = [record("vips", email=one, list="Newsletter") for one in there[3:]]
    # The second one is named as the new address of a contact that is not there.
    moved = [record("vips", email="old@example.org", moved=there[1], list="Newsletter")]
    outcome = runs.good([schema("vips", "email", "list", "moved"), *rows, *moved, state(1)], {"vips": entry})
    after = {
        one["emailAddress"] for one in runs.read(f"List/{NEWSLETTER}/Contact?subscriptionState=Subscribed")
    }
    still = len(runs.read(f"List/{OTHER}/Contact?subscriptionState=Subscribed"))
    runs.sandbox.reset(scale="small")
    assert outcome.tally.removed == 2
    assert set(there) - after == {there[0], there[2]}
    assert still == other
