"""The kinds `email_list`, `email_unsubscribe` and `profile_fields`: what Listrak holds after each setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.channels.email.session import EmailSession
from target_listrak.values.row_faults import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

NEWSLETTER, OUTLET = 40137, 40274
FIRST_NAME, BIRTHDAY, POINTS, NOTES, VIP = 1007, 1013, 1022, 1037, 1124
OUTLET_FIRST_NAME = 2007
SCHEMA = schema("people", "email", "first_name", "birthday", "points", "vip", "notes")


def to_list(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "email_list", "list": "newsletter", **options}}


def to_fields(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "profile_fields", "list": "newsletter", **options}}


def test_new_people_are_subscribed_with_their_values_in_each_field_s_own_form(runs: Runs) -> None:
    values = {
        "first_name": 'Zoë "Z", \n#1',
        "birthday": "1990-02-03T04:05:06Z",
        "points": 12.345,
        "vip": True,
    }
    outcome = runs.good([SCHEMA, record("people", email="a@example.org", **values)], to_list())
    assert outcome.figures == (1, 1, 0, 0, 0)
    contact = runs.contact(NEWSLETTER, "a@example.org")
    assert contact is not None
    assert contact["subscriptionState"] == "Subscribed"
    assert runs.values(NEWSLETTER, "a@example.org") == {
        FIRST_NAME: 'Zoë "Z", \n#1',
        BIRTHDAY: "02/02/1990",  # the day of `timezone` at that instant
        POINTS: "12.35",
        VIP: "on",
    }


def test_the_import_says_what_it_is_and_disturbs_nobody(runs: Runs) -> None:
    runs.good([SCHEMA, record("people", email="a@example.org", notes="x")], to_list(trigger_journeys=True))
    (made,) = runs.imports()
    assert made["importType"] == "AddSubscribersAndSegmentationData"
    assert made["segmentationImportType"] == "Update"
    assert made["triggerJourney"] is True
    assert made["importFileName"].startswith("singer-people-AddSubscribers-")


def test_a_stream_of_addresses_only_adds_subscribers(runs: Runs) -> None:
    runs.save(NEWSLETTER, "known@example.org")
    rows = [record("people", email="a@example.org"), record("people", email="known@example.org")]
    outcome = runs.good([schema("people", "email"), *rows], to_list())
    assert outcome.figures == (2, 1, 1, 0, 0)  # subscribed already and nothing to update: unchanged
    assert runs.imports()[0]["importType"] == "AddSubscribers"


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("Ann", {}, "Ann"),
        (None, {}, "old"),
        ("", {}, "old"),
        ("absent", {}, "old"),
        (None, {"null_handling": "clear"}, None),
        ("", {"null_handling": "clear"}, None),
        ("absent", {"null_handling": "clear"}, "old"),
        ("Ann", {"null_handling": "clear"}, "Ann"),
        ("+", {"update_type": "Append"}, "old+"),
        (None, {"update_type": "Append"}, "old"),
        ("Ann", {"update_type": "Overwrite"}, "Ann"),
        (None, {"update_type": "Overwrite"}, None),
        ("absent", {"update_type": "Overwrite"}, "old"),
    ],
)
@pytest.mark.parametrize("kind", [to_list, to_fields])
def test_what_happens_to_a_value_that_is_there(
    runs: Runs,
    kind: Callable[..., dict[str, Any]],
    value: str | None,
    options: dict[str, Any],
    expected: str | None,
) -> None:
    runs.save(NEWSLETTER, "a@example.org", {FIRST_NAME: "old", NOTES: "stays"})
    # Another row of the same batch carries what this one lacks: absent must not become an empty cell that
    # clears.
    other = record("people", email="b@example.org", first_name="B", points=1)
    given = {} if value == "absent" else {"first_name": value}
    runs.good([SCHEMA, record("people", email="a@example.org", **given), other], kind(**options))
    found = runs.values(NEWSLETTER, "a@example.org")
    assert found.get(FIRST_NAME) == expected
    assert found[NOTES] == "stays"


def test_the_last_record_of_a_contact_wins_property_by_property(runs: Runs) -> None:
    rows = [
        record("people", email="a@example.org", first_name="first", points=1),
        record("people", email="A@Example.org", first_name="last"),
        record("people", email="a@example.org", points=None, notes="n"),
    ]
    outcome = runs.good([SCHEMA, *rows], to_list())
    assert outcome.figures == (3, 1, 0, 0, 2)
    assert runs.values(NEWSLETTER, "a@example.org") == {FIRST_NAME: "last", POINTS: "1", NOTES: "n"}


def test_who_cannot_be_subscribed_is_rejected_with_the_reason_and_the_rest_is_loaded(runs: Runs) -> None:
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    people = {
        "gone@example.org": "previously_unsubscribed",
        runs.special(NEWSLETTER, "Banned"): "banned",
        runs.special(NEWSLETTER, "Suppressed"): "suppressed",
        runs.special(NEWSLETTER, "Pending"): "pending",
    }
    rows = [record("people", email=address, first_name="X") for address in [*people, "new@example.org"]]
    rows += [
        record("people", email="no address"),
        record("people", email=None),
        record("people", first_name="X"),
    ]
    outcome = runs.good([SCHEMA, *rows], to_list())
    assert outcome.figures == (8, 1, 0, 7, 0)
    rejected = {
        line["record"].get("email"): line["rejected"] for line in outcome.rejects if line["type"] == "RECORD"
    }
    assert {address: rejected[address]["code"] for address in people} == people
    assert rejected["gone@example.org"]["row"] == 1
    assert rejected["gone@example.org"]["destination"] == "email_list: Newsletter"
    assert rejected["no address"]["code"] == "bad_email_address"
    assert (runs.contact(NEWSLETTER, "gone@example.org") or {})["subscriptionState"] == "Unsubscribed"
    assert (runs.contact(NEWSLETTER, "new@example.org") or {})["subscriptionState"] == "Subscribed"


def test_resubscribing_happens_only_where_it_is_asked_for(runs: Runs) -> None:
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    rows = [
        record("people", email="gone@example.org", first_name="Back"),
        record("people", email="b@example.org"),
    ]
    outcome = runs.good([SCHEMA, *rows], to_list(resubscribe=True))
    assert outcome.figures == (2, 2, 0, 0, 0)
    assert (runs.contact(NEWSLETTER, "gone@example.org") or {})["subscriptionState"] == "Subscribed"
    assert runs.values(NEWSLETTER, "gone@example.org") == {FIRST_NAME: "Back"}


def test_double_opt_in_asks_new_people_first(runs: Runs) -> None:
    runs.save(NEWSLETTER, "known@example.org")
    rows = [
        record("people", email=address, first_name="X")
        for address in ("new@example.org", "known@example.org")
    ]
    outcome = runs.good([SCHEMA, *rows], to_list(double_opt_in=True))
    assert outcome.figures == (2, 2, 0, 0, 0)
    assert (runs.contact(NEWSLETTER, "new@example.org") or {})["subscriptionState"] == "Pending"
    assert runs.values(NEWSLETTER, "known@example.org") == {FIRST_NAME: "X"}
    assert runs.imports() == []


def test_a_contact_moves_to_its_new_address_with_its_values(runs: Runs) -> None:
    runs.save(NEWSLETTER, "old@example.org", {NOTES: "kept"})
    messages = [
        schema("people", "email", "new_address", "first_name"),
        record("people", email="old@example.org", new_address="new@example.org", first_name="N"),
        record("people", email="other@example.org", new_address=None, first_name="O"),
        record("people", email="unknown@example.org", new_address="known.now@example.org", first_name="K"),
        record("people", email="same@example.org", new_address="SAME@example.org", first_name="S"),
    ]
    outcome = runs.good(messages, to_list(new_email="new_address"))
    assert outcome.figures == (4, 4, 0, 0, 0)
    assert runs.contact(NEWSLETTER, "old@example.org") is None
    assert runs.values(NEWSLETTER, "new@example.org") == {NOTES: "kept", FIRST_NAME: "N"}
    assert runs.contact(NEWSLETTER, "unknown@example.org") is None
    assert runs.values(NEWSLETTER, "known.now@example.org") == {FIRST_NAME: "K"}
    assert runs.values(NEWSLETTER, "same@example.org") == {FIRST_NAME: "S"}


def test_events_are_raised_for_each_contact(runs: Runs) -> None:
    events = runs.sandbox.control  # the ids are read as a user would
    token = {"Authorization": f"Bearer {runs.sandbox.token()}"}
    answer = runs._session.get(
        f"{runs.sandbox.url}/email/v1/List/{NEWSLETTER}/Event", headers=token, timeout=30
    )
    ids = [one["eventId"] for one in answer.json()["data"]][:2]
    rows = [record("people", email="a@example.org"), record("people", email="b@example.org", first_name="B")]
    runs.good([SCHEMA, *rows], to_list(event_ids=ids))
    raised = {(one["eventId"], one["emailAddress"]) for one in events("GET", "written")["events"]}
    assert raised == {(one, address) for one in ids for address in ("a@example.org", "b@example.org")}


def test_an_external_id_is_kept(runs: Runs) -> None:
    messages = [
        schema("people", "email", "customer"),
        record("people", email="a@example.org", customer="C 7"),
    ]
    runs.good(messages, to_list(external_id="customer"))
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["externalContactID"] == "C 7"


def test_a_file_of_one_row_that_is_refused_becomes_a_call(runs: Runs) -> None:
    runs.sandbox.settings(import_minimum_rows=2)
    outcome = runs.good([SCHEMA, record("people", email="a@example.org", first_name="A")], to_list())
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert runs.values(NEWSLETTER, "a@example.org") == {FIRST_NAME: "A"}
    stranger = [SCHEMA, record("people", email="stranger@example.org", first_name="S")]
    assert runs.good(stranger, to_fields()).codes == ["unknown_contact"]
    assert runs.contact(NEWSLETTER, "stranger@example.org") is None  # an update never makes anybody
    assert (
        runs.good([SCHEMA, record("people", email="a@example.org", points=3)], to_fields()).tally.accepted
        == 1
    )
    gone = {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER}}
    assert runs.good([SCHEMA, record("people", email="a@example.org")], gone).tally.accepted == 1
    assert runs.good([SCHEMA, record("people", email="a@example.org")], gone).tally.unchanged == 1
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["subscriptionState"] == "Unsubscribed"


def test_unsubscribing(runs: Runs) -> None:
    runs.save(NEWSLETTER, "here@example.org")
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    rows = [record("people", email=f"{name}@example.org") for name in ("here", "gone", "stranger")]
    outcome = runs.good([SCHEMA, *rows], {"people": {"kind": "email_unsubscribe", "list": "Newsletter"}})
    assert outcome.figures == (3, 1, 1, 1, 0)
    assert outcome.codes == ["unknown_contact"]
    assert runs.contact(NEWSLETTER, "stranger@example.org") is None
    assert (runs.contact(NEWSLETTER, "here@example.org") or {})["subscriptionState"] == "Unsubscribed"


def test_profile_fields_touch_known_people_only(runs: Runs) -> None:
    runs.save(NEWSLETTER, "here@example.org")
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    rows = [record("people", email=f"{name}@example.org", points=5) for name in ("here", "gone", "stranger")]
    outcome = runs.good([SCHEMA, *rows], to_fields())
    assert outcome.figures == (3, 1, 0, 2, 0)
    assert sorted(outcome.codes) == ["previously_unsubscribed", "unknown_contact"]
    assert runs.values(NEWSLETTER, "gone@example.org") == {}
    outcome = runs.good([SCHEMA, *rows], to_fields(include_unsubscribed=True))
    assert outcome.codes == ["unknown_contact"]
    assert runs.values(NEWSLETTER, "gone@example.org") == {POINTS: "5"}
    assert (runs.contact(NEWSLETTER, "gone@example.org") or {})["subscriptionState"] == "Unsubscribed"
    assert runs.contact(NEWSLETTER, "stranger@example.org") is None


@pytest.mark.parametrize("others", [0, 150])
def test_profile_fields_by_external_id(runs: Runs, others: int) -> None:
    runs.save(NEWSLETTER, "a@example.org", externalContactID="7")
    runs.save(NEWSLETTER, "b@example.org", externalContactID="8")
    rows = [record("people", customer=7, points=1), record("people", customer="8", points=2)]
    rows += [record("people", customer=f"none {number}", points=1) for number in range(others + 1)]
    rows += [record("people", customer=None, points=1), record("people", customer="7", points=3)]
    messages = [schema("people", "points", customer={"type": ["string", "integer"]}), *rows]
    outcome = runs.good(messages, to_fields(external_id="customer"))
    assert outcome.tally.accepted == 2
    assert outcome.tally.merged == 1
    assert set(outcome.codes) == {"unknown_contact", "no_external_id"}
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "3"}
    assert runs.values(NEWSLETTER, "b@example.org") == {POINTS: "2"}


def test_the_beta_route_is_used_where_the_account_has_it(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.save(NEWSLETTER, "a@example.org", {NOTES: "stays"})
    rows = [
        record("people", email="a@example.org", points=5, notes=None),
        record("people", email="no@example.org", points=1),
    ]
    outcome = runs.good([SCHEMA, *rows], to_fields(route="beta"))
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "5", NOTES: "stays"}
    assert "no access" not in caplog.text
    runs.sandbox.settings(beta_route=False)
    rows[0]["record"]["points"] = 6
    outcome = runs.good([SCHEMA, *rows], to_fields(route="beta"))
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "6", NOTES: "stays"}
    assert "no access to Listrak's beta route" in caplog.text


@pytest.mark.parametrize("answer", ["imports", "null"])
def test_the_beta_route_is_confirmed_by_the_imports_that_it_makes(runs: Runs, answer: str) -> None:
    """Its 201 means queued: later rows of the same contact wait, and STATE waits for the import's results."""
    runs.sandbox.settings(beta_answer=answer, beta_seconds=0.5, import_seconds=0.2)
    runs.save(NEWSLETTER, "a@example.org")
    rows = [record("people", email="a@example.org", points=number) for number in (1, 2, 3)]
    messages = [SCHEMA, rows[0], state(1), rows[1], state(2), rows[2], state(3)]
    outcome = runs.good(messages, to_fields(route="beta"), batch_size_rows=1)
    assert outcome.figures == (3, 3, 0, 0, 0)
    assert outcome.states == [1, 2, 3]
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "3"}


