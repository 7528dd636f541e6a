"""`sms_list`: who gets messages, who never does, and whose values change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CLUB, STOCK, STREAM, SmsWorld, destination, messages, new_numbers
from target_runs import Outcome, Runs, activate, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.delivery.mirror import MirrorStopError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sms(runs: Runs) -> SmsWorld:
    return SmsWorld(runs)


def test_an_unknown_number_is_created_with_its_values_and_subscribed(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    row = {
        "phone": "(216) 555-3000",
        "first_name": "Zoë",
        "email": "zoe@example.org",
        "birthday": "1990-02-03",
        "loyalty_points": 12.5,
        "vip": True,
        "anniversary": "2020-06-30T10:00:00Z",
        "shoe_size": None,
    }
    outcome = sms.load([row])
    assert outcome.figures == (1, 1, 0, 0, 0)
    stored = sms.stored(number)
    assert sms.state(number) == "Subscribed"
    assert (stored["firstName"], stored["emailAddress"]) == ("Zoë", "zoe@example.org")
    assert stored["birthday"] == "1990-02-03T00:00:00"
    assert stored["values"] == {"Loyalty Points": "12.5", "VIP": "on", "Anniversary": "06/30/2020"}


def test_a_known_number_that_was_never_on_the_list_is_subscribed(sms: SmsWorld) -> None:
    number = sms.one("never", phone_list=STOCK)
    outcome = sms.load([{"phone": number}], phone_list=STOCK)
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert sms.state(number, STOCK) == "Pending"  # the list has a double opt-in
    assert [call["operation"] for call in sms.calls()] == ["subscribe"]


def test_who_is_on_the_list_with_the_same_values_is_unchanged_and_not_written(sms: SmsWorld) -> None:
    number = sms.one()
    stored = sms.stored(number)
    row = {"phone": number, "first_name": stored["firstName"], "email": stored["emailAddress"]}
    assert sms.load([row]).figures == (1, 0, 1, 0, 0)
    assert sms.load([{"phone": number}]).figures == (1, 0, 1, 0, 0)
    assert sms.touched() == set()


@pytest.mark.parametrize(
    ("state_", "standing", "phone_list", "code"),
    [
        ("unsubscribed", "ok", CLUB, "previously_unsubscribed"),
        ("unsubscribed", "opted_out", CLUB, "opted_out"),
        ("pending", "ok", STOCK, "pending"),
        ("never", "banned", STOCK, "banned"),
        ("never", "blocked", STOCK, "blocked"),
        ("never", "suspended", STOCK, "suspended"),
    ],
)
def test_who_must_not_get_messages_is_rejected_and_not_touched(
    sms: SmsWorld, state_: str, standing: str, phone_list: int, code: str
) -> None:
    number = sms.one(state_, standing, phone_list)
    before = sms.stored(number)
    row = {"phone": number, "first_name": "Changed"}
    outcome = sms.load([row], phone_list=phone_list)
    assert outcome.codes == [code]
    assert sms.stored(number) == before
    assert sms.touched() == set()


def test_an_opted_out_person_is_not_subscribed_even_with_resubscribe(sms: SmsWorld) -> None:
    number = sms.one("unsubscribed", "opted_out")
    outcome = sms.load([{"phone": number}], resubscribe=True)
    assert outcome.codes == ["opted_out"]
    assert sms.touched() == set()


def test_numbers_that_listrak_refuses_to_create_are_rejected_with_the_reason(sms: SmsWorld) -> None:
    refused = sms.runs.sandbox.control("GET", "sms-contacts", senderCodeId=410, standing="refused")
    outcome = sms.load([{"phone": one["phoneNumber"]} for one in refused])
    assert sorted(outcome.codes) == sorted(one["why"] for one in refused)


def test_who_left_is_subscribed_again_only_with_resubscribe(sms: SmsWorld) -> None:
    number = sms.one("unsubscribed")
    outcome = sms.load([{"phone": number, "first_name": "Back"}], resubscribe=True)
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert sms.state(number) == "Subscribed"
    assert sms.stored(number)["firstName"] == "Back"


def test_absent_and_null_keep_what_is_there_and_clear_only_if_asked(sms: SmsWorld) -> None:
    numbers = sms.some(40)
    number = next(one for one in numbers if sms.stored(one)["lastName"] and sms.stored(one)["values"])
    before = sms.stored(number)
    row = {"phone": number, "first_name": "New", "last_name": None, "email": "", "favorite_store": None}
    sms.load([row])
    after = sms.stored(number)
    assert after == {**before, "firstName": "New"}
    row = {"phone": number, "last_name": None, "birthday": None, "favorite_store": ""}
    sms.load([row], null_handling="clear")
    cleared = sms.stored(number)
    assert cleared["lastName"] is None
    assert cleared["birthday"] is None
    values = {name: value for name, value in before["values"].items() if name != "Favorite Store"}
    assert cleared["values"] == values
    assert cleared["emailAddress"] == before["emailAddress"]


def test_values_of_many_known_numbers_go_by_import_and_those_of_a_few_by_call(sms: SmsWorld) -> None:
    many = sms.some(30)
    rows = [{"phone": number, "loyalty_points": 7000 + at} for at, number in enumerate(many)]
    assert sms.load(rows).figures == (30, 30, 0, 0, 0)
    (made,) = sms.imports()
    assert len(made["rows"]) == 30
    assert sms.calls() == []
    for at, number in enumerate(many):
        assert sms.stored(number)["values"]["Loyalty Points"] == str(7000 + at)
    assert sms.load([{"phone": many[0], "loyalty_points": 1}]).figures == (1, 1, 0, 0, 0)
    assert [call["operation"] for call in sms.calls()] == ["update"]


@pytest.mark.parametrize("blank_clears", [False, True])
def test_an_import_clears_nothing_whatever_an_empty_cell_means(sms: SmsWorld, blank_clears: bool) -> None:  # noqa: FBT001
    sms.runs.sandbox.settings(sms_import_blank_clears=blank_clears)
    many = sms.some(40)
    before = {number: sms.stored(number)["values"] for number in many}
    rows: list[dict[str, Any]] = [
        {"phone": number, "loyalty_points": 7001, **({"shoe_size": "9"} if at % 2 else {"shoe_size": None})}
        for at, number in enumerate(many)
    ]
    sms.load(rows)
    assert sms.imports()
    for at, number in enumerate(many):
        expected = {**before[number], "Loyalty Points": "7001", **({"Shoe Size": "9"} if at % 2 else {})}
        assert sms.stored(number)["values"] == expected


def test_system_fields_go_into_the_import_where_listrak_lists_them(sms: SmsWorld) -> None:
    sms.runs.sandbox.settings(sms_system_fields_listed=True)
    many = sms.some(12)
    rows = [
        {"phone": number, "first_name": f"N{at}", "birthday": "2/3/1990"} for at, number in enumerate(many)
    ]
    assert sms.load(rows).figures == (12, 12, 0, 0, 0)
    assert len(sms.imports()) == 1
    assert sms.calls() == []
    assert sms.stored(many[3])["firstName"] == "N3"
    assert sms.stored(many[3])["birthday"] == "1990-02-03T00:00:00"


def test_the_import_s_silence_about_a_banned_number_does_not_pass_for_success(sms: SmsWorld) -> None:
    banned = sms.one("subscribed", "banned")
    rows = [{"phone": number, "loyalty_points": 7777} for number in [*sms.some(15), banned]]
    outcome = sms.load(rows)
    assert outcome.figures == (16, 15, 0, 1, 0)
    assert outcome.codes == ["banned"]


def test_the_last_row_of_a_number_wins_property_by_property(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    rows = [
        {"phone": number, "first_name": "One", "last_name": "Kept"},
        {"phone": f"+{number}", "first_name": "Two"},
    ]
    outcome = sms.load(rows)
    assert outcome.figures == (2, 1, 0, 0, 1)
    assert (sms.stored(number)["firstName"], sms.stored(number)["lastName"]) == ("Two", "Kept")


def test_order_per_number_holds_between_batches_and_streams(sms: SmsWorld) -> None:
    """Two streams to one list: the rows about a number are carried out as they came."""
    first, second = new_numbers(2)
    places = {"sender_code": 410, "phone_list": CLUB}
    destinations = {
        "on": {"kind": "sms_list", **places},
        "off": {"kind": "sms_unsubscribe", **places},
    }
    rows = [
        schema("on", "phone"),
        schema("off", "phone"),
        record("on", phone=first),
        record("off", phone=first),
        record("off", phone=second),
        record("on", phone=second),
    ]
    outcome = sms.runs.run(rows, destinations)
    assert outcome.error is None
    assert outcome.closes()
    assert sms.state(first) == "Unsubscribed"
    # Whoever is taken off the list by another destination is not subscribed by a later row of the run.
    assert outcome.codes == ["left_in_run"]
    assert sms.stored(second) == {}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"phone": "12"}, "bad_phone_number"),
        ({"phone": None}, "no_phone_number"),
        ({"first_name": "Nobody"}, "no_phone_number"),
        ({"phone": "12165553000", "birthday": "soon"}, "bad_value"),
        ({"phone": "12165553000", "email": "nonsense"}, "bad_value"),
        ({"phone": "12165553000", "shoe_size": "enormous!"}, "bad_value"),
        ({"phone": "12165553000", "vip": "perhaps"}, "bad_value"),
        ({"phone": "12165553000", "_sdc_deleted_at": "2026-06-30T00:00:00Z"}, "deleted"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_the_rest_is_loaded(
    sms: SmsWorld, row: dict[str, Any], code: str
) -> None:
    good = new_numbers(2)[1]
    outcome = sms.load([row, {"phone": good}])
    assert outcome.codes == [code]
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert sms.touched() == {good}
    reason = outcome.rejects[-1]["rejected"]["reason"]
    assert "555" not in reason
    assert "nonsense" not in reason


def test_on_bad_value_blank_leaves_the_value_out_and_fail_ends_the_run(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    row = {"phone": number, "first_name": "Ann", "birthday": "soon"}
    outcome = sms.load([row], on_bad_value="blank")
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert (sms.stored(number)["firstName"], sms.stored(number)["birthday"]) == ("Ann", None)
    failed = sms.runs.run(messages([row]), destination(on_bad_value="fail"))
    assert failed.error is not None
    assert "birthday" in str(failed.error)
    assert "soon" not in str(failed.error)


def test_deletes_unsubscribe_where_they_are_allowed_and_never_subscribe(sms: SmsWorld) -> None:
    member, left, (unknown,) = sms.one(), sms.one("unsubscribed"), new_numbers(1)
    deleted = [{"phone": one, "_sdc_deleted_at": "2026-06-30T00:00:00Z"} for one in (member, left, unknown)]
    outcome = sms.load(deleted, allow_deletes=True)
    assert outcome.figures == (3, 1, 2, 0, 0)
    assert sms.state(member) == "Unsubscribed"
    assert sms.touched() == {member}
    assert sms.stored(unknown) == {}


def test_a_delete_cancels_the_earlier_row_of_its_number(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    rows = [{"phone": number}, {"phone": number, "_sdc_deleted_at": "2026-06-30T00:00:00Z"}]
    outcome = sms.load(rows, allow_deletes=True)
    assert outcome.figures == (2, 0, 1, 0, 1)
    assert sms.stored(number) == {}


@pytest.mark.parametrize("form", ["e164", "national"])
def test_either_form_of_numbers_in_listrak_is_understood(sms: SmsWorld, form: str) -> None:
    sms.runs.sandbox.settings(sms_phone_form=form)
    member = sms.one()
    row = {"phone": member, "first_name": "Known"}
    assert sms.load([row]).figures == (1, 1, 0, 0, 0)
    assert sms.touched() == {member}


def test_a_dry_run_looks_up_and_writes_nothing(sms: SmsWorld) -> None:
    numbers = [*new_numbers(2), *sms.some(12), sms.one("unsubscribed")]
    rows = [{"phone": number, "loyalty_points": 7001} for number in numbers]
    outcome = sms.runs.good([*messages(rows), state({"at": 1})], destination(), dry_run=True)
    assert outcome.tally.accepted + outcome.tally.unchanged == 14
    assert outcome.codes == ["previously_unsubscribed"]
    assert sms.touched() == set()
    assert sms.imports() == []
    assert outcome.states == []


def test_state_is_passed_on_when_the_rows_are_confirmed(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    outcome = sms.runs.good([*messages([{"phone": number}]), state({"at": 7})], destination())
    assert outcome.states == [{"at": 7}]


def test_fields_can_be_chosen_by_name_or_id_and_everything_else_is_left_alone(sms: SmsWorld) -> None:
    (number,) = new_numbers(1)
    row = {"phone": number, "shoe_size": "Gold", "first_name": "Not chosen", "last_name": "Chosen"}
    sms.load([row], fields={"shoe_size": "Loyalty Tier", "last_name": "First Name"})
    stored = sms.stored(number)
    assert stored["values"] == {"Loyalty Tier": "Gold"}
    assert (stored["firstName"], stored["lastName"]) == ("Chosen", None)


@pytest.mark.parametrize(
    ("options", "setting", "words"),
    [
        ({"sender_code": "nowhere"}, "sender_code", "48291"),
        ({"sender_code": 48291}, "sender_code", 'write "48291" for the code'),
        ({"phone_list": "VIP"}, "phone_list", "VIP Texts"),
        ({"phone_list": "Outlet Alerts"}, "phone_list", "VIP Texts"),
        ({"phone_list": "Holiday 2024"}, "phone_list", "inactive"),
        ({"fields": {"shoe_size": "Hat Size"}}, "fields.shoe_size", "Shoe Size"),
        ({"fields": {"shoe_size": "Legacy Segment"}}, "fields.shoe_size", "disabled"),
    ],
)
def test_a_wrong_name_ends_the_run_before_a_record_is_read(
    sms: SmsWorld, options: dict[str, Any], setting: str, words: str
) -> None:
    outcome = sms.runs.run(messages([{"phone": new_numbers(1)[0]}]), destination(**options))
    assert isinstance(outcome.error, ConfigurationError)
    assert outcome.error.setting == f"destinations.{STREAM}.{setting}"
    assert words in str(outcome.error)
    assert sms.touched() == set()


def test_a_stream_without_a_phone_number_is_refused_with_what_it_has(sms: SmsWorld) -> None:
    outcome = sms.runs.run([schema(STREAM, "name", "city")], destination())
    assert isinstance(outcome.error, ConfigurationError)
    assert "name, city" in str(outcome.error)
    outcome = sms.runs.run(messages([]), destination(phone="telephone"))
    assert isinstance(outcome.error, ConfigurationError)
    assert "telephone" in str(outcome.error)


def test_a_disabled_sender_code_ends_the_run_and_blames_no_row(sms: SmsWorld) -> None:
    options = {"sender_code": "71999", "phone_list": "Old Club"}
    outcome = sms.runs.run(messages([{"phone": new_numbers(1)[0]}]), destination(**options))
    assert isinstance(outcome.error, ConfigurationError)
    assert "sender code is disabled" in str(outcome.error)
    assert outcome.codes == []


@pytest.fixture
def tiny(runs: Runs) -> Iterator[SmsWorld]:
    """A world of a few people, for what looks at each member of a list."""
    runs.sandbox.reset(scale="tiny")
    yield SmsWorld(runs)
    runs.sandbox.reset(scale="small")


def members(sms: SmsWorld) -> list[str]:
    return sorted(number for number, one in sms.everybody(CLUB, "subscribed").items() if not one["optOut"])


def mirrored(sms: SmsWorld, numbers: list[str], **options: object) -> Outcome:
    rows = [*messages([{"phone": one} for one in numbers], 1), activate(STREAM, 1), state({"at": 1})]
    return sms.runs.run(rows, destination(mirror=True, **options))


@pytest.mark.parametrize("left_listed", [False, True])
def test_mirrored_twice_with_changing_audiences_ends_with_exactly_the_second(
    tiny: SmsWorld,
    left_listed: bool,  # noqa: FBT001  a parameter, no switch
) -> None:
    """Whether Listrak lists people who left a list is not documented: both readings end alike."""
    tiny.runs.sandbox.settings(sms_left_contacts_listed=left_listed)
    on = members(tiny)
    elsewhere = {number: one for number, one in tiny.everybody().items() if number not in on}
    first = [*on[10:], *new_numbers(20)]
    outcome = mirrored(tiny, first)
    assert outcome.error is None
    assert outcome.closes()
    assert outcome.tally.removed == 10
    assert set(members(tiny)) == set(first)
    assert outcome.states == [{"at": 1}]
    second = [*first[25:], *new_numbers(30, first=100)]
    outcome = mirrored(tiny, second, max_removed_share=0.5)
    assert outcome.error is None
    assert outcome.tally.removed == 25
    assert set(members(tiny)) == set(second)
    now = tiny.everybody()
    assert {number: now[number] for number in elsewhere} == elsewhere
    other_lists = {CLUB}
    for number in on:
        kept = [row for row in now[number]["phoneLists"] if row["phoneListId"] not in other_lists]
        assert all(row["subscriptionState"] != "Unsubscribed" or row["unsubscribeDate"] for row in kept)
    assert {one["phoneListId"] for one in tiny.calls("unsubscribe")} == {CLUB}


def test_who_was_removed_by_mirroring_comes_back_with_resubscribe_only(tiny: SmsWorld) -> None:
    """Listrak does not say who unsubscribed somebody, so nobody who is unsubscribed is taken for willing."""
    on = members(tiny)
    mirrored(tiny, on[4:])
    back = mirrored(tiny, on)
    assert back.error is None
    assert back.codes == ["previously_unsubscribed"] * 4
    assert set(members(tiny)) == set(on[4:])
    assert mirrored(tiny, on, resubscribe=True).codes == []
    assert set(members(tiny)) == set(on)


def test_without_an_activate_version_after_the_last_record_nobody_is_removed(tiny: SmsWorld) -> None:
    on = members(tiny)
    first = [*messages([{"phone": one} for one in on[5:]], 1), state({"at": 1})]
    early = [first[0], activate(STREAM, 1), *first[1:]]
    for rows in (first, early):
        outcome = tiny.runs.run(rows, destination(mirror=True))
        assert isinstance(outcome.error, MirrorStopError)
        assert f"5 of {len(on)} current members in Phone List VIP Texts" in str(outcome.error)
        assert outcome.states == []
        assert tiny.touched() == set()


def test_end_of_input_removes_without_one(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows = [*messages([{"phone": one} for one in on[5:]]), state({"at": 1})]
    outcome = tiny.runs.run(rows, destination(mirror="end_of_input"))
    assert outcome.error is None
    assert tiny.touched() == set(on[:5])


def test_more_than_the_share_removes_nobody_keeps_additions_and_holds_state(tiny: SmsWorld) -> None:
    on = members(tiny)
    (new,) = new_numbers(1)
    outcome = mirrored(tiny, [*on[len(on) // 2 :], new])
    assert outcome.error is not None
    assert "max_removed_share" in str(outcome.error)
    assert tiny.touched() == {new}
    assert outcome.states == []
    outcome = mirrored(tiny, [*on[len(on) // 2 :], new], max_removed_share=0.6)
    assert outcome.error is None
    assert set(members(tiny)) == {*on[len(on) // 2 :], new}


@pytest.mark.parametrize("left_listed", [False, True])
def test_the_share_counts_members_only(tiny: SmsWorld, left_listed: bool) -> None:  # noqa: FBT001  a parameter
    tiny.runs.sandbox.settings(sms_left_contacts_listed=left_listed)
    on = members(tiny)
    allowed = len(on) // 5
    assert mirrored(tiny, on[allowed + 1 :]).error is not None
    assert mirrored(tiny, on[allowed:]).error is None


def test_the_share_does_not_count_people_of_the_stream_who_had_left(tiny: SmsWorld) -> None:
    tiny.runs.sandbox.settings(sms_left_contacts_listed=True)
    on, left = members(tiny), tiny.some(3, "unsubscribed")
    allowed = len(on) // 5
    assert mirrored(tiny, [*on[allowed + 1 :], *left]).error is not None
    assert tiny.touched() == set()
    outcome = mirrored(tiny, [*on[allowed:], *left])
    assert outcome.error is None
    assert outcome.codes == ["previously_unsubscribed"] * 3


def test_a_rejected_row_with_a_readable_number_protects_its_member(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows: list[Any] = messages([{"phone": one} for one in on[3:]], 1)
    rows += [record(STREAM, 1, phone=on[0], birthday="soon")]
    rows += [record(STREAM, 1, phone=on[1], _sdc_deleted_at="2026-06-30T00:00:00Z")]
    outcome = tiny.runs.run([*rows, activate(STREAM, 1)], destination(mirror=True))
    assert outcome.error is None
    assert sorted(outcome.codes) == ["bad_value", "deleted"]
    assert tiny.touched() == {on[2]}


def test_a_row_that_breaks_the_schema_protects_its_member_too(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows: list[Any] = messages([{"phone": one} for one in on[1:]], 1)
    rows += [record(STREAM, 1, phone=on[0], first_name=5)]
    outcome = tiny.runs.run([*rows, activate(STREAM, 1)], destination(mirror=True), validate_records=True)
    assert outcome.error is None
    assert outcome.codes == ["invalid_record"]
    assert tiny.touched() == set()


def test_too_many_rejected_rows_remove_nobody(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows = [*messages([{"phone": one} for one in on[20:]], 1), *(record(STREAM, 1, phone="?") for _ in on)]
    outcome = tiny.runs.run([*rows, activate(STREAM, 1)], destination(mirror=True), max_reject_share=0.2)
    assert outcome.error is not None
    assert "max_reject_share" in str(outcome.error)
    assert tiny.touched() == set()


def test_input_that_breaks_off_removes_nobody(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows = [*messages([{"phone": one} for one in on[5:]], 1), activate(STREAM, 1), b'{"type": "RECO']
    outcome = tiny.runs.run(rows, destination(mirror="end_of_input"))
    assert outcome.error is not None
    assert tiny.touched() == set()


def test_deleted_rows_leave_a_mirrored_list_and_protect_nobody(tiny: SmsWorld) -> None:
    on = members(tiny)
    rows: list[Any] = messages([{"phone": one} for one in on[1:]], 1)
    rows += [record(STREAM, 1, phone=on[0], _sdc_deleted_at="2026-06-30T00:00:00Z")]
    outcome = tiny.runs.run([*rows, activate(STREAM, 1)], destination(mirror=True, allow_deletes=True))
    assert outcome.error is None
    assert tiny.touched() == {on[0]}
