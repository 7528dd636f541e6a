"""The base class of all loaders. A loader takes the records of one stream to one destination.

The SDK creates a new sink whenever a stream's schema changes, and drains sinks on its own schedule. What
happens to rows must not depend on either. So a loader is not a sink: it exists as long as the run, and the
target passes schemas and records to it (`routing.Feed`).
"""

from __future__ import annotations

import abc
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from listrak_api.errors import NotFoundError, RequestRefusedError
from target_listrak.input.row_signs import RowSigns
from target_listrak.outcomes import Outcome, Rejected, rejected_by
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.mirror import Filled, Mirror, MirroredStream
    from target_listrak.delivery.run import Run
    from target_listrak.delivery.stream_completeness import StreamEnd
    from target_listrak.input.columns import Columns
    from target_listrak.tracking.tallies import Row, Rows, RowTracker

__all__ = ["Delivery", "Loader", "Prepared", "attempt"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stream (after stream maps) and one of its destinations, in one run.

    Attributes:
        run: What all loaders share.
        stream: The stream's name.
        destination: Its destination, checked.
        tracker: Takes the result of each row, exactly once, when the result is final.
    """

    run: Run
    stream: str
    destination: Destination
    tracker: RowTracker


class Prepared(NamedTuple):
    """Many records, ready to be put into batches.

    Attributes:
        keys: Their contacts.
        layout: The columns of their lines.
        lines: Their lines.
        slow_path: The rows, from 0, that must be taken one by one.
    """

    keys: list[str]
    layout: tuple[int, ...]
    lines: list[bytes]
    slow_path: set[int]


class Loader(abc.ABC):
    """Takes the records of one stream to one destination.

    Args:
        delivery: The stream and its destination; its parts are the loader's `run`, `stream`, `destination`
            and `tracker`.
        resolved: What `resolve` returned for the destination.

    Attributes:
        kinds: The kinds of destination that the class serves.
        mirror: The mirror of all rows, from the first `schema` on; `None` where there is none, or where the
            records name their audience or list.
        watched: What mirrors know about the stream, from the first `schema` on, if the destination mirrors.
        ends: The ends of the incoming streams that its stream consists of, from the first `schema` on.
        signs: Judges each record before `take` or `take_leaving` gets it (created by `take_schema`).
    """

    kinds: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        delivery: Delivery,
        resolved: Any,  # noqa: ANN401 - each kind resolves to what it needs
    ) -> None:
        self.delivery = delivery
        self.run = delivery.run
        self.stream = delivery.stream
        self.destination = delivery.destination
        self.tracker = delivery.tracker
        self.resolved = resolved
        self.mirror: Mirror | None = None
        self.watched: MirroredStream | None = None
        self.ends: Mapping[str, StreamEnd] = {}
        self.signs: RowSigns
        self._known_names: dict[str, None] = {}

    @classmethod
    @abc.abstractmethod
    def resolve(cls, run: Run, destination: Destination) -> Any:  # noqa: ANN401 - each kind resolves to what it needs
        """Look up every name of a destination, before a record is read; create what may be created.

        Returns:
            What `__init__` takes as `resolved`.

        Raises:
            ConfigurationError: A name is unknown or ambiguous; the text lists the names that exist.
        """

    @classmethod
    def fills(cls, destination: Destination, resolved: Any) -> Sequence[Filled]:  # noqa: ANN401, ARG003 - each kind resolves to what it needs
        """Return the audiences and lists that a destination fills, except those that records name."""
        return ()

    @classmethod
    def describe(cls, destination: Destination, resolved: Any) -> str:  # noqa: ANN401, ARG003 - each kind resolves to what it needs
        """Describe the destination in a few words for the report: its kind and, for example, its list."""
        return destination.kind

    def take_schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Take a SCHEMA, the first or a changed one, and create `signs`.

        Raises:
            ConfigurationError: The stream cannot go to this destination.
        """
        self.schema(schema, key_properties)
        nulls = Reading.of(self.destination.options, self.run.config).null_values
        self._known_names.update(dict.fromkeys(schema.get("properties") or {}))
        markers = self.run.config["delete_markers"]
        self.signs = RowSigns(self.destination, markers, self.is_data, nulls, self._known_names)
        if sources := self.signs.consent_sources(self._known_names):
            self.run.connection.log_once("%s: %s", self.destination.label, sources, level=logging.INFO)

    def is_data(self, name: str) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether a property is the destination's own data, even if named like a deletion marker."""
        return False

    @abc.abstractmethod
    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Prepare what is the same for all records of a SCHEMA, the first or a changed one.

        Raises:
            ConfigurationError: The stream cannot go to this destination.
        """

    @abc.abstractmethod
    def take(self, record: dict[str, Any], row: Row) -> None:
        """Take one record: end its row now, or keep it until Listrak has confirmed it.

        Args:
            record: The record; `_sdc_` properties are still in it, fractions are `Decimal`.
            row: Its row.

        Raises:
            RowRejected: The row is wrong.
            RowDeclined: The row is right and must not be loaded.
        """

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Take one record whose contact is to be removed: an allowed deletion, or a no to consent.

        Args:
            record: As for `take`.
            row: As for `take`.

        Raises:
            RowRejected: It does not identify its contact, or the kind removes nobody.
        """
        raise NotImplementedError

    def withdraw(self, record: Mapping[str, Any]) -> None:  # noqa: B027 - most kinds subscribe nobody
        """Withdraw earlier rows of a record's contact that would subscribe it and are not sent yet.

        They count as merged. Called for a record that says no to consent or is marked as deleted, whatever
        its own result.

        Args:
            record: The record, which may be one that is rejected.
        """

    def note_rejected(  # noqa: B027 - most rows stand for themselves
        self, record: Mapping[str, Any], rejected: Rejected
    ) -> None:
        """Note that a record was rejected, by `take` or before it: an order that it belongs to is incomplete.

        Args:
            record: The record as far as it can be read; empty if nothing can be read.
            rejected: Why it was rejected.
        """

    def columns_wanted(self) -> tuple[str, ...] | None:
        """Return the properties that `prepare` reads by column; None if records are taken one by one.

        Called after each `schema`.
        """
        return None

    def prepare(self, columns: Columns) -> Prepared:
        """Prepare many records at once, without taking any of them yet.

        Args:
            columns: The wanted properties, and the rows that must be taken one by one.
        """
        raise NotImplementedError

    def take_many(self, prepared: Prepared, start: int, rows: Rows) -> None:
        """Take prepared records: what `take` does with each of them, one after the other.

        Args:
            prepared: What `prepare` returned.
            start: The first of them. There are as many as `rows` has, none of which is in
                `prepared.slow_path`.
            rows: Their rows.
        """
        raise NotImplementedError

    @property
    def key_properties(self) -> Sequence[str]:
        """The properties that identify a record's contact and mirror (kinds that mirror) or its order."""
        return ()

    def note(self, record: Mapping[str, Any]) -> None:
        """Tell the record's mirror, if there is one, whom the record could mean, whatever its result.

        Rows without such a note count as unreadable: they may mean any member, in any mirror of the stream.

        Args:
            record: The record, which may be one that is rejected.
        """
        mirror = self.mirror_of(record)
        if mirror is not None and self.watched is not None:
            mirror.note(self.possible_keys(record))
            self.watched.noted += 1

    def mirror_of(self, record: Mapping[str, Any]) -> Mirror | None:  # noqa: ARG002 - for subclasses
        """Return the mirror that a record belongs to; `None` if there is none, or the record does not say."""
        return self.mirror

    def possible_keys(self, record: Mapping[str, Any]) -> Collection[str] | None:  # noqa: ARG002 - for subclasses
        """Return everybody whom a record could mean by any reading: mirroring must not remove them.

        Args:
            record: The record, which may be one that is rejected.

        Returns:
            The keys of all contacts that it could mean; None if it could mean anybody.
        """
        return None

    def finish(self) -> None:  # noqa: B027 - most kinds have nothing to do here
        """Process the rows that had to wait for the end of the input. Called once, before the last `flush`.

        Raises:
            ListrakError: The rows cannot be loaded.
        """

    @abc.abstractmethod
    def flush(self) -> None:
        """Submit open batches: at the age limit, when memory is short, at the end of the input."""

    def close(self) -> None:  # noqa: B027 - most kinds have nothing to do here
        """Delete temporary files. Called once, at the end of the run, also after an error."""


def attempt(call: Callable[[], Outcome]) -> Outcome:
    """Make a call for one row, and return its outcome; if Listrak refuses the call, the row is rejected."""
    try:
        return call()
    except RequestRefusedError as error:
        return rejected_by(error)
    except NotFoundError as error:
        return Rejected("not_found", f"Listrak does not know it ({error.code or 'HTTP 404'})")
