"""The settings of a running sandbox, which control routes can change."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from listrak_sandbox.zones import OFFSET_HONOURED, READINGS, zone

if TYPE_CHECKING:
    from listrak_sandbox.config import Config

EMAIL_AREAS = ("Contact", "Event", "List", "Message", "Report", "Segmentation")
CHOICES = {
    "query_dates": READINGS,
    "conversation_dates": ("send", "activity"),
    "token_refusal": ("bare", "envelope"),
    "contact_answer": ("address", "key"),
    "subscribe_unsubscribed": ("refused", "updated"),
    "subscribe_subscribed": ("updated", "refused"),
    "cursor_form": ("value", "uri"),
    "cursor_end": ("null", "empty", "absent"),
    "import_outcome": ("complete", "fail", "stall"),
    "beta_answer": ("imports", "null"),
    "include_unsubscribed_result": ("previously_unsubscribed", "updated"),
    "data_validation": ("late", "strict"),
    "data_resource_id": ("null", "text", "number"),
    "sms_phone_form": ("e164", "national"),
    "sms_path_form": ("e164", "national", "any"),
    "sms_body_form": ("any", "e164", "national"),
    "sms_unsubscribe_pending": ("not_subscribed", "pending"),
    "sms_single_form": ("enveloped", "bare", "example"),
}
"""The values of settings that are words. The first one was recorded, or else is the likeliest."""


@dataclass(frozen=True)
class Integration:
    """One integration of the account: its credentials and what it may do.

    Attributes:
        client_id: Client id that the token endpoint takes.
        client_secret: Its secret.
        areas: Areas granted to it; None for all.
        paused: A paused integration gets no token, and its tokens are refused.
        refuse_ip: Behave as if the caller's address were not on its allow list.
        requests_per_second: Requests that all its callers together may make in a second of real time. Others
            are answered 429 and not carried out. 0: no limit.
    """

    client_id: str
    client_secret: str
    areas: tuple[str, ...] | None = None
    paused: bool = False
    refuse_ip: bool = False
    requests_per_second: float = 0.0


def _integrations() -> dict[str, Integration]:
    return {
        name: Integration(
            f"sandbox-{shown}", f"sandbox-{shown}-secret", EMAIL_AREAS if name == "email" else None
        )
        for name in ("email", "sms", "data", "cross_channel", "privacy")
        for shown in (name.replace("_", "-"),)
    }


@dataclass(frozen=True)
class Settings:
    """Current settings; immutable, replaced as a whole.

    Attributes:
        latency_ms: Milliseconds that each API answer is delayed.
        answer_time_zone: The service's time zone (an IANA name): dates in answers are its wall time without
            an offset, and dates in requests that have no offset are read in it.
        answer_offsets: Write the offset behind each date of an answer, ``-04:00``.
        query_dates: What an offset in a request's date means: ``offset_honoured`` (it counts),
            ``offset_dropped`` (it is ignored: the wall time is the service's) or ``read_as_utc`` (it is
            ignored: the wall time is UTC, as are dates without an offset).
        conversation_dates: ``send`` or ``activity``: the date by which a conversation message's activity is
            filtered, about which the spec says nothing.
        token_ttl: Seconds of real time for which new tokens are valid.
        token_uses: Calls for which a new token is valid; 0 for any number.
        token_refusal: How a token request is refused: ``bare`` (400 with ``{"error": "Invalid
            Credentials"}``) or ``envelope`` (401 with ``ERROR_INVALID_CREDENTIALS`` in the usual envelope).
        contact_answer: What ``POST Contact`` answers: ``address`` (201 for a new contact, 200 for a known
            one; resourceId is the address) or ``key`` (201 for both; resourceId is the emailKey).
        subscribe_unsubscribed: What ``POST Contact`` without ``overrideUnsubscribe`` does with an
            unsubscribed address: ``refused`` (400 ``ERROR_UNSUBSCRIBED_EMAIL_ADDRESS``) or ``updated``
            (200; its values are written, and it stays unsubscribed).
        subscribe_subscribed: What ``POST Contact`` does that subscribes an address which is subscribed
            already and changes nothing else: ``updated`` (200) or ``refused`` (400
            ``ERROR_SUBSCRIBED_EMAIL_ADDRESS``, unless ``overrideUnsubscribe`` is given).
        contact_date_decimals: Decimals of a second in a contact's dates, 0 or 7.
        contact_change_method: The method of subscriptions and unsubscriptions made through the API.
        unsubscribed_keeps_method: Whether an unsubscribed contact shows its subscribeMethod; else it is
            null.
        empty_values_listed: Whether a profile field that was asked for and has no value comes as ``""``;
            else it is left out.
        import_seconds: Seconds of real time that an import takes at least.
        beta_route: Whether the account has the beta route.
        imports_kept_days: Days for which list imports are there after their start; 0 for ever.
        include_unsubscribed_result: What an import with ``includeUnsubscribed`` says of an unsubscribed
            contact that it updated: ``previously_unsubscribed`` or ``updated``.
        beta_seconds: Seconds of real time that what the beta route took waits as a queued import before it
            is begun. Imports made meanwhile may be carried out before it.
        beta_answer: What the beta route's resourceId holds: the ``imports`` that it made, or ``null``.
        import_minimum_rows: Smallest number of rows an import file may have; a smaller one is refused.
        import_outcome: ``complete``, ``fail`` (ends halfway) or ``stall`` (stops halfway, never ends).
        import_end_word: The status word of an import that ended well.
        cursor_form: ``value`` or ``uri``: how nextPageCursor is written.
        cursor_end: How the last page of a paged collection says so: nextPageCursor is ``null``, ``empty``
            (``""``) or ``absent``.
        max_body_bytes: Largest request body; a larger one is answered 404.
        enums_as_numbers: Write enumerations as numbers where the spec says text, as its examples do.
        sms_phone_form: Form of numbers in answers: ``e164`` (country code, no ``+``) or ``national`` (10
            digits for North America).
        sms_path_form: Form that paths take: ``e164``, ``national`` or ``any``; a number in another form is
            unknown there (404 ``ERROR_UNABLE_TO_LOCATE_RESOURCE``).
        sms_body_form: Form that bodies and contact imports take; another is ``ERROR_INVALID_PHONE_NUMBER``.
        sms_double_opt_in: Phone lists, by id as text, that require a double opt-in (``true``) or do not
            (``false``), such as ``{"7101": true}``; those not named are as they were generated.
        sms_unsubscribe_pending: The code with which unsubscribing a pending number is refused:
            ``not_subscribed`` (``ERROR_PHONE_NUMBER_NOT_SUBSCRIBED``) or ``pending``
            (``ERROR_PENDING_PHONE_NUMBER``).
        sms_unsubscribed_word: The state of a number that has left a phone list.
        sms_system_fields_listed: Whether First Name … Postal Code are among the SMS profile fields.
        sms_single_form: ``enveloped``, ``bare`` or ``example`` (a phone list as an array of one): how a
            single phone list and a single transactional message are answered, about which the spec
            contradicts itself.
        sms_left_contacts_listed: Whether a phone list's contacts include those who left the list.
        sms_inactive_readable: Whether the child records of disabled sender codes and inactive lists are
            readable.
        sms_import_blank_clears: Whether an empty cell of a contact import clears the field.
        crm_enabled: Whether the data API takes customers and orders without an email address.
        data_validation: What the data API does with bad records: ``late`` (201; what cannot be used is
            dropped in silence, see the control route ``data``) or ``strict`` (400, nothing is stored).
        data_resource_id: The resourceId of the data API's answers: ``null``, ``text`` (``"null"``) or
            ``number``.
        profile_field_group_limit: Profile field groups a list may have.
        profile_field_limit: Profile fields a group may have.
        forget_seconds: Seconds of real time for which a request to forget somebody is PROCESSING.
        privacy_limits: Whether the privacy API's limits are kept: 20 requests in 10 seconds of real time, 60
            in a minute; more are answered 429.
        integrations: By name: email, sms, data, cross_channel, privacy.
    """

    latency_ms: float = 0.0
    answer_time_zone: str = "America/New_York"
    answer_offsets: bool = False
    query_dates: str = OFFSET_HONOURED
    conversation_dates: str = "send"
    token_ttl: float = 3599.0
    token_uses: int = 0
    token_refusal: str = "bare"  # noqa: S105  a word for its form
    contact_answer: str = "address"
    subscribe_unsubscribed: str = "refused"
    subscribe_subscribed: str = "updated"
    contact_date_decimals: int = 0
    contact_change_method: str = "Administrator"
    unsubscribed_keeps_method: bool = False
    empty_values_listed: bool = True
    import_seconds: float = 0.3
    imports_kept_days: float = 30.0
    include_unsubscribed_result: str = "previously_unsubscribed"
    beta_seconds: float = 0.3
    beta_answer: str = "imports"
    beta_route: bool = True
    import_minimum_rows: int = 1
    import_outcome: str = "complete"
    import_end_word: str = "Completed"
    cursor_form: str = "value"
    cursor_end: str = "null"
    max_body_bytes: int = 262_144_000
    enums_as_numbers: bool = False
    sms_phone_form: str = "e164"
    sms_path_form: str = "e164"
    sms_body_form: str = "any"
    sms_double_opt_in: dict[str, bool] = field(default_factory=dict)
    sms_unsubscribe_pending: str = "not_subscribed"
    sms_unsubscribed_word: str = "Not Subscribed"
    sms_system_fields_listed: bool = False
    sms_single_form: str = "enveloped"
    sms_left_contacts_listed: bool = False
    sms_inactive_readable: bool = True
    sms_import_blank_clears: bool = False
    crm_enabled: bool = True
    data_validation: str = "late"
    data_resource_id: str = "null"
    profile_field_group_limit: int = 25
    profile_field_limit: int = 100
    forget_seconds: float = 0.3
    privacy_limits: bool = True
    integrations: dict[str, Integration] = field(default_factory=_integrations)

    @classmethod
    def from_config(cls, config: Config) -> Settings:
        """Return the settings a sandbox starts with."""
        return cls(latency_ms=config.latency_ms, token_ttl=config.token_ttl)

    def changed(self, changes: dict[str, Any]) -> Settings:
        """Return these settings with some of them changed.

        Args:
            changes: The new values by name. ``integrations`` maps names to their changed attributes.

        Raises:
            ValueError: A name is unknown, or a value has the wrong type; the text says which.
        """
        changes = dict(changes)
        integrations = dict(self.integrations)
        for name, attributes in (changes.pop("integrations", None) or {}).items():
            if name not in integrations:
                message = f"There is no integration {name!r}: {', '.join(integrations)}"
                raise ValueError(message)
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in attributes.items()
            }
            _check(Integration, values)
            rate = values.get("requests_per_second", 0)
            if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < math.inf:
                message = "requests_per_second of an integration is a number, 0 or more"
                raise ValueError(message)
            integrations[name] = replace(integrations[name], **values)
        _check(Settings, changes)
        for name, value in changes.items():
            default = getattr(self, name)
            numeric = isinstance(default, (int, float)) and not isinstance(default, bool)
            if not isinstance(value, (int, float) if numeric else type(default)):
                message = f"{name} takes a {'number' if numeric else type(default).__name__}, not {value!r}"
                raise ValueError(message)  # noqa: TRY004  the one kind of error a caller has to expect
        if not all(isinstance(one, bool) for one in changes.get("sms_double_opt_in", {}).values()):
            message = "sms_double_opt_in takes true or false for each phone list"
            raise ValueError(message)
        for name, words in CHOICES.items():
            if changes.get(name, words[0]) not in words:
                message = f"{name} is one of {', '.join(words)}"
                raise ValueError(message)
        zone(changes.get("answer_time_zone", self.answer_time_zone))
        return replace(self, integrations=integrations, **changes)


def _check(kind: type[Settings | Integration], changes: dict[str, Any]) -> None:
    names = [one.name for one in fields(kind)]
    unknown = sorted(set(changes) - set(names))
    if unknown:
        message = f"Unknown: {', '.join(unknown)}. There are: {', '.join(names)}"
        raise ValueError(message)
