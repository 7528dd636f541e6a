"""What the writers of BATCH files know of a stream, and what a stream knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types
    from singer_sdk.singerlib.messages import Message


class Batched(Protocol):
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


class Buffer(Protocol):
    """Collects a stream's records and writes them as files, with a BATCH message for each."""

    def add(self, record: types.Record) -> None:
        """Collect a record as RECORD messages would hold it."""

    def add_page(self, records: Sequence[object]) -> None:
        """Collect records that no stream map touches, dicts or structs."""

    def flush(self) -> None:
        """Write what is collected, and all messages."""
