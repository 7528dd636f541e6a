"""Properties that the settings name: however they are spelled, also inside nested objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import record, schema

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, VIP = 40137, "VIP"
OBJECT = {"type": ["object", "null"]}


def on(runs: Runs, address: str) -> str | None:
    """The value of the audience's field."""
    contact = runs.contact(NEWSLETTER, address) or {}
    names = {one["segmentationFieldId"]: one["value"] for one in contact.get("segmentationFieldValues") or []}
    return next((value for value in names.values() if value in {"on", "off"}), None)


def someone(runs: Runs, name: str) -> str:
    """An address on the list without any value."""
    address = f"{name}@example.org"
    runs.save(NEWSLETTER, address, subscriptionState="Subscribed")
    return address


@pytest.mark.parametrize("many", [1, 40])
@pytest.mark.parametrize(
    "name",
    ["\ufeffemail", "E-Mail", "e\u200bmail", "email\xa0", "\uff45mail", "Email_Address", "\u202aEMAIL\u202c"],
)
def test_T13_a_property_is_found_whatever_cannot_be_seen_in_its_name(
    runs: Runs, name: str, many: int
) -> None:
    rows = [
        record("people", **{name: f"t{one}@example.org", "First\ufeff-Name": "Ann"}) for one in range(many)
    ]
    target = {"people": {"kind": "email_list", "list": "Newsletter"}}
    outcome = runs.good([schema("people", name, "First\ufeff-Name"), *rows], target)
    assert outcome.figures[:2] == (many, many)
    assert "Ann" in runs.values(NEWSLETTER, "t0@example.org").values()


@pytest.mark.parametrize("many", [1, 40])
def test_T13_the_settings_name_properties_without_what_cannot_be_seen(runs: Runs, many: int) -> None:
    head = schema(
        "people", "\ufeffContact  Address", "Vor\u00adname", "cafe\u0301", keys=("\ufeffContact  Address",)
    )
    rows = [
        record(
            "people",
            **{"\ufeffContact  Address": f"t{one}@example.org", "Vor\u00adname": "Ann", "cafe\u0301": "x"},
        )
        for one in range(many)
    ]
    fields = {"vorname": "First Name", "caf\u00e9": "Last Name"}
    target = {
        "people": {"kind": "email_list", "list": "Newsletter", "email": "contact_address", "fields": fields}
    }
    outcome = runs.good([head, *rows], target)
    assert outcome.figures[:2] == (many, many)
    assert {"Ann", "x"} <= set(runs.values(NEWSLETTER, "t0@example.org").values())


def test_T13_an_error_shows_what_cannot_be_seen(runs: Runs) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter"}}
    outcome = runs.run([schema("people", "\ufeffmail_to\u200b"), record("people")], target)
    assert isinstance(outcome.error, ConfigurationError)
    assert r"\ufeffmail_to\u200b" in str(outcome.error)


def segment(address: str, value: object) -> dict[str, Any]:
    """An event as Segment's Engage audiences send it."""
    return {
        "type": "track",
        "context": {"traits": {"email": address}, "personas": {"computation_key": "vips"}},
        "properties": {"audience_key": "vips", "vips": value},
    }


@pytest.mark.parametrize(
    "where",
    [
        {"email": "context.traits.email", "member_from": "properties.audience_key"},
        {"email": "context.traits.email", "member_from": "context.personas.computation_key"},
        {"email": "context.traits.email", "member": "properties.vips"},
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_T25_events_of_segment_set_an_audience_by_paths(
    runs: Runs, where: dict[str, str], declared: object
) -> None:
    inner = {"type": "object", "properties": {"email": {"type": "string"}}}
    context = {"type": "object", "properties": {"traits": inner, "personas": OBJECT}} if declared else OBJECT
    head = schema("events", "type", context=context, properties=OBJECT)
    yes, no, unsaid, strange = (someone(runs, name) for name in ("yes", "no", "unsaid", "strange"))
    target = {"events": {"kind": "audience", "list": "Newsletter", "field": VIP, **where}}
    runs.good([head, record("events", **segment(no, True))], target)  # noqa: FBT003
    events = [segment(yes, True), segment(no, False), segment(unsaid, None), segment(strange, "perhaps")]  # noqa: FBT003
    outcome = runs.good([head, *(record("events", **one) for one in events)], target)
    assert outcome.figures[:2] == (4, 2)
    assert (on(runs, yes), on(runs, no)) == ("on", "off")
    assert on(runs, unsaid) is None
    assert on(runs, strange) is None
    assert outcome.codes == ["bad_value", "bad_value"]
    # The rejected rows are as they came.
    assert outcome.rejects[1]["record"] == segment(unsaid, None)


def test_T25_memberships_that_contradict_reject_the_row(runs: Runs) -> None:
    address = someone(runs, "both")
    event = {**segment(address, True), "vips": False}  # noqa: FBT003
    head = schema("events", "type", "vips", context=OBJECT, properties=OBJECT)
    where = {"email": "context.traits.email", "member_from": "context.personas.computation_key"}
    target = {"events": {"kind": "audience", "list": "Newsletter", "field": VIP, **where}}
    assert runs.good([head, record("events", **event)], target).codes == ["bad_value"]


@pytest.mark.parametrize("many", [1, 40])
def test_T25_a_property_with_dots_in_its_name_wins_over_a_path(runs: Runs, many: int) -> None:
    head = schema("people", "contact.email", contact=OBJECT)
    rows = [
        record(
            "people", **{"contact.email": f"t{one}@example.org", "contact": {"email": "other@example.org"}}
        )
        for one in range(many)
    ]
    target = {"people": {"kind": "email_list", "list": "Newsletter", "email": "contact.email"}}
    outcome = runs.good([head, *rows], target)
    assert outcome.figures[:2] == (many, many)
    assert runs.contact(NEWSLETTER, "other@example.org") is None


def test_T25_fields_may_be_paths(runs: Runs) -> None:
    head = schema("people", "email", traits=OBJECT)
    fields = {"traits.name.first": "First Name", "traits.last": "Last Name"}
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": fields}}
    row = record("people", email="t1@example.org", traits={"name": {"first": "Ann"}, "last": "Lee"})
    runs.good([head, row], target)
    assert {"Ann", "Lee"} <= set(runs.values(NEWSLETTER, "t1@example.org").values())


def test_member_and_member_from_are_one_or_the_other(runs: Runs) -> None:
    target = {
        "events": {"kind": "audience", "list": "Newsletter", "field": VIP, "member": "a", "member_from": "b"}
    }
    outcome = runs.run([schema("events", "email")], target)
    assert isinstance(outcome.error, ConfigurationError)
    assert "member_from" in str(outcome.error)


def test_T13_two_properties_that_differ_in_spelling_only_are_an_error_where_the_settings_name_neither(
    runs: Runs,
) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter", "email": "e-mail"}}
    outcome = runs.run([schema("people", "email", "E_Mail")], target)
    assert isinstance(outcome.error, ConfigurationError)
    assert "spelling only" in str(outcome.error)


def test_T27_an_audience_names_all_faults_of_a_row(runs: Runs) -> None:
    target = {"events": {"kind": "audience", "list": "Newsletter", "field": VIP, "member": "vip"}}
    head = schema("events", "email", vip={"type": ["string", "null"]})
    outcome = runs.good([head, record("events", email="ann@@example.com", vip="perhaps")], target)
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert [one["code"] for one in rejected["faults"]] == ["bad_email_address", "bad_value"]
