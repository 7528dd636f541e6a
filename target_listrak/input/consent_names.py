"""The names of consent properties in shops and CRMs, and the meaning of each.

They are used if the option `subscribed` names no property. A record in which one of them says that the person
did not agree subscribes nobody; the names are those of Shopify, Klaviyo, HubSpot, Salesforce, Mailchimp,
Magento and others. Names are compared as `folded_name` returns them. Unknown names are read by their words
(`consent_words`).
"""

from __future__ import annotations

import enum
import functools
import re
from typing import TYPE_CHECKING, Final, TypeVar

from target_listrak.input.consent_words import may_agree, may_be_state, may_refuse
from target_listrak.values.plain import folded_name

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONSENT_WORDS", "STATUS_WORDS", "Meaning", "holds_consent", "meaning_of"]


_T = TypeVar("_T")


class Meaning(enum.Enum):
    """What the name of such a property means, which decides how its value is read."""

    AGREED = "a boolean, or the word of a state: yes means agreed"
    STATE = "the word of a state; other words say nothing, and numbers but 1 are unclear"
    WORD = "the word of a state; anything else says nothing"
    AGREED_AT = "a date: none means that nothing says that the person agreed"
    REFUSED = "a boolean or a date: yes means did not agree"
    IN_USE = "a boolean: no means that the person's record is not in use; yes says nothing"
    NOT_IN_USE = "a boolean or a date: yes means that the person's record is not in use"
    UNCONFIRMED = "the word of a status only: the person has not confirmed"
    MAY_AGREE = "by the words of the name: a clear no means did not agree; anything else says nothing"
    MAY_BE_STATE = "by the words of the name: the word of who left; anything else says nothing"
    MAY_REFUSE = "by the words of the name: a clear yes or a date means did not agree; anything else nothing"


