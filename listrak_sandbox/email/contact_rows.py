"""Contacts of a list as rows: generated and written ones together, by state and date."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from listrak_sandbox.store import SUBSCRIBED, UNSUBSCRIBED, method_of
from listrak_sandbox.world.calendar import Span, minute_text, text
from listrak_sandbox.world.population import address, email_key, external_id, universal_key
from listrak_sandbox.world.words import SUBSCRIBED_BY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from listrak_sandbox.settings import Settings
    from listrak_sandbox.store import Contact, ListState
    from listrak_sandbox.world.population import Population

_EXACT = "%Y-%m-%dT%H:%M:%S.%f0"
WRITTEN = 2**40
"""Positions from here on are those of written contacts; below it, indexes of generated ones."""


class RowFormat(NamedTuple):
    """How contacts are written as JSON; set by the sandbox's settings.

    Attributes:
        whole_seconds: Dates have no fraction of a second.
        keeps_method: An unsubscribed contact shows its subscribeMethod.
        empty_values: A profile field without a value comes as an empty text.
    """

    whole_seconds: bool = True
    keeps_method: bool = False
    empty_values: bool = True

    @classmethod
    def of(cls, settings: Settings) -> RowFormat:
        """Take the format from the settings."""
        return cls(
            not settings.contact_date_decimals,
            settings.unsubscribed_keeps_method,
            settings.empty_values_listed,
        )


DEFAULT_FORMAT = RowFormat()


@dataclass(frozen=True)
class Query:
    """What a request for contacts asks for.

    Attributes:
        state: Subscribed or Unsubscribed.
        start: First date included.
        end: Last date.
        original: Whether subscribed contacts go by their original subscription; if not, `end` is excluded.
        external: External contact id they must have.
        fields: Profile fields to give values of.
        look: How the settings want contacts written.
    """

    state: str = SUBSCRIBED
    start: datetime | None = None
    end: datetime | None = None
    original: bool = True
    external: str = ""
    fields: tuple[int, ...] = ()
    row_format: RowFormat = DEFAULT_FORMAT

    def holds(self, date: datetime | None) -> bool:
        """Return whether a date is within the range."""
        if date is None:
            return False
        if self.row_format.whole_seconds:
            date = date.replace(microsecond=0)
        if self.start is not None and date < self.start:
            return False
        return self.end is None or (date <= self.end if self.original else date < self.end)


def rows(state: ListState, query: Query, when: int, position: int = 0) -> Iterator[tuple[int, str]]:
    """Return the position and the JSON text of each contact that a query asks for.

    Args:
        state: The list.
        query: What is asked for.
        when: World time of the clock.
        position: Where to begin.
    """
    if position < WRITTEN and state.generated_list is not None:
        yield from _generated(state, query, when, position)
    for place in range(max(0, position - WRITTEN), len(state.order)):
        contact = state.order[place]
        if contact.state != query.state:
            continue
        date = (
            contact.left
            if query.state == UNSUBSCRIBED
            else contact.since
            if query.original
            else contact.latest
        )
        if query.holds(date) and (not query.external or contact.external == query.external):
            yield WRITTEN + place, stored_text(state, contact, query.fields, query.row_format)


def _generated(state: ListState, query: Query, when: int, position: int) -> Iterator[tuple[int, str]]:
    generated_list = state.generated_list
    if generated_list is None:
        return
    population = generated_list.population
    changes = population.changed(when)
    span = Span(query.start, query.end, end_included=query.original)
    count = population.count(when)
    taken = state.taken
    inside, written = (
        (span.holds_whole, minute_text) if query.row_format.whole_seconds else (span.holds, text)
    )
    for index in _candidates(population, query, span, when):
        if index < position or index >= count or index in taken:
            continue
        if index not in changes:
            if query.state == UNSUBSCRIBED or not inside(population.subscribed_at(index)):
                continue
            since, again, left = population.subscribed_at(index), None, None
            methods: tuple[str, str | None] = (
                SUBSCRIBED_BY[population.person(index) % len(SUBSCRIBED_BY)],
                None,
            )
        else:
            standing = population.standing(index, when)
            if standing.subscribed != (query.state == SUBSCRIBED):
                continue
            latest = standing.since if query.original else standing.resubscribed or standing.since
            date = standing.left if query.state == UNSUBSCRIBED else latest
            if date is None or not inside(date):
                continue
            since, again, left = standing.since, standing.resubscribed, standing.left
            methods = method_of(population.person(index), standing)
        person = population.person(index)
        external = external_id(person)
        if query.external and external != query.external:
            continue
        values = state.generated_values(index, list(query.fields)) if query.fields else {}
        yield (
            index,
            contact_text(
                address(person),
                None,
                query.state,
                since=written(since),
                again=written(again) if again is not None else None,
                left=written(left) if left is not None else None,
                methods=_methods(query.state, methods, query.row_format),
                external=external,
                values=_values(state, values, query.fields, query.row_format),
            ),
        )


def _candidates(population: Population, query: Query, span: Span, when: int) -> Iterable[int]:
    """Return the indexes that can match, in order, so that a narrow range of dates needs no full scan."""
    changes, first_at, count = population.changed(when), population.first_at, population.count(when)
    if query.state == UNSUBSCRIBED:
        return sorted(changes)
    if span.everything:
        return range(count)
    low = max(0, first_at(span.low) - 2) if query.start is not None else 0
    high = min(count, first_at(span.high) + 2) if query.end is not None else count
    if query.original:
        return range(low, high)
    moved = sorted(changes)
    return chain(
        (one for one in moved if one < low), range(low, high), (one for one in moved if one >= max(low, high))
    )


def _methods(
    state: str, methods: tuple[str | None, str | None], row_format: RowFormat
) -> tuple[str | None, str | None]:
    return (None, methods[1]) if state == UNSUBSCRIBED and not row_format.keeps_method else methods


def _values(
    state: ListState, values: dict[int, str], asked: Iterable[int], row_format: RowFormat
) -> list[dict[str, object]]:
    if row_format.empty_values:
        values = dict.fromkeys(asked, "") | values
    return [
        {
            "segmentationFieldGroupId": state.fields[identifier]["segmentationFieldGroupId"],
            "segmentationFieldId": identifier,
            "value": value,
        }
        for identifier, value in values.items()
        if identifier in state.fields
    ]


def contact_text(  # noqa: PLR0913  one argument for each member
    email: str,
    key: str | None,
    state: str,
    *,
    since: str | None,
    again: str | None,
    left: str | None,
    methods: tuple[str | None, str | None],
    external: str | None,
    values: list[dict[str, object]],
) -> str:
    """Write the API's Contact as JSON."""
    return (
        f'{{"emailAddress":{_quoted(email)},"emailKey":"{key or email_key(email)}",'
        f'"universalEmailKey":"{universal_key(email)}","subscriptionState":"{state}",'
        f'"subscribeDate":{_quoted(since)},"resubscribeDate":{_quoted(again)},'
        f'"subscribeMethod":{_quoted(methods[0])},"unsubscribeDate":{_quoted(left)},'
        f'"unsubscribeMethod":{_quoted(methods[1])},"externalContactID":{_quoted(external)},'
        f'"segmentationFieldValues":{msgspec.json.encode(values).decode() if values else "[]"}}}'
    )


