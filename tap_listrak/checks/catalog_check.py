"""Checks a catalog file: its form, and what it selects. The SDK ends with a stack trace at an invalid one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # the SDK's own dependency

from listrak_api.errors import ConfigurationError
from listrak_singer.suggestions import did_you_mean
from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk import Stream
    from singer_sdk.singerlib.catalog import Catalog

logger = logging.getLogger("tap-listrak")

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
        ConfigurationError: It does not have the form of a catalog (the text names the place), or it renames a
            stream.
    """
    _refuse("the catalog", jsonschema.Draft7Validator(CATALOG_SCHEMA).iter_errors(catalog))
    own = {vars(stream)["name"]: stream.properties.to_dict() for stream in STREAMS}
    for entry in catalog["streams"]:
        # A schema as discovered is valid. Checking all of them would take a tenth of a small run.
        if entry["schema"] != own.get(entry["tap_stream_id"]):
            # In draft 4 true and false are not schemas; the SDK cannot read those.
            _refuse(f"the schema of {entry['tap_stream_id']!r}", _DRAFT_4.iter_errors(entry["schema"]))
        if (entry.get("stream") or entry["tap_stream_id"]) != entry["tap_stream_id"]:
            message = f"the catalog renames {entry['tap_stream_id']!r}"
            hint = "To rename a stream, use __alias__ in the setting stream_maps."
            raise ConfigurationError(message, setting="catalog", hint=hint)


def check_selection(catalog: Catalog, streams: Mapping[str, Stream]) -> None:
    """Check what a catalog selects; log a warning about streams without metadata, which the SDK selects.

    Args:
        catalog: The catalog.
        streams: All streams of the tap, by name, with their own keys.

    Raises:
        ConfigurationError: It selects a stream that does not exist, or one whose schema there lacks a key.
    """
    bare = []
    for entry in catalog.streams:
        name = entry.tap_stream_id
        # Not `.root`: it adds an entry, and then the stream has metadata by which it is not selected.
        root: Any = entry.metadata.get(())
        if name not in streams:
            if root is not None and root.selected:
                message = f"the catalog selects a stream that does not exist: {name!r}"
                raise ConfigurationError(message, setting="catalog", hint=did_you_mean(name, streams))
            continue
        if not entry.metadata:
            bare.append(name)
        if streams[name].selected:
            _check_keys(name, streams[name].primary_keys or (), entry.schema.properties or {})
    if bare:
        logger.warning(
            "The catalog has no metadata for %s: without metadata a stream is read with all its properties",
            ", ".join(bare),
        )


def _check_keys(stream: str, keys: Iterable[str], properties: Iterable[str]) -> None:
    missing = [key for key in keys if key not in properties]
    if missing:
        # Records without a part of their key overwrite each other in the loader's table.
        message = f"the schema of {stream!r} in the catalog lacks {', '.join(missing)}, a part of its key"
        hint = "Create a catalog with --discover. To leave a property out, set selected to false there."
        raise ConfigurationError(message, setting="catalog", hint=hint)


def _refuse(what: str, errors: Iterable[Any]) -> None:
    error = jsonschema.exceptions.best_match(errors)
    if error is not None:
        message = f"{what} is invalid: {error.json_path} breaks the rule {error.validator!r}"
        hint = "Create a catalog with --discover, and change only what is selected."
        raise ConfigurationError(message, setting="catalog", hint=hint)
