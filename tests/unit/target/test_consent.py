"""What names and values say about consent, however a source writes them."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from target_listrak.config.destination import Destination
from target_listrak.input.consent import Answer, Consent
from target_listrak.input.consent_names import meaning_of
from target_listrak.input.row_signs import RowSigns
from target_listrak.outcomes import RowDeclined, RowRejected

REFUSING = ("opt out", "opted out", "unsubscribed", "unsub", "suppressed", "do not contact", "do not market")
AGREEING = ("opt in", "opted in", "subscribed", "newsletter", "marketing consent", "email permission")
BEFORE = st.sampled_from(("", "crm", "is", "has", "email", "global", "customer", "shop email"))
AFTER = st.sampled_from(("", "at", "on", "date", "flag", "all", "global", "__c"))
HAPPENED = st.sampled_from(
    (True, "yes", "Y", 1, "1", "true", "2025-05-01", "2025-05-01T10:00:00Z", 1_751_277_600)
)
NO = st.sampled_from((False, "no", "N", 0, "false", "off"))
OTHER_WAYS = st.sampled_from(("push", "whatsapp", "postal", "phone call", "fax", "do not sell", "cookie"))
HOLDERS = st.sampled_from(("subscriptions", "preferences", "extension_attributes", "channels"))


def _written(words: str, form: int) -> str:
    parts = words.split()
    if form == 0:
        return "_".join(parts)
    if form == 1:
        return parts[0] + "".join(part.title() for part in parts[1:])
    return " ".join(part.title() for part in parts) if form == 2 else "".join(parts)


def names(core: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw names with such a core, in snake case, camel case, as a title and run together."""
    parts = st.tuples(BEFORE, core, AFTER)
    return st.builds(lambda words, form: _written(" ".join(words), form), parts, st.integers(0, 3))


def says(record: dict[str, Any], channel: str = "email") -> Answer:
    return Consent(channel=channel).says(record)[0]


@given(names(st.sampled_from(REFUSING)), HAPPENED)
def test_a_name_that_refuses_with_a_clear_yes_never_agrees(name: str, value: object) -> None:
    assert says({name: value}) in {Answer.NO, Answer.UNNAMED_NO, Answer.UNREADABLE}
    assert says({name: value, "accepts_marketing": True}) in {Answer.NO, Answer.UNNAMED_NO, Answer.UNREADABLE}


@given(names(st.sampled_from(AGREEING)), NO)
def test_a_name_that_agrees_with_a_clear_no_does_not_agree(name: str, value: object) -> None:
    assert says({name: value}) in {Answer.UNNAMED_NO, Answer.EMPTY, Answer.UNREADABLE}


@given(HOLDERS, st.sampled_from(("unsubscribed", "do_not_contact")), HAPPENED, st.booleans())
def test_an_object_says_what_its_properties_say(
    holder: str,
    name: str,
    value: object,
    as_text: bool,  # noqa: FBT001 - hypothesis fills it in
) -> None:
    inner: Any = {"email": {name: value}}
    assert says({holder: json.dumps(inner) if as_text else inner}) is Answer.UNNAMED_NO


@given(OTHER_WAYS, st.sampled_from((*REFUSING, *AGREEING)), st.one_of(HAPPENED, NO))
def test_other_ways_of_reaching_a_person_say_nothing(other: str, core: str, value: object) -> None:
    name = f"{other} {core}".replace(" ", "_").replace("email_", "")
    assert says({name: value}) is Answer.NOTHING


@given(st.text(max_size=30), st.sampled_from(("email", "sms")))
def test_any_name_can_be_read(name: str, channel: str) -> None:
    meaning_of(name, channel)
    says({name: name}, channel)


