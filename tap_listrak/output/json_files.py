"""BATCH files of JSON lines: records collected over all contexts, until a file is full."""

from __future__ import annotations

import gzip
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, cast

from tap_listrak.output.batches import Buffer
from tap_listrak.records.pages import lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from singer_sdk.helpers._batch import BatchConfig

    from tap_listrak.output.batches import BatchedStream

_WAITING_FILES = 2
"""How many full files may wait to be compressed while the next one fills. This bounds the memory."""

_FAST = 1
"""Compression level: batch files are read once and then deleted."""


class LinesBuffer(Buffer):
    """Writes a stream's records as files of JSON lines, with a BATCH message for each.

    Files are written in a thread of their own: zlib releases the GIL. Messages are written in order.

    Args:
        stream: Whose records.
        config: Encoding, storage and size of the files.
    """

    def __init__(self, stream: BatchedStream, config: BatchConfig) -> None:
        super().__init__(stream, config)
        self._waiting: deque[tuple[str, Future[str]]] = deque()
        self._compressor = ThreadPoolExecutor(1, "batches")

    def flush(self) -> None:
        """Write what is collected, and all messages."""
        for alias, records in self._records.items():
            self._close(alias, records)
        self._records.clear()
        self._announce(0)

    def _collect(self, alias: str, records: Sequence[object]) -> None:
        start, size = 0, self._config.batch_size
        while start < len(records):
            collected = self._records.setdefault(alias, [])
            room = size - len(collected)
            collected += records[start : start + room]
            start += room
            if len(collected) >= size:
                self._close(alias, self._records.pop(alias))

    def _close(self, alias: str, records: list[Any]) -> None:
        if records:
            zipped = self._config.encoding.compression == "gzip"
            name = self._new_file_name(alias, "json.gz" if zipped else "json")
            self._waiting.append((alias, self._compressor.submit(self._write_lines, name, records)))
            self._announce(_WAITING_FILES)

    def _announce(self, leave: int) -> None:
        """Write the messages of files that are done, and of more until only some wait."""
        while self._waiting and (len(self._waiting) > leave or self._waiting[0][1].done()):
            alias, file = self._waiting.popleft()
            self._write_message(alias, [file.result()])

    def _write_lines(self, name: str, records: list[Any]) -> str:
        """Write JSON lines. The SDK's encoder handles records one by one, and always compresses."""
        storage = self._config.storage
        with storage.open(name, "wb") as file:
            if name.endswith(".gz"):
                with gzip.GzipFile(
                    fileobj=cast("IO[bytes]", file), mode="wb", compresslevel=_FAST
                ) as compressed:
                    compressed.write(lines(records))
            else:
                cast("IO[bytes]", file).write(lines(records))
        return storage.get_url(name)
