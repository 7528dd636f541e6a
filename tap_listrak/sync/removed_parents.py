"""Streams that a stream map removes, but that are read because their children are selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import RemoveRecordTransform

if TYPE_CHECKING:
    from singer_sdk.helpers import types


class RemovedParentTransform(RemoveRecordTransform):
    """Removes a stream's records, but not their children.

    The SDK's class removes the children too. With ``__else__: __NULL__`` beside a map of
    ``message_activity``, or with ``messages: null``, no activity would be read, but its bookmarks would move.
    """

    @classmethod
    def like(cls, one: RemoveRecordTransform) -> RemovedParentTransform:
        """Create the replacement for a stream map of the SDK."""
        return cls(one.stream_alias, one.raw_schema, one.raw_key_properties, one.flattening_options)

    def get_filter_result(self, record: types.Record) -> bool:  # noqa: ARG002 - the SDK's hook
        """Keep all records, as parents."""
        return True