_BOTH: Final = {
    Meaning.AGREED: (
        "consent consented has_consented has_consent consent_given marketing_consent gdpr_consent opt_in "
        "opted_in is_opted_in has_opted_in marketing_opt_in marketing_opted_in is_subscribed subscribed "
        "marketing_permission marketing_allowed allow_marketing accepts_marketing_updates "
        "marketing_status marketing_state marketing_contact_status hs_marketable_status marketable "
        "is_marketable consent_status consent_state opt_in_status subscribe_status permission_status "
        "permission_to_send"
    ),
    Meaning.STATE: "status contact_status subscriber_status subscription_status",
    Meaning.WORD: "state state_code",
    Meaning.AGREED_AT: (
        "opted_in_at opted_in_on opted_in_date opt_in_at opt_in_on opt_in_date date_opted_in "
        "opt_in_timestamp consented_at consent_at consent_date consent_time consent_timestamp "
        "consent_given_at date_consented gdpr_consent_at gdpr_consent_date marketing_consent_at "
        "marketing_consent_date marketing_opt_in_at marketing_opt_in_date marketing_opted_in_at "
        "subscribed_at subscribed_on subscribed_date date_subscribed"
    ),
    Meaning.REFUSED: (
        "opt_out opted_out is_opted_out has_opted_out opted_out_at opt_out_at opt_out_date date_opted_out "
        "marketing_opt_out marketing_opted_out global_opt_out do_not_contact unsubscribed is_unsubscribed "
        "has_unsubscribed globally_unsubscribed global_unsubscribe unsubscribed_at unsubscribed_on "
        "unsubscribed_date unsubscribe_at unsubscribe_date date_unsubscribed suppressed is_suppressed "
        "suppressed_at suppression_date revoked_at consent_revoked_at consent_withdrawn consent_withdrawn_at "
        "withdrawn_at unsub_time unsub_date dnc is_dnc dnc_list on_dnc_list"
    ),
    Meaning.IN_USE: (
        "active is_active enabled is_enabled account_active account_enabled contact_active customer_active "
        "user_active"
    ),
    Meaning.NOT_IN_USE: (
        "removed archived is_archived archived_at archived_on archive_date date_archived inactive "
        "is_inactive inactivated_at deactivated is_deactivated deactivated_at "
        "deactivated_on disabled is_disabled disabled_at "
        "blocked is_blocked blocked_at banned is_banned "
        "banned_at suspended is_suspended suspended_at blacklisted "
        "is_blacklisted blocklisted is_blocklisted deceased is_deceased account_closed account_closed_at "
        "marketing_suspended"
    ),
}
_EMAIL: Final = {
    Meaning.AGREED: (
        "accepts_marketing buyer_accepts_marketing accepts_email accepts_email_marketing email_consent "
        "email_opt_in email_opted_in email_marketing_consent email_marketing_consent_state "
        "email_marketing_opt_in email_permission email_subscribed is_email_subscribed subscribed_to_email "
        "newsletter_opt_in "
        "newsletter_subscribed newsletter_subscription newsletter_consent subscribed_to_newsletter "
        "allow_email allow_emails receive_emails email_subscription_status email_marketing_status "
        "email_marketing_state email_consent_status email_consent_state email_opt_in_status email_subscribe "
        "email_subscribe_status email_permission_status can_receive_email_marketing newsletter_status"
    ),
    Meaning.STATE: "email_status",
    Meaning.AGREED_AT: (
        "email_opt_in_at email_opt_in_date email_opted_in_at email_consent_at email_consent_date "
        "email_subscribed_at email_subscribed_date newsletter_opt_in_at newsletter_opt_in_date "
        "newsletter_consent_at newsletter_subscribed_at accepted_marketing_at"
    ),
    Meaning.REFUSED: (
        "email_opt_out email_opted_out hs_email_optout has_opted_out_of_email has_opted_out_email "
        "do_not_email no_email email_unsubscribed email_unsubscribed_at unsubscribed_from_email "
        "unsubscribed_from_emails unsubscribed_from_all_email marked_email_as_spam"
    ),
    Meaning.NOT_IN_USE: (
        "cleaned_at clean_time bounced is_bounced bounced_at bounced_on bounced_date hard_bounce "
        "hard_bounced has_hard_bounced hard_bounced_at bounced_hard email_bounced email_bounced_at "
        "email_bounced_date is_bounceback email_invalid is_email_invalid hs_email_bad_address "
        "hs_email_quarantined email_suspended invalid_email invalid_email_address"
    ),
}
_SMS: Final = {
    Meaning.AGREED: (
        "accepts_sms accepts_sms_marketing sms_consent sms_opt_in sms_opted_in sms_marketing_consent "
        "sms_marketing_consent_state sms_marketing_opt_in sms_permission sms_subscribed is_sms_subscribed "
        "subscribed_to_sms text_opt_in text_consent allow_sms receive_sms sms_subscription_status "
        "sms_marketing_status sms_marketing_state sms_consent_status sms_consent_state sms_opt_in_status "
        "sms_subscribe sms_subscribe_status sms_permission_status mobile_permission_status "
        "can_receive_sms_marketing"
    ),
    Meaning.STATE: "sms_status",
    Meaning.AGREED_AT: (
        "sms_opt_in_at sms_opt_in_date sms_opted_in_at sms_consent_at sms_consent_date sms_subscribed_at "
        "sms_subscribed_date text_opt_in_at text_opt_in_date"
    ),
    Meaning.REFUSED: (
        "sms_opt_out sms_opted_out has_opted_out_of_sms do_not_text do_not_sms no_sms no_text "
        "sms_unsubscribed sms_unsubscribed_at unsubscribed_from_sms text_opt_out"
    ),
}
_CUSTOM: Final = re.compile(r"__p?c$", re.IGNORECASE)
"""The end of Salesforce's names of custom fields."""
_HOLDERS: Final = (
    *("subscriptions", "preferences", "extensionattributes", "channels", "consents", "subscriptiongroups"),
    *("identifiers", "marketingpermissions", "emailsuppression", "newsletter", "status"),
)
_HOLDERS_OF: Final = {
    "email": (*_HOLDERS, "defaultemailaddress", "emailaddress"),
    "sms": (*_HOLDERS, "defaultphonenumber", "phonenumber", "sms"),
}
"""Objects in which Klaviyo, Square, Magento, Cordial, Shopify and Constant Contact hold consent."""
_NO_PREFIX: Final = frozenset({"newsletter", "status", "sms", "marketingpermissions"})
"""Objects whose names also begin the names of other properties: `newsletter_status` is a property of its own,
and not the `status` in `newsletter`."""
_PREFIXES: Final = {
    channel: tuple(holder for holder in holders if holder not in _NO_PREFIX)
    for channel, holders in _HOLDERS_OF.items()
}
_OTHER_PREFIXES: Final = ("properties", "attributes", "customer", "contact", "person", "profile")
"""Other objects around such properties. Sources, and `flattening_enabled`, put their names before the name of
the property."""


