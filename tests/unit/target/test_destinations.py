"""The setting `destinations`: every slip is an error that names its place, and nothing else comes of it."""

from __future__ import annotations

import json
import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from listrak_api.errors import ConfigurationError
from target_listrak.config.destination_options import OPTIONS
from target_listrak.config.destinations import Destinations
from target_listrak.config.kind_options import OPTIONS_BY_KIND


def parse(**entry: Any) -> Destinations:  # noqa: ANN401 - whatever a user writes
    return Destinations({"people": entry})


LIST = {"kind": "email_list", "list": "Main"}
AUDIENCE = {"kind": "audience", "list": 7, "field": "VIP"}
FIELDS = {"kind": "profile_fields", "list": 7}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("email_list", ["destinations.people is wrong: expected a JSON object"]),
        ([], ["destinations.people: expected an object", "email_list"]),
        ({}, ["destinations.people.kind", "missing", "sms_opt_out"]),
        ({"kind": "emaillist"}, ["destinations.people.kind", "'emaillist'", "'email_list'"]),
        ({"kind": 5}, ["destinations.people.kind", "a whole number is not a kind"]),
        ({**LIST, "feilds": "auto"}, ["destinations.people.feilds", "unknown", "'fields'"]),
        ({**FIELDS, "mirror": True}, ["destinations.people.mirror", "profile_fields has no such option"]),
        ({**LIST, "route": "beta"}, ["destinations.people.route", "kind email_list has no such option"]),
        ({**FIELDS, "resubscribe": True}, ["destinations.people.resubscribe", "no such option"]),
        ({"kind": "email_unsubscribe", "list": 1, "update_type": "Update"}, ["update_type"]),
        ({**LIST, "list": 4.5}, ["destinations.people.list", "expected a string or a whole number"]),
        ({**LIST, "list": True}, ["destinations.people.list", "got true or false"]),
        ({**LIST, "list": 0}, ["destinations.people.list", "positive"]),
        ({**LIST, "list": " "}, ["destinations.people.list", "empty"]),
        (
            {**LIST, "resubscribe": "maybe"},
            ["destinations.people.resubscribe", "expected a boolean (true, false,"],
        ),
        (
            {**LIST, "resubscribe": "y"},
            ["destinations.people.resubscribe", "expected a boolean (true, false,"],
        ),
        ({**LIST, "resubscribe": 1}, ["destinations.people.resubscribe", "expected true or false"]),
        ({**LIST, "update_type": "update"}, ["destinations.people.update_type", "Update, Append, Overwrite"]),
        ({"kind": "email_list"}, ["destinations.people.list", "either `list` or `list_from`"]),
        ({**LIST, "list_from": "to"}, ["destinations.people.list", "not both"]),
        ({"kind": "email_list", "list_from": "to", "create_list": True}, ["create_list", "`list` only"]),
        ({**LIST, "update_type": "Overwrite", "null_handling": "keep"}, ["null_handling", "contradicts"]),
        ({**LIST, "update_type": "Append", "null_handling": "clear"}, ["null_handling", "contradicts"]),
        ({**LIST, "fields": "all"}, ["destinations.people.fields", "'all'"]),
        ({**LIST, "fields": {"name": 0}}, ["destinations.people.fields.name"]),
        ({**LIST, "fields": {"name": True}}, ["destinations.people.fields.name"]),
        ({**LIST, "event_ids": [1, ""]}, ["destinations.people.event_ids", "whole numbers"]),
        ({**LIST, "event_ids": [1, True]}, ["destinations.people.event_ids", "whole numbers"]),
        (
            {"kind": "email_events", "list": 7},
            ["destinations.people.event", "either `event` or `event_from`"],
        ),
        ({"kind": "email_events", "list": 7, "event": "a", "event_from": "b"}, ["event", "not both"]),
        ({"kind": "email_events", "list": 7, "event": "a", "fields": "auto"}, ["fields", "no such option"]),
        ({**LIST, "event_ids": [1, -2]}, ["destinations.people.event_ids", "positive whole numbers"]),
        ({**LIST, "fields": {"a": "Name", "b": "name"}}, ["destinations.people.fields.a", "go to one field"]),
        (
            {**LIST, "create_list": {"fromEmial": "news@example.com"}},
            ["destinations.people.create_list.fromEmial", "Did you mean 'fromEmail'?"],
        ),
        ([LIST, "sms"], ["destinations.people[1]: expected an object with `kind`"]),
        ([LIST, {"kind": "sms"}], ["destinations.people[1].kind", "'sms' is not a kind"]),
        ([LIST, {**LIST, "resubscribe": 1}], ["destinations.people[1].resubscribe", "expected true"]),
        ([{"kind": "email_list"}, LIST], ["destinations.people[0].list", "either `list` or `list_from`"]),
        ([LIST, LIST], ["destinations.people[1]", "the same as destinations.people[0]"]),
        ([[LIST]], ["destinations.people[0]: expected an object"]),
        (
            [LIST, {"kind": "email_unsubscribe", "list": "main"}],
            ["destinations.people[1].kind", "removes the people whom destinations.people[0] loads"],
        ),
        (
            [
                {"kind": "sms_opt_out", "sender_code": 1},
                {"kind": "sms_list", "sender_code": 1, "phone_list": "News"},
            ],
            ["destinations.people[0].kind", "removes the people whom destinations.people[1] loads"],
        ),
        ({"kin": "email_list", "list": 1}, ["destinations.people.kin", "Did you mean 'kind'"]),
        ({"vips": {"list": 1}}, ["destinations.people.kind", "missing", "shop\\.vips"]),
        ({"kind": "audience", "list": 7}, ["destinations.people.field", "either `field` or `field_from`"]),
        ({"kind": "audience", "field": 7}, ["destinations.people.list", "either `list` or `list_from`"]),
        ({**AUDIENCE, "field_from": "name"}, ["destinations.people.field", "not both"]),
        ({**AUDIENCE, "subscribed": "ok"}, ["destinations.people.subscribed", "subscribe: true"]),
        (
            {**AUDIENCE, "subscribe": True, "include_unsubscribed": True},
            ["destinations.people.include_unsubscribed", "stay so"],
        ),
        ({**AUDIENCE, "resubscribe": True}, ["destinations.people.resubscribe", "no such option"]),
        ({**AUDIENCE, "mirror": "always"}, ["destinations.people.mirror", "false, true, end_of_input"]),
        ({**AUDIENCE, "mirror": 1}, ["destinations.people.mirror", "got a whole number"]),
        ({**AUDIENCE, "max_removed_share": 2}, ["max_removed_share", "0 to 1"]),
        ({**AUDIENCE, "create_missing": True}, ["destinations.people.field_group"]),
        (
            {**FIELDS, "route": "beta", "update_type": "Append"},
            ["update_type", "beta route does not have it"],
        ),
        ({**FIELDS, "route": "beta", "external_id": "id"}, ["external_id", "beta route does not have it"]),
        ({**FIELDS, "member": "in"}, ["destinations.people.member", "field_values"]),
        ({**FIELDS, "field_values": "values", "fields": "auto"}, ["field_values", "not both"]),
    ],
)
def test_a_slip_is_named(entry: object, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Destinations({"people": entry})
    for word in words:
        assert word in str(caught.value)
    assert caught.value.setting.startswith("destinations.people")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"resubscribe": "true"}, True),
        ({"resubscribe": "false"}, False),
        ({"resubscribe": "null"}, False),
        ({"event_ids": "[1, 2]"}, [1, 2]),
        ({"event_ids": "1,2"}, [1, 2]),
        ({"event_ids": 5}, [5]),
        ({"event_ids": ["5"]}, [5]),
        ({"event_ids": "Welcome, 5"}, ["Welcome", 5]),
        ({"event_ids": '["Welcome"]'}, ["Welcome"]),
        ({"delete_markers": ["gone"]}, ["gone"]),
        ({"delete_markers": '{"status": ["gone"]}'}, {"status": ["gone"]}),
        ({"delete_markers": "gone,deleted"}, ["gone", "deleted"]),
        ({"subscribed": "ok", "subscribed_values": ["1", "yes"]}, "ok"),
        ({"create_list": "true"}, True),
        ({"create_list": '{"fromEmail": "news@example.com"}'}, {"fromEmail": "news@example.com"}),
        ({"fields": '{"first_name": "First Name"}'}, {"first_name": "First Name"}),
        ({"fields": {"address": {"city": "City"}}}, {"address.city": "City"}),
        ({"list": "7"}, "7"),  # a name first, then an id
        ({"mirror": "true"}, True),
        ({"mirror": "end_of_input"}, "end_of_input"),
        ({"max_removed_share": "0.5"}, 0.5),
    ],
)
def test_T16_options_typed_by_hand_arrive_as_text_and_are_understood(
    given: dict[str, Any], value: object
) -> None:
    entry = AUDIENCE if set(given) & {"mirror", "max_removed_share"} else LIST
    (one,) = Destinations({"people": {**entry, **given}}).all
    found = one.option(next(iter(given)))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "setting",
    [
        {"shop": {"vips": LIST}},
        {"shop.vips": LIST},
        {"shop.vips.kind": "email_list", "shop.vips.list": "Main"},
        {r"shop\.vips.kind": "email_list", r"shop\.vips.list": "Main"},
        {"shop.vips": '{"kind": "email_list", "list": "Main"}'},
    ],
)
def test_T16_a_stream_with_a_dot_in_its_name_is_found_whatever_meltano_makes_of_it(
    setting: dict[str, Any],
) -> None:
    (one,) = Destinations(setting).all
    assert (one.pattern, one.kind, one.option("list")) == ("shop.vips", "email_list", "Main")


