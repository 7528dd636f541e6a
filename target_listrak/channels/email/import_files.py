"""The import files of a batch: the rows of each file, its lines, and what the import does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_listrak.channels.email.buffer import EXTERNAL_ID, Buffer, ColumnId, Layout
from target_listrak.delivery.import_body import MAX_FILE_BYTES, ImportBody, encode_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_listrak.delivery.run import Run

__all__ = ["FileBuilder", "ImportFile", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What the imports of a destination do.

    Attributes:
        import_type: `AddSubscribers`, `RemoveSubscribers` or `UpdateSubscribers`; with profile values, the
            first one becomes `AddSubscribersAndSegmentationData`.
        update_type: `Update`, `Append` or `Overwrite`.
        include_unsubscribed: Whether unsubscribed contacts are updated as well.
        trigger_journey: Whether new subscribers enter the list's subscription journeys.
        event_ids: Events to raise.
        topic: Distinguishes imports that do the same with different profile fields or events, so that the
            order of their rows does not matter.
    """

    import_type: str
    update_type: str = "Update"
    include_unsubscribed: bool = False
    trigger_journey: bool = False
    event_ids: tuple[int, ...] = ()
    topic: int = 0

    @property
    def acts_each_time(self) -> bool:
        """Whether the same import does more if it is repeated: it raises events, or appends to values."""
        return bool(self.event_ids) or self.update_type == "Append"

    @property
    def merges(self) -> bool:
        """Whether the rows of a contact may become one: of values that are appended, each counts."""
        return self.update_type != "Append"

    @property
    def removes(self) -> bool:
        """Whether contacts are unsubscribed."""
        return self.import_type == "RemoveSubscribers"


@dataclass(frozen=True)
class ImportFile:
    """One import file: rows of one batch with the same columns."""

    update_type: str
    columns: Layout
    indices: Sequence[int]


class FileBuilder:
    """Builds the import files of one stream and plan.

    Args:
        run: The run.
        stream: The stream's name, for the log.
        plan: What the imports do.
        column_name: A column's name in the file's first line.
    """

    def __init__(self, run: Run, stream: str, plan: Plan, column_name: Callable[[ColumnId], str]) -> None:
        self._run = run
        self._stream = stream
        self._plan = plan
        self._column_name = column_name
        self.max_file_bytes = MAX_FILE_BYTES

    def files(self, buffer: Buffer, indices: Sequence[int]) -> Iterator[ImportFile]:
        """Group rows into files: by layout if an empty cell clears, and never over the size limit."""
        plan = self._plan
        mixed: Sequence[int] = indices
        by_layout: dict[Layout, list[int]] = {}
        if plan.update_type == "Overwrite" or buffer.clears:
            mixed = mixed_rows = []
            for index in indices:
                if plan.update_type == "Overwrite" or _clears(buffer, index):
                    by_layout.setdefault(buffer.layout(index), []).append(index)
                else:
                    mixed_rows.append(index)
        if len(by_layout) > 1:
            text = "%s: records carry %s different sets of properties, and clearing needs an import for each"
            self._run.connection.log_once(text, self._stream, len(by_layout))
        groups: list[tuple[str, Layout, Sequence[int]]] = [
            ("Overwrite", layout, some) for layout, some in by_layout.items()
        ]
        if mixed:
            groups.append((plan.update_type, _union(buffer.layouts_of(mixed)), mixed))
        for update_type, columns, some in groups:
            for part in self._by_size(buffer, columns, some):
                yield ImportFile(update_type, columns, part)

    def _by_size(self, buffer: Buffer, columns: Layout, indices: Sequence[int]) -> Iterator[Sequence[int]]:
        """Split rows where a file would become too large, each row counted with all columns."""
        extra = sum(len(str(event_id)) + 3 for event_id in self._plan.event_ids)
        size = room = self.max_file_bytes - len(self._header(columns))
        if buffer.bytes + len(indices) * (3 * len(columns) + extra) <= room:
            yield indices
            return
        part: list[int] = []
        for index in indices:
            line = len(buffer.lines[index]) + 3 * (len(columns) - len(buffer.layout(index))) + extra
            if part and line > size:
                yield part
                part, size = [], room
            part.append(index)
            size -= line
        if part:
            yield part

    def _lines(self, buffer: Buffer, file: ImportFile) -> list[bytes]:
        lines = list(map(buffer.lines.__getitem__, file.indices))
        if buffer.layouts != [file.columns]:
            for place, index in enumerate(file.indices):
                if buffer.layout(index) != file.columns:
                    address, cells = buffer.cells(index)
                    lines[place] = encode_line([address, *(cells.get(one, "") for one in file.columns)])
        if self._plan.event_ids:
            events = "".join(f',"{event_id}"' for event_id in self._plan.event_ids).encode() + b"\n"
            lines = [line[:-1] + events for line in lines]
        return [self._header(file.columns), *lines]

    def _header(self, columns: Layout) -> bytes:
        return encode_line(
            ["Email", *map(self._column_name, columns), *(f"Event {one}" for one in self._plan.event_ids)]
        )

    def body(self, name: str, buffer: Buffer, file: ImportFile) -> ImportBody:
        """Return the import's POST body: what it does, and the file."""
        return ImportBody(self._head(name, file), self._lines(buffer, file))

    def _head(self, name: str, file: ImportFile) -> dict[str, object]:
        """Return the import's POST body without the file."""
        plan = self._plan
        import_type = plan.import_type
        if import_type == "AddSubscribers" and any(column != EXTERNAL_ID for column in file.columns):
            import_type = "AddSubscribersAndSegmentationData"
        mappings: list[dict[str, object]] = [{"fileColumn": 0, "fileColumnType": "Email"}]
        for number, column in enumerate(file.columns, 1):
            if column == EXTERNAL_ID:
                mappings.append({"fileColumn": number, "fileColumnType": "ExternalContactID"})
            else:
                kind = {"fileColumnType": "SegmentationField", "segmentationFieldId": column}
                mappings.append({"fileColumn": number, **kind})
        for number, _ in enumerate(plan.event_ids, 1 + len(file.columns)):
            mappings.append({"fileColumn": number, "fileColumnType": "Event"})
        return {
            "fileName": name,
            "fileDelimiter": ",",
            "textQualifier": '"',
            "hasColumnNames": True,
            "importType": import_type,
            "segmentationImportType": file.update_type,
            "suppressEmailNotifications": True,
            "triggerJourney": plan.trigger_journey,
            "includeUnsubscribed": plan.include_unsubscribed,
            "fileMappings": mappings,
        }


def _clears(buffer: Buffer, index: int) -> bool:
    """Return whether a row has an empty cell."""
    return b'""' in buffer.lines[index] and not all(buffer.cells(index)[1].values())


def _union(layouts: Iterable[Layout]) -> Layout:
    """Return all columns of some layouts, each once, in the order in which they first occur."""
    columns: dict[ColumnId, None] = {}
    for layout in dict.fromkeys(layouts):
        columns.update(dict.fromkeys(layout))
    return tuple(columns)
