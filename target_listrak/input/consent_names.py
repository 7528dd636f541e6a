"""The names of consent properties in shops and CRMs, and how each is read.

Used if the option `subscribed` names no property: a row that says by a name of its source (Shopify, Klaviyo,
HubSpot, Salesforce, Mailchimp, Magento …) that its person did not agree subscribes nobody. Names are compared
as `folded_name` returns them.
"""

from __future__ import annotations

import enum
import functools
import re
from typing import Final

from target_listrak.values.plain import folded_name

__all__ = ["STATUS_WORDS", "How", "consent_reading"]


class How(enum.Enum):
    """How the value of such a property is read."""

    AGREED = "a boolean, or the word of a state: yes means agreed"
    STATE = "the word of a state; other words say nothing"
    AGREED_AT = "a date: none means that nothing says that the person agreed"
    REFUSED = "a boolean or a date: yes means did not agree"
    IN_USE = "a boolean: no means that the person's record is not in use; yes says nothing"
    NOT_IN_USE = "a boolean or a date: yes means that the person's record is not in use"
    UNCONFIRMED = "the word of a status only: the person has not confirmed"


_BOTH: Final = {
    How.AGREED: (
        "consent consented has_consented has_consent consent_given marketing_consent gdpr_consent opt_in "
        "opted_in is_opted_in has_opted_in marketing_opt_in marketing_opted_in is_subscribed subscribed "
        "marketing_permission marketing_allowed allow_marketing accepts_marketing_updates"
    ),
    How.STATE: (
        "status contact_status subscriber_status subscription_status marketing_status consent_status "
        "consent_state opt_in_status marketing_state"
    ),
    How.AGREED_AT: (
        "opted_in_at opted_in_on opted_in_date opt_in_at opt_in_on opt_in_date date_opted_in "
        "opt_in_timestamp consented_at consent_at consent_date consent_time consent_timestamp "
        "consent_given_at date_consented gdpr_consent_at gdpr_consent_date marketing_consent_at "
        "marketing_consent_date marketing_opt_in_at marketing_opt_in_date marketing_opted_in_at "
        "subscribed_at subscribed_on subscribed_date date_subscribed"
    ),
    How.REFUSED: (
        "opt_out is_opted_out has_opted_out opted_out_at opt_out_at opt_out_date date_opted_out "
        "marketing_opt_out marketing_opted_out global_opt_out do_not_contact unsubscribed is_unsubscribed "
        "has_unsubscribed globally_unsubscribed global_unsubscribe unsubscribed_at unsubscribed_on "
        "unsubscribed_date unsubscribe_at unsubscribe_date date_unsubscribed suppressed is_suppressed "
        "suppressed_at suppression_date revoked_at consent_revoked_at consent_withdrawn consent_withdrawn_at "
        "withdrawn_at"
    ),
    How.IN_USE: (
        "active is_active enabled is_enabled account_active account_enabled contact_active customer_active "
        "user_active"
    ),
    How.NOT_IN_USE: (
        "removed archived is_archived archived_at archived_on archive_date date_archived inactive "
        "is_inactive inactivated_at deactivated is_deactivated deactivated_at "
        "deactivated_on disabled is_disabled disabled_at "
        "blocked is_blocked blocked_at banned is_banned "
        "banned_at suspended is_suspended suspended_at blacklisted "
        "is_blacklisted blocklisted is_blocklisted deceased is_deceased account_closed account_closed_at"
    ),
}
_EMAIL: Final = {
    How.AGREED: (
        "accepts_marketing buyer_accepts_marketing accepts_email accepts_email_marketing email_consent "
        "email_opt_in email_opted_in email_marketing_consent email_marketing_consent_state "
        "email_marketing_opt_in email_permission email_subscribed is_email_subscribed subscribed_to_email "
        "newsletter_opt_in "
        "newsletter_subscribed newsletter_subscription newsletter_consent subscribed_to_newsletter "
        "allow_email allow_emails receive_emails subscriptions_email_marketing_consent"
    ),
    How.STATE: "email_status email_subscription_status email_marketing_status email_marketing_state",
    How.AGREED_AT: (
        "email_opt_in_at email_opt_in_date email_opted_in_at email_consent_at email_consent_date "
        "email_subscribed_at email_subscribed_date newsletter_opt_in_at newsletter_opt_in_date "
        "newsletter_consent_at newsletter_subscribed_at accepted_marketing_at"
    ),
    How.REFUSED: (
        "email_opt_out email_opted_out hs_email_optout has_opted_out_of_email has_opted_out_email "
        "do_not_email no_email email_unsubscribed email_unsubscribed_at unsubscribed_from_email "
        "unsubscribed_from_emails"
    ),
}
_SMS: Final = {
    How.AGREED: (
        "accepts_sms accepts_sms_marketing sms_consent sms_opt_in sms_opted_in sms_marketing_consent "
        "sms_marketing_consent_state sms_marketing_opt_in sms_permission sms_subscribed is_sms_subscribed "
        "subscribed_to_sms text_opt_in text_consent allow_sms receive_sms subscriptions_sms_marketing_consent"
    ),
    How.STATE: "sms_status sms_subscription_status sms_marketing_status sms_marketing_state",
    How.AGREED_AT: (
        "sms_opt_in_at sms_opt_in_date sms_opted_in_at sms_consent_at sms_consent_date sms_subscribed_at "
        "sms_subscribed_date text_opt_in_at text_opt_in_date"
    ),
    How.REFUSED: (
        "sms_opt_out sms_opted_out has_opted_out_of_sms do_not_text do_not_sms no_sms no_text "
        "sms_unsubscribed sms_unsubscribed_at unsubscribed_from_sms text_opt_out"
    ),
}
_CUSTOM: Final = re.compile(r"__c$", re.IGNORECASE)
"""The end of Salesforce's names of custom fields."""
_OUTER: Final = ("properties", "attributes", "customer", "contact", "person", "profile")
"""Objects that hold such properties; a source or `flattening_enabled` puts their names before the
property's."""


