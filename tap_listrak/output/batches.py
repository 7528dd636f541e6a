"""What the writers of BATCH files share, and what they need of a stream."""

from __future__ import annotations

import abc
import re
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from singer_sdk.helpers._batch import SDKBatchMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib.messages import Message


class BatchedStream(Protocol):
    """A stream whose records are collected."""

    name: str
    tap_name: str

    @property
    def version(self) -> int | None:
        """The version that its records carry in this run."""

    def mapped(self, record: types.Record) -> list[tuple[str, Mapping[str, Any]]]:
        """Return what RECORD messages for a record would hold: stream aliases and records."""

    def schemas(self) -> dict[str, Mapping[str, Any]]:
        """Return the JSON schemas of its records as SCHEMA messages have them, by stream alias."""

    def write(self, message: Message) -> None:
        """Write a message."""


class Buffer(abc.ABC):
    """Collects a stream's records and writes them as files, with a BATCH message for each.

    Args:
        stream: Whose records.
        config: Encoding, storage and size of the files.
    """

    def __init__(self, stream: BatchedStream, config: BatchConfig) -> None:
        self._stream = stream
        self._config = config
        self._records: dict[str, list[Any]] = {}
        self._file_numbers = count(1)

    def add(self, record: types.Record) -> None:
        """Collect a record as RECORD messages would hold it."""
        for alias, mapped in self._stream.mapped(record):
            self._collect(alias, [mapped])

    def add_page(self, records: Sequence[object]) -> None:
        """Collect records that no stream map touches.

        Args:
            records: Dicts or structs.
        """
        self._collect(self._stream.name, records)

    @abc.abstractmethod
    def flush(self) -> None:
        """Write what is collected, and all messages.

        Raises:
            OSError: A file cannot be written.
        """

    @abc.abstractmethod
    def _collect(self, alias: str, records: Sequence[object]) -> None:
        """Collect records of a stream alias; begin to write what fills a file."""

    def _new_file_name(self, alias: str, extension: str) -> str:
        # A stream map may set any alias: no part of it may lead to another folder.
        safe = re.sub(r"[^\w.-]", "_", alias)
        prefix = self._config.storage.prefix or ""
        return f"{prefix}{self._stream.tap_name}--{safe}-{uuid4()}-{next(self._file_numbers)}.{extension}"

    def _write_message(self, alias: str, urls: list[str]) -> None:
        message = SDKBatchMessage(stream=alias, encoding=self._config.encoding, manifest=urls)
        message.version = self._stream.version
        self._stream.write(message)
