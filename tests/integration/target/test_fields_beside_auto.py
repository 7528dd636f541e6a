"""`fields: {"*": auto, …}`: properties that it does not name go to the fields of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CODE, SmsWorld
from target_runs import record, schema

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
ADDRESS = "ann@example.org"


def fields(runs: Runs, *names: str) -> list[int]:
    """The ids of the list's profile fields of these names."""
    found: dict[str, int] = {}
    for group in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup"):
        place = f"List/{NEWSLETTER}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}"
        for one in runs.read(f"{place}/SegmentationField"):
            found.setdefault(one["segmentationFieldName"], one["segmentationFieldId"])
    return [found[name] for name in names]


@pytest.mark.parametrize("kind", ["email_list", "profile_fields"])
def test_properties_that_fields_does_not_name_go_to_the_profile_fields_of_their_names(
    runs: Runs, kind: str
) -> None:
    first, last = fields(runs, "First Name", "Last Name")
    runs.save(NEWSLETTER, ADDRESS)
    row = record("people", email=ADDRESS, first_name="Ann", surname="Lee", last_name="left out")
    entry = {"kind": kind, "list": NEWSLETTER, "fields": {"surname": "Last Name", "*": "auto"}}
    runs.good([schema("people", "email", "first_name", "surname", "last_name"), row], {"people": entry})
    values = runs.values(NEWSLETTER, ADDRESS)
    assert (values[first], values[last]) == ("Ann", "Lee")


def test_they_go_to_the_sms_profile_fields_of_their_names(runs: Runs) -> None:
    world = SmsWorld(runs)
    number = world.one()
    row = record("people", phone=number, first_name="Ann", surname="Lee")
    entry = {"kind": "sms_profiles", "sender_code": CODE, "fields": {"*": "auto", "surname": "lastName"}}
    runs.good([schema("people", "phone", "first_name", "surname"), row], {"people": entry})
    stored = world.stored(number)
    assert (stored["firstName"], stored["lastName"]) == ("Ann", "Lee")


def test_they_go_to_the_fields_of_a_custom_event(runs: Runs) -> None:
    entry = {
        "kind": "custom_events",
        "event": "Cart Abandoned",
        "fields": {"*": "auto", "total": "cart_value"},
    }
    row = record("carts", email=ADDRESS, total="12.50", item_count=3)
    runs.good([schema("carts", "email", "total", item_count={}), row], {"carts": entry})
    (posted,) = runs.sandbox.written()["custom_events"]["posted"]
    assert posted["fields"] == {"cartValue": "12.5", "itemCount": "3"}


def test_they_go_to_the_properties_of_retail_data_that_are_called_alike(runs: Runs) -> None:
    entry = {"kind": "orders", "fields": {"*": "auto", "paid": "orderTotal", "town": "billingAddress.city"}}
    row = record(
        "orders", order_number="1", order_date="2026-06-30", paid=5, order_total=7, town="Ulm", sku=["x"]
    )
    names = ("order_number", "order_date", "paid", "order_total", "town")
    outcome = runs.good([schema("orders", *names), row], {"orders": entry})
    assert outcome.tally.accepted == 1
    (order,) = runs.sandbox.written()["data"]["Order"]["rows"].values()
    assert order["orderTotal"] == 5
    assert order["billingAddress"]["city"] == "Ulm"
    assert order["dateEntered"].startswith("2026-06-30")


@pytest.mark.parametrize("goal", ["First Name", "all", 5])
def test_anything_else_than_auto_for_all_others_is_an_error(runs: Runs, goal: object) -> None:
    entry = {"kind": "email_list", "list": NEWSLETTER, "fields": {"*": goal}}
    outcome = runs.run([schema("people", "email")], {"people": entry})
    assert isinstance(outcome.error, ConfigurationError)
    assert 'destinations.people.fields.*: "*" stands for all other properties' in str(outcome.error)


def test_what_fields_leaves_out_is_named_with_the_way_to_send_it(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    head, row = schema("people", "email", "first_name"), record("people", email=ADDRESS, first_name="Ann")
    entry: dict[str, Any] = {"kind": "email_list", "list": NEWSLETTER, "fields": {"email": "Email copy"}}
    entry |= {"create_missing": True, "field_group": "Personal"}
    runs.run([head, row], {"people": entry})
    assert '("*": auto sends them, too)' in caplog.text
