"""Checks of Singer messages that the SDK does not make, or makes with a stack trace."""

from __future__ import annotations

from typing import Any

from target_listrak.input.reader import InputError
from target_listrak.input.unreadable import Unreadable

__all__ = ["check_schema", "check_version", "stream_of", "was_rejected"]


def stream_of(message: dict[str, Any]) -> str:
    """The stream that a message names.

    Raises:
        InputError: It is not a string.
    """
    stream = message["stream"]
    if not isinstance(stream, str):
        text = "a message whose stream is not a string"
        raise InputError(text)
    return stream


def was_rejected(message: dict[str, Any], line: bytes) -> bool:
    """Whether a RECORD message comes out of a rejects file, of whatever version."""
    return "rejected" in message or (isinstance(message.get("record"), Unreadable) and b'"rejected"' in line)


def check_schema(message: dict[str, Any]) -> None:
    """Check what the SDK would fail on with a stack trace, or would take for something else.

    Raises:
        InputError: The schema is not an object's schema, or the key properties are not a list of names.
    """
    schema, keys = message["schema"], message.get("key_properties")
    if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
        text = "a SCHEMA message whose schema is not the schema of an object"
        raise InputError(text)
    if keys is not None and not (isinstance(keys, list) and all(isinstance(one, str) for one in keys)):
        text = "a SCHEMA message whose key_properties are not a list of names"
        raise InputError(text)


def check_version(version: object) -> None:
    """Check the version of a RECORD or ACTIVATE_VERSION message.

    Raises:
        InputError: It is an array or an object.
    """
    if isinstance(version, list | dict):
        text = "a message whose version is not a number"
        raise InputError(text)
