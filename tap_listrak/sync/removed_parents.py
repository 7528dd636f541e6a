"""Streams that a stream map leaves out as a whole, and that are read for the sake of their children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import RemoveRecordTransform

if TYPE_CHECKING:
    from singer_sdk.helpers import types


class RemovedParentTransform(RemoveRecordTransform):
    """Leaves out a stream's records, and no record's children.

    The SDK's class leaves out the children too: with ``__else__: __NULL__`` beside a map of
    ``message_activity``, or with ``messages: null``, no activity would be read, and yet its bookmarks would
    move.
    """

    @classmethod
    def like(cls, one: RemoveRecordTransform) -> RemovedParentTransform:
        """Create the replacement of one of the SDK's own."""
        return cls(one.stream_alias, one.raw_schema, one.raw_key_properties, one.flattening_options)

    def get_filter_result(self, record: types.Record) -> bool:  # noqa: ARG002 - the SDK's hook
        """Keep all records, as parents."""
        return True