def _quoted(text_or_none: str | None) -> str:
    if text_or_none is None:
        return "null"
    if (
        text_or_none.isascii()
        and '"' not in text_or_none
        and "\\" not in text_or_none
        and text_or_none.isprintable()
    ):
        return f'"{text_or_none}"'
    return msgspec.json.encode(text_or_none).decode()


def stored_text(
    state: ListState, contact: Contact, fields: Iterable[int] | None, row_format: RowFormat = DEFAULT_FORMAT
) -> str:
    """Write a stored contact as JSON, with the values of some fields, or of all when `fields` is None."""
    values: dict[int, str] = {}
    if fields is None:
        values = contact.values
    elif fields:
        everything = contact.values
        values = {one: everything[one] for one in fields if one in everything}
    return contact_text(
        contact.email,
        contact.key,
        contact.state,
        since=_date_text(contact.since, row_format),
        again=_date_text(contact.resubscribed, row_format),
        left=_date_text(contact.left, row_format),
        methods=_methods(contact.state, (contact.joined_by, contact.left_by), row_format),
        external=contact.external,
        values=_values(state, values, fields or (), row_format),
    )


def _date_text(instant: datetime | None, row_format: RowFormat) -> str | None:
    # With as many decimals as a generated contact has: a write must not change the format of its dates.
    return (
        None
        if instant is None
        else f"{instant:{'%Y-%m-%dT%H:%M:%S' if row_format.whole_seconds else _EXACT}}"
    )
