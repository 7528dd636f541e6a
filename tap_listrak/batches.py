"""BATCH messages: records collected per stream until a file is full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.batch import Batcher
from singer_sdk.helpers._batch import SDKBatchMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.helpers import types
    from singer_sdk.helpers._batch import BatchConfig

    from tap_listrak.sdk import ContextStream


class BatchBuffer:
    """Collects a stream's records and writes them as files, with a BATCH message for each.

    Args:
        stream: Whose records.
        config: Encoding, storage and size of the files.
    """

    def __init__(self, stream: ContextStream, config: BatchConfig) -> None:
        self._stream = stream
        self._config = config
        self._records: dict[str, list[Mapping[str, Any]]] = {}

    def add(self, record: types.Record) -> None:
        """Collect a record as RECORD messages would hold it; write a file when one is full."""
        for alias, mapped in self._stream.mapped(record):
            records = self._records.setdefault(alias, [])
            records.append(mapped)
            if len(records) >= self._config.batch_size:
                self._write(alias, records)

    def flush(self) -> None:
        """Write what is collected."""
        for alias, records in self._records.items():
            self._write(alias, records)

    def _write(self, alias: str, records: list[Mapping[str, Any]]) -> None:
        if not records:
            return
        batcher = Batcher(tap_name=self._stream.tap_name, stream_name=alias, batch_config=self._config)
        for manifest in batcher.get_batches(iter([dict(record) for record in records])):
            self._stream.write(
                SDKBatchMessage(stream=alias, encoding=self._config.encoding, manifest=manifest)
            )
        records.clear()
