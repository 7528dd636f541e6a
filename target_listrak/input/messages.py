"""Checks of Singer messages that the SDK does not make, or that end it with a stack trace."""

from __future__ import annotations

from typing import Any

from target_listrak.input.reader import InputError
from target_listrak.input.unreadable import Unreadable

__all__ = ["check_schema", "check_version", "invalid_schema", "stream_of", "was_rejected"]


def stream_of(message: dict[str, Any]) -> str:
    """Return the stream that a message names.

    Raises:
        InputError: It is not a string.
    """
    stream = message["stream"]
    if not isinstance(stream, str):
        text = "a message whose stream is not a string"
        raise InputError(text)
    return stream


def was_rejected(message: dict[str, Any], line: bytes) -> bool:
    """Return whether a RECORD message comes from a rejects file, of any version."""
    return "rejected" in message or (isinstance(message.get("record"), Unreadable) and b'"rejected"' in line)


def check_schema(message: dict[str, Any]) -> None:
    """Check the parts of a SCHEMA that would end the SDK with a stack trace, or that it would misread.

    Raises:
        InputError: The schema is not an object's schema, or the key properties are not a list of names.
    """
    schema, keys = message["schema"], message.get("key_properties")
    if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
        text = "a SCHEMA message whose schema is not the schema of an object"
        raise InputError(text)
    if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        text = "a SCHEMA message whose key_properties are not a list of names"
        raise InputError(text)


def invalid_schema(error: Exception) -> InputError:
    """Return the error for a schema by which records cannot be checked (`validate_records`).

    Args:
        error: The SDK's error, whose text repeats the schema. Its cause has the path.
    """
    place = ".".join(map(str, getattr(error.__cause__, "absolute_path", ())))
    where = f" at {place}" if place else ""
    return InputError(
        f"a SCHEMA message that is no valid JSON schema{where}; validate_records: false loads it"
    )


def check_version(version: object) -> None:
    """Check the version of a RECORD or ACTIVATE_VERSION message.

    Raises:
        InputError: It is an array or an object.
    """
    if isinstance(version, list | dict):
        text = "a message whose version is not a number"
        raise InputError(text)
