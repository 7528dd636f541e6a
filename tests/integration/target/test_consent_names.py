"""Exports of shops and CRMs: who did not agree by their names is not subscribed, whatever the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import SmsWorld, destination, new_numbers
from target_runs import record, schema

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
NO: list[dict[str, Any]] = [
    {"accepts_marketing": False},
    {"Accepts Email Marketing": "no"},
    {"buyer_accepts_marketing": 0},
    {"email_consent": "NEVER_SUBSCRIBED"},
    {"email_marketing_consent": {"state": "not_subscribed", "opt_in_level": "single_opt_in"}},
    {"email_marketing_consent__state": "unsubscribed"},
    {"is_subscribed": "0"},
    {"subscribed": False},
    {"marketing_opt_in": "N"},
    {"gdpr_consent": "f"},
    {"hs_email_optout": "true"},
    {"properties__hs_email_optout": True},
    {"properties": {"hs_email_optout": "true"}},
    {"HasOptedOutOfEmail": True},
    {"Marketing_Opt_In__c": False},
    {"do_not_contact": 1},
    {"opt_out": "Y"},
    {"unsubscribed_at": "2026-01-01T00:00:00Z"},
    {"unsubscribed_at": "2026-01-01T00:00:00Z", "subscribed_at": "2025-01-01T00:00:00Z"},
    {"subscriber_status": "unsubscribed"},
    {"subscriber_status": "Deleted"},
    {"accepts_marketing": True, "opt_out": True},
    # Klaviyo, HubSpot, Salesforce, Mailchimp, Braze, Cordial, Constant Contact, Responsys, Dynamics, Sailthru
    {"Email Marketing Consent": "NEVER_SUBSCRIBED"},
    {"attributes": {"subscriptions": {"email": {"marketing": {"consent": "UNSUBSCRIBED"}}}}},
    {"subscriptions": '{"email": {"marketing": {"can_receive_email_marketing": false}}}'},
    {"suppressions": [{"reason": "hard_bounce"}]},
    {"Unsubscribed from all email": "true"},
    {"Opted out of email: Promotions": "Yes"},
    {"Marketing contact status": "Non-marketing contact"},
    {"PersonHasOptedOutOfEmail": True},
    {"Email_Opt_In__pc": False},
    {"UNSUB_TIME": "2025-05-01 10:00:00"},
    {"email_subscribe": "unsubscribed"},
    {"channels": {"email": {"subscribeStatus": "unsubscribed"}}},
    {"email_address": {"permission_to_send": "unsubscribed"}},
    {"Email status": "Unsubscribed"},
    {"EMAIL_PERMISSION_STATUS_": "O"},
    {"donotbulkemail": True},
    {"Do not allow Bulk Emails": "Do Not Allow"},
    {"optout_email": "all"},
    {"defaultEmailAddress": {"marketingState": "NOT_SUBSCRIBED"}},
    {"preferences": {"email_unsubscribed": True}},
    {"extension_attributes": {"is_subscribed": False}},
    {"state": "Unsubscribed"},
    # Tables of one's own
    {"newsletter": 0},
    {"newsletter": "0", "optin": "1"},
    {"wants_promo_emails": "no"},
    {"notifications_opt_in": "no"},
    {"withdrew_consent_on": "2025-05-01"},
    {"subscribed_to_newsletter_monthly": "N"},
    {"globally_opted_out_on": "2025-05-01"},
    {"werbe_einwilligung": "nein"},
    {"desabonne": 1},
    {"accepts_marketing": True, "spam_complaint_at": "2025-05-01T00:00:00Z"},
]
YES: list[dict[str, Any]] = [
    {"accepts_marketing": "yes", "hs_email_optout": "", "unsubscribed_at": None, "do_not_contact": False},
    {"email_marketing_consent": {"state": "subscribed"}, "sms_consent": False},
    {"unsubscribed_at": "2025-01-01T00:00:00Z", "subscribed_at": "2026-01-01T00:00:00Z"},
    {"email_consent": "SUBSCRIBED", "is_subscribed": 1.0, "opt_in": "opted-in"},
    {"consent_status": "Express", "email_permission_status": "I", "contact_status": 1},
    {"attributes": {"subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED", "suppression": []}}}}},
    {"accepts_marketing": True, "newsletter_weekly": False},
    {"UNSUB_TIME": "2024-05-01 10:00:00", "subscribed_at": "2025-05-01 10:00:00"},
]
SILENT: list[dict[str, Any]] = [
    # About something else, or saying nothing
    {"subscriber_status": "gold"},
    {"newsletter_weekly": True, "newsletter_daily": False},
    {"state": "OR", "push_opt_in": False, "sms_unsubscribed_on": "2025-05-01", "do_not_sell": True},
    {"unsubscribe_url": "https://example.com/1", "unsubscribe_count": 1, "newsletter_opens": 0},
    {"double_opt_in": False, "opt_in_source": "no", "consent_required": False, "never_unsubscribed": True},
    {"newsletter": "Weekly", "suppressions": [], "marketing": None, "cookie_consent": False},
    {"complaints": 1, "withdrawal_date": "2025-05-01", "not_opted_out": True},
    {"can_unsubscribe": True, "not_suppressed": True, "previously_subscribed": False},
]
NUMBERS: list[dict[str, Any]] = [{"subscriber_status": 3}, {"contact_status": "2"}, {"email_status": 0}]
"""Magento and ActiveCampaign write numbers, and each its own."""


def to(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "email_list", "list": NEWSLETTER, **options}}


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: "-".join(map(str, row)))
def test_T19_a_status_that_is_a_number_subscribes_nobody_until_the_settings_say_what_it_means(
    runs: Runs, row: dict[str, Any]
) -> None:
    ((name, value),) = row.items()
    messages = [schema("people", "email", name), record("people", email="n@example.com", **row)]
    outcome = runs.good(messages, to(), max_reject_share=1)
    assert outcome.codes == ["unclear_consent"]
    assert runs.contact(NEWSLETTER, "n@example.com") is None
    runs.good(messages, to(subscribed=name, subscribed_values=[value]))
    assert runs.contact(NEWSLETTER, "n@example.com")["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize(
    "name", ["has_opted_out_of_email", "properties.hs_email_optout", "Unsubscribed from all"]
)
def test_T8_an_opt_out_named_as_consent_is_an_error_before_the_first_request(runs: Runs, name: str) -> None:
    """Read as consent it turns a list over: who opted out is subscribed, who did not is unsubscribed."""
    runs.sandbox.forget_requests()
    outcome = runs.run([schema("people", "email")], to(subscribed=name, unsubscribe=True))
    assert "named like an opt-out" in str(outcome.error)
    assert runs.sandbox.requests()["total"] == 0
    rows = [
        record("people", email="a@example.org", opt_out=True),
        record("people", email="b@example.org", opt_out=False),
    ]
    runs.good(
        [schema("people", "email", "opt_out"), *rows], to(subscribed="opt_out", subscribed_values=[False])
    )
    assert runs.contact(NEWSLETTER, "a@example.org") is None
    assert runs.contact(NEWSLETTER, "b@example.org")["subscriptionState"] == "Subscribed"


def test_T19_a_name_that_may_tell_of_consent_keeps_nobody_who_left(runs: Runs) -> None:
    runs.save(NEWSLETTER, "left@example.com")
    row = record("people", email="left@example.com", newsletter=True, optout_global=False)
    runs.good(
        [schema("people", "email", "newsletter", "optout_global"), row],
        {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER}},
    )
    assert runs.contact(NEWSLETTER, "left@example.com")["subscriptionState"] == "Unsubscribed"


def test_T19_who_has_no_date_of_agreeing_is_not_subscribed(runs: Runs) -> None:
    rows: list[tuple[dict[str, Any], str]] = [
        ({"opted_in_at": None}, "consent_missing"),
        ({"newsletter_opt_in_at": ""}, "consent_missing"),
        ({"subscribed_at": "0001-01-01T00:00:00"}, "consent_missing"),
        ({"consent_date": False}, "no_consent"),
        ({"consent_date": "never"}, "unclear_consent"),
        ({"consent_date": None, "opt_out": True}, "no_consent"),
        ({"opted_in_at": "2024-05-01", "opt_out": True}, "no_consent"),
        ({"opted_in_at": "2024-05-01"}, ""),
        ({"opted_in_at": "May 1, 2024"}, ""),
        ({"opted_in_at": None, "accepts_marketing": True}, ""),
        ({"opted_in_at": None, "consent_date": 1714521600}, ""),
        ({"opted_in_at": None, "contact_status": "subscribed"}, ""),
        ({"sms_opt_in_at": None}, ""),
    ]
    for place, (values, code) in enumerate(rows):
        head = schema("people", "email", **{name: {} for name in values})
        row = record("people", email=f"d{place}@example.com", **values)
        outcome = runs.good([head, row], to(), max_reject_share=1)
        assert outcome.codes == ([code] if code else []), values
        assert (runs.contact(NEWSLETTER, f"d{place}@example.com") is None) == bool(code), values


def test_T19_who_left_may_have_agreed_once_and_is_unsubscribed(runs: Runs) -> None:
    runs.save(NEWSLETTER, "left@example.com")
    row = record("people", email="left@example.com", subscribed_at="2024-05-01")
    runs.good(
        [schema("people", "email", "subscribed_at"), row],
        {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER}},
    )
    assert runs.contact(NEWSLETTER, "left@example.com")["subscriptionState"] == "Unsubscribed"


@pytest.mark.parametrize("unsubscribe", [False, True])
def test_T19_a_status_with_a_word_of_another_sender_subscribes_nobody(
    runs: Runs,
    unsubscribe: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    words = {
        "complained": "no_consent",
        "DNC": "no_consent",
        "cleaned": "not_in_use",
        "Hard bounced": "not_in_use",
    }
    words |= {"inactive": "not_in_use", "unconfirmed": "pending"}
    runs.save(NEWSLETTER, "member@example.com")
    rows = [{"email": f"s{place}@example.com", "contact_status": word} for place, word in enumerate(words)]
    rows.append({"email": "member@example.com", "contact_status": "cleaned"})
    outcome = runs.good(
        [schema("people", "email", "contact_status"), *(record("people", **row) for row in rows)],
        to(unsubscribe=unsubscribe),
    )
    assert outcome.codes == [*words.values(), "not_in_use"]
    for row in rows[:-1]:
        assert runs.contact(NEWSLETTER, row["email"]) is None, row
    assert runs.contact(NEWSLETTER, "member@example.com")["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize("word", ["cleaned", "DNC", "unconfirmed"])
def test_T19_such_a_word_in_the_property_that_counts_is_unclear_and_unsubscribes_nobody(
    runs: Runs, word: str
) -> None:
    runs.save(NEWSLETTER, "member@example.com")
    row = record("people", email="member@example.com", contact_status=word)
    outcome = runs.good(
        [schema("people", "email", "contact_status"), row], to(subscribed="contact_status", unsubscribe=True)
    )
    assert outcome.codes == ["unclear_consent"]
    assert runs.contact(NEWSLETTER, "member@example.com")["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize("unsubscribe", [False, True])
@pytest.mark.parametrize("together", [True, False], ids=["one stream", "a SCHEMA each"])
def test_T19_who_did_not_agree_by_the_names_of_shops_and_crms_is_neither_subscribed_nor_unsubscribed(
    runs: Runs,
    unsubscribe: bool,  # noqa: FBT001 - pytest fills it in
    together: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    runs.save(NEWSLETTER, "member@example.com")
    rows = [{"email": f"no{place}@example.com", **row} for place, row in enumerate(NO)]
    rows += [{"email": f"yes{place}@example.com", **row} for place, row in enumerate(YES)]
    rows.append({"email": "member@example.com", "opt_out": True})
    every = {name: {} for row in rows for name in row}
    messages = [schema("people", **every)] if together else []
    for row in rows:
        messages += [] if together else [schema("people", **{name: {} for name in row})]
        messages.append(record("people", **row))
    outcome = runs.good(messages, to(unsubscribe=unsubscribe))
    assert outcome.not_loaded == (len(NO) + 1, 0)
    assert set(outcome.codes) == {"no_consent"}
    for place in range(len(NO)):
        assert runs.contact(NEWSLETTER, f"no{place}@example.com") is None, NO[place]
    for address in ("member@example.com", *(f"yes{place}@example.com" for place in range(len(YES)))):
        assert runs.contact(NEWSLETTER, address)["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize("together", [True, False], ids=["one stream", "a SCHEMA each"])
def test_T19_what_is_about_something_else_keeps_nobody_from_being_subscribed(
    runs: Runs,
    together: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    rows = [{"email": f"p{place}@example.com", **row} for place, row in enumerate(SILENT)]
    messages = [schema("people", **{name: {} for row in rows for name in row})] if together else []
    for row in rows:
        messages += [] if together else [schema("people", **{name: {} for name in row})]
        messages.append(record("people", **row))
    assert runs.good(messages, to()).tally.accepted == len(SILENT)


def test_T19_a_blank_cell_in_a_column_of_marks_subscribes_nobody(runs: Runs) -> None:
    """A spreadsheet in which some are marked with `x`."""
    for place, name in enumerate(
        ["Newsletter", "Newsletter?", "Marketing Emails", "Consent (Y/N)", "Werbung"]
    ):
        cells = {"yes": "x", "blank": "", "null": None, "no": "no", "left": "unsubscribed"}
        rows = [
            record("people", email=f"{who}{place}@example.com", **{name: cell}) for who, cell in cells.items()
        ]
        outcome = runs.good([schema("people", "email", name), *rows], to())
        assert sorted(outcome.codes) == ["consent_missing"] * 2 + ["no_consent"] * 2, name
        assert runs.contact(NEWSLETTER, f"yes{place}@example.com")["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["email", "first_name"], {}, "no property tells who agreed: every record subscribes its person"),
        (["email", "accepts_marketing", "opt_out"], {}, "who agreed is read from accepts_marketing, opt_out"),
        (
            ["email", "contact_status", "wants_promo_emails"],
            {},
            "from contact_status; of wants_promo_emails only a clear no",
        ),
        (["email", "agrees"], {"subscribed": "agrees"}, "who agreed is read from agrees"),
    ],
)
def test_the_log_says_from_which_properties_consent_is_read(
    runs: Runs, caplog: pytest.LogCaptureFixture, names: list[str], options: dict[str, Any], words: str
) -> None:
    with caplog.at_level("INFO"):
        runs.good([schema("people", *names)], to(**options))
    assert words in caplog.text
    assert "no profile field matches agrees" not in caplog.text


def test_T19_an_answer_that_is_missing_or_unclear_subscribes_nobody_either(runs: Runs) -> None:
    rows = [
        record("people", email=f"p{place}@example.com", accepts_marketing=value)
        for place, value in enumerate([None, "", "#N/A", "pending", [], True])
    ]
    outcome = runs.good([schema("people", "email", "accepts_marketing"), *rows], to(), max_reject_share=1)
    assert sorted(outcome.codes) == [
        *["consent_missing"] * 2,
        "pending",
        *["unclear_consent"] * 2,
    ]
    assert runs.contact(NEWSLETTER, "p5@example.com")["subscriptionState"] == "Subscribed"


def test_T19_a_property_that_the_settings_name_is_the_one_that_counts(runs: Runs) -> None:
    row = record("people", email="a@example.com", accepts_marketing=False, newsletter=True)
    head = schema("people", "email", "accepts_marketing", "newsletter")
    runs.good([head, row], to(subscribed="newsletter"))
    assert runs.contact(NEWSLETTER, "a@example.com")["subscriptionState"] == "Subscribed"


def test_T19_consent_to_email_is_none_to_sms_and_the_other_way_round(runs: Runs) -> None:
    sms = SmsWorld(runs)
    yes, no = new_numbers(2)
    head = schema("people", "phone", "sms_consent", "accepts_marketing")
    rows = [
        record("people", phone=yes, sms_consent=True, accepts_marketing=False),
        record("people", phone=no, sms_consent=False, accepts_marketing=True),
    ]
    outcome = runs.good([head, *rows], destination("sms_list"))
    assert outcome.not_loaded == (1, 0)
    assert sms.state(yes) == "Subscribed"
    assert sms.stored(no) == {}


def test_T19_what_a_spreadsheet_writes_in_place_of_a_value_wipes_no_good_one(runs: Runs) -> None:
    texts = ["#N/A", "#REF!", " #VALUE! ", "[object Object]"]
    rows = [
        record("people", email=f"p{place}@example.com", first_name=text) for place, text in enumerate(texts)
    ]
    fine = record("people", email="fine@example.com", first_name="#1 fan")
    outcome = runs.good([schema("people", "email", "first_name"), *rows, fine], to(), max_reject_share=1)
    assert outcome.codes == ["bad_value"] * len(texts)
    assert runs.contact(NEWSLETTER, "fine@example.com")


STAYS: list[dict[str, Any]] = [
    {"hs_email_optout": None},
    {"opt_out": ""},
    {"subscriber_status": "active"},
    {"accepts_marketing": "1.0"},
    {"subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED"}}}},
    {"is_subscribed": True},
    {"accepts_marketing": "yes"},
    {"opt_out": False},
    {"hs_email_optout": "false"},
    {"email_marketing_consent": {"state": "subscribed"}},
    {"properties": {"hs_email_optout": "false"}},
    {"opted_out": False},
    {"optedOut": "false"},
    {"OPTED OUT": ""},
    {"type": "subscribe"},
    {"event_type": "opt_in"},
    {"action": "opt-in"},
    {"event": "Subscribed"},
    {"keyword": "START"},
]


@pytest.mark.parametrize("many", [1, 20], ids=["by itself", "by column"])
def test_T19_a_whole_table_in_place_of_those_who_left_unsubscribes_nobody_who_agrees(
    runs: Runs, many: int
) -> None:
    leavers = [f"left{place}@example.com" for place in range(many)]
    stayers = [f"stays{place}@example.com" for place in range(len(STAYS))]
    for address in (*leavers, *stayers):
        runs.save(NEWSLETTER, address)
    gone = [record("people", email=address, opt_out=True, unsubscribed_at=None) for address in leavers]
    rows = [record("people", email=address, **row) for address, row in zip(stayers, STAYS, strict=True)]
    head = schema("people", "email", "unsubscribed_at", **{name: {} for row in STAYS for name in row})
    outcome = runs.good([head, *gone, *rows], {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER}})
    assert outcome.codes == ["still_agrees"] * len(STAYS)
    assert {runs.contact(NEWSLETTER, one)["subscriptionState"] for one in stayers} == {"Subscribed"}
    assert {runs.contact(NEWSLETTER, one)["subscriptionState"] for one in leavers} == {"Unsubscribed"}


def test_T19_a_table_of_all_numbers_in_place_of_those_who_left_opts_nobody_out_who_agrees(runs: Runs) -> None:
    """Such as the tap's own contacts: `optedOut` is false of everybody who is still there."""
    sms = SmsWorld(runs)
    stays: list[dict[str, Any]] = [{"optedOut": False}, {"opted_out": 0}, {"keyword": "start"}]
    numbers = sms.some(2 * len(stays))
    gone = [record("people", phone=number, optedOut=True) for number in numbers[len(stays) :]]
    head = schema("people", "phone", **{name: {} for row in stays for name in row})
    for kind in ("sms_unsubscribe", "sms_opt_out"):
        rows = [record("people", phone=number, **row) for number, row in zip(numbers, stays, strict=False)]
        outcome = runs.good([head, *gone, *rows], destination(kind))
        assert outcome.codes == ["still_agrees"] * len(stays)
        assert all(sms.state(number) == "Subscribed" for number in numbers[: len(stays)])
        assert not any(sms.stored(number)["optedOut"] for number in numbers[: len(stays)])
    assert all(sms.stored(number)["optedOut"] for number in numbers[len(stays) :])


def test_T24_a_record_that_says_no_in_a_property_called_like_the_field_sets_nobody_on(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.com")
    rows = [record("people", email="a@example.com", vip=False)]
    audience = {"people": {"kind": "audience", "list": NEWSLETTER, "field": "VIP"}}
    outcome = runs.good([schema("people", "email", "vip"), *rows], audience, max_reject_share=1)
    assert outcome.codes == ["not_a_member"]
    named = {"people": {**audience["people"], "member": "vip"}}
    assert runs.good([schema("people", "email", "vip"), *rows], named).codes == []
