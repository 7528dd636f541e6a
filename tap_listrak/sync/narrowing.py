"""Which settings keep a stream from being read in full.

Loaders take ACTIVATE_VERSION to mean that every row of the stream was sent in this run, and delete all
others: also what another pipeline, another shard or an earlier run has loaded. So it goes out for streams
that were read in full, and for no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from singer_sdk.mapper import CustomStreamMap, RemoveRecordTransform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk import Stream
    from singer_sdk.mapper import StreamMap

    from listrak_api.routes import Route
    from tap_listrak.settings import Settings


class Readable(Protocol):
    """What a stream states about how it is read."""

    route: ClassVar[Route]
    incremental: ClassVar[bool]
    chosen_by: ClassVar[str | None]

    @property
    def stream_maps(self) -> list[StreamMap]:
        """The stream's maps."""


END_DATES = frozenset({"endDate", "endSubscribeDate"})
"""Query parameters that `end_date` is passed on as."""

_SHOWN = 6


def narrowing(stream: Readable, settings: Settings, streams: Mapping[str, Stream]) -> tuple[str, ...]:
    """Return the settings that keep a run from reading a stream whole, parents' among them.

    Args:
        stream: The stream.
        settings: The settings' values.
        streams: All streams of the tap, by name.
    """
    found: dict[str, None] = {}
    for one in _lineage(stream, streams):
        if one.chosen_by and getattr(settings, one.chosen_by):
            found[one.chosen_by] = None
        # Streams that keep a bookmark are read by date; with FULL_TABLE, from start_date on.
        if one.incremental and settings.start_date is not None:
            found["start_date"] = None
        if (one.incremental or one.route.query_names & END_DATES) and settings.end_date is not None:
            found["end_date"] = None
        # A stream map that filters out a parent's record leaves out its children. One that is mapped away as
        # a whole is read for them.
        if (
            one is not stream
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
    """Return what to tell about streams that are narrowed in this run; None if there are none.

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
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return (
        f"Streams are read in part because of {', '.join(settings)}: no ACTIVATE_VERSION is sent "
        f"for {shown}, so that loaders delete no rows there"
    )


def _lineage(stream: Readable, streams: Mapping[str, Stream]) -> Iterator[Readable]:
    """Return a stream, its parent, and so on."""
    one: Any = stream
    while one is not None:
        yield one
        parent = one.parent_stream_type
        one = streams[parent.name] if parent is not None else None
