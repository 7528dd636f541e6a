"""Ready catalogs: what discovery gives, with a choice of streams selected."""

from __future__ import annotations

import copy
from typing import Any

TWELVE_REPORTS = (
    "contacts",
    "messages",
    "message_activity",
    "message_links",
    "message_link_clickers",
    "message_summaries",
    "conversations",
    "conversation_messages",
    "conversation_message_activity",
    "conversation_message_links",
    "conversation_message_link_clickers",
    "conversation_summaries",
)
SELECTIONS: dict[str, tuple[str, ...]] = {
    # The vendor's reports, as people know them from the connectors there were before.
    "twelve-reports": TWELVE_REPORTS,
    # Who received, opened, clicked, bounced and bought, without the contacts themselves.
    "engagement": (
        *(name for name in TWELVE_REPORTS if name != "contacts"),
        "conversation_message_summaries",
        "transactional_messages",
        "transactional_message_activity",
    ),
    # People and what is known about them.
    "contacts": ("lists", "profile_field_groups", "profile_fields", "contacts"),
    # Everything that text messages are made of; needs the SMS integration only.
    "sms": (
        "sender_codes",
        "phone_lists",
        "phone_list_contacts",
        "sms_opt_outs",
        "sms_profile_fields",
        "sms_transactional_messages",
    ),
}


def catalogs(discovered: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give each ready catalog by name: all discovered streams, with those of the selection selected.

    Raises:
        ValueError: A selection names a stream that discovery does not give.
    """
    known = {stream["tap_stream_id"] for stream in discovered["streams"]}
    result = {}
    for name, chosen in SELECTIONS.items():
        if missing := sorted(set(chosen) - known):
            message = f"catalog {name} names streams that do not exist: {', '.join(missing)}"
            raise ValueError(message)
        catalog = copy.deepcopy(discovered)
        for stream in catalog["streams"]:
            selected = stream["tap_stream_id"] in chosen
            stream.pop("selected", None)
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = selected
        result[name] = catalog
    return result