def test_a_lost_answer_of_the_beta_route_leaves_no_import_behind_that_could_win_later(runs: Runs) -> None:
    runs.sandbox.settings(beta_seconds=0.5)
    runs.save(NEWSLETTER, "a@example.org")
    route = "/List/{listId}/Contact/SegmentationField"
    lost = {"kind": "lost_answer", "route": route, "method": "POST", "count": 1}
    runs.sandbox.control("POST", "faults", [lost])
    rows = [record("people", email="a@example.org", points=number) for number in (1, 2)]
    outcome = runs.good([SCHEMA, rows[0], rows[1], state(1)], to_fields(route="beta"), batch_size_rows=1)
    assert outcome.figures == (2, 2, 0, 0, 0)
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "2"}
    assert len(runs.imports()) == 3


def test_a_stream_is_split_by_the_list_that_records_name(runs: Runs) -> None:
    split = {"people": {"kind": "email_list", "list_from": "to"}}
    rows = [
        record("people", email="a@example.org", to="newsletter", first_name="N"),
        record("people", email="a@example.org", to=OUTLET, first_name="O"),
        record("people", email="b@example.org", to=str(OUTLET), first_name="P"),
        record("people", email="c@example.org", to="nowhere"),
        record("people", email="c@example.org", to=None),
        record("people", email="c@example.org", to=True),
    ]
    messages = [schema("people", "email", "first_name", to={}), *rows]
    outcome = runs.good(messages, split)
    assert outcome.figures == (6, 3, 0, 3, 0)
    assert outcome.codes == ["unknown_list", "no_list", "no_list"]
    assert runs.values(NEWSLETTER, "a@example.org") == {FIRST_NAME: "N"}
    assert runs.values(OUTLET, "a@example.org") == {OUTLET_FIRST_NAME: "O"}
    assert runs.values(OUTLET, "b@example.org") == {OUTLET_FIRST_NAME: "P"}


