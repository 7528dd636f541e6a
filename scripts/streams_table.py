"""Generates the table of streams from the class attributes of the streams."""

from __future__ import annotations

from tap_listrak.streams import STREAMS


def markdown_table() -> str:
    """Return one row per stream: what a record is, source, key, replication."""
    lines = ["| Stream | One row per | Source | Key | Replication |", "|---|---|---|---|---|"]
    for stream in STREAMS:
        api = "" if stream.route.api == "email" else f" ({stream.route.api.upper()})"
        source = f"`{stream.route.method} {stream.route.template}`{api}"
        keys = ", ".join(f"`{key}`" for key in stream.keys)
        replication = " ".join(("Incremental." if stream.incremental else "Full table.", stream.note)).strip()
        name = vars(stream)["name"]
        lines.append(f"| `{name}` | {stream.one_row_per} | {source} | {keys} | {replication} |")
    return "\n".join(["", *lines, "", ""])


def one_row_per() -> dict[str, str]:
    """Return what a row of each stream is, by the stream's name."""
    return {vars(stream)["name"]: stream.one_row_per for stream in STREAMS}
