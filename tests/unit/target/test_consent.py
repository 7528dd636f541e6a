"""What names and values say about consent, however a source writes them."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from target_listrak.input.consent import Answer, Consent
from target_listrak.input.consent_names import consent_reading

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
    assert says({name: value}) in {Answer.NO, Answer.OTHER_NO, Answer.UNREADABLE}
    assert says({name: value, "accepts_marketing": True}) in {Answer.NO, Answer.OTHER_NO, Answer.UNREADABLE}


@given(names(st.sampled_from(AGREEING)), NO)
def test_a_name_that_agrees_with_a_clear_no_does_not_agree(name: str, value: object) -> None:
    assert says({name: value}) in {Answer.OTHER_NO, Answer.EMPTY, Answer.UNREADABLE}


@given(HOLDERS, st.sampled_from(("unsubscribed", "do_not_contact")), HAPPENED, st.booleans())
def test_an_object_says_what_its_properties_say(
    holder: str,
    name: str,
    value: object,
    as_text: bool,  # noqa: FBT001 - hypothesis fills it in
) -> None:
    inner: Any = {"email": {name: value}}
    assert says({holder: json.dumps(inner) if as_text else inner}) is Answer.OTHER_NO


@given(OTHER_WAYS, st.sampled_from((*REFUSING, *AGREEING)), st.one_of(HAPPENED, NO))
def test_other_ways_of_reaching_a_person_say_nothing(other: str, core: str, value: object) -> None:
    name = f"{other} {core}".replace(" ", "_").replace("email_", "")
    assert says({name: value}) is Answer.SILENT


@given(st.text(max_size=30), st.sampled_from(("email", "sms")))
def test_any_name_can_be_read(name: str, channel: str) -> None:
    consent_reading(name, channel)
    says({name: name}, channel)
