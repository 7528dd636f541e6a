"""The options that each kind of destination has, and those that it needs. See `destination_options`.

How to add a kind of destination: `target_listrak.loaders`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OPTIONS_BY_KIND", "REQUIRED", "SHARES"]

_LIST = ("list", "list_from", "create_list", "email")
_READING = ("date_order", "decimal_mark")
_FIELDS = (
    *_READING,
    "fields",
    "field_group",
    "create_missing",
    "max_created",
    "update_type",
    "null_handling",
    "on_bad_value",
)
_MIRROR = ("mirror", "mirror_without_state", "mirror_streams", "max_removed_share", "allow_deletes")
_SMS_FIELDS = (*_READING, "email", "fields", "null_handling", "on_bad_value")
_RETAIL = (*_READING, "fields", "null_handling", "on_bad_value")
_AGE = ("event_date", "max_age_days")
_ORDERS = ("status_values", "items_without_sku", "sku_from")
SHARES = ("max_reject_share", "max_declined_share")
_CONSENT = ("subscribed", "subscribed_values", "unsubscribe", "max_removed")

_OPTIONS_OF_KIND: Final[dict[str, tuple[str, ...]]] = {
    "email_list": (
        *_LIST,
        *_FIELDS,
        "external_id",
        "new_email",
        "resubscribe",
        "double_opt_in",
        "subscribed_by_contact",
        "trigger_journeys",
        "event_ids",
        "repeat_events",
        "max_events",
        *_CONSENT,
        *_MIRROR,
    ),
    "email_unsubscribe": (
        "list",
        "list_from",
        "email",
        "external_id",
        "event_ids",
        "repeat_events",
        "max_removed",
    ),
    "email_events": (
        "list",
        "list_from",
        "email",
        "external_id",
        "event",
        "event_from",
        "repeat_events",
        "max_events",
        *_AGE,
        "create_missing",
        "max_created",
    ),
    "profile_fields": (
        "list",
        "list_from",
        "email",
        *_FIELDS,
        "external_id",
        "field_values",
        "member",
        "member_from",
        "include_unsubscribed",
        "route",
    ),
    "audience": (
        "list",
        "list_from",
        "email",
        "external_id",
        "field",
        "field_from",
        *_FIELDS,
        "member",
        "member_from",
        "subscribe",
        "subscribed",
        "subscribed_values",
        "include_unsubscribed",
        *_MIRROR,
    ),
    "transactional_message": (
        "list",
        "message",
        "allow_sending",
        "max_messages",
        *_AGE,
        "email",
        *_READING,
        "fields",
        "field_group",
        "on_bad_value",
    ),
    "sms_transactional_message": (
        "sender_code",
        "phone_list",
        "message",
        "allow_sending",
        "max_messages",
        *_AGE,
        "phone",
        "content",
    ),
    "sms_list": ("sender_code", "phone_list", "phone", *_SMS_FIELDS, "resubscribe", *_CONSENT, *_MIRROR),
    "sms_profiles": ("sender_code", "phone", *_SMS_FIELDS),
    "sms_unsubscribe": ("sender_code", "phone_list", "phone", "max_removed"),
    "sms_opt_out": ("sender_code", "phone", "max_removed"),
    "custom_events": (
        "event",
        "event_from",
        "email",
        "phone",
        "fields",
        *_READING,
        "on_bad_value",
        "events_per_request",
        "max_events",
        *_AGE,
    ),
    "forget": ("allow_forget", "email", "phone", "max_forgotten", "max_wait_seconds"),
    "customers": _RETAIL,
    "orders": (*_RETAIL, *_ORDERS, "on_missing"),
    "order_items": (*_RETAIL, *_ORDERS, "allow_deletes", "orders_without_items"),
    "products": _RETAIL,
    "reviews": (*_RETAIL, "allow_deletes"),
    "rating_summaries": _RETAIL,
}
OPTIONS_BY_KIND: Final = {
    kind: (*options, "delete_markers", *SHARES) for kind, options in _OPTIONS_OF_KIND.items()
}
"""The options that each kind of destination has."""

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "transactional_message": ("list", "message"),
    "sms_transactional_message": ("sender_code", "phone_list", "message"),
    "sms_list": ("sender_code", "phone_list"),
    "sms_profiles": ("sender_code",),
    "sms_unsubscribe": ("sender_code", "phone_list"),
    "sms_opt_out": ("sender_code",),
}
"""The options that a destination of a kind must have, beside those that `destination_checks` requires."""
