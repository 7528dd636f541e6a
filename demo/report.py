"""How the demo looks: headings, tables, marks, a line that shows progress."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIVELY = sys.stdout.isatty()
_COLOURS = _LIVELY and "NO_COLOR" not in os.environ
_UNICODE = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
_QUIET_SECONDS = 10

GOOD, BAD = ("✓", "✗") if _UNICODE else ("ok", "NO")
LINE = "─" if _UNICODE else "-"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if _COLOURS else text


def bold(text: str) -> str:
    """Emphasise."""
    return _paint(text, "1")


def mark(*, good: bool) -> str:
    """Give the mark for equal or not equal."""
    return _paint(GOOD, "32") if good else _paint(BAD, "1;31")


def heading(title: str, command: str) -> None:
    """Begin a step: what it is, and the command a person would type for it."""
    print(f"\n{bold(title)}\n{_paint('$ ' + command, '2')}", flush=True)


def line(text: str = "") -> None:
    """Print a line, indented below its heading."""
    print(f"  {text}".rstrip(), flush=True)


_last_said = 0.0


def progress(seconds: float | None = None, requests: int = 0) -> None:
    """Show how far a run is: in place on a terminal, as a line every ten seconds elsewhere.

    Args:
        seconds: Since it began; None when it is over.
        requests: Sent so far.
    """
    global _last_said  # noqa: PLW0603  one terminal, one progress line
    if seconds is None:
        _last_said = 0.0
        if _LIVELY:
            print("\r\x1b[K", end="", flush=True)
        return
    text = f"  running for {seconds:.0f} s, {requests:,} requests so far …"
    if _LIVELY:
        print(f"\r\x1b[K{_paint(text, '2')}", end="", flush=True)
    elif seconds - _last_said >= _QUIET_SECONDS:
        _last_said = seconds
        print(text, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: numbers to the right with thousands, booleans as marks, everything else to the left."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    numbers = [all(type(row[at]) is int for row in rows) for at in range(len(head))]

    def padded(row: Sequence[str], at: int) -> str:
        return row[at].rjust(widths[at]) if numbers[at] else row[at].ljust(widths[at])

    title = "   ".join(padded(head, at) for at in range(len(head)))
    line(bold(title))
    line(LINE * len(title))
    for row, text in zip(rows, texts, strict=True):
        shown = []
        for at, cell in enumerate(row):
            # Colours have no width, so they come after the padding.
            colour = "32" if cell else "1;31"
            shown.append(_paint(padded(text, at), colour) if isinstance(cell, bool) else padded(text, at))
        line("   ".join(shown))


def _text(cell: object) -> str:
    match cell:
        case bool():
            return GOOD if cell else BAD
        case int():
            return f"{cell:,}"
        case _:
            return str(cell)
