"""Makes the README's table of streams from the stream classes: what they state, and their docstrings."""

from __future__ import annotations

import inspect
import re

from tap_listrak.streams import STREAMS

# What the table says in columns of its own.
_KINDS = {True: "Incremental. ", False: "Read whole each run. "}
_ELSEWHERE = ("One row per ", "Key: ", "Source: ", "Keys: ")


def _sentences(stream: type) -> list[str]:
    text = " ".join((inspect.getdoc(stream) or "").split())
    return re.split(r"(?<=\.)\s+(?=[A-Z`])", text)


def markdown_table() -> str:
    """Give one row per stream: what a record is, the operation it comes from, key, replication, what to know.

    Raises:
        ValueError: A stream's docstring does not say what one row is.
    """
    lines = ["| Stream | One row per | Operation | Key | Replication |", "|---|---|---|---|---|"]
    for stream in STREAMS:
        name = vars(stream)["name"]
        row, *rest = _sentences(stream)
        if not row.startswith(_ELSEWHERE[0]):
            message = f"the docstring of {name} does not begin with {_ELSEWHERE[0]!r}"
            raise ValueError(message)
        route = stream.route
        operation = f"`{route.method} {route.template}`" + (
            f" ({route.api.upper()})" if route.api != "email" else ""
        )
        keys = ", ".join(f"`{key}`" for key in stream.keys)
        notes = " ".join(sentence for sentence in rest if not sentence.startswith(_ELSEWHERE))
        kind = "" if re.search("incremental|read whole", notes, re.IGNORECASE) else _KINDS[stream.incremental]
        what = row.removeprefix(_ELSEWHERE[0]).rstrip(".")
        lines.append(f"| `{name}` | {what} | {operation} | {keys} | {kind}{notes} |".replace("  ", " "))
    return "\n".join(["", *lines, "", ""])