def test_T16_streams_shop_and_shop_vips_may_both_have_a_destination() -> None:
    both = Destinations(
        {"shop": {**LIST, "vips": {**LIST, "list": "VIP", "email": "mail"}, "x": {"y": LIST}}}
    )
    assert {one.pattern: one.option("list") for one in both.all} == {
        "shop": "Main",
        "shop.vips": "VIP",
        "shop.x.y": "Main",
    }


def test_T16_one_stream_in_two_forms_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="two entries of this name"):
        Destinations({"shop": {"vips": LIST}, "shop.vips": LIST})


def test_every_option_that_names_a_property_is_marked_as_such() -> None:
    """So that its value is compared with the stream's SCHEMA."""
    told = {name for name, option in OPTIONS.items() if re.match(r"The (\w+ )?property", option.text)}
    assert {"email", "external_id", "new_email", "list_from", "phone", "member"} <= told
    assert {name for name, option in OPTIONS.items() if option.names_property} == told


def test_null_is_the_same_as_left_out() -> None:
    (one,) = parse(kind="email_list", list="Main", update_type=None).all
    assert one.option("update_type") == "Update"
    assert "update_type" not in one.options


@pytest.mark.parametrize(
    ("options", "clears"),
    [
        ({}, False),
        ({"null_handling": "keep"}, False),
        ({"null_handling": "clear"}, True),
        ({"update_type": "Overwrite"}, True),
    ],
)
def test_overwrite_implies_clear(options: dict[str, Any], clears: bool) -> None:  # noqa: FBT001 - pytest or hypothesis fills it in
    (one,) = Destinations({"people": {**LIST, **options}}).all
    assert one.clears is clears


