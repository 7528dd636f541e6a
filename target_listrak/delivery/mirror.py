"""Mirroring: whether members whom no record names may be removed. The rules are the same for every channel.

An audience or list that a destination with `mirror` fills has one `Mirror` in a run, whatever the number of
streams that fill it. It knows who was named, which streams are complete, and how many rows have no readable
key. `Mirror.may_remove` decides whether anybody is removed. Who is a member, who was not named, and how a
member is removed depends on the channel: see the subclasses of `Members` in `channels.email.list_members`,
`channels.email.audience_members` and `channels.sms.members`.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from listrak_api.errors import ListrakError
from target_listrak.config.destination import place

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

    from listrak_api.errors import ConfigurationError
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.stream_completeness import StreamEnd
    from target_listrak.tracking.state import Hold
    from target_listrak.tracking.tallies import Tally

__all__ = ["Filled", "Members", "Mirror", "MirrorStopError", "MirroredStream", "Mirrors", "Missing"]


class MirrorStopError(ListrakError):
    """Mirroring must not remove the members that no record names. Nobody was removed; STATE is held back."""


class Missing(NamedTuple):
    """Members whom no record of the run names.

    Attributes:
        removable: How many of them can be removed.
        before: How many members there were before the run.
    """

    removable: int
    before: int


class Filled(NamedTuple):
    """An audience or list that a destination fills.

    Attributes:
        what: The audience or list.
        mirrored: Whether the destination mirrors it.
    """

    what: Hashable
    mirrored: bool


class MirroredStream:
    """One stream that fills a mirror, or several mirrors if its records name their audience or list.

    Attributes:
        tally: Its row accounting.
        ends: The ends of the incoming streams that it consists of; more may be added later.
        noted: How many rows named the mirror they belong to. Any other row may belong to each of the mirrors.
    """

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.ends: Mapping[str, StreamEnd] = {}
        self.noted = 0


class Members(abc.ABC):
    """Who is in one audience or on one list, as it was before the run.

    Attributes:
        title: Its name in messages.
    """

    title: str

    @abc.abstractmethod
    def keep(self, key: str) -> None:
        """Note that a record names a contact, which is then not removed."""

    def keys_of(self, external_id: str) -> Collection[str]:  # noqa: ARG002 - for subclasses
        """Return the keys of the contacts that have an external id, if the channel has such ids.

        Called for a record that names its contact by nothing else: whoever it may mean must stay.
        """
        return ()

    @abc.abstractmethod
    def missing(self) -> Missing:
        """Count the members whom no record names. This may look each of them up in Listrak.

        Raises:
            ListrakError: As the client.
        """

    @abc.abstractmethod
    def remove(self) -> int:
        """**Remove** the members whom no record names, as `missing` counted them.

        Returns:
            How many were removed.

        Raises:
            ListrakError: As the client. Some of them may have been removed.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Delete temporary files."""


M = TypeVar("M", bound=Members)


class Mirror:
    """One audience or list that is kept equal to one or more streams.

    Used by the thread that reads the input.

    Args:
        destination: The entry in `destinations` that fills it; there is only one.
        members: Its members before the run.
        hold: Holds STATE back until the mirrors have finished.
        logger: Gets the message why nobody is removed.

    Attributes:
        members: As given.
        unreadable: Rows whose key cannot be read: any member may be meant.
        absent_streams: Streams that should fill the mirror too, and did not come.
    """

    def __init__(
        self, destination: Destination, members: Members, hold: Hold, logger: logging.Logger
    ) -> None:
        self.members = members
        self.unreadable = 0
        self.absent_streams: list[str] = []
        self._destination = destination
        self._hold = hold
        self._logger = logger
        self._streams: list[MirroredStream] = []

    @property
    def label(self) -> str:
        """The label of its destination."""
        return self._destination.label

    def watch(self, watched: MirroredStream) -> None:
        """Add a stream that fills the mirror."""
        if watched not in self._streams:
            self._streams.append(watched)

    def note(self, keys: Iterable[str] | None) -> None:
        """Note whom a row names, whatever the row's result. Called once for each row.

        Args:
            keys: Everybody whom the row could mean; None if it could mean anybody.
        """
        if keys is None:
            self.unreadable += 1
        for key in keys or ():
            self.members.keep(key)

    def may_remove(self, *, replay: bool) -> bool:
        """Decide whether the members whom no record names are removed, once the input has ended well.

        Args:
            replay: Whether the input holds rejected records of an earlier run.

        Raises:
            MirrorStopError: They must not be removed, and a person has to find out why they are not named.
        """
        if replay:
            self._logger.info(
                "%s: nobody is removed in this run: the input holds rejected records of an earlier run, so it"
                " does not name everybody.",
                self._place("mirror"),
            )
            return False
        missing = self.members.missing()
        if not missing.removable:
            return False
        self._check_signs(missing)
        # Rows that were rejected before their key could be read count as unreadable, too.
        unreadable = self.unreadable + sum(stream.tally.read - stream.noted for stream in self._streams)
        self._check_share(missing, unreadable)
        if unreadable:
            self._logger.warning(
                "%s: nobody was removed from %s, though no record names %s of %s current members: the key of"
                " %s could not be read, and it may mean any member. Fix the source (the rejects file has the"
                " records) or filter them out (stream_maps), and run again.",
                self._place("mirror"),
                self.members.title,
                f"{missing.removable:,}",
                f"{missing.before:,}",
                "1 record" if unreadable == 1 else f"{unreadable:,} records",
            )
        return not unreadable

    def remove(self) -> None:
        """Remove the members whom no record names, and count them."""
        self._streams[0].tally.removed += self.members.remove()

    def release(self) -> None:
        """Let STATE pass."""
        self._hold.release()

    def _check_signs(self, missing: Missing) -> None:
        """Raise an error if a stream did not come or is not complete."""
        mirror = self._destination.option("mirror")
        without_state = self._destination.option("mirror_without_state")
        signs = (
            end.missing_sign(mirror, without_state=without_state)
            for stream in self._streams
            for end in stream.ends.values()
        )
        absent = [sign for sign in signs if sign is not None]
        absent += [f"stream {name!r} did not come" for name in self.absent_streams]
        if not absent:
            return
        msg = (
            f"{self._place('mirror')}: {self._count(missing)} would be removed, but {'; '.join(absent)}. So"
            " it is not known whether the source came to its end. Nobody was removed, and STATE is held back."
        )
        empty = any(end.empty for stream in self._streams for end in stream.ends.values())
        hint = _HINT_OF_NO_RECORDS if empty else _HINTS[mirror]
        raise MirrorStopError(msg, hint=_HINT_OF_ABSENT_STREAMS if self.absent_streams else hint)

    def _check_share(self, missing: Missing, unreadable: int) -> None:
        """Raise an error above `max_removed_share`. Each unreadable row may mean a missing member."""
        limit = self._destination.option("max_removed_share")
        empty = [end.stream for stream in self._streams for end in stream.ends.values() if end.empty]
        # A source that failed before it reached the stream looks the same as one whose table is empty.
        if empty and limit < 1:
            msg = (
                f"{self._place('max_removed_share')}: stream {empty[0]!r} has no records, and"
                f" {self._count(missing)} would be removed. Nobody was removed, and STATE is held back."
            )
            hint = (
                f"{_HINT_OF_NO_RECORDS} If the stream is meant to be empty, set max_removed_share to 1 once."
            )
            raise MirrorStopError(msg, hint=hint)
        if missing.removable - unreadable <= limit * missing.before + _ROUNDING:
            return
        msg = (
            f"{self._place('max_removed_share')}: no record names {self._count(missing)}, more than the share"
            f" of {limit:g} that may be removed in one run. Nobody was removed, and STATE is held back."
        )
        hint = "If they are to be removed, raise max_removed_share for one run. If not, fix the source."
        raise MirrorStopError(msg, hint=hint)

    def _count(self, missing: Missing) -> str:
        return f"{missing.removable:,} of {missing.before:,} current members in {self.members.title}"

    def _place(self, option: str) -> str:
        return place(self._destination.label, option)


_ROUNDING: Final = 1e-9
"""So that 0.29 of 100 members are 29, not 28.999999999999996."""

_HINT_OF_NO_RECORDS = (
    "A mirror needs the whole stream in every run. An extractor that sends only what changed, or reads a file"
    " only when it has changed, sends nothing on other days: run it with --full-refresh."
)
_HINT_OF_ABSENT_STREAMS = (
    "The STATE or mirror_streams names it, and the mirror's pattern takes it. If it is not to come any more,"
    " delete its bookmark from the state, or its name from mirror_streams."
)
_HINTS = {
    True: "Check that the extractor ended well. If it never sends ACTIVATE_VERSION after its records, set"
    " mirror: end_of_input.",
    "end_of_input": "Check that the extractor ended well: one that dies closes the pipe as one that ends"
    " does. If it never sends STATE, mirror_without_state: true removes without one.",
}


class Mirrors:
    """The mirrors of one run, by their audience or list.

    Args:
        logger: The plugin's logger.

    Attributes:
        replay: Whether the input holds rejected records of an earlier run.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.replay = False
        self._logger = logger
        self._mirrors: dict[Hashable, Mirror] = {}
        self._members: dict[Hashable, Members] = {}
        self._filled: dict[Hashable, dict[str, tuple[Destination, bool]]] = {}
        self._holds: list[Hold] = []

    def fill(self, destination: Destination, filled: Iterable[Filled]) -> None:
        """Note what a destination fills; refuse a second one that a mirror would remove the members of.

        Args:
            destination: A destination.
            filled: What it fills: known before the first record, or named by a record.

        Raises:
            ConfigurationError: Two destinations fill it, and one of them mirrors it.
        """
        for what, mirrored in filled:
            together = self._filled.setdefault(what, {})
            for other, other_mirrored in together.values():
                if other.label != destination.label and (mirrored or other_mirrored):
                    first, second = (other, destination) if other_mirrored else (destination, other)
                    raise _two_entries(first, second, what)
            together[destination.label] = (destination, mirrored)

    def hold(self, hold: Hold) -> None:
        """Keep STATE back until the mirrors have finished, whatever audiences the records will name."""
        self._holds.append(hold)

    def members(self, what: Hashable, read: Callable[[], M]) -> M:
        """Return the members of an audience or list, read when they are first asked for."""
        members = self._members.get(what)
        if members is None:
            members = self._members[what] = read()
        return members  # type: ignore[return-value]  # what was created for it

    def join(
        self,
        what: Hashable,
        destination: Destination,
        members: Members,
        hold: Callable[[], Hold],
        watched: MirroredStream,
    ) -> Mirror:
        """Return the mirror of an audience or list, and add a stream that fills it.

        Args:
            what: The audience or list.
            destination: The stream's destination.
            members: Its members.
            hold: Holds STATE back from now on.
            watched: The stream.
        """
        if what not in self._mirrors:
            self._mirrors[what] = Mirror(destination, members, hold(), self._logger)
        self._mirrors[what].watch(watched)
        return self._mirrors[what]

    def note_absent(self, label: str, stream: str) -> None:
        """Note that a stream of a destination did not come, which its mirrors need."""
        for mirror in self._mirrors.values():
            if mirror.label == label:
                mirror.absent_streams.append(stream)

    def finish(self) -> None:
        """Remove the members whom no record names, if the rules allow it; then let STATE pass.

        Called when the input has ended, all rows are confirmed and the run has not failed. All mirrors are
        checked before anybody is removed: if one of them stops the run, nobody is removed anywhere.

        Raises:
            MirrorStopError: Members must not be removed.
            ListrakError: As the client.
        """
        to_remove: list[Mirror] = []
        problems: list[MirrorStopError] = []
        for mirror in self._mirrors.values():
            try:
                if mirror.may_remove(replay=self.replay):
                    to_remove.append(mirror)
            except MirrorStopError as problem:
                problems.append(problem)
        if problems:
            hints = dict.fromkeys(problem.hint for problem in problems)
            raise MirrorStopError("\n".join(problem.message for problem in problems), hint="\n".join(hints))
        for mirror in to_remove:
            mirror.remove()
        for mirror in self._mirrors.values():
            mirror.release()
        for hold in self._holds:
            hold.release()

    def close(self) -> None:
        """Delete temporary files, at the end of the run, also after an error."""
        for members in self._members.values():
            members.close()


def _two_entries(mirror: Destination, other: Destination, what: Hashable) -> ConfigurationError:
    noun = _NOUNS.get(what[0], "list") if isinstance(what, tuple) else "list"
    text = f"{place(other.label)} fills the same {noun}: mirroring would remove its members"
    return mirror.error(
        "mirror", text, "Use one entry whose pattern matches both streams: their members are joined."
    )


_NOUNS = {"audience": "profile field", "phone list": "Phone List", "email list": "List"}