def _folded(words: Mapping[_T, str]) -> dict[str, _T]:
    return {folded_name(word): meaning for meaning, many in words.items() for word in many.split()}


_NAMES: Final = {
    "email": {**_folded(_BOTH), **_folded(_EMAIL)},
    "sms": {**_folded(_BOTH), **_folded(_SMS)},
}

STATUS_WORDS: Final = _folded(
    {
        Meaning.REFUSED: (
            "unsub unsubscribe opted_out_all globally_unsubscribed dnc do_not_email do_not_mail do_not_text "
            "do_not_sms no_marketing non_marketing non_marketing_contact never_mail never no_consent "
            "without_consent not_consented non_consented consent_withdrawn consent_revoked refused declined "
            "stop stopped complained complaint complainer spam spam_complaint marked_as_spam reported_spam "
            "junk isp_complained direct_complaint mail_blocked shared_suppression domain_suppression "
            "not_allowed transactional transactional_only"
        ),
        Meaning.NOT_IN_USE: (
            "cleaned bounced bounce hard_bounce hard_bounced invalid undeliverable unreachable inactive "
            "disabled deactivated temporary_hold temp_hold held archived blocked blacklisted blocklisted "
            "banned suspended deceased closed redacted"
        ),
        Meaning.UNCONFIRMED: (
            "unconfirmed not_confirmed awaiting_confirmation pending_confirmation unverified not_verified "
            "pending_verification pending_opt_in not_activated not_set"
        ),
    }
)
"""What other senders and shops write into the status of a person to whom nothing may be sent. They count only
in properties with a known name of a status or of consent. The property that `subscribed` names is not read by
them: it can also unsubscribe, and none of these words clearly says that."""

CONSENT_WORDS: Final = _folded(
    {
        True: (
            "active confirmed enabled granted given accepted agreed allowed permitted explicit express "
            "expressed implicit implied single double single_opt_in double_opt_in confirmed_opt_in verified "
            "marketing marketing_contact i in"
        ),
        False: "not_set none no_permission no_permissions_set not_allowed cancelled canceled expired o out",
    }
)
"""Words of other senders in properties of consent (`Meaning.AGREED`), and whether each means agreed."""


@functools.lru_cache(maxsize=10_000)
def meaning_of(name: str, channel: str) -> Meaning | None:
    """Return what a property's name means for consent; `None` if the property is not about consent.

    Args:
        name: The property.
        channel: `email` or `sms`: consent to the one says nothing about the other.
    """
    folded = inner = folded_name(_CUSTOM.sub("", name))
    while inner:
        if inner in _NAMES[channel]:
            return _NAMES[channel][inner]
        outer = next(filter(inner.startswith, (*_PREFIXES[channel], *_OTHER_PREFIXES)), inner)
        inner = inner.removeprefix(outer)
    if may_refuse(folded, channel):
        return Meaning.MAY_REFUSE
    if may_be_state(folded, channel):
        return Meaning.MAY_BE_STATE
    return Meaning.MAY_AGREE if may_agree(folded, channel) else None


@functools.lru_cache(maxsize=10_000)
def holds_consent(name: str, channel: str) -> bool:
    """Return whether a property is named like an object in which a source puts consent.

    Args:
        name: The property.
        channel: `email` or `sms`.
    """
    return folded_name(name) in _HOLDERS_OF[channel]
