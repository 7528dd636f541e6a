"""Rejects RECORD lines that cannot be decoded, with the reason.

A single value does not stop a load. A line is rejected if it is a complete RECORD message, but has NaN, a
lone surrogate, a number out of range or the like. A line that is not a complete message ends the run: the
input was truncated, or was not written by a tap.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from target_listrak.outcomes import Fault, Rejected

__all__ = [
    "DUPLICATE_PROPERTY",
    "Unreadable",
    "has_duplicates",
    "repeated_lines",
    "unreadable",
    "unreadable_record",
]

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_PAIRS: Final = {"}": "{", "]": "["}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MEMBER_END: Final = b'":'
_decode: Final = msgspec.json.Decoder(float_hook=str).decode
_MAX_CHECKED_LINES: Final = 64
_SAMPLE_LINES: Final = 8
_MAX_FAULTS: Final = 10


class Unreadable(NamedTuple):
    """A complete RECORD message that cannot be used.

    Attributes:
        rejected: The reason, with the properties if they are known.
        record: The record as far as it can be read, for its key; may be empty.
        raw: The record's bytes, if it came without a message around it.
    """

    rejected: Rejected
    record: Mapping[str, Any]
    raw: bytes = b""


DUPLICATE_PROPERTY: Final = Unreadable(
    Rejected("unreadable", "the record names a property twice, and which of the values counts is unknown"), {}
)
"""Takes the place of a record in which a property occurs twice."""


class _Constant(str):
    """`NaN`, `Infinity` or `-Infinity`, which JSON does not have."""

    __slots__ = ()


def unreadable(line: bytes, error: Exception) -> dict[str, Any] | None:
    """Return a RECORD message that takes the place of a line that cannot be decoded.

    Args:
        line: The line.
        error: What decoding it raised.

    Returns:
        `type`, `stream`, `record` (an `Unreadable`) and `version`, if there is one; None if the line is not a
        complete RECORD message that names its stream.
    """
    text = line.decode("utf-8", "surrogateescape").strip()
    members = _top_members(text)
    if members is None or members.get("type") != "RECORD" or "stream" not in members:
        return None
    try:
        message = json.loads(text, parse_constant=_Constant, parse_int=_whole, strict=False)
    except (ValueError, RecursionError):
        message = {}
    record = message.get("record")
    record = record if isinstance(record, dict) else {}
    faults = tuple(fault for name, value in record.items() for fault in _faults(name, value))[:_MAX_FAULTS]
    reason = "; ".join(f"{fault.property}: {fault.reason}" for fault in faults) or _general(error)
    answer = {
        "type": "RECORD",
        "stream": members["stream"],
        "record": Unreadable(Rejected("unreadable", reason, faults), record),
    }
    version = message.get("version")
    return {**answer, "version": version} if isinstance(version, int) else answer


def unreadable_record(line: bytes, error: Exception) -> Unreadable | None:
    """Return an `Unreadable` for a record that cannot be decoded; None if the line is not a complete object.

    Args:
        line: The record, without a message around it (a line of a BATCH file).
        error: What decoding it raised.
    """
    raw = line.strip()
    message = unreadable(b'{"type":"RECORD","stream":"","record":%b}' % raw, error)
    found = message["record"] if message is not None and raw.startswith(b"{") else None
    return found._replace(raw=raw) if isinstance(found, Unreadable) else None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < 1000 else digits  # noqa: PLR2004 - Python refuses more than 4,300


def _top_members(text: str) -> dict[str, str] | None:  # noqa: C901 - a branch per kind of token
    """Return the members of an object whose values are texts; None if the object is not complete.

    Works without recursion, as the object may be nested too deeply, and ignores what is between the tokens.
    """
    if not text.startswith("{"):
        return None
    members: dict[str, str] = {}
    brackets: list[str] = []
    key, last = "", ""
    for match in _TOKEN.finditer(text):
        part = match[0]
        if part in _PAIRS:
            if brackets.pop() != _PAIRS[part]:
                return None
            if not brackets:
                return members if match.end() == len(text) else None
        elif part in "{[":
            brackets.append(part)
        elif len(brackets) > 1:
            continue
        elif part == ":":
            key = last
        elif part == ",":
            key = ""
        elif key:
            members[key] = part[1:-1]
        else:
            last = part[1:-1]
    return None


def _faults(name: str, value: object) -> list[Fault]:
    """Return the first fault of a value or anything inside it; an empty list if there is none."""
    found: list[Fault] = []
    waiting = [value, name]
    while waiting and not found:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += [*part.values(), *part]
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, _Constant):
            found.append(Fault(name, "not_a_number", f"{part} is not a value of JSON"))
        elif isinstance(part, float) and part in {float("inf"), float("-inf")}:
            found.append(Fault(name, "number_too_large", "the number is out of range"))
        elif isinstance(part, str) and _SURROGATE.search(part):
            found.append(
                Fault(_shown(name), "broken_text", "the text holds half a character, or is not UTF-8")
            )
        elif isinstance(part, str) and part.isdigit() and len(part) >= 1000:  # noqa: PLR2004 - of `_whole`
            found.append(Fault(name, "number_too_large", "the number is out of range"))
    return found


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _general(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the record is nested too deeply"
    if isinstance(error, ArithmeticError):
        return "a number is out of range"
    if isinstance(error, UnicodeDecodeError):
        return "the record's text is not UTF-8"
    return f"the record is not valid JSON ({error})"  # msgspec's text has the kind of error and no content


# Members that occur twice: decoders do not report them, and the later value wins.


def has_duplicates(line: bytes, message: Mapping[str, Any]) -> bool:
    """Return whether a member occurs twice in an object of a line.

    Args:
        line: The line.
        message: What it was decoded to.
    """
    return line.count(_MEMBER_END) != _count_members(message) and _has_duplicate_member(line)


def repeated_lines(lines: Sequence[bytes]) -> set[int]:
    """Return the indices of lines of one stream in which a member may occur twice; they are taken one by one.

    A source that writes members twice (two columns of a join have the same name) does so in every line. So
    only a sample is checked if there are many lines.
    """
    if len(lines) > _MAX_CHECKED_LINES:
        step = len(lines) // _SAMPLE_LINES
        return set(range(len(lines))) if any(map(_has_duplicate_member, lines[::step])) else set()
    return {index for index, line in enumerate(lines) if has_duplicates(line, _decode(line))}


def _count_members(value: object) -> int:
    if isinstance(value, Mapping):
        inner = (part for part in value.values() if isinstance(part, Mapping | list))
        return len(value) + sum(map(_count_members, inner))
    return sum(map(_count_members, value)) if isinstance(value, list) else 0


def _has_duplicate_member(line: bytes) -> bool:
    twice = False

    def note(pairs: list[tuple[str, Any]]) -> None:
        nonlocal twice
        twice = twice or len(dict.fromkeys(name for name, _ in pairs)) < len(pairs)

    try:
        json.loads(line, object_pairs_hook=note, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False  # another check reports what is wrong
    return twice
