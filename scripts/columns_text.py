"""Makes the tables of docs/columns.md and the diagrams of docs/streams.md from the streams' own schemas."""

from __future__ import annotations

from typing import Any

from tap_listrak.streams import STREAMS

PARTS = {
    "Lists, contacts and imports": ("list", "campaign", "contact", "profile", "event", "saved", "split"),
    "Messages": ("message",),
    "Conversations and transactional messages": ("conversation", "transactional"),
    "SMS": ("sender", "phone", "sms"),
}
"""Diagrams of docs/streams.md, and what the names of their streams begin with."""


def _types(schema: dict[str, Any]) -> str:
    types = schema.get("type", ["string"])
    names = [one for one in ([types] if isinstance(types, str) else types) if one != "null"]
    return "time" if schema.get("format") == "date-time" else " or ".join(names)


def tables(catalog: dict[str, Any]) -> str:
    """Give a section for each stream.

    Args:
        catalog: What ``--discover`` prints.
    """
    parts = []
    known = {stream["tap_stream_id"]: stream for stream in catalog["streams"]}
    for stream in STREAMS:
        name = vars(stream)["name"]
        parts.append(f"\n## `{name}`\n\n| Column | Type | What it is |\n|---|---|---|\n")
        keys = set(stream.keys)
        for column, schema in known[name]["schema"]["properties"].items():
            text = " ".join(schema.get("description", "").split()).replace("|", "\\|")
            parts.append(f"| `{column}`{' (key)' if column in keys else ''} | {_types(schema)} | {text} |\n")
    return "".join(parts) + "\n"


def diagrams() -> str:
    """Give the entity-relationship diagrams: each stream with its key, and an edge from its parent."""
    streams = {vars(stream)["name"]: stream for stream in STREAMS}
    parts = [""]
    for title, beginnings in PARTS.items():
        inside = [name for name in streams if name.startswith(beginnings)]
        lines = [f"### {title}", "", "```mermaid", "erDiagram"]
        for name in inside:
            parent = streams[name].parent_stream_type
            if parent is not None:
                by = [key for key in streams[name].keys if key in streams[vars(parent)["name"]].keys]
                lines.append(f'    {vars(parent)["name"]} ||--o{{ {name} : "{", ".join(by)}"')
            lines.append(f"    {name} {{")
            lines += [f"        key {key} PK" for key in streams[name].keys]
            lines.append("    }")
        parts += [*lines, "```", ""]
    return "\n".join(parts) + "\n"
