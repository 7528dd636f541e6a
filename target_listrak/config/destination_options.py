"""The options of destinations, each with its description. `kind_options` says which kind has which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["NAME_OR_ID", "OPTIONS", "Option"]


@dataclass(frozen=True)
class Option:
    """One option of a destination: a key of its object in the setting `destinations`.

    Attributes:
        text: Its description, for the documentation and for hints.
        types: The JSON types it may have.
        values: The allowed values; empty if every value of its types is allowed.
        default: Its value if it is not set.
        names_property: Whether its value names a property of the stream's records. The name must be in the
            stream's SCHEMA.
    """

    text: str
    types: tuple[type, ...]
    values: tuple[object, ...] = ()
    default: object = None
    names_property: bool = False


def _property(text: str) -> Option:
    """Create an option that names a property of the stream's records."""
    return Option(text, (str,), names_property=True)


NAME_OR_ID: Final = (str, int)

OPTIONS: Final[dict[str, Option]] = {
    "list": Option(
        "The List, by name or id. A number is an id; a text is a name first, then an id.", NAME_OR_ID
    ),
    "list_from": _property(
        "The property that holds each record's List (name or id): the stream is split by it."
    ),
    "create_list": Option(
        "Create the list if no list has that name: true, or an object of List properties such as "
        "`bounceHandling` and `fromEmail`.",
        (bool, dict),
        default=False,
    ),
    "email": _property("The property with the email address. Default: the one named like it."),
    "phone": _property("The property with the phone number. Default: the one named like it."),
    "external_id": _property(
        "The property with the external contact id. Kinds that load only known contacts find them by it "
        "where a record has no address."
    ),
    "new_email": _property("The property with a contact's new address: the contact is moved to it."),
    "fields": Option(
        "`auto`: properties go to the profile fields of the same name. Or an object from property to field "
        '(name, `Group.Field`, or id): then no others are sent, unless `"*": auto` is among them. Kind '
        "audience: no other fields, unless it is given.",
        (str, dict),
        default="auto",
    ),
    "field_values": _property(
        "The property that holds an object from profile field id to value, as Segment sends it."
    ),
    "field_group": Option(
        "The profile field group: decides between fields of the same name, and takes new ones.", NAME_OR_ID
    ),
    "field_from": _property(
        "The property that holds the name or id of each record's audience field: one stream of many "
        "audiences. With `field_group` only fields of that group are meant."
    ),
    "subscribe": Option(
        "Add contacts that the list does not know to it. You need their consent (`subscribed`). Whoever "
        "unsubscribed stays so.",
        (bool,),
        default=False,
    ),
    "field": Option(
        "The CheckBox profile field that tells who is in the audience, by name or id.", NAME_OR_ID
    ),
    "member": _property("The boolean property that tells whether the record is a member."),
    "member_from": _property(
        "The property that holds the name of the boolean property (Segment's `computation_key`); instead of "
        "`member`."
    ),
    "create_missing": Option(
        "Create what is missing: profile fields (and the group), or the event.", (bool,), default=False
    ),
    "max_created": Option(
        "The most profile fields, or events, that a run creates (`create_missing`). What would exceed it is "
        "an error before any of them is created. Properties that tools add (`_airbyte_raw_id`, `__op`), that "
        "have no name, or are called like a secret (`password_hash`) become fields only if `fields` names "
        "them.",
        (int,),
        default=50,
    ),
    "update_type": Option(
        "What happens to values that are there: Update replaces them, Append adds to them, Overwrite also "
        "clears. "
        "Listrak does not say whether Overwrite touches profile fields that the stream does not have.",
        (str,),
        ("Update", "Append", "Overwrite"),
        "Update",
    ),
    "null_handling": Option(
        "`keep`: null and empty text change nothing. `clear`: they clear the field. Absent never clears.",
        (str,),
        ("keep", "clear"),
    ),
    "on_bad_value": Option(
        "A value that does not fit its field rejects the row, is left out (`blank`), or ends the run "
        "(`fail`).",
        (str,),
        ("reject_row", "blank", "fail"),
        "reject_row",
    ),
    "mirror": Option(
        "Remove members whom no record of the run names: false; true, if an ACTIVATE_VERSION came after the "
        "stream's last record; `end_of_input`, if a STATE did. Where that sign is missing nobody is removed, "
        "and the run ends with an error.",
        (bool, str),
        (False, True, "end_of_input"),
        default=False,
    ),
    "mirror_without_state": Option(
        "With `mirror: end_of_input`: remove without a STATE, for a source that never sends one. Use it "
        "only where you know that the source came to its end: one that fails looks the same.",
        (bool,),
        default=False,
    ),
    "mirror_streams": Option(
        "The streams that a mirror needs, where its entry is a pattern: if one of them does not come, nobody "
        "is removed, and the run ends with an error. Without it only those are missed that the STATE names.",
        (list,),
    ),
    "max_removed_share": Option(
        "The most that mirroring may remove of the members before the run (0 to 1). Beyond it nobody is "
        "removed, and the run ends with an error.",
        (int, float),
        default=0.2,
    ),
    "max_removed": Option(
        "The most people that records of a run may unsubscribe or opt out. Beyond it the batch is not sent, "
        "and the run ends with an error: a source that breaks may name everybody. For mirroring, "
        "max_removed_share is the limit.",
        (int,),
        default=1_000,
    ),
    "resubscribe": Option(
        "Subscribe people again who had unsubscribed. You need their consent.", (bool,), default=False
    ),
    "double_opt_in": Option(
        "New contacts get Listrak's double opt-in message first. One call per contact.",
        (bool,),
        default=False,
    ),
    "include_unsubscribed": Option("Update unsubscribed contacts as well.", (bool,), default=False),
    "trigger_journeys": Option(
        "Let new subscribers enter the list's subscription journeys.", (bool,), default=False
    ),
    "subscribed_by_contact": Option(
        "Tell Listrak that the contact itself asked to be subscribed, and not somebody for it. One call per "
        "contact, as imports cannot say so.",
        (bool,),
        default=False,
    ),
    "event_ids": Option("Events (names or ids) of the List to raise for each contact.", (list,), default=()),
    "repeat_events": Option(
        "Raise the event also for a record that is the same, in all its properties, as one of an earlier "
        "run: for streams without a date or an id, such as the birthdays of the day. A run that is repeated "
        "after it failed then raises its events again.",
        (bool,),
        default=False,
    ),
    "max_events": Option(
        "The most records of a run that raise an event. Beyond it the run ends with an error before the "
        "import (custom_events: the request) that would exceed it; what was raised stands. Records that "
        "came before, and raise none again, do not count, nor do those that Listrak does not take.",
        (int,),
        default=10_000,
    ),
    "event_date": _property(
        "The property with the date of what the record tells. It goes with `max_age_days`."
    ),
    "max_age_days": Option(
        "Records whose `event_date` is older are declined (`too_old`), and so are those that are dated in "
        "the future by more than a day (`in_the_future`); without a date they are rejected. For tables that "
        "have records of earlier years, and sources that send everything once more.",
        (int, float),
    ),
    "event": Option(
        "The event that each record raises: an event of the List by name or id (email_events), or a custom "
        "event by name or UID (custom_events).",
        NAME_OR_ID,
    ),
    "event_from": _property(
        "The property that holds the name or id (custom_events: UID) of the event that the record raises."
    ),
    "events_per_request": Option(
        "The most custom events in one request, 1 to 1000. Listrak publishes no limit.", (int,), default=50
    ),
    "allow_deletes": Option(
        "Records that their source marks as deleted unsubscribe, set `off` (audience), mark the product "
        "review as deleted (reviews) or leave their order (order_items). Without it they are rejected. They "
        "never subscribe.",
        (bool,),
        default=False,
    ),
    "delete_markers": Option(
        "Further properties that mark a deletion, beside those of the run and the known ones: a list of "
        "properties with a date or boolean, or an object from property to the values that mean deleted.",
        (list, dict),
    ),
    "subscribed": _property(
        "The property that says whether the contact agreed. A record that says no is declined; so is one "
        "without a value. Default: `subscriptionState`, as Listrak writes it, where the stream has it; "
        "else what shops and CRMs call it (docs/safety.md), by which nobody is unsubscribed."
    ),
    "subscribed_values": Option(
        "The values of `subscribed` that mean yes, where it is not a boolean; all others mean no.",
        (list, str),
    ),
    "unsubscribe": Option(
        "Unsubscribe the contacts whose record says no (`subscribed`) instead of declining the record.",
        (bool,),
        default=False,
    ),
    "route": Option(
        "`import`: import files. `beta`: Listrak's beta route for profile fields, where the account has it.",
        (str,),
        ("import", "beta"),
        "import",
    ),
    "max_reject_share": Option(
        "The setting of that name, for this destination alone (0 to 1).", (int, float)
    ),
    "date_order": Option(
        "The setting of that name, for this destination alone.", (str,), ("mdy", "dmy", "ymd")
    ),
    "decimal_mark": Option("The setting of that name, for this destination alone.", (str,), (".", ",")),
    "on_missing": Option(
        "An order without date (dateEntered) or total (orderTotal), which Listrak would take and could not "
        "use, rejects the row, or ends the run (`fail`), or is sent (`send`). An order replaces the one that "
        "Listrak has: sent again without date, total or items, it loses them.",
        (str,),
        ("reject_row", "fail", "send"),
        "reject_row",
    ),
    "orders_without_items": Option(
        "An order without an item in the run would lose the items that Listrak has of it. It is rejected, or "
        "sent (`send`: for sources whose items always come with their orders, and where some have none).",
        (str,),
        ("reject_row", "send"),
        "reject_row",
    ),
    "items_without_sku": Option(
        "An item without SKU (a tip, a gift card, shipping protection), which Listrak does not take: it "
        "rejects the row, or is left out of its order and counted in the report (`leave_out`).",
        (str,),
        ("reject_row", "leave_out"),
        "reject_row",
    ),
    "sku_from": Option(
        "An item without a SKU is sent with the value of this property of the item, such as `product_id`.",
        (str,),
    ),
    "status_values": Option(
        "An object from the source's words for the status of an order, or of an item, to Listrak's: "
        '`{"delivered": "Completed"}`. Listrak\'s own words and the usual ones of shops need none.',
        (dict,),
        default={},
    ),
    "max_declined_share": Option(
        "The setting of that name, for this destination alone (0 to 1).", (int, float)
    ),
    "allow_sending": Option("Messages go out to people: nothing is sent without it.", (bool,), default=False),
    "message": Option("The transactional message, by name or id.", NAME_OR_ID),
    "content": _property(
        "The property with the text of an SMS message. Without it the message goes as it is."
    ),
    "max_messages": Option(
        "The most messages that a run sends. Beyond it the run ends with an error; what was sent stands.",
        (int,),
        default=1000,
    ),
    "allow_forget": Option(
        "Listrak erases people for good: nobody is forgotten without it.", (bool,), default=False
    ),
    "max_forgotten": Option(
        "The most people that a run asks Listrak to erase. Beyond it the run ends with an error; what was "
        "asked for stands.",
        (int,),
        default=100,
    ),
    "max_wait_seconds": Option(
        "How long to ask at the end of the run whether the requests to forget are complete. Those that are "
        "not are asked for by the next run.",
        (int, float),
        default=60,
    ),
    "sender_code": Option("The SMS sender code: its code or id.", NAME_OR_ID),
    "phone_list": Option("The Phone List, by name or id.", NAME_OR_ID),
}
"""Every option that a destination may have, beside `kind`."""
