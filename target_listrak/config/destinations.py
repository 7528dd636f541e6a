"""The setting `destinations`: which stream goes where, parsed and checked before a record is read.

A slip here would change what happens to people, so nothing is guessed: an unknown kind or member, a value of
the wrong type and a mode that a kind does not have are errors that name the place and what there is.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from listrak_api.errors import ConfigurationError
from listrak_api.settings import plain
from listrak_singer.names import did_you_mean, nearest
from target_listrak.config.destination import Destination, place
from target_listrak.config.destination_checks import check_array, check_member, check_together, type_name
from target_listrak.config.destination_forms import entries, member_value, plain_fields
from target_listrak.config.destination_members import KINDS, OPTIONS

__all__ = ["Destinations"]


class Destinations:
    """All destinations, and which ones a stream has.

    Args:
        setting: The setting `destinations`.

    Raises:
        ConfigurationError: Something in it is wrong; the text names the entry and member.
    """

    def __init__(self, setting: object) -> None:
        if not isinstance(setting, Mapping):
            message = "destinations: an object from stream name (or pattern) to destination is needed"
            raise ConfigurationError(message, setting="destinations")
        self._by_pattern = {
            pattern: _parse_entry(pattern, plain(entry)) for pattern, entry in entries(setting).items()
        }
        self.all = [one for some in self._by_pattern.values() for one in some]

    def for_stream(self, stream: str) -> Sequence[Destination]:
        """Give the destinations of a stream: those of its name, else of the longest pattern that fits.

        Of two patterns of one length the one with fewer `*` counts.

        Raises:
            ConfigurationError: Several patterns fit alike: which one is meant cannot be told.
        """
        if stream in self._by_pattern:
            return self._by_pattern[stream]
        fitting = [one for one in self._by_pattern if fnmatch.fnmatchcase(stream, one)]
        best = max(map(_precision, fitting), default=None)
        longest = [one for one in fitting if _precision(one) == best]
        if len(longest) > 1:
            message = f"destinations: the patterns {' and '.join(longest)} fit stream {stream!r} alike"
            hint = "Give the stream an entry of exactly its name, or make one of the patterns longer."
            raise ConfigurationError(message, setting="destinations", hint=hint)
        return self._by_pattern[longest[0]] if longest else ()


def _precision(pattern: str) -> tuple[int, int]:
    return len(pattern), -pattern.count("*")


def _parse_entry(pattern: str, entry: object) -> Sequence[Destination]:
    """The destinations of one entry: an object, or an array of such objects.

    Raises:
        ConfigurationError: The array is empty, or one of them is wrong.
    """
    if not isinstance(entry, list) or not entry:
        return [_parse(pattern, entry)]
    parsed = [_parse(pattern, one, index) for index, one in enumerate(entry)]
    check_array(parsed)
    return parsed


def _parse(pattern: str, entry: object, index: int | None = None) -> Destination:
    label = Destination(pattern, "", index=index).label
    if not isinstance(entry, Mapping):
        name = place(label)
        hint = f'Such as {{"kind": "email_list", "list": "Newsletter"}}. Kinds: {", ".join(KINDS)}.'
        msg = f"{name}: an object with `kind` is needed"
        raise ConfigurationError(msg, setting=name, hint=hint)
    kind = _kind(label, entry)
    destination = Destination(pattern, kind, _options(label, kind, entry), index)
    for member, value in destination.options.items():
        check_member(destination, member, value)
    check_together(destination)
    return destination


def _kind(label: str, entry: Mapping[str, Any]) -> str:
    """The kind of an entry.

    Raises:
        ConfigurationError: There is none, or it is unknown.
    """
    kind = entry.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    name = place(label, "kind")
    if kind is not None:
        shown = repr(kind) if isinstance(kind, str) else type_name(kind)
        hint = did_you_mean(str(kind), KINDS)
        raise ConfigurationError(f"{name}: {shown} is not a kind of destination", setting=name, hint=hint)
    # A name that means `kind` itself.
    for member in map(str, entry):
        if member not in OPTIONS and nearest(member, ("kind", *OPTIONS)) == "kind":
            wrong = place(label, member)
            raise ConfigurationError(f"{wrong}: unknown member", setting=wrong, hint="Did you mean 'kind'?")
    hint = f"Kinds: {', '.join(KINDS)}."
    if any(isinstance(value, Mapping) for value in entry.values()):
        hint += (
            r" A dot in a stream's name is written for Meltano with a backslash: destinations.shop\.vips.kind"
        )
    raise ConfigurationError(f"{name}: kind is missing", setting=name, hint=hint)


def _options(label: str, kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an entry that are set, typed.

    Raises:
        ConfigurationError: The kind has no such member, or a text stands for no value of the member's types.
    """
    options = {}
    allowed = KINDS[kind]
    for member, given in ((str(name), value) for name, value in entry.items()):
        if member == "kind":
            continue
        if member not in allowed:
            text = f"a destination of kind {kind} has no such member"
            text = text if member in OPTIONS else f"unknown member; {text}"
            name = place(label, member)
            hint = did_you_mean(member, ("kind", *allowed))
            raise ConfigurationError(f"{name}: {text}", setting=name, hint=hint)
        value = member_value(OPTIONS[member], given, place(label, member))
        if value is not None:
            options[member] = plain_fields(value) if member == "fields" and isinstance(value, dict) else value
    return options
