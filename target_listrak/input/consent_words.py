"""Reads unknown names of properties by their words: `unsubscribed from all email`, `werbung_opt_in`.

A shop's table may have names for consent that `consent_names` does not know. Such a name counts less than a
known one: a clear no keeps the record from subscribing, and any other value says nothing.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["left_by_words", "may_agree", "may_be_state", "may_refuse"]

_REFUSES: Final = re.compile(
    r"optout|optedout|unsub|suppress|spam|^complained|(?:email|isp)complain|nomarketing|nonmarketing|nopromo"
    r"|(?:consent|permission)\w*(?:revoked|withdr[ae]w)|(?:revoked|withdr[ae]w)\w*(?:consent|permission)"
    r"|bl[ao]ck(?:ed)?list|donot(?:allow|bulk|contact|email|mail|market|message|promo|reach|send|sms|text)"
    r"|(?:^|is|has)no(?:longer|more)?(?:contact|e?mail|market|sms|text)|excludedfrom|shouldforget"
    r"|(?:e?mail|marketing|newsletter)s?(?:blocked|disabled|off|stopped|suspended)$"
    r"|abgemeldet|widerruf|widersp|gesperrt|verstorben|d[eé]sabonn|d[eé]sinscri|desuscri|disiscri|descadastr"
    r"|afgemeld|uitgeschreven"
)
_AGREES: Final = re.compile(
    r"opt(?:ed)?in|consent|subscribed|newsletter|permission|^(?:i?agreed?|accepted|signedup)$"
    r"|^(?:subscribe|subscriber|subscription|mailings?|promotions?)$|(?:gdpr|marketing|newsletter)ok$"
    r"|(?:accept|agree|allow|can|may|ok|okto|permit|receive|send|want)"
    r"\w*?(?:contact|mail|market|messag|news|offer|promo|sms|text)"
    r"|(?:mail|message|sms|text)\w*?(?:accepted|agreed|allowed|enabled|ok|permitted|wanted)$"
    r"|(?:marketing|promo|promotional)(?:e?mails?|messages?|sms|texts?)?$|(?:email|sms|text)marketing"
    r"|contactable|e?mailable|textable|^sms$|^texts?$|^tcpa"
    r"|werbung|einwilligung|zustimm|zugestimmt|erlaubnis|abonn[eé]|suscri|iscritt|consenso|toestemming|inscrit"
)
_STATE: Final = re.compile(r"status|state(?!ment)|^type$|^action$|^event$|^eventtype$|^keyword$")
_NEGATES_AGREEING: Final = re.compile(
    r"not(?!ific)|(?<![io])non|never|without|missing|lacks|no(?=consent|optin|permission)"
    r"|un(?=sub|supp|consent)|de(?=sus|sabonn|sinscri)"
)
"""Words that negate a word of agreeing: `not_subscribed`."""
_NEGATES_REFUSING: Final = re.compile(r"(?<!do)not(?!e|i)|never|non(?=unsub|supp|opt)|un(?=suppress|blo|bla)")
"""Words that negate a word of refusing: `not_suppressed`."""
_OTHER_SUBJECT: Final = re.compile(
    # About what the person did or got, not about consent.
    r"click|open|counts?$|number|total|times|rate|score|(?<!con)sent|days|percent|amount|order|revenue|spend"
    r"|price|cost|url|link|href|token|reason|source|method|campaign|version|language|format|frequency|page"
    r"|form|ip$|ids?$"
    # About how the person was asked.
    r"|single|double|confirm|verif|require|need|pending|expire|import|migrat|explicit|impli|default"
    r"|first|recent|previous|former|ever$|everopt|eversub|^(?:can|allow|show|enable)(?:opt|unsub)"
    # About something other than messages.
    r"|cookie|track|analytic|profil(?:ing|age)|sell|sale|shar(?:e|ing)|thirdparty|partner|terms|tos$|policy"
    r"|privacy|survey|review|receipt|transaction|loyalty|reward|photo|location|camera|minor|parent"
)
_LEFT: Final = re.compile(
    r"unsub|optout|optedout|suppress|(?:not|non|never|un)(?:yet)?(?:sub(?!mit)|optedin)|nonmarketable"
    r"|donot(?:allow|contact|email|mail|market|send|sms|text)|hardbounc|reportedspam|spamcomplain|ispcomplain"
    r"|abgemeldet|abgelehnt|d[eé]sabonn|d[eé]sinscri|dadodebaja|^baja$|uitgeschreven|afgemeld|disiscri|descadastr"
)
_CHANNELS: Final = {
    "email": re.compile(r"mail"),
    "sms": re.compile(r"sms|mms|text|mobile|phone|messag"),
}
_OTHER_CHANNELS: Final = re.compile(
    r"sms|mms|text|mobile|phone|call|fax|postal|directmail|post$|print|catalog|push|whatsapp|voice|inapp|mail"
)


def may_refuse(folded: str, channel: str) -> bool:
    """Return whether a name's words say that the person does not agree to messages.

    Args:
        folded: The name, as `folded_name` returns it.
        channel: `email` or `sms`: names about other channels say nothing.
    """
    return (
        bool(_REFUSES.search(folded)) and not _NEGATES_REFUSING.search(folded) and _is_about(folded, channel)
    )


def may_agree(folded: str, channel: str) -> bool:
    """Return whether a name's words say that the person agrees to messages.

    Args:
        folded: The name, as `folded_name` returns it.
        channel: As for `may_refuse`.
    """
    return (
        bool(_AGREES.search(folded))
        and not _REFUSES.search(folded)
        and not _NEGATES_AGREEING.search(folded)
        and _is_about(folded, channel)
    )


def may_be_state(folded: str, channel: str) -> bool:
    """Return whether a name's words say that the property holds a state or an event.

    Args:
        folded: The name, as `folded_name` returns it.
        channel: As for `may_refuse`.
    """
    return bool(_STATE.search(folded)) and "estate" not in folded and _is_about(folded, channel)


def left_by_words(text: str) -> bool:
    """Return whether the words of a value say that a person left, or did not agree.

    Args:
        text: A value, as `folded_name` returns it, such as `unsubscribedbyadmin`.
    """
    return _LEFT.search(text) is not None


def _is_about(folded: str, channel: str) -> bool:
    if _OTHER_SUBJECT.search(folded):
        return False
    return bool(_CHANNELS[channel].search(folded)) or not _OTHER_CHANNELS.search(folded)