@pytest.mark.parametrize(("options", "code"), [({}, "deleted"), ({"allow_deletes": True}, None)])
def test_deleted_records_unsubscribe_only_where_that_is_allowed(
    runs: Runs, options: dict[str, Any], code: str | None
) -> None:
    runs.save(NEWSLETTER, "a@example.org")
    row = record("people", email="a@example.org", first_name="A", _sdc_deleted_at="2026-06-01T00:00:00Z")
    outcome = runs.good([SCHEMA, row, record("people", email="b@example.org")], to_list(**options))
    assert outcome.codes == ([code] if code else [])
    expected = "Subscribed" if code else "Unsubscribed"
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["subscriptionState"] == expected
    assert runs.values(NEWSLETTER, "a@example.org") == {}


@pytest.mark.parametrize("kind", ["profile_fields", "email_unsubscribe"])
def test_deleted_records_do_nothing_in_kinds_that_remove_nobody_for_it(runs: Runs, kind: str) -> None:
    runs.save(NEWSLETTER, "a@example.org")
    row = record("people", email="a@example.org", first_name="A", _sdc_deleted_at="2026-06-01T00:00:00Z")
    outcome = runs.good([SCHEMA, row], {"people": {"kind": kind, "list": NEWSLETTER}})
    assert outcome.codes == ["deleted"]
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["subscriptionState"] == "Subscribed"


