"""Checks the names in stream maps, and makes errors of expressions readable."""

from __future__ import annotations

import fnmatch
from functools import wraps
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.mapper import (
    MAPPER_ELSE_OPTION,
    MAPPER_SOURCE_OPTION,
    NULL_STRING,
    CustomStreamMap,
    StreamMap,
)

from listrak_api.errors import ConfigurationError
from listrak_singer.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet


def check_stream_maps(maps: object, streams: Mapping[str, AbstractSet[str]]) -> None:
    """Make sure that stream maps name streams that exist, and leave out properties that exist.

    The SDK ignores unknown names. With a misspelt name, addresses that should be hashed or left out are sent.

    Args:
        maps: The setting ``stream_maps``. If it is not an object, the SDK refuses it.
        streams: The names of all streams, and of their properties.

    Raises:
        ConfigurationError: A stream or property does not exist; the text suggests the nearest name.
    """
    for key, definition in maps.items() if isinstance(maps, dict) else ():
        if key == MAPPER_ELSE_OPTION:
            continue
        members = definition if isinstance(definition, dict) else {}
        source = str(members.get(MAPPER_SOURCE_OPTION, key))
        found = [name for name in streams if fnmatch.fnmatch(name, source)]
        if not found:
            message = f"stream_maps: there is no stream {source!r}"
            raise ConfigurationError(message, setting="stream_maps", hint=did_you_mean(source, streams))
        properties = set[str]().union(*(streams[name] for name in found))
        for name, value in members.items():
            if (
                (value is None or value == NULL_STRING)
                and not name.startswith("__")
                and name not in properties
            ):
                message = f"stream_maps: {source!r} removes {name!r}, which the stream does not have"
                raise ConfigurationError(
                    message, setting="stream_maps", hint=did_you_mean(name, sorted(properties))
                )


def explain_failures(stream: str, one: StreamMap) -> None:
    """Make a stream map raise a readable error when an expression fails, without the record's values.

    Args:
        stream: The stream's name.
        one: One of its maps, changed in place.
    """
    if isinstance(one, CustomStreamMap):
        # The SDK has no hook around the evaluation, and does not catch errors of expressions.
        one._filter_fn = _explained(one._filter_fn, stream)  # noqa: SLF001
        one._transform_fn = _explained(one._transform_fn, stream)  # noqa: SLF001


def _explained(function: Callable[..., Any], stream: str) -> Callable[..., Any]:
    @wraps(function)
    def evaluate(*args: object) -> Any:  # noqa: ANN401 - what the function returns
        try:
            return function(*args)
        except (MapExpressionError, StreamMapConfigError):
            raise
        except Exception as error:  # noqa: BLE001 - an expression may raise anything
            # The error's own text may hold a value: "invalid literal for int() with base 10: …".
            message = f"stream_maps: an expression for {stream!r} fails on a record ({type(error).__name__})"
            hint = "Handle values that are null or of another type, for example: x if x is not None else ''."
            if isinstance(error, KeyError):
                hint = (
                    "An object lacks the name that is asked for: write x.get('name') in place of x['name']."
                )
            raise ConfigurationError(message, setting="stream_maps", hint=hint) from None

    return evaluate
