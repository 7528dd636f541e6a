"""What an import was asked to do, and its file read row by row."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ADD, ADD_WITH_DATA = "AddSubscribers", "AddSubscribersAndSegmentationData"
REMOVE, UPDATE = "RemoveSubscribers", "UpdateSubscribers"
IMPORT_TYPES = (ADD, ADD_WITH_DATA, REMOVE, UPDATE)

# Values as long as a request may be: a huge cell is a value that does not fit, not a broken file.
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Column:
    """One mapped column of an import file.

    Attributes:
        place: Its place, 0 for the first.
        kind: Email, SegmentationField, Event or ExternalContactID.
        field: Id of the profile field, if it is one.
        default: Value for empty cells.
    """

    place: int
    kind: str
    field: int = 0
    default: str = ""


@dataclass(frozen=True)
class Plan:
    """What an import was asked to do.

    Attributes:
        name: File name.
        import_type: One of `IMPORT_TYPES`.
        update: Update, Append or Overwrite.
        columns: Mapped columns.
        delimiter: Separates columns.
        qualifier: Encloses texts; empty for none.
        has_names: Whether the first row holds column names.
        include_unsubscribed: Whether an update reaches unsubscribed contacts.
        trigger_journey: Whether new subscribers enter the list's journeys.
    """

    name: str
    import_type: str
    update: str
    columns: tuple[Column, ...]
    delimiter: str = ","
    qualifier: str = '"'
    has_names: bool = False
    include_unsubscribed: bool = False
    trigger_journey: bool = False

    def rows(self, data: bytes) -> Iterator[list[str] | None]:
        """Read the rows of a file; None for one that cannot be read. Empty lines are no rows."""
        stream = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="replace", newline="")
        reader = csv.reader(
            stream,
            delimiter=self.delimiter,
            quotechar=self.qualifier or None,
            quoting=csv.QUOTE_MINIMAL if self.qualifier else csv.QUOTE_NONE,
        )
        first = self.has_names
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if first:
                first = False
            elif row:
                yield row