def test_order_per_contact_holds_between_additions_and_removals(runs: Runs) -> None:
    deleted = {"_sdc_deleted_at": "2026-06-01T00:00:00Z"}
    rows = [
        record("people", email="in.out@example.org", first_name="1"),
        record("people", email="in.out@example.org", **deleted),
        record("people", email="out.in@example.org", **deleted),
        record("people", email="out.in@example.org", first_name="2"),
    ]
    outcome = runs.good([SCHEMA, *rows], to_list(allow_deletes=True, resubscribe=True))
    assert outcome.figures == (4, 3, 0, 1, 0)  # the removal of somebody unknown is rejected
    assert (runs.contact(NEWSLETTER, "in.out@example.org") or {})["subscriptionState"] == "Unsubscribed"
    assert (runs.contact(NEWSLETTER, "out.in@example.org") or {})["subscriptionState"] == "Subscribed"


def test_order_per_contact_holds_between_streams_of_one_list(runs: Runs) -> None:
    both = {
        "people": {"kind": "email_list", "list": NEWSLETTER},
        "leavers": {"kind": "email_unsubscribe", "list": NEWSLETTER},
    }
    messages = [
        SCHEMA,
        schema("leavers", "email"),
        record("people", email="a@example.org"),
        record("leavers", email="a@example.org"),
        record("leavers", email="b@example.org"),
        record("people", email="b@example.org"),
    ]
    outcome = runs.good(messages, both)
    assert (outcome.tallies["people"].accepted, outcome.tallies["leavers"].accepted) == (1, 1)
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["subscriptionState"] == "Unsubscribed"
    # Whoever is taken off the list by another destination is not subscribed by a later row of the run.
    assert sorted(outcome.codes) == ["left_in_run", "unknown_contact"]
    assert runs.contact(NEWSLETTER, "b@example.org") is None


