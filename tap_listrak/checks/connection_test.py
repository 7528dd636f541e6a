"""``--test``: reports what the credentials may read."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from listrak_api import routes
from listrak_api.errors import AuthenticationError, ListrakError, NotFoundError
from listrak_api.settings import CREDENTIAL_NAMES
from tap_listrak.checks.date_probe import describe_dates
from tap_listrak.streams.base import ListrakStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from listrak_api.client import Client
    from listrak_api.routes import Api, Route
    from tap_listrak.sync.session import TapSession

_NAMES: dict[Api, str] = {"email": "Email", "sms": "SMS", "cross_channel": "Cross Channel"}

PROBES: tuple[tuple[str, Route], ...] = (
    ("List", routes.LISTS),
    ("Contact", routes.CONTACTS),
    ("Segmentation", routes.SEGMENTATION_FIELD_GROUPS),
    ("Event", routes.EVENTS),
    ("Message", routes.MESSAGES),
    ("Report", routes.MESSAGE_SUMMARY),
)
"""The areas of the email API, and for each a route that needs it (and areas before it) to be granted."""

COLLECTIONS: dict[Api, tuple[str, Route]] = {
    "sms": ("Sender codes", routes.SENDER_CODES),
    "cross_channel": ("Custom events", routes.CUSTOM_EVENTS),
}
"""The collection that is read of an API without areas."""


class Finding(NamedTuple):
    """One line of the report.

    Attributes:
        usable: Whether the tap can read something with what the line is about.
        line: The line.
    """

    usable: bool
    line: str


def report(tap: TapSession, say: Callable[[str], None]) -> bool:
    """Check every integration whose credentials are set.

    Makes a token request, one small read for each area, and a few more to find out the zone of dates.

    Args:
        tap: The tap.
        say: Prints a line. The first line is the overall answer.

    Returns:
        Whether every integration can read something. An area that was not granted is reported, but is no
        failure as long as another one was granted.
    """
    findings = {api: list(_findings(tap, api)) for api in tap.settings.apis}
    unusable = [api for api, found in findings.items() if not any(one.usable for one in found[1:])]
    say(_answer(findings, unusable))
    for credentials, *others in findings.values():
        say(credentials.line)
        for one in others:
            say(f"  {one.line}")
    return not unusable


def _findings(tap: TapSession, api: Api) -> Iterator[Finding]:
    """Return the findings about one integration; the first one is about the credentials."""
    try:
        client = tap.client(api)
        client.check()
        yield Finding(usable=True, line=f"{_NAMES[api]} API: the credentials are accepted.")
    except ListrakError as error:
        yield Finding(usable=False, line=f"{_NAMES[api]} API: {_indented(error)}")
        return
    try:
        yield from _email(client, tap) if api == "email" else _collection(client, *COLLECTIONS[api])
    except ListrakError as error:
        yield Finding(usable=False, line=_indented(error))


def _answer(findings: Mapping[Api, Sequence[Finding]], unusable: Sequence[Api]) -> str:
    """Return the overall answer in one line."""
    if len(unusable) == len(findings):
        return "Nothing can be read."
    if unusable:
        names = ", ".join(f"{_NAMES[api]} API ({CREDENTIAL_NAMES[api][0]})" for api in unusable)
        return f"Nothing can be read with: {names}. A run needs it, or its credentials left out."
    if all(one.usable for found in findings.values() for one in found):
        return f"The credentials work: {', '.join(f'{_NAMES[api]} API' for api in findings)}."
    return "The credentials work, but not everything can be read. See what is not granted below."


def _email(client: Client, tap: TapSession) -> Iterator[Finding]:
    needs = _needs(tap)
    ids: dict[str, object] = {}
    for area, route in PROBES:
        streams = ", ".join(needs[area])
        missing = [name for name in route.path_names if name not in ids]
        if missing:
            thing = missing[0].removesuffix("Id")
            yield Finding(usable=False, line=f"{area}: could not be tried, there is no {thing} to try it on.")
            continue
        try:
            found = _try(client, route, ids)
        except AuthenticationError:
            line = f"{area}: not granted. Cannot be read: {streams}. Grant it, or deselect them."
            yield Finding(usable=False, line=line)
        except ListrakError as error:
            yield Finding(usable=False, line=f"{area}: {_indented(error)}")
        else:
            ids.update(found)
            yield Finding(usable=True, line=f"{area}: granted, for {len(needs[area])} streams.")
            if route is routes.CONTACTS:
                with contextlib.suppress(ListrakError):
                    for line in describe_dates(client, ids["listId"], tap.zone):
                        yield Finding(usable=True, line=line)


def _try(client: Client, route: Route, ids: dict[str, object]) -> dict[str, object]:
    """Make one small read; return the id of what it found, for the next reads."""
    if not route.collection:
        with contextlib.suppress(NotFoundError):  # not refused, so the area is granted
            client.get(route, ids)
        return {}
    rows = client.get_page(route, ids, {}, None, 1).rows
    names = {routes.LISTS: "listId", routes.MESSAGES: "messageId"}
    name = names.get(route)
    return {name: rows[0][name]} if name and rows else {}


def _collection(client: Client, name: str, route: Route) -> Iterator[Finding]:
    rows = client.get_page(route, {}, {}).rows
    yield Finding(usable=True, line=f"{name}: {len(rows)} can be read.")


def _needs(tap: TapSession) -> dict[str, list[str]]:
    """Return the names of the streams that need each area."""
    needs: dict[str, list[str]] = defaultdict(list)
    for stream in _streams(tap):
        for area in stream.route.areas:
            needs[area].append(stream.name)
    return needs


def _streams(tap: TapSession) -> Iterable[ListrakStream]:
    return [stream for stream in tap.streams.values() if isinstance(stream, ListrakStream)]


def _indented(error: ListrakError) -> str:
    return str(error).replace("\n", "\n    ")
