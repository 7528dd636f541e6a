"""Whether a catalog has the form that the SDK reads it in; it would end with a stack trace otherwise."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # the SDK's own dependency

from listrak_api.errors import ConfigurationError

_TEXT = {"type": ["string", "null"]}
_TEXTS = {"type": ["array", "null"], "items": {"type": "string"}}
_METADATA = {
    "type": "object",
    "required": ["breadcrumb", "metadata"],
    "properties": {
        "breadcrumb": {"type": "array", "items": {"type": "string"}},
        "metadata": {
            "type": "object",
            "properties": {"selected": {"type": ["boolean", "null"]}, "inclusion": _TEXT},
        },
    },
}
_STREAM = {
    "type": "object",
    "required": ["tap_stream_id"],
    "properties": {
        "tap_stream_id": {"type": "string"},
        "stream": _TEXT,
        "schema": {
            "type": "object",
            "properties": {"properties": {"type": "object", "additionalProperties": {"type": "object"}}},
        },
        "metadata": {"type": "array", "items": _METADATA},
        "key_properties": _TEXTS,
        "replication_key": _TEXT,
        "replication_method": {"enum": ["FULL_TABLE", "INCREMENTAL", "LOG_BASED", "", None]},
    },
}
CATALOG_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["streams"],
    "properties": {"streams": {"type": "array", "items": _STREAM}},
}
"""JSON schema of what the tap reads of a Singer catalog."""


def check_catalog(catalog: dict[str, Any]) -> None:
    """Check a catalog's form.

    Args:
        catalog: The catalog, as its file holds it.

    Raises:
        ConfigurationError: It is not a catalog's; the text names the place.
    """
    error = jsonschema.exceptions.best_match(jsonschema.Draft7Validator(CATALOG_SCHEMA).iter_errors(catalog))
    if error is not None:
        message = (
            f"the catalog is no Singer catalog: look at {error.json_path} (its {error.validator} is wrong)"
        )
        hint = "Make one with --discover, and change only what is selected."
        raise ConfigurationError(message, setting="catalog", hint=hint)
