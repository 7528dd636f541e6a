"""BATCH files of JSON lines: records collected over all contexts, until a file is full."""

from __future__ import annotations

import gzip
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import IO, TYPE_CHECKING, Any, cast
from uuid import uuid4

from singer_sdk.helpers._batch import SDKBatchMessage

from tap_listrak.records.pages import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from singer_sdk.helpers import types
    from singer_sdk.helpers._batch import BatchConfig

    from tap_listrak.output.batches import Batched

_WAITING_FILES = 2
"""How many full files may wait to be compressed while the next one fills: what bounds the memory."""

_FAST = 1
"""Compression level: batch files are read once and thrown away."""


class LinesBuffer:
    """Writes a stream's records as files of JSON lines, with a BATCH message for each.

    Files are written in a thread of their own: zlib lets others run meanwhile. Messages come in order.

    Args:
        stream: Whose records.
        config: Encoding, storage and size of the files.
    """

    def __init__(self, stream: Batched, config: BatchConfig) -> None:
        self._stream = stream
        self._config = config
        self._records: dict[str, list[Any]] = {}
        self._waiting: deque[tuple[str, Future[list[str]]]] = deque()
        self._files = count(1)
        self._compressor = ThreadPoolExecutor(1, "batches")

    def add(self, record: types.Record) -> None:
        """Collect a record."""
        for alias, mapped in self._stream.mapped(record):
            self._collect(alias, [mapped])

    def add_page(self, records: Sequence[object]) -> None:
        """Collect records that no stream map touches.

        Args:
            records: Dicts or structs.
        """
        self._collect(self._stream.name, records)

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
            write = self._writer(alias)
            self._waiting.append((alias, self._compressor.submit(write, records)))
            self._announce(_WAITING_FILES)

    def _announce(self, leave: int) -> None:
        """Write the messages of files that are done, and of more until only some wait."""
        while self._waiting and (len(self._waiting) > leave or self._waiting[0][1].done()):
            alias, file = self._waiting.popleft()
            message = SDKBatchMessage(stream=alias, encoding=self._config.encoding, manifest=file.result())
            message.version = self._stream.version
            self._stream.write(message)

    def _writer(self, alias: str) -> Callable[[list[Any]], list[str]]:
        # A stream map may name it anything: no part of the name leads to another folder.
        alias = re.sub(r"[^\w.-]", "_", alias)
        name = f"{self._stream.tap_name}--{alias}-{uuid4()}-{next(self._files)}"
        return lambda records: [self._write_lines(name, records)]

    def _write_lines(self, name: str, records: list[Any]) -> str:
        """Write JSON lines. The SDK's own encoder takes each record apart again, and always compresses."""
        storage = self._config.storage
        zipped = self._config.encoding.compression == "gzip"
        filename = f"{storage.prefix or ''}{name}.json{'.gz' if zipped else ''}"
        with storage.open(filename, "wb") as file:
            if zipped:
                with gzip.GzipFile(
                    fileobj=cast("IO[bytes]", file), mode="wb", compresslevel=_FAST
                ) as compressed:
                    compressed.write(lines(records))
            else:
                cast("IO[bytes]", file).write(lines(records))
        return storage.get_url(filename)
