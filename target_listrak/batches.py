"""BATCH messages: files of records instead of RECORD lines.

JSON lines, plain or gzip, and Parquet where `pyarrow` is installed.
"""

from __future__ import annotations

import gzip
import importlib.util
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig, BatchFileFormat, StorageTarget

from listrak_api.errors import ListrakError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["records_of_batch"]

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class BatchFileError(ListrakError):
    """A file of a BATCH message cannot be read."""


def records_of_batch(message: Mapping[str, Any], config: Mapping[str, Any] | None) -> Iterator[object]:
    """The records of a BATCH message's files, one after the other; no file is held in memory as a whole.

    Args:
        message: The message.
        config: The SDK's setting `batch_config`, which may name the files' storage.

    Raises:
        BatchFileError: A file is missing, of another format, or no JSON.
    """
    encoding = BaseBatchFileEncoding.from_dict(dict(message["encoding"]))
    storage = BatchConfig.from_dict(dict(config)).storage if config else None
    for number, path in enumerate(message["manifest"], 1):
        head, name = StorageTarget.split_url(path)
        place = storage or StorageTarget.from_url(head)
        try:
            with place.open(name, mode="rb") as file:
                yield from _records(file, encoding)
        except (OSError, EOFError, msgspec.DecodeError) as error:
            what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            msg = f"File {number} of a BATCH message of stream {message['stream']!r} cannot be read: {what}"
            raise BatchFileError(msg) from None


def _records(file: IO[bytes], encoding: BaseBatchFileEncoding) -> Iterator[object]:
    if encoding.format == BatchFileFormat.JSONL:
        lines = gzip.GzipFile(fileobj=file) if encoding.compression == "gzip" else file
        for line in lines:
            if line.strip():
                yield _decode(line)
    elif encoding.format == BatchFileFormat.PARQUET and importlib.util.find_spec("pyarrow"):
        import pyarrow.parquet  # type: ignore[import-not-found]  # noqa: PLC0415 - only where it is installed and asked for

        for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()
    else:
        message = f"BATCH files of format {encoding.format!r} cannot be read here"
        raise BatchFileError(message, hint="Parquet needs the extra singer-listrak[parquet].")