@pytest.mark.parametrize(
    ("on_bad_value", "figures", "kept"),
    [
        ("reject_row", (2, 1, 0, 1, 0), None),
        ("blank", (2, 2, 0, 0, 0), {FIRST_NAME: "A"}),
        ("fail", None, None),
    ],
)
def test_a_value_that_does_not_fit(
    runs: Runs, on_bad_value: str, figures: tuple[int, ...] | None, kept: dict[int, str] | None
) -> None:
    rows = [
        record("people", email="a@example.org", first_name="A", points="many"),
        record("people", email="b@example.org", first_name="B", points=1),
    ]
    outcome = runs.run([SCHEMA, *rows, state(1)], to_list(on_bad_value=on_bad_value))
    if figures is None:
        assert isinstance(outcome.error, InvalidValueError)
        assert "points" in str(outcome.error)
        assert "many" not in str(outcome.error)
        assert outcome.states == []
        assert runs.imports() == []
        return
    assert outcome.figures == figures
    assert runs.values(NEWSLETTER, "a@example.org") == (kept or {})
    assert outcome.states == [1]


@pytest.mark.parametrize("clear", [False, True])
def test_a_bad_value_that_is_left_out_clears_nothing(runs: Runs, clear: bool) -> None:  # noqa: FBT001 - pytest or hypothesis fills it in
    runs.save(NEWSLETTER, "a@example.org", {POINTS: "9"})
    options = {"null_handling": "clear"} if clear else {}
    row = record("people", email="a@example.org", first_name=None, points="many")
    runs.good([SCHEMA, row], to_list(on_bad_value="blank", **options))
    assert runs.values(NEWSLETTER, "a@example.org") == {POINTS: "9"}


