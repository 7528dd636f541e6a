"""Makes the README's table of streams from what discovery says about each of them."""

from __future__ import annotations

from typing import Any


def markdown_table(catalog: dict[str, Any]) -> str:
    """Give one row per stream: name, what a row is, key, replication."""
    lines = ["| Stream | Key | Replication |", "|---|---|---|"]
    for stream in catalog["streams"]:
        keys = ", ".join(f"`{key}`" for key in stream["key_properties"])
        lines.append(f"| `{stream['tap_stream_id']}` | {keys} | {stream.get('replication_method', '')} |")
    return "\n".join(["", *lines, "", ""])