def _folded(names: dict[How, str]) -> dict[str, How]:
    return {folded_name(name): how for how, words in names.items() for name in words.split()}


_NAMES: Final = {
    "email": {**_folded(_BOTH), **_folded(_EMAIL)},
    "sms": {**_folded(_BOTH), **_folded(_SMS)},
}

STATUS_WORDS: Final = _folded(
    {
        How.REFUSED: (
            "unsub unsubscribe opted_out_all globally_unsubscribed dnc do_not_email do_not_mail do_not_text "
            "do_not_sms no_marketing non_marketing non_marketing_contact never_mail never no_consent "
            "without_consent not_consented non_consented consent_withdrawn consent_revoked refused declined "
            "stop stopped complained complaint complainer spam spam_complaint marked_as_spam reported_spam"
        ),
        How.NOT_IN_USE: (
            "cleaned bounced bounce hard_bounce hard_bounced invalid undeliverable unreachable inactive "
            "disabled deactivated archived blocked blacklisted blocklisted banned suspended deceased closed "
            "redacted"
        ),
        How.UNCONFIRMED: (
            "unconfirmed not_confirmed awaiting_confirmation pending_confirmation unverified not_verified "
            "pending_verification"
        ),
    }
)
"""What other senders and shops write into a status of persons to whom nothing may be sent. Only the known
names of a status (`How.STATE`) are read by them: the property that `subscribed` names can also unsubscribe,
and none of these words says that clearly."""


@functools.lru_cache(maxsize=10_000)
def consent_reading(name: str, channel: str) -> How | None:
    """Return how a property of this name is read for consent; None if it says nothing about it.

    Args:
        name: The property.
        channel: `email` or `sms`: consent to the one says nothing about the other.
    """
    folded = folded_name(_CUSTOM.sub("", name))
    known = _NAMES[channel]
    if folded in known:
        return known[folded]
    for outer in _OUTER:
        if folded.startswith(outer) and folded.removeprefix(outer) in known:
            return known[folded.removeprefix(outer)]
    return None