def test_missing_fields_are_made_with_a_type_from_the_schema(runs: Runs) -> None:
    properties = {
        "shoe_size": {"type": ["null", "number"]},
        "member_since": {"type": ["null", "string"], "format": "date"},
        "likes_blue": {"type": "boolean"},
        "motto": {"type": "string", "maxLength": 40},
        "cart": {"type": "object"},
        "first_name": {"type": "string"},
    }
    values = {
        "shoe_size": 42.5,
        "member_since": "2020-01-02",
        "likes_blue": False,
        "motto": "Ça ira",
        "first_name": "A",
    }
    messages = [
        schema("people", "email", **properties),
        record("people", email="a@example.org", cart={}, **values),
    ]
    destination = to_list(create_missing=True, field_group="From the shop")
    runs.good(messages, destination)
    fields = {
        one.name: one
        for one in runs.good(messages, destination)
        .target.run.session(EmailSession)
        .lists.fields(  # type: ignore[union-attr]
            runs.good([], {}).target.run.session(EmailSession).lists.find(NEWSLETTER)
        )
        .all()
    }  # type: ignore[union-attr]
    made = {
        name: (fields[name].data_type, fields[name].max_length, fields[name].group.name)
        for name in properties
        if name in fields
    }
    assert made == {
        "shoe_size": ("Numeric", 18, "From the shop"),
        "member_since": ("Date", 10, "From the shop"),
        "likes_blue": ("CheckBox", 3, "From the shop"),
        "motto": ("Text", 40, "From the shop"),
    }
    found = runs.values(NEWSLETTER, "a@example.org")
    assert {name: found[fields[name].id] for name in made} == {
        "shoe_size": "42.50",
        "member_since": "01/02/2020",
        "likes_blue": "off",
        "motto": "Ça ira",
    }
    assert found[FIRST_NAME] == "A"


