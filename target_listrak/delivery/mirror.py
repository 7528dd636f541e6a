"""Mirroring: whether members whom no record names may be removed, the same for every channel.

An audience (or list) that is fed by a destination with `mirror` has one `Mirror` in a run, whatever the
number of streams that feed it. It knows who was named, which streams are complete, and how many rows have no
readable key. `Mirror.may_remove` decides whether anybody is removed. The channel says
who is a member, who of them was not named, and how one is removed: the subclasses of `Members` in
`channels.email.list_members`, `channels.email.audience_members` and
`channels.sms.members`.
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
    """Mirroring would remove members, and must not: nobody was removed, and STATE is held back."""


class Missing(NamedTuple):
    """Members whom no record of the run names.

    Attributes:
        removable: How many of them can be removed.
        before: How many members there were before the run.
    """

    removable: int
    before: int


class Filled(NamedTuple):
    """What a destination fills, and whether it removes members from it.

    Attributes:
        what: The audience or list.
        mirrored: Whether the destination mirrors it.
    """

    what: Hashable
    mirrored: bool


class MirroredStream:
    """One stream that feeds a mirror, or several if its records name their audience or list.

    Attributes:
        tally: Its row accounting.
        ends: The ends of the incoming streams that it consists of; more may be added later.
        noted: How many rows named the mirror they belong to. All others may belong to any.
    """

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.ends: Mapping[str, StreamEnd] = {}
        self.noted = 0


class Members(abc.ABC):
    """Who is in one audience or on one list, as it was before the run.

    Attributes:
        title: What it is called, for people.
    """

    title: str

    @abc.abstractmethod
    def keep(self, key: str) -> None:
        """Note that a record names a contact: it is not removed."""

    def keys_of(self, external_id: str) -> Collection[str]:  # noqa: ARG002 - for subclasses
        """Return the keys of the contacts that have an external id, if the channel has such ids.

        Called for a record that names nobody otherwise: whom it may mean must stay.
        """
        return ()

    @abc.abstractmethod
    def missing(self) -> Missing:
        """Count the members whom no record names; this may look up each of them.

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
        destination: The entry in `destinations` that feeds it; there is only one.
        members: Who is in it.
        hold: Holds STATE back until it is known how the run ends.
        logger: Told when nobody is removed although members are missing.

    Attributes:
        members: As given.
        unreadable: Rows whose key cannot be read: any member may be meant.
        absent_streams: Streams that feed the mirror, too, and did not come.
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
        self._watched: list[MirroredStream] = []

    @property
    def label(self) -> str:
        """The label of its destination."""
        return self._destination.label

    def watch(self, watched: MirroredStream) -> None:
        """Add a stream that feeds the audience."""
        if watched not in self._watched:
            self._watched.append(watched)

    def note(self, keys: Iterable[str] | None) -> None:
        """Note whom a row names, whatever the row's result. Called once for each row.

        Args:
            keys: Everybody whom the row could mean; None if it could mean anybody.
        """
        if keys is None:
            self.unreadable += 1
            return
        for key in keys:
            self.members.keep(key)

    def may_remove(self, *, replay: bool) -> bool:
        """Decide whether the members whom no record names are removed, once the input has ended well.

        Args:
            replay: Whether the input holds rejected records of an earlier run.

        Raises:
            MirrorStopError: They must not be removed, and somebody has to look at it.
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
        unreadable = self.unreadable + sum(one.tally.read - one.noted for one in self._watched)
        self._check_share(missing, unreadable)
        if unreadable:
            self._logger.warning(
                "%s: nobody was removed from %s, though no record names %s of %s current members: the key of"
                " %s could not be read, and any member may be meant. Fix the source (the rejects file has the"
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
        self._watched[0].tally.removed += self.members.remove()

    def release(self) -> None:
        """Let STATE pass."""
        self._hold.release()

    def _check_signs(self, missing: Missing) -> None:
        mirror = self._destination.option("mirror")
        without_state = self._destination.option("mirror_without_state")
        signs = (
            end.missing_sign(mirror, without_state=without_state)
            for one in self._watched
            for end in one.ends.values()
        )
        absent = [sign for sign in signs if sign is not None]
        absent += [f"stream {name!r} did not come" for name in self.absent_streams]
        if not absent:
            return
        msg = (
            f"{self._place('mirror')}: {missing.removable:,} of {missing.before:,} current members in"
            f" {self.members.title} would be removed, but {'; '.join(absent)}. So it is not known whether the"
            " source came to its end. Nobody was removed, and STATE is held back."
        )
        empty = any(end.empty for one in self._watched for end in one.ends.values())
        hint = _HINT_OF_NO_RECORDS if empty else _HINTS[mirror]
        raise MirrorStopError(msg, hint=_HINT_OF_ABSENT_STREAMS if self.absent_streams else hint)

    def _check_share(self, missing: Missing, unreadable: int) -> None:
        most = self._destination.option("max_removed_share")
        empty = [end.stream for one in self._watched for end in one.ends.values() if end.empty]
        # A source that failed before it reached the stream looks the same as one whose table is empty.
        if empty and most < 1:
            msg = (
                f"{self._place('max_removed_share')}: stream {empty[0]!r} has no records, and"
                f" {missing.removable:,} of {missing.before:,} current members in {self.members.title} would"
                " be removed. Nobody was removed, and STATE is held back."
            )
            raise MirrorStopError(
                msg,
                hint=f"{_HINT_OF_NO_RECORDS} If nobody is left in it, set max_removed_share to 1 once.",
            )
        if missing.removable - unreadable <= most * missing.before + _ROUNDING:
            return
        msg = (
            f"{self._place('max_removed_share')}: no record names {missing.removable:,} of {missing.before:,}"
            f" current members in {self.members.title}, more than the share of {most:g} that may be removed"
            " in one run. Nobody was removed, and STATE is held back."
        )
        hint = "If they are to be removed, raise max_removed_share for one run. If not, fix the source."
        raise MirrorStopError(msg, hint=hint)

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
    """The mirrors of one run, by the audience or list they keep.

    Args:
        logger: The plugin's logger.

    Attributes:
        replay: Whether the input holds rejected records of an earlier run.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.replay, self._logger = False, logger
        self._mirrors: dict[Hashable, Mirror] = {}
        self._members: dict[Hashable, Members] = {}
        self._filled: dict[Hashable, dict[str, tuple[Destination, bool]]] = {}
        self._holds: list[Hold] = []

    def fill(self, destination: Destination, filled: Iterable[Filled]) -> None:
        """Refuse two destinations that fill what one of them mirrors: it would remove the other's members.

        Args:
            destination: A destination.
            filled: What it fills: known before the first record, or named by a record.

        Raises:
            ConfigurationError: There are two such destinations.
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

    def members(self, what: Hashable, make: Callable[[], M]) -> M:
        """Return the members of an audience or list, read when they are first asked for."""
        members = self._members.get(what)
        if members is None:
            members = self._members[what] = make()
        return members  # type: ignore[return-value]  # what was created for it

    def join(
        self,
        what: Hashable,
        destination: Destination,
        members: Members,
        hold: Callable[[], Hold],
        watched: MirroredStream,
    ) -> Mirror:
        """Return the mirror of an audience or list, and add a stream that feeds it.

        Args:
            what: The audience or list.
            destination: The stream's destination.
            members: Who is in it.
            hold: Holds STATE back from now on.
            watched: The stream.
        """
        if what not in self._mirrors:
            self._mirrors[what] = Mirror(destination, members, hold(), self._logger)
        self._mirrors[what].watch(watched)
        return self._mirrors[what]

    def note_absent(self, label: str, stream: str) -> None:
        """Note that a stream did not come that feeds the mirrors of a destination."""
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
        due: list[Mirror] = []
        problems: list[MirrorStopError] = []
        for mirror in self._mirrors.values():
            try:
                if mirror.may_remove(replay=self.replay):
                    due.append(mirror)
            except MirrorStopError as problem:
                problems.append(problem)
        if problems:
            hints = dict.fromkeys(problem.hint for problem in problems)
            raise MirrorStopError("\n".join(one.message for one in problems), hint="\n".join(hints))
        for mirror in due:
            mirror.remove()
        for mirror in self._mirrors.values():
            mirror.release()
        for hold in self._holds:
            hold.release()

    def close(self) -> None:
        """Delete temporary files: the run is over, however it ended."""
        for members in self._members.values():
            members.close()


def _two_entries(one: Destination, other: Destination, what: Hashable) -> ConfigurationError:
    noun = _NOUNS.get(what[0], "list") if isinstance(what, tuple) else "list"
    text = f"{place(other.label)} fills the same {noun}: mirroring would remove its members"
    return one.error(
        "mirror", text, "Use one entry whose pattern matches both streams: their members are joined."
    )


_NOUNS = {"audience": "profile field", "phone list": "Phone List", "email list": "List"}
