"""Look-up of Listrak's objects by name or id: a number is an id, a text is a name first, then an id."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Protocol, TypeVar

from listrak_api.errors import Cause, ListrakError
from listrak_singer.suggestions import did_you_mean
from target_listrak.values.characters import plain_form

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AmbiguousNameError",
    "NameLookupError",
    "Named",
    "UnknownNameError",
    "find_by_name",
    "folded",
    "same_name",
]

_BLANKS = re.compile(r"[\s_\-\u2010-\u2015]+")
_MAX_SHOWN = 30


class Named(Protocol):
    """An object of Listrak with an id and a name: a list, a profile field, an event."""

    @property
    def id(self) -> int | str:
        """Listrak's id."""

    @property
    def name(self) -> str:
        """The name."""


T = TypeVar("T", bound=Named)


class NameLookupError(ListrakError):
    """A name or id does not identify exactly one object. The hint lists the existing ones.

    Raised as one of the two classes below.
    """

    cause = Cause.SETTINGS


class UnknownNameError(NameLookupError):
    """No object has the name or id."""


class AmbiguousNameError(NameLookupError):
    """Several objects have the name."""


def folded(name: str) -> str:
    """Return the form of a name by which names are compared: `Customer Number` → `customernumber`.

    Case, spaces, underscores, hyphens, invisible characters (a byte order mark, zero-width characters) and
    Unicode forms (composed, full-width) make no difference. Dots stay: they divide a group from its field.
    """
    return unicodedata.normalize("NFKC", _BLANKS.sub("", plain_form(name)).casefold())


def same_name(name: str, things: Sequence[T]) -> list[T]:
    """Return the objects with exactly this name; if there are none, those whose `folded` names are equal."""
    exact = [thing for thing in things if thing.name == name]
    return exact or [thing for thing in things if folded(thing.name) == folded(name)]


def find_by_name(wanted: str | int, things: Sequence[T], what: str, *, of: str = "") -> T:
    """Find the object that a setting or a record names.

    Args:
        wanted: A number is an id; a text is a name first, then an id.
        things: The existing objects.
        what: Their type, for error texts: `List`.
        of: The object that they belong to, for error texts: `list 'Newsletter'`.

    Returns:
        The object.

    Raises:
        UnknownNameError: No object has the name or id.
        AmbiguousNameError: Several objects have the name.
    """
    owner = f" of {of}" if of else ""
    named = same_name(wanted, things) if isinstance(wanted, str) else []
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(str(thing.id) for thing in named)
        text = f"{len(named)} {what}s{owner} are called {wanted!r}"
        raise AmbiguousNameError(text, hint=f"Name one by its id: {ids}.")
    text = str(wanted).strip().casefold()
    text = str(int(text)) if text.isascii() and text.isdigit() else text
    for thing in things:
        if str(thing.id).casefold() == text:
            return thing
    message = f"there is no {what} {wanted!r}" + (f" in {of}" if of else "")
    raise UnknownNameError(message, hint=_choices(str(wanted), things))


def _choices(wanted: str, things: Sequence[T]) -> str:
    if len(things) > _MAX_SHOWN:
        close = did_you_mean(wanted, (thing.name for thing in things)).partition(" There is: ")[0]
        shown = ", ".join(f"{thing.name!r} ({thing.id})" for thing in things[:_MAX_SHOWN])
        return f"{close} There are {len(things)}, among them {shown}."
    shown = ", ".join(f"{thing.name!r} ({thing.id})" for thing in things)
    return f"There is: {shown}." if shown else "There is none."
