"""Whether a catalog has the form that the SDK reads it in; it would end with a stack trace otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # the SDK's own dependency

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    "required": ["tap_stream_id", "schema"],
    "properties": {
        "tap_stream_id": {"type": "string"},
        "stream": _TEXT,
        "schema": {
            "type": "object",
            "required": ["properties"],
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

_DRAFT_4 = jsonschema.Draft4Validator(jsonschema.Draft4Validator.META_SCHEMA)


def check_catalog(catalog: dict[str, Any]) -> None:
    """Check a catalog's form.

    Args:
        catalog: The catalog, as its file holds it.

    Raises:
        ConfigurationError: It is not a catalog's; the text names the place. Or it renames a stream.
    """
    _refuse("the catalog", jsonschema.Draft7Validator(CATALOG_SCHEMA).iter_errors(catalog))
    for entry in catalog["streams"]:
        # Draft 4 is the one without true and false for schemas, which the SDK does not know.
        _refuse(f"the schema of {entry['tap_stream_id']!r}", _DRAFT_4.iter_errors(entry["schema"]))
        if (entry.get("stream") or entry["tap_stream_id"]) != entry["tap_stream_id"]:
            message = f"the catalog gives {entry['tap_stream_id']!r} another name"
            hint = "Streams are renamed by the setting stream_maps, with __alias__."
            raise ConfigurationError(message, setting="catalog", hint=hint)


def _refuse(what: str, errors: Iterable[Any]) -> None:
    error = jsonschema.exceptions.best_match(errors)
    if error is not None:
        message = f"{what} is invalid: {error.json_path} breaks the rule {error.validator!r}"
        hint = "Create a catalog with --discover, and change only what is selected."
        raise ConfigurationError(message, setting="catalog", hint=hint)
