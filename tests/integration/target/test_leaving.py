"""Deletions by any name never subscribe, nor does a record that says that its contact did not agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sms_world import SmsWorld, destination, new_numbers
from target_runs import record, schema, state

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
NAMES = ("email", "first_name")
MARKERS: list[dict[str, Any]] = [
    {"_sdc_operation_type": "D", "_sdc_lsn_deleted_at": "2026-06-30T10:00:00Z"},
    {"_sdc_operation_type": "delete"},
    {"_sdc_deleted_at": "2026-06-30T10:00:00Z"},
    {"_SDC_DELETED_AT": "2026-06-30 10:00:00"},
    {"_sdc_lsn_operation": 1},
    {"_ab_cdc_deleted_at": "2026-06-30T10:00:00.000Z"},
    {"_fivetran_deleted": True},
    {"__deleted": "true"},
    {"__op": "d"},
    {"op": "d"},
    {"_change_type": "delete"},
    {"METADATA$ACTION": "DELETE"},
    {"__hevo__marked_deleted": True},
    {"IsDeleted": True},
    {"deleted_at": "2026-06-30T10:00:00Z"},
    {"removed_at": "2026-06-30"},
    {"is_removed": 1},
    {"_PEERDB_IS_DELETED": True},
    {"_airbyte_cdc_deleted_at": "2026-06-30T10:00:00Z"},
    {"action": "deleted"},
    {"_operation": "delete"},
    {"_dlt_deleted": True},
    {"anonymized_at": "2026-06-30T10:00:00Z"},
    {"delete_flag": "Y"},
    {"record_status": "Deleted"},
    {"@removed": {"reason": "changed"}},
    {"ROCANCEL": "R"},
    {"0RECORDMODE": "D"},
    {"payload": {"op": "d", "before": {"id": 1}, "after": None}},
    {"before": {"id": 1}, "after": None},
    {"_meta": {"op": "d"}},
    {"after": {"is_deleted": True}},
    {"properties": {"deleted_at": "2026-06-30T10:00:00Z"}},
]
NO_DELETION: dict[str, Any] = {
    "_sdc_deleted_at": None,
    "_sdc_lsn_deleted_at": "",
    "_sdc_operation_type": "U",
    "_fivetran_deleted": False,
    "__deleted": "false",
    "__op": "c",
    "record_status": "active",
    "action": "purchase",
    "@removed": None,
    "ROCANCEL": "N",
    "before": {"is_deleted": True},
    "after": {"is_deleted": False},
}


def to(kind: str = "email_list", **options: object) -> dict[str, Any]:
    return {"people": {"kind": kind, "list": NEWSLETTER, **options}}


def subscribed(runs: Runs, address: str) -> bool | None:
    contact = runs.contact(NEWSLETTER, address)
    return None if contact is None else contact["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize("in_schema", [True, False], ids=["in the SCHEMA", "not in the SCHEMA"])
@pytest.mark.parametrize("many", [1, 20], ids=["by itself", "by column"])
def test_T3_a_deletion_by_any_name_never_subscribes(runs: Runs, in_schema: bool, many: int) -> None:  # noqa: FBT001 - pytest fills it in
    names = {name for marker in MARKERS for name in marker}
    properties: dict[str, Any] = {name: {} for name in names} if in_schema else {}
    head = schema("people", *NAMES, **properties)
    rows = [
        record("people", email=f"gone{place}@example.com", **marker) for place, marker in enumerate(MARKERS)
    ]
    kept = [record("people", email=f"here{place}@example.com", **NO_DELETION) for place in range(many)]
    outcome = runs.good([head, *kept, *rows, *kept], to())
    assert outcome.tally.rejected == len(MARKERS)
    assert set(outcome.codes) == {"deleted"}
    for place in range(len(MARKERS)):
        assert runs.contact(NEWSLETTER, f"gone{place}@example.com") is None
    assert all(subscribed(runs, f"here{place}@example.com") for place in range(many))


def test_T3_with_allow_deletes_it_unsubscribes_whom_the_list_knows(runs: Runs) -> None:
    rows = []
    for place, marker in enumerate(MARKERS):
        runs.save(NEWSLETTER, f"here{place}@example.com")
        rows += [record("people", email=f"{name}{place}@example.com", **marker) for name in ("here", "new")]
    outcome = runs.good([schema("people", *NAMES), *rows], to(allow_deletes=True))
    assert outcome.figures == (2 * len(MARKERS), len(MARKERS), 0, len(MARKERS), 0)
    assert outcome.not_loaded == (len(MARKERS), 0)
    for place in range(len(MARKERS)):
        assert subscribed(runs, f"here{place}@example.com") is False
        assert runs.contact(NEWSLETTER, f"new{place}@example.com") is None


def test_T3_a_deletion_never_subscribes_a_number(runs: Runs) -> None:
    sms = SmsWorld(runs)
    numbers, members = new_numbers(len(MARKERS)), sms.some(len(MARKERS))
    rows = [record("people", phone=number, **marker) for number, marker in zip(numbers, MARKERS, strict=True)]
    outcome = runs.good([schema("people", "phone"), *rows], destination("sms_list"))
    assert set(outcome.codes) == {"deleted"}
    assert sms.touched() == set()
    rows = [record("people", phone=number, **marker) for number, marker in zip(members, MARKERS, strict=True)]
    outcome = runs.good([schema("people", "phone"), *rows], destination("sms_list", allow_deletes=True))
    assert outcome.tally.accepted == len(MARKERS)
    assert {sms.state(number) for number in members} == {"Unsubscribed"}


def test_T3_a_deletion_sets_a_member_off_and_never_on(runs: Runs) -> None:
    audience = to("audience", field="VIP", field_group="Marketing", create_missing=True)
    runs.save(NEWSLETTER, "a@example.com")
    runs.save(NEWSLETTER, "b@example.com")
    head = schema("people", "email")
    gone = record("people", email="a@example.com", __op="d")
    assert runs.good([head, gone, record("people", email="b@example.com")], audience).codes == ["deleted"]
    values = [set(runs.values(NEWSLETTER, f"{name}@example.com").values()) for name in "ab"]
    assert "on" not in values[0]
    assert "on" in values[1]
    allowed = to("audience", field="VIP", field_group="Marketing", allow_deletes=True)
    runs.good([head, record("people", email="b@example.com", _fivetran_deleted=True)], allowed)
    assert "on" not in runs.values(NEWSLETTER, "b@example.com").values()


def test_a_marker_that_cannot_be_read_subscribes_nobody(runs: Runs) -> None:
    rows = [
        record("people", email="a@example.com", _sdc_deleted_at="maybe"),
        record("people", email="b@example.com", _sdc_operation_type="X"),
        record("people", email="c@example.com", __deleted={"at": 1}),
    ]
    outcome = runs.good([schema("people", *NAMES), *rows], to(allow_deletes=True))
    assert outcome.codes == ["unclear_deletion"] * 3
    assert outcome.not_loaded == (0, 3)
    assert not any(runs.contact(NEWSLETTER, f"{name}@example.com") for name in "abc")


@pytest.mark.parametrize("own", [False, True], ids=["of the run", "of the destination"])
def test_markers_of_ones_own_are_deletions_too(runs: Runs, own: bool) -> None:  # noqa: FBT001 - pytest fills it in
    setting = {"delete_markers": {"account_state": ["closed"], "left_on": True}}
    head = schema("people", "email", "account_state", "left_on")
    rows = [
        record("people", email="a@example.com", account_state="Closed", left_on=None),
        record("people", email="b@example.com", account_state="open", left_on="2026-01-01"),
        record("people", email="c@example.com", account_state="open", left_on=None),
    ]
    kind = to(**(setting if own else {}))
    outcome = runs.good([head, *rows], kind, **({} if own else setting))
    assert outcome.codes == ["deleted"] * 2
    assert [subscribed(runs, f"{name}@example.com") for name in "abc"] == [None, None, True]


def test_T15_a_deletion_with_nothing_but_its_key_is_found_by_external_id(runs: Runs) -> None:
    head = schema("people", *NAMES, id={"type": ["integer", "null"]})
    people = [record("people", email=f"p{number}@example.com", id=number) for number in range(7, 10)]
    runs.good([head, *people], to(external_id="id"))
    deleted = {"_sdc_deleted_at": "2026-06-30T10:00:00Z"}
    rows = [
        record("people", id=7, **deleted),
        record("people", id=77, **deleted),
        record("people", **deleted),
    ]
    outcome = runs.good([head, *rows], to(external_id="id", allow_deletes=True))
    assert outcome.figures == (3, 1, 0, 2, 0)
    assert sorted(outcome.codes) == ["deleted", "unknown_contact"]
    assert [subscribed(runs, f"p{number}@example.com") for number in range(7, 10)] == [False, True, True]
    # The same again, and beside the address of the same person: nothing more happens to anybody.
    rows = [record("people", id=7, **deleted), record("people", email="p7@example.com", **deleted)]
    again = runs.good([head, *rows], to(external_id="id", allow_deletes=True))
    assert again.figures == (2, 0, 2, 0, 0)


def test_T15_else_the_reason_says_what_the_source_must_send(runs: Runs) -> None:
    row = record("people", id=7, _sdc_deleted_at="2026-06-30T10:00:00Z")
    audience = {"kind": "audience", "field": "VIP", "field_group": "Marketing", "create_missing": True}
    for kind in ({"kind": "email_list"}, audience):
        options = {**kind, "allow_deletes": True}
        outcome = runs.good([schema("people", "email", "id"), row], to(**options))
        (line,) = [one for one in outcome.rejects if one["type"] == "RECORD"]
        assert line["rejected"]["code"] == "deleted"
        assert "must send email" in line["rejected"]["reason"]
    phone = runs.good([schema("people", "phone"), row], destination("sms_list", allow_deletes=True))
    assert "must send phone" in phone.rejects[-1]["rejected"]["reason"]


@pytest.mark.parametrize("first", ["added", "deleted"])
def test_T15_the_order_of_rows_holds_between_an_address_and_an_external_id(runs: Runs, first: str) -> None:
    """Which contact an external id is of is known late; that must not let the earlier row win."""
    runs.save(NEWSLETTER, "p7@example.com", externalContactID="7")
    added = record("people", email="p7@example.com", id="7", first_name="P")
    deleted = record("people", id="7", _sdc_deleted_at="2026-06-30T10:00:00Z")
    rows = [added, deleted] if first == "added" else [deleted, added]
    runs.good(
        [schema("people", *NAMES, "id"), *rows], to(external_id="id", allow_deletes=True, resubscribe=True)
    )
    assert subscribed(runs, "p7@example.com") is (first == "deleted")


def test_T19_contacts_as_listrak_writes_them_subscribe_nobody_who_unsubscribed(runs: Runs) -> None:
    states = ["Subscribed", "Unsubscribed", "Pending", "Not Subscribed", "OptedOut", None, "Odd"] * 3
    rows = [
        record("people", emailAddress=f"p{place}@example.com", subscriptionState=one)
        for place, one in enumerate(states)
    ]
    outcome = runs.good(
        [schema("people", "emailAddress", "subscriptionState"), *rows], to(), max_reject_share=0.2
    )
    assert outcome.tally.accepted == 3
    assert outcome.not_loaded == (15, 3)
    for place, one in enumerate(states):
        assert subscribed(runs, f"p{place}@example.com") is (True if one == "Subscribed" else None)


def test_T19_the_same_rule_for_numbers(runs: Runs) -> None:
    sms = SmsWorld(runs)
    yes, no, member = [*new_numbers(2), sms.one()]
    head = schema("people", "phone", "subscriptionState")
    rows = [
        record("people", phone=yes, subscriptionState="Subscribed"),
        record("people", phone=no, subscriptionState="Unsubscribed"),
        record("people", phone=member, subscriptionState="Unsubscribed"),
    ]
    outcome = runs.good([head, *rows], destination("sms_list"))
    assert outcome.not_loaded == (2, 0)
    assert sms.state(yes) == "Subscribed"
    assert sms.stored(no) == {}
    assert sms.state(member) == "Subscribed"  # declined is left as it is
    runs.good([head, *rows], destination("sms_list", unsubscribe=True))
    assert sms.state(member) == "Unsubscribed"
    assert sms.stored(no) == {}


def test_a_property_says_who_agreed(runs: Runs) -> None:
    head = schema("people", "email", "consent")
    answers = {"a": "granted", "b": "denied", "c": None, "d": "Granted"}
    rows = [record("people", email=f"{name}@example.com", consent=one) for name, one in answers.items()]
    runs.save(NEWSLETTER, "b@example.com")
    runs.save(NEWSLETTER, "c@example.com")
    kind = to(subscribed="consent", subscribed_values=["granted"])
    outcome = runs.good([head, *rows, state(1)], kind)
    assert outcome.codes == ["no_consent", "consent_missing"]
    assert outcome.states == [1]
    assert [subscribed(runs, f"{name}@example.com") for name in "abcd"] == [True] * 4
    runs.good([head, *rows], to(subscribed="consent", subscribed_values=["granted"], unsubscribe=True))
    # A missing answer is no "no": nobody is unsubscribed by it.
    assert [subscribed(runs, f"{name}@example.com") for name in "abcd"] == [True, False, True, True]


def test_a_record_that_says_no_is_never_resubscribed(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.com")
    runs.unsubscribe(NEWSLETTER, "a@example.com")
    row = record("people", email="a@example.com", subscriptionState="Unsubscribed")
    outcome = runs.good([schema("people", "email", "subscriptionState"), row], to(resubscribe=True))
    assert outcome.codes == ["no_consent"]
    assert subscribed(runs, "a@example.com") is False


@pytest.mark.parametrize(
    ("options", "member"),
    [
        ({"subscribed": "consnet"}, "subscribed"),
        ({"delete_markers": ["gone_at"]}, "delete_markers"),
        ({"subscribed_values": ["yes"]}, "subscribed_values"),
        ({"subscribed": "email", "subscribed_values": []}, "subscribed_values"),
        ({"delete_markers": {"email": None}}, "delete_markers"),
    ],
)
def test_a_slip_in_these_settings_is_an_error_before_anything_is_written(
    runs: Runs, options: dict[str, Any], member: str
) -> None:
    outcome = runs.run([schema("people", *NAMES), record("people", email="a@example.com")], to(**options))
    assert isinstance(outcome.error, ConfigurationError)
    assert member in str(outcome.error)
    assert runs.contact(NEWSLETTER, "a@example.com") is None


@pytest.mark.parametrize("markers", [[""], [["x"]], [None], {"x": None}, {" ": True}, [5]])
def test_delete_markers_that_are_none_are_an_error_before_the_first_request(
    runs: Runs, markers: object
) -> None:
    """The fuzzer found it: the setting was read when the first SCHEMA came, with a stack trace."""
    outcome = runs.run([schema("people", *NAMES)], to(), delete_markers=markers)
    assert isinstance(outcome.error, ConfigurationError)
    assert str(outcome.error).startswith("delete_markers: ")


def test_what_is_rejected_can_be_sent_again_as_it_stands(runs: Runs) -> None:
    row = record("people", email="a@example.com", _sdc_operation_type="D")
    runs.save(NEWSLETTER, "a@example.com")
    first = runs.good([schema("people", *NAMES), row], to())
    assert json.dumps(first.rejects[-1]["record"]) == json.dumps(row["record"])
    runs.good(list(first.rejects), to(allow_deletes=True))
    assert subscribed(runs, "a@example.com") is False


@pytest.mark.parametrize("nested", [False, True])
def test_consent_is_found_however_it_is_spelled_and_inside_objects(runs: Runs, nested: bool) -> None:  # noqa: FBT001 - pytest fills it in
    answers = [True, False] * 10
    people = [(f"p{place}@example.com", one) for place, one in enumerate(answers)]
    if nested:
        head = schema("people", "email", traits={"type": "object", "properties": {"agreed": {}}})
        rows = [record("people", email=email, traits={"agreed": one}) for email, one in people]
    else:
        head = schema("people", "email", **{"Has Agreed": {}})
        rows = [record("people", email=email, **{"Has Agreed": one}) for email, one in people]
    outcome = runs.good([head, *rows], to(subscribed="traits.agreed" if nested else "has_agreed"))
    assert outcome.not_loaded == (10, 0)
    assert [subscribed(runs, email) for email, _ in people] == [True, None] * 10


NOT_IN_USE: list[dict[str, Any]] = [
    {"archived": True},
    {"is_archived": "true"},
    {"archived_at": "2026-06-30T10:00:00Z"},
    {"removed": True},
    {"is_active": False},
    {"active": "N"},
    {"enabled": 0},
    {"deactivated_at": "2026-06-30"},
    {"is_blocked": 1},
    {"customer": {"x": 1}, "banned": "yes"},
]
IN_USE: dict[str, Any] = {
    "archived": False,
    "archived_at": None,
    "is_active": True,
    "enabled": "1",
    "removed": "",
}


@pytest.mark.parametrize("many", [1, 20], ids=["by itself", "by column"])
@pytest.mark.parametrize(
    "options", [{}, {"subscribed": "consent"}, {"allow_deletes": True, "unsubscribe": True}]
)
def test_a_record_that_is_not_in_use_subscribes_and_unsubscribes_nobody(
    runs: Runs, many: int, options: dict[str, Any]
) -> None:
    names = {name for row in (*NOT_IN_USE, IN_USE) for name in row}
    head = schema("people", *NAMES, "consent", **{name: {} for name in names})
    runs.save(NEWSLETTER, "idle0@example.com")
    kept = [
        record("people", email=f"here{place}@example.com", consent=True, **IN_USE) for place in range(many)
    ]
    rows = [
        record("people", email=f"idle{place}@example.com", consent=True, **sign)
        for place, sign in enumerate(NOT_IN_USE)
    ]
    outcome = runs.good([head, *kept, *rows, *kept], to(**options))
    assert outcome.codes == ["not_in_use"] * len(rows)
    assert [subscribed(runs, f"idle{place}@example.com") for place in range(len(rows))] == [
        True,
        *[None] * (len(rows) - 1),
    ]
    assert subscribed(runs, "here0@example.com")


@pytest.mark.parametrize(
    "sign", [{"unsubscribed_at": "2026-06-30T10:00:00Z"}, {"opt_out": True}, {"do_not_contact": "1"}]
)
@pytest.mark.parametrize("many", [1, 20], ids=["by itself", "by column"])
def test_a_yes_that_another_property_contradicts_subscribes_nobody(
    runs: Runs, sign: dict[str, Any], many: int
) -> None:
    head = schema("people", "email", "consent", **{name: {} for name in sign})
    rows = [record("people", email=f"no{place}@example.com", consent=True, **sign) for place in range(many)]
    outcome = runs.good([head, *rows], to(subscribed="consent"))
    assert set(outcome.codes) == {"no_consent"}
    assert subscribed(runs, "no0@example.com") is None


@pytest.mark.parametrize("name", ["unsubscribed_at", "opted_out_at", "date_unsubscribed", "unsubscribe_date"])
def test_a_table_of_all_contacts_unsubscribes_only_those_with_a_date(runs: Runs, name: str) -> None:
    for place in range(3):
        runs.save(NEWSLETTER, f"person{place}@example.com")
    head = schema("people", "email", name)
    dates = (None, "2026-06-30T10:00:00Z", "")
    rows = [
        record("people", email=f"person{place}@example.com", **{name: date})
        for place, date in enumerate(dates)
    ]
    outcome = runs.good([head, *rows], to("email_unsubscribe"))
    assert outcome.codes == ["still_agrees"] * 2
    assert [subscribed(runs, f"person{place}@example.com") for place in range(3)] == [True, False, True]


ABSENT = {
    "email_list": ("accepts_marketing", True, "consent_missing"),
    "email_list ": ("opted_in_at", "2026-06-01", "consent_missing"),
    "email_unsubscribe": ("opt_out", True, "still_agrees"),
    "email_unsubscribe ": ("unsubscribed_at", "2026-06-01", "still_agrees"),
}


@pytest.mark.parametrize("many", [2, 30], ids=["by itself", "by column"])
@pytest.mark.parametrize("kind", ABSENT)
def test_a_property_that_a_record_leaves_out_means_null(runs: Runs, kind: str, many: int) -> None:
    """Many extractors leave nulls out; and a SCHEMA in the middle of a run may have lost the column."""
    name, value, code = ABSENT[kind]
    people = [f"p{place}@example.org" for place in range(4 * many)]
    if kind.startswith("email_unsubscribe"):
        for one in people:
            runs.save(NEWSLETTER, one)
    heads = [schema("people", "email", **{name: {}}), schema("people", "email")]
    says: list[dict[str, Any]] = [{name: value}, {}, {name: None}, {}]
    rows = [record("people", email=one, **says[place // many]) for place, one in enumerate(people)]
    messages = [heads[0], *rows[: 3 * many], heads[1], *rows[3 * many :]]
    outcome = runs.good(messages, {"people": {"kind": kind.strip(), "list": NEWSLETTER}})
    assert outcome.figures == (4 * many, many, 0, 3 * many, 0)
    assert set(outcome.codes) == {code}
    loaded = "Unsubscribed" if kind.startswith("email_unsubscribe") else "Subscribed"
    there = [runs.contact(NEWSLETTER, one) or {} for one in people]
    assert [one.get("subscriptionState") == loaded for one in there] == [
        place < many for place in range(4 * many)
    ]


def test_a_number_whose_record_leaves_out_its_consent_is_not_subscribed_and_not_opted_out(runs: Runs) -> None:
    world = SmsWorld(runs)
    head = schema("people", "phone", sms_consent={}, opt_out={})
    new = new_numbers(3)
    says: list[dict[str, Any]] = [{"sms_consent": True}, {}, {"sms_consent": None}]
    rows = [record("people", phone=one, **said) for one, said in zip(new, says, strict=True)]
    outcome = runs.good([head, *rows], destination("sms_list"))
    assert outcome.codes == ["consent_missing"] * 2
    assert [world.state(one) for one in new] == ["Subscribed", None, None]
    there = world.some(2)
    for kind in ("sms_unsubscribe", "sms_opt_out"):
        rows = [record("people", phone=there[0]), record("people", phone=there[1], opt_out=None)]
        assert runs.good([head, *rows], destination(kind)).codes == ["still_agrees"] * 2