def test_a_list_is_made_once_where_that_is_allowed(runs: Runs) -> None:
    destination = {
        "people": {"kind": "email_list", "list": "Brand new", "create_list": {"bounceHandling": "Aggressive"}}
    }
    outcome = runs.good([SCHEMA, record("people", email="a@example.org")], destination)
    made = outcome.target.run.session(EmailSession).lists.find("brand_new")  # type: ignore[union-attr]
    assert (runs.contact(made.id, "a@example.org") or {})["subscriptionState"] == "Subscribed"
    again = runs.good([SCHEMA, record("people", email="b@example.org")], destination)
    assert again.target.run.session(EmailSession).lists.find("Brand new").id == made.id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"list": "Newletter"},
            ["destinations.people.list", "Newletter", "'Newsletter' (40137)", "Outlet & Sale"],
        ),
        ({"list": 5}, ["destinations.people.list", "there is no List 5", "40137"]),
        (
            {"fields": {"first_name": "Fist Name"}},
            ["destinations.people.fields.first_name", "Fist Name", "First Name"],
        ),
        (
            {"fields": {"first_name": "Status"}},
            ["Customer.Status (1019)", "Loyalty.Status (1025)", "field_group"],
        ),
        ({"field_group": "Nope"}, ["destinations.people.field_group", "Nope", "Loyalty"]),
        ({"email": "mail"}, ["destinations.people.email", "'mail'", "first_name"]),
        (
            {"fields": {"first_name": 1007, "notes": "First Name"}},
            ["first_name", "notes", "Customer.First Name"],
        ),
    ],
)
def test_a_name_that_is_wrong_is_an_error_that_lists_what_there_is(
    runs: Runs, options: dict[str, Any], words: list[str]
) -> None:
    outcome = runs.run([SCHEMA, record("people", email="a@example.org")], to_list(**options))
    assert isinstance(outcome.error, ConfigurationError)
    for word in words:
        assert word in str(outcome.error)
    assert runs.imports() == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"fields": {"status": "Customer.Status"}}, 1019),
        ({"fields": {"status": "loyalty.status"}}, 1025),
        ({"fields": {"status": 1025}}, 1025),
        ({"fields": {"status": "1019"}}, 1019),
        ({"field_group": "Loyalty"}, 1025),
        ({"field_group": "customer", "fields": {"status": "STATUS"}}, 1019),
    ],
)
def test_a_field_name_that_recurs_is_decided_by_its_group(
    runs: Runs, options: dict[str, Any], field: int
) -> None:
    messages = [schema("people", "email", "status"), record("people", email="a@example.org", status="gold")]
    runs.good(messages, to_list(**options))
    assert runs.values(NEWSLETTER, "a@example.org") == {field: "gold"}


def test_segments_events_give_the_values_that_segments_action_gives(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.save(NEWSLETTER, "a@example.org")
    runs.save(OUTLET, "b@example.org")
    destination = {
        "people": {
            "kind": "profile_fields",
            "list_from": "listId",
            "email": "emailAddress",
            "field_values": "profileFieldValues",
            "member": "in_audience",
            "route": "beta",
        }
    }
    events = [
        {"listId": NEWSLETTER, "emailAddress": "a@example.org", "in_audience": True,
         "profileFieldValues": {"1124": "useAudienceKey", "1007": "Ann", "abc": "x", "-5": "y", "0": "z"}},
        {"listId": str(OUTLET), "emailAddress": "b@example.org", "in_audience": False,
         "profileFieldValues": {"2028": "useAudienceKey"}},
        {"listId": OUTLET, "emailAddress": "b@example.org", "in_audience": True,
         "profileFieldValues": {"x": "only"}},
    ]  # fmt: skip
    properties = {"listId": {}, "profileFieldValues": {"type": "object"}, "in_audience": {"type": "boolean"}}
    messages = [schema("people", "emailAddress", **properties), *(record("people", **one) for one in events)]
    outcome = runs.good(messages, destination)
    assert outcome.figures == (3, 2, 0, 1, 0)
    assert outcome.codes == ["no_field_values"]
    assert runs.values(NEWSLETTER, "a@example.org") == {VIP: "on", FIRST_NAME: "Ann"}
    assert runs.values(OUTLET, "b@example.org") == {2028: "off"}
    for left_out in ("'abc'", "'-5'", "'0'", "'x'"):
        assert left_out in caplog.text
    assert len([one for one in runs.imports() if one["listId"] == NEWSLETTER]) == 1


def test_contacts_are_unsubscribed_by_external_id_where_a_record_has_no_address(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.org", externalContactID="A1")
    runs.save(NEWSLETTER, "b@example.org", externalContactID="B1")
    said = [("A1", None), ("Z9", "b@example.org"), ("A1", "a@example.org"), ("C1", ""), (None, None)]
    rows = [record("people", number=number, email=email) for number, email in said]
    entry = {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER, "external_id": "number"}}
    outcome = runs.good([schema("people", "number", "email"), *rows], entry)
    assert sorted(outcome.codes) == ["no_external_id", "unknown_contact"]
    for one in ("a@example.org", "b@example.org"):
        assert (runs.contact(NEWSLETTER, one) or {})["subscriptionState"] == "Unsubscribed"
