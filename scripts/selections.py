"""Ready catalogs: what discovery gives, with a choice of streams selected.

They hold the chosen streams and no others, because Meltano selects all that a catalog holds.
"""

from __future__ import annotations

import copy
from typing import Any

from tap_listrak.shards import shard_streams
from tap_listrak.streams import STREAMS

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
    # What each process reads where an account is divided among several; `tap-listrak --shards` names them.
    **{f"shard-{kind}": streams for kind, streams in shard_streams().items()},
}


def catalogs(discovered: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give each ready catalog by name.

    Raises:
        ValueError: A selection names a stream that discovery does not give.
    """
    known = {stream["tap_stream_id"]: stream for stream in discovered["streams"]}
    if missing := sorted({name for chosen in SELECTIONS.values() for name in chosen} - known.keys()):
        message = f"ready catalogs name streams that do not exist: {', '.join(missing)}"
        raise ValueError(message)
    return {
        catalog: {"streams": [_selected(known[name]) for name in sorted(chosen)]}
        for catalog, chosen in SELECTIONS.items()
    }


def _selected(stream: dict[str, Any]) -> dict[str, Any]:
    selected = copy.deepcopy(stream)
    selected.pop("selected", None)
    _of_stream(selected)["selected"] = True
    return selected


def _of_stream(stream: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = next(one["metadata"] for one in stream["metadata"] if not one["breadcrumb"])
    return metadata


def default_selection() -> list[str]:
    """Give Meltano's ``select`` without the streams that need a setting: each run would warn of them."""
    left_out = [str(stream.__dict__["name"]) for stream in STREAMS if stream.needs]
    return ["*.*", *(f"!{name}.*" for name in left_out)]
