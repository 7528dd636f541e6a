"""Chooses the writer of a stream's BATCH files by their format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.helpers._batch import BatchFileFormat

from tap_listrak.output.json_files import LinesBuffer

if TYPE_CHECKING:
    from singer_sdk.helpers._batch import BatchConfig

    from tap_listrak.output.batches import BatchedStream, Buffer


def create_buffer(stream: BatchedStream, config: BatchConfig) -> Buffer:
    """Create the buffer that writes a stream's files in the configured format.

    Raises:
        ImportError: The library for the format is not installed.
    """
    if config.encoding.format == BatchFileFormat.PARQUET.value:
        from tap_listrak.output.parquet_files import ParquetBuffer  # noqa: PLC0415 - an optional library

        return ParquetBuffer(stream, config)
    return LinesBuffer(stream, config)
