"""The setting `destinations`, parsed and checked before a record is read.

A mistake here would change what happens to people, so nothing is guessed. An unknown kind, an unknown option
and a value of the wrong type are errors. They name the option and the possible values.

How to add a kind of destination: `target_listrak.loaders`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from listrak_api.errors import ConfigurationError
from listrak_api.settings import plain
from listrak_singer.suggestions import did_you_mean, nearest
from target_listrak.config.destination import Destination, place
from target_listrak.config.destination_checks import (
    check_all,
    check_array,
    check_option,
    check_together,
    type_name,
)
from target_listrak.config.destination_forms import entries, option_value, plain_fields
from target_listrak.config.destination_options import OPTIONS
from target_listrak.config.kind_options import OPTIONS_BY_KIND

__all__ = ["Destinations"]


class Destinations:
    """All destinations, and which ones a stream has.

    Args:
        setting: The setting `destinations`.

    Raises:
        ConfigurationError: Something in it is wrong; the text names the entry and option.
    """

    def __init__(self, setting: object) -> None:
        if not isinstance(setting, Mapping):
            message = "destinations: expected an object from stream name (or pattern) to destination"
            raise ConfigurationError(message, setting="destinations")
        self._by_pattern = {
            pattern: _parse_entry(pattern, plain(entry)) for pattern, entry in entries(setting).items()
        }
        check_all(self._by_pattern.values())
        self.all = [destination for entry in self._by_pattern.values() for destination in entry]

    def for_stream(self, stream: str) -> Sequence[Destination]:
        """Return the destinations of a stream: those of its name, else of the longest pattern that fits.

        Of patterns of the same length, the one with the fewest `*` counts.

        Raises:
            ConfigurationError: Several patterns fit equally well.
        """
        if stream in self._by_pattern:
            return self._by_pattern[stream]
        fitting = [pattern for pattern in self._by_pattern if fnmatch.fnmatchcase(stream, pattern)]
        best = max(map(_precision, fitting), default=None)
        longest = [pattern for pattern in fitting if _precision(pattern) == best]
        if len(longest) > 1:
            message = f"destinations: the patterns {' and '.join(longest)} fit stream {stream!r} equally well"
            hint = "Give the stream an entry of exactly its name, or make one of the patterns longer."
            raise ConfigurationError(message, setting="destinations", hint=hint)
        return self._by_pattern[longest[0]] if longest else ()


def _precision(pattern: str) -> tuple[int, int]:
    return len(pattern), -pattern.count("*")


def _parse_entry(pattern: str, entry: object) -> Sequence[Destination]:
    """Return the destinations of one entry: an object, or an array of such objects.

    Raises:
        ConfigurationError: The array is empty, or one of them is wrong.
    """
    if not isinstance(entry, list) or not entry:
        return [_parse(pattern, entry)]
    parsed = [_parse(pattern, item, index) for index, item in enumerate(entry)]
    check_array(parsed)
    return parsed


def _parse(pattern: str, entry: object, index: int | None = None) -> Destination:
    """Return one destination of an entry, checked."""
    label = Destination(pattern, "", index=index).label
    if not isinstance(entry, Mapping):
        name = place(label)
        hint = f'Such as {{"kind": "email_list", "list": "Newsletter"}}. Kinds: {", ".join(OPTIONS_BY_KIND)}.'
        msg = f"{name}: expected an object with `kind`"
        raise ConfigurationError(msg, setting=name, hint=hint)
    kind = _kind(label, entry)
    destination = Destination(pattern, kind, _options(label, kind, entry), index)
    for name, value in destination.options.items():
        check_option(destination, name, value)
    check_together(destination)
    return destination


def _kind(label: str, entry: Mapping[str, Any]) -> str:
    """Return the kind of an entry.

    Raises:
        ConfigurationError: There is none, or it is unknown.
    """
    kind = entry.get("kind")
    if isinstance(kind, str) and kind in OPTIONS_BY_KIND:
        return kind
    name = place(label, "kind")
    if kind is not None:
        shown = repr(kind) if isinstance(kind, str) else type_name(kind)
        hint = did_you_mean(str(kind), OPTIONS_BY_KIND)
        raise ConfigurationError(f"{name}: {shown} is not a kind of destination", setting=name, hint=hint)
    # The option that is missing may be there under a misspelt name.
    for option in map(str, entry):
        if option not in OPTIONS and nearest(option, ("kind", *OPTIONS)) == "kind":
            wrong = place(label, option)
            raise ConfigurationError(f"{wrong}: unknown option", setting=wrong, hint="Did you mean 'kind'?")
    hint = f"Kinds: {', '.join(OPTIONS_BY_KIND)}."
    if any(isinstance(value, Mapping) for value in entry.values()):
        hint += (
            r" A dot in a stream's name is written for Meltano with a backslash: destinations.shop\.vips.kind"
        )
    raise ConfigurationError(f"{name}: kind is missing", setting=name, hint=hint)


def _options(label: str, kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of an entry that are set, typed.

    Raises:
        ConfigurationError: The kind has no such option, or a text is not of one of the option's types.
    """
    options = {}
    allowed = OPTIONS_BY_KIND[kind]
    for option, given in ((str(key), value) for key, value in entry.items()):
        if option == "kind":
            continue
        if option not in allowed:
            text = f"a destination of kind {kind} has no such option"
            text = text if option in OPTIONS else f"unknown option; {text}"
            name = place(label, option)
            hint = did_you_mean(option, ("kind", *allowed))
            raise ConfigurationError(f"{name}: {text}", setting=name, hint=hint)
        value = option_value(OPTIONS[option], given, place(label, option))
        if value is not None:
            options[option] = plain_fields(value) if option == "fields" and isinstance(value, dict) else value
    return options