def test_patterns_of_one_length_that_fit_a_stream_alike_are_an_error() -> None:
    joins = {"kind": "email_list", "list": "Newsletter"}
    leaves = {"kind": "email_unsubscribe", "list": "Newsletter"}
    found = Destinations({"left_*": leaves, "*_vips": joins, "left_vips_2": joins})
    with pytest.raises(ConfigurationError, match=r"left_\* and \*_vips fit"):
        found.for_stream("left_vips")
    assert found.for_stream("left_vips_2")[0].kind == "email_list"
    assert found.for_stream("left_others")[0].kind == "email_unsubscribe"


def test_a_stream_s_destination_is_the_exact_name_then_the_longest_pattern() -> None:
    entries = {"*": LIST, "shop_*": LIST, "shop_?": LIST, "shop_customers": LIST, "[a]": LIST}
    found = Destinations(entries)
    names = {
        "shop_customers": "shop_customers",
        "shop_x": "shop_?",
        "shop_orders": "shop_*",
        "other": "*",
        "[a]": "[a]",
    }
    assert {name: one[0].pattern for name in names if (one := found.for_stream(name))} == names
    assert not Destinations({"a": LIST}).for_stream("A")


def test_every_option_belongs_to_a_kind_and_has_a_text() -> None:
    assert {option for options in OPTIONS_BY_KIND.values() for option in options} == set(OPTIONS)
    assert all(option.text.endswith(".") for option in OPTIONS.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {"kind": st.sampled_from([*OPTIONS_BY_KIND, "x"])},
    optional={name: JSON | st.sampled_from(["a", 1, True]) for name in OPTIONS},
)


@given(JSON | st.dictionaries(st.text(max_size=5), ENTRY | JSON, max_size=3))
def test_whatever_is_written_there_is_taken_or_named(setting: Any) -> None:  # noqa: ANN401 - whatever a user writes
    try:
        found = Destinations(setting).all
    except ConfigurationError as error:
        found, place = [], error.setting
    else:
        place = "destinations"
    assert place.startswith("destinations")
    for one in found:
        assert one.kind in OPTIONS_BY_KIND
        assert set(one.options) <= set(OPTIONS_BY_KIND[one.kind])
        for name in OPTIONS_BY_KIND[one.kind]:
            one.option(name)


@pytest.mark.parametrize(
    "setting",
    [
        {"people": [LIST, FIELDS]},
        {"people": json.dumps([LIST, FIELDS])},
        {"peo*": [LIST, FIELDS], "other": LIST},
        {"shop": {"people": {"kind": "email_list", "list": 3}}, "people": [LIST, FIELDS]},
    ],
)
def test_an_entry_may_be_an_array_of_destinations(setting: dict[str, Any]) -> None:
    found = Destinations(setting).for_stream("people")
    assert [(one.kind, one.position) for one in found] == [("email_list", 0), ("profile_fields", 1)]
    assert [one.label.endswith(f"[{number}]") for number, one in enumerate(found)] == [True, True]


def test_an_array_of_one_destination_and_the_destination_by_itself_are_the_same() -> None:
    (one,) = Destinations({"people": [LIST]}).for_stream("people")
    (other,) = Destinations({"people": LIST}).for_stream("people")
    assert (one.kind, one.options, one.position) == (other.kind, other.options, other.position)
