"""BATCH messages of format Parquet, made from the tap's own pages by column.

The SDK's writer takes the types from the values of each file: dates stay text, and a column without values
has no type. Here they follow the schema (`tap_listrak.output.parquet_columns`).

A file grows by row groups until a STATE is written. It is assembled in a temporary file, and copied to the
storage when it is complete.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, cast

import pyarrow as pa
from pyarrow import parquet

from tap_listrak.output.batches import Buffer
from tap_listrak.output.parquet_columns import arrow_schema, record_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from singer_sdk.helpers._batch import BatchConfig

    from tap_listrak.output.batches import BatchedStream

logger = logging.getLogger("tap-listrak")

ROWS_AT_ONCE = 5_000
"""How many rows are converted to columns at once."""

ROW_GROUP = 65_000
"""Rows of a row group, the unit that readers read in parallel. It is held in memory until it is written."""

_WAITING = 2
"""How many times `ROWS_AT_ONCE` may wait for the writing thread. This bounds the memory."""

_COMPRESSIONS = {None: "zstd", "gzip": "gzip", "none": "none"}


class ParquetBuffer(Buffer):
    """Writes a stream's records as Parquet files, with a BATCH message for each.

    Args:
        stream: Whose records.
        config: Encoding and storage of the files. Its `batch_size` does not matter.
    """

    def __init__(self, stream: BatchedStream, config: BatchConfig) -> None:
        super().__init__(stream, config)
        self._files: dict[str, _File] = {}
        self._waiting: deque[Future[None]] = deque()
        self._worker = ThreadPoolExecutor(1, "parquet")

    def flush(self) -> None:
        """Complete the files, and write their messages.

        Raises:
            OSError: A file cannot be written.
        """
        for alias in list(self._records):
            self._convert(alias)
        self._wait(0)
        for alias, file in self._files.items():
            self._write_message(alias, [file.complete()])
        self._files.clear()

    def _collect(self, alias: str, records: Sequence[object]) -> None:
        collected = self._records.setdefault(alias, [])
        if collected and records and type(collected[0]) is not type(records[0]):
            self._convert(alias)
            collected = self._records.setdefault(alias, [])
        collected += records
        if len(collected) >= ROWS_AT_ONCE:
            self._convert(alias)

    def _convert(self, alias: str) -> None:
        records = self._records.pop(alias)
        if not records:
            return
        if alias not in self._files:
            name = self._new_file_name(alias, "parquet")
            self._files[alias] = _File(alias, name, self._stream.schemas()[alias], self._config)
        self._waiting.append(self._worker.submit(self._files[alias].add, records))
        self._wait(_WAITING)

    def _wait(self, leave: int) -> None:
        while self._waiting and (len(self._waiting) > leave or self._waiting[0].done()):
            self._waiting.popleft().result()


class _File:
    """One file that grows. Used by one thread at a time.

    Args:
        stream: The stream's name, for warnings.
        name: The file's name below the storage's root.
        schema: The stream's JSON schema.
        config: Its compression, and where it goes.
    """

    def __init__(self, stream: str, name: str, schema: Mapping[str, Any], config: BatchConfig) -> None:
        self._stream = stream
        self._name = name
        self._storage = config.storage
        self._schema = arrow_schema(schema)
        self._misfits: Counter[str] = Counter()
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0
        compression = _COMPRESSIONS[config.encoding.compression]
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is complete
        # The values of most columns are all different: dictionaries would cost time and memory.
        self._writer = parquet.ParquetWriter(
            self._file, self._schema, compression=compression, use_dictionary=False
        )

    def add(self, records: list[Any]) -> None:
        """Add records: dicts, or structs."""
        self._batches.append(record_batch(records, self._schema, self._misfits))
        self._rows += len(records)
        if self._rows >= ROW_GROUP:
            self._write()

    def complete(self) -> str:
        """Copy the complete file to its place, and return its URL."""
        with self._file:
            self._write()
            self._writer.close()
            self._file.seek(0)
            with self._storage.open(self._name, "wb") as target:
                shutil.copyfileobj(self._file, cast("IO[bytes]", target), 1 << 20)
        for column, number in sorted(self._misfits.items()):
            logger.warning(
                "%d values of %s.%s do not have the type of the schema: they are null in the Parquet file",
                number,
                self._stream,
                column,
            )
        return self._storage.get_url(self._name)

    def _write(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches), row_group_size=2 * ROW_GROUP)
            self._batches, self._rows = [], 0
