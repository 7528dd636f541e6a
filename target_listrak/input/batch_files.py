"""BATCH messages: files of records instead of RECORD lines.

JSON lines, plain or gzip, and Parquet where `pyarrow` is installed.
"""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig, BatchFileFormat
from upath import UPath

from listrak_api.errors import ListrakError
from target_listrak.input.reader import InputError
from target_listrak.input.unreadable import DUPLICATE_PROPERTY, has_duplicates, unreadable_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["records_of_batch"]

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_UNREADABLE = (
    ArithmeticError,  # a number with an exponent that not even a Decimal has
    OSError,
    EOFError,
    ImportError,  # the file system's package
    NotImplementedError,
    RecursionError,
    ValueError,  # also UnicodeDecodeError, and pyarrow's
    msgspec.MsgspecError,
    zlib.error,
)
"""Errors of reading a file that is missing, truncated, or of another format."""


class BatchFileError(ListrakError):
    """A file of a BATCH message cannot be read."""


def records_of_batch(message: Mapping[str, Any], config: Mapping[str, Any] | None) -> Iterator[object]:
    """Yield the records of a BATCH message's files, one after the other; no file is in memory as a whole.

    Args:
        message: The message.
        config: The SDK's setting `batch_config`, which may name the files' storage.

    Raises:
        BatchFileError: A file is missing, of another format, or not JSON.
        InputError: The message has no encoding or no list of files.
    """
    encoding, files = _checked(message)
    storage = BatchConfig.from_dict(dict(config)).storage if config else None
    for number, url in enumerate(files, 1):
        try:
            # The SDK's storage is not used: to read a file, it creates the file's folder.
            path = UPath(url)
            if storage is not None:
                path = UPath(storage.root, **storage.params) / path.name
            with path.open("rb") as file:
                # A file of 0 bytes, as a full disk leaves it, is not a gzip file. Python's gzip would read it
                # as an empty one.
                if encoding.compression == "gzip" and not file.read(1):
                    raise EOFError
                file.seek(0)
                yield from _records(file, encoding)
        except _UNREADABLE as error:
            what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            if isinstance(error, ImportError):
                what = "the package for its kind of storage is not installed"
            msg = f"File {number} of a BATCH message of stream {message['stream']!r} cannot be read: {what}"
            raise BatchFileError(msg) from None


def _checked(message: Mapping[str, Any]) -> tuple[BaseBatchFileEncoding, list[str]]:
    encoding, files = message["encoding"], message["manifest"]
    if not isinstance(encoding, dict) or not isinstance(encoding.get("format"), str):
        text = "a BATCH message whose encoding names no format"
        raise InputError(text)
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        text = "a BATCH message whose manifest is not a list of files"
        raise InputError(text)
    return BaseBatchFileEncoding(encoding["format"], encoding.get("compression")), files


def _record(line: bytes) -> object:
    """Return a line's record; one that is complete but cannot be used is an `Unreadable`, to be rejected."""
    try:
        record = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        found = unreadable_record(line, error)
        if found is None:
            raise
        return found
    return DUPLICATE_PROPERTY._replace(raw=line.strip()) if has_duplicates(line, record) else record


def _records(file: IO[bytes], encoding: BaseBatchFileEncoding) -> Iterator[object]:
    if encoding.format == BatchFileFormat.JSONL:
        lines = gzip.GzipFile(fileobj=file) if encoding.compression == "gzip" else file
        for line in lines:
            if line.strip():
                yield _record(line)
    elif encoding.format == BatchFileFormat.PARQUET and importlib.util.find_spec("pyarrow"):
        import pyarrow.parquet  # noqa: PLC0415 - only where it is installed and asked for

        for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()
    else:
        message = f"BATCH files of format {encoding.format!r} cannot be read here"
        raise BatchFileError(message, hint="Parquet needs the extra singer-listrak[parquet].")