NO_IN_WORDS: list[tuple[dict[str, Any], str]] = [
    ({"newsletter": "unsubscribed"}, "no_consent"),
    ({"newsletter": "Not subscribed"}, "no_consent"),
    ({"newsletter": "0.0"}, "no_consent"),
    ({"newsletter": "never"}, "no_consent"),
    ({"eu_consent": "denied"}, "no_consent"),
    ({"consent_action": "opt_out"}, "no_consent"),
    ({"Opted out of email: Promotions": "1.0"}, "no_consent"),
    ({"unsubscribe": "X"}, "no_consent"),
    ({"bounced": "1.0"}, "not_in_use"),
    ({"Invalid email address": "true"}, "not_in_use"),
    ({"state": "cancelled"}, "no_consent"),
    ({"status": "notSet"}, "pending"),
    ({"status": "Not Activated"}, "pending"),
    ({"status": "GloballySuppressed"}, "no_consent"),
    ({"email_status": "ListUnsubscribe"}, "no_consent"),
    ({"status": "Unsubscribed (by admin)"}, "no_consent"),
    ({"status": "Abgemeldet"}, "no_consent"),
    ({"Email subscriber status": "Unsubscribed"}, "no_consent"),
    ({"globalsubscriptionstatus": "Confirmed Opt-Out"}, "no_consent"),
    ({"Email status - Other": "Unsubscribed"}, "no_consent"),
    ({"user_status": "unsubscribed"}, "no_consent"),
    ({"Send Marketing Materials": "Do Not Send"}, "no_consent"),
    ({"No longer contact by email": "1"}, "no_consent"),
    ({"ShouldForget": True}, "no_consent"),
    ({"dnc": True}, "no_consent"),
    ({"type": "unsubscribe"}, "no_consent"),
    ({"consents": {"marketing": {"email": {"val": "n"}}}}, "no_consent"),
    ({"consents": [{"channel": "email", "status": "unsubscribed"}]}, "no_consent"),
    ({"identifiers": [{"channels": {"email": {"status": "unsubscribed"}}}]}, "no_consent"),
    ({"marketing_permissions": [{"enabled": False}]}, "no_consent"),
    ({"newsletter": {"subscribed": False}}, "no_consent"),
    ({"status": {"email": "unsubscribed"}}, "no_consent"),
    ({"agreed": "no"}, "no_consent"),
    ({"send_emails": "no"}, "no_consent"),
    ({"no_mail": "yes"}, "no_consent"),
    ({"zustimmung": "nein"}, "no_consent"),
    ({"abgemeldet": "ja"}, "no_consent"),
    ({"subscriptions": [{"channel": "sms", "status": "unsubscribed"}]}, ""),
    ({"marketing_permissions": [{"enabled": True}, {"enabled": False}]}, ""),
    ({"state": "disabled", "accepts_marketing": True}, ""),
    ({"order_status": "cancelled", "payment_status": "declined", "type": "customer"}, ""),
    ({"subscription_status": "canceled", "status": "gold", "state": "OR"}, ""),
]
NO_OF_SMS: list[dict[str, Any]] = [
    {"sms": "no"},
    {"sms": {"consent": "UNSUBSCRIBED"}},
    {"SMS Subscriber Status": "Unsubscribed"},
    {"mobile_status": "unsubscribed"},
    {"HasOptedOutOfMobile": True},
    {"tcpa": "no"},
    {"tcpa_consent": "revoked"},
]


def judged(record: dict[str, Any], kind: str = "email_list", **options: object) -> str:
    """Give the code with which a record is not loaded; "" if it is."""
    try:
        assert not RowSigns(Destination("s", kind, {"list": 1, **options}), None).leaves(record)
    except (RowDeclined, RowRejected) as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize(("record", "code"), NO_IN_WORDS, ids=lambda value: str(value)[:60])
def test_a_no_in_the_words_of_other_tools_is_read(record: dict[str, Any], code: str) -> None:
    assert judged(record) == code


@pytest.mark.parametrize("record", NO_OF_SMS, ids=str)
def test_a_no_to_text_messages_is_read(record: dict[str, Any]) -> None:
    assert judged(record, "sms_list") == "no_consent"


@pytest.mark.parametrize(
    ("record", "options"),
    [
        ({"customer": {"accepts_marketing": False}}, {"email": "customer.email"}),
        ({"contact": {"email_opt_out": True}}, {"email": "contact.email"}),
        ({"contact": '{"email_opt_out": true}'}, {"email": "contact.email"}),
        (
            {"profile": {"ok": True, "unsubscribed": True}, "profile.ok": True},
            {"email": "profile.email", "subscribed": "profile.ok"},
        ),
    ],
    ids=("accepts", "opt out", "JSON text", "beside the property that counts"),
)
def test_what_stands_beside_the_address_in_its_object_counts(
    record: dict[str, Any], options: dict[str, Any]
) -> None:
    assert judged(record, **options) == "no_consent"


def test_texts_that_mean_null_say_nothing_about_deletion_and_consent() -> None:
    """The dump of a MySQL table writes one into each empty cell."""
    signs = RowSigns(Destination("s", "email_list", {"list": 1}), None, nulls={"\\N", "NULL"})
    for value in ("\\N", "NULL", " NULL "):
        assert not signs.leaves({"deleted_at": value, "unsubscribed_at": value})
        assert signs.is_plain("deleted_at", value)
        with pytest.raises(RowDeclined, match="consent_missing"):
            signs.leaves({"opted_in_at": value})
