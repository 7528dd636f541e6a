"""Which settings keep a stream from being read in full.

For loaders ACTIVATE_VERSION means that every row of the stream was sent in this run. They delete all other
rows, also those that another pipeline, another shard or an earlier run has loaded. So it is sent only for
streams that were read in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from singer_sdk.mapper import CustomStreamMap, RemoveRecordTransform

from listrak_singer.wording import enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.mapper import StreamMap

    from listrak_api.routes import Route
    from tap_listrak.settings import Settings


class Readable(Protocol):
    """What is needed of a stream: how it is read."""

    route: ClassVar[Route]
    incremental: ClassVar[bool]
    chosen_by: ClassVar[str | None]

    @property
    def stream_maps(self) -> list[StreamMap]:
        """The stream's maps."""


END_DATES = frozenset({"endDate", "endSubscribeDate"})
"""Query parameters by which `end_date` is sent."""

_SHOWN = 6


def narrowing(lineage: Sequence[Readable], settings: Settings) -> tuple[str, ...]:
    """Return the settings that keep a run from reading a stream in full, its parents' included.

    Args:
        lineage: The stream, its parent, and so on.
        settings: The settings' values.
    """
    found: dict[str, None] = {}
    for level, one in enumerate(lineage):
        if one.chosen_by and getattr(settings, one.chosen_by):
            found[one.chosen_by] = None
        # Streams that keep a bookmark are read by date; with FULL_TABLE, from start_date on.
        if one.incremental and settings.start_date is not None:
            found["start_date"] = None
        if (one.incremental or one.route.query_names & END_DATES) and settings.end_date is not None:
            found["end_date"] = None
        # A stream map that filters out a parent's record leaves out its children too. A parent that is
        # removed as a whole is still read for its children (`RemovedParentTransform`).
        if (
            level > 0
            and filters_records(one.stream_maps[0])
            and not isinstance(one.stream_maps[0], RemoveRecordTransform)
        ):
            found["stream_maps"] = None
    return tuple(found)


def filters_records(stream_map: StreamMap) -> bool:
    """Return whether a stream map leaves out records: by `__filter__`, or all of them."""
    if isinstance(stream_map, RemoveRecordTransform):
        return True
    # The SDK keeps no other trace of `__filter__` than the function that it became.
    return isinstance(stream_map, CustomStreamMap) and stream_map._filter_fn.__name__ != "always_true"  # noqa: SLF001


def explanation(streams: Iterable[Any]) -> str | None:
    """Return a log line about the streams that are narrowed in this run; None if there are none.

    Args:
        streams: The selected streams that are read with a version.
    """
    names, settings = [], dict[str, None]()
    for stream in streams:
        causes = list(stream.narrowed_by)
        if any(map(filters_records, stream.stream_maps)):
            causes.append("stream_maps")
        if causes:
            names.append(stream.name)
            settings.update(dict.fromkeys(causes))
    if not names:
        return None
    return (
        f"Streams are read in part because of {', '.join(settings)}: no ACTIVATE_VERSION is sent "
        f"for {enumerated(names, _SHOWN)}, so that loaders delete no rows there"
    )
