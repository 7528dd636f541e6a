"""The kind `custom_events`: each record raises a custom event, which may start a journey."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from listrak_api import routes
from listrak_api.errors import (
    AuthenticationError,
    LostAnswerError,
    NotFoundError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_api.masking import mask
from target_listrak.channels.cross_channel.events import CustomEvent, CustomEvents, data_field, fields_of
from target_listrak.config.names import NameLookupError
from target_listrak.delivery.claims import Claims, SentMessages
from target_listrak.delivery.event_limit import EventLimit, EventLimitError
from target_listrak.delivery.identifiers import identifier_properties, identifiers_of
from target_listrak.delivery.loader import Delivery, Loader
from target_listrak.delivery.record_age import RecordAge
from target_listrak.delivery.sent_record import key_of
from target_listrak.outcomes import ACCEPTED, Declined, Outcome, Rejected, RowRejected, rejected_by
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import Reading
from target_listrak.values.row_faults import RowFaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["CustomEventsLoader"]

_UNKNOWN: Final = Declined(
    "unknown_outcome",
    "the event may have been raised: its answer was lost, or a run ended meanwhile. It is not sent again",
)
_GOOD: Final = range(200, 300)
_MOST_OPEN: Final = 50
"""The most requests that are being filled for one event."""
_TYPES: Final = {"email": "EmailAddress", "phone": "PhoneNumber"}


@dataclass(slots=True)
class _Event:
    """One record, ready to be sent.

    Attributes:
        row: Its row.
        key: A digest of its key properties; empty where the stream has no key.
        identifiers: Who it is about: pairs of type and value.
        fields: Its data fields.
    """

    row: Row
    key: str
    identifiers: list[tuple[str, str]]
    fields: dict[str, str]

    @property
    def body(self) -> dict[str, object]:
        """The event as the API takes it."""
        people = [{"identifierValue": value, "identifierType": kind} for kind, value in self.identifiers]
        return {"identifiers": people, "dataFields": self.fields}


@dataclass(slots=True)
class _Batch:
    """Events of one kind that are sent in one request.

    Attributes:
        events: The events.
        names: Their identifiers, each of which occurs once, as answers identify events by them; and their
            keys, each of which occurs once, as the outcome of the first decides about the second.
        weight: Bytes of their lines.
    """

    events: list[_Event] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)
    weight: int = 0


class CustomEventsLoader(Loader):
    """Raises a custom event for each record (`POST /eventConfigurations/{eventUID}/events`).

    Side effect: raises events, which may start journeys that send messages. An event has no id in Listrak, so
    one whose answer was lost cannot be looked up: it is reported as unknown, and never sent again. Events of
    streams with key properties are noted in the record of sent messages (`sent_path`): no run raises one
    twice.
    """

    kinds: ClassVar[tuple[str, ...]] = ("custom_events",)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> CustomEvent | None:
        """Find the event, unless records name it; read its schema, and check what `fields` names.

        Raises:
            ConfigurationError: The event is unknown, or has no such field.
        """
        run.connection.client("cross_channel")
        wanted = destination.options.get("event")
        if wanted is None:
            return None
        events = run.session(CustomEvents)
        try:
            event = events.find(wanted)
        except NameLookupError as error:
            raise destination.error("event", error.message, error.hint) from None
        goals = destination.field_goals
        if goals:
            schema = events.schema(event)
            known = fields_of(destination, schema, {})
            for name in goals:
                if name not in known:
                    text = f"the event {event.name!r} has no field {goals[name]!r}"
                    raise destination.error(f"fields.{name}", text, f"It has: {', '.join(schema) or 'none'}.")
        return event

    @classmethod
    def describe(cls, destination: Destination, resolved: CustomEvent | None) -> str:
        """Describe the destination: kind and event."""
        event = resolved.name if resolved else f"event by {destination.options['event_from']}"
        return f"{destination.kind}: {event}"

    def __init__(self, delivery: Delivery, resolved: CustomEvent | None) -> None:
        super().__init__(delivery, resolved)
        options = self.destination.options
        self._age = RecordAge(self.destination, self.run.config)
        self._limit = self.run.session(EventLimit, self.destination.label)
        self._events = self.run.session(CustomEvents)
        self._event_from: str | None = options.get("event_from")
        self._most: int = self.destination.option("events_per_request")
        self._row_faults = RowFaults(self.destination.option("on_bad_value"))
        self._reading = Reading.of(options, self.run.config)
        self._people: dict[str, str] = {}
        self._keys: list[str] = []
        self._properties: dict[str, Any] = {}
        self._fields: dict[str, dict[str, str]] = {}
        self._found: dict[str | int, CustomEvent | Rejected] = {}
        self._batches: dict[CustomEvent, list[_Batch]] = {}
        self._claims: dict[CustomEvent, Claims] = {}

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find who a record is about, and match its properties to the event's fields.

        Raises:
            ConfigurationError: Neither an email address nor a phone number is among the properties.
        """
        self._people = identifier_properties(self.delivery, schema)
        self._keys = key_properties
        if key_properties:
            self.run.session(SentMessages)
        else:
            self.run.connection.log_once(
                "%s: stream %s has no key properties: nothing tells its events apart, and a run that is "
                "repeated raises them again",
                self.destination.label,
                self.stream,
            )
        used = {*self._people.values(), self._event_from}
        properties = schema.get("properties") or {}
        self._properties = {
            name: one for name, one in properties.items() if name not in used and not name.startswith("_sdc_")
        }
        self._fields.clear()

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Add a record's event to the next request of its kind."""
        self._age.check(record)
        event = self._event_of(record)
        identifiers = self._identifiers(record)
        key = self._key(record)
        fields = self._data(event, record)
        names = {*identifiers, ("", key)} if key else set(identifiers)
        batches = self._batches.setdefault(event, [])
        # After the last request that has an event of the person: so the events keep their order.
        place = next((one + 1 for one in reversed(range(len(batches))) if names & batches[one].names), 0)
        if place == _MOST_OPEN:
            self._submit(event, 1)
            place -= 1
        if place == len(batches):
            batches.append(_Batch())
        batch = batches[place]
        batch.events.append(_Event(row, key, identifiers, fields))
        batch.names |= names
        batch.weight += 200 + 2 * len(row.line)
        if len(batch.events) >= self._most:
            self._submit(event, place + 1)

    def flush(self) -> None:
        """Send the events of all open batches."""
        for event, batches in self._batches.items():
            self._submit(event, len(batches))

    def close(self) -> None:
        """Close the record of what was sent."""
        if self._keys:
            self.run.session(SentMessages).record.close()

    # One record

    def _event_of(self, record: Mapping[str, Any]) -> CustomEvent:
        if self._event_from is None:
            return self.resolved  # type: ignore[no-any-return]
        wanted = record.get(self._event_from)
        if not isinstance(wanted, str) or not wanted.strip():
            text = f"{self._event_from}: expected the name or UID of a custom event"
            raise RowRejected(Rejected("no_event", text))
        found = self._found.get(wanted)
        if found is None:
            try:
                found = self._events.find(wanted)
            except NameLookupError:
                found = Rejected("unknown_event", f"{self._event_from}: Listrak has no such custom event")
            self._found[wanted] = found
        if isinstance(found, Rejected):
            raise RowRejected(found)
        return found

    def _identifiers(self, record: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = identifiers_of(record, self._people, self.run.config)
        return [(_TYPES[kind], value) for kind, value in found.items()]

    def _key(self, record: Mapping[str, Any]) -> str:
        """Return what identifies a record's event among those of the stream.

        Raises:
            RowRejected: A key property has no value.
        """
        if not self._keys:
            return ""
        key = key_of(record, self._keys)
        if key is None:
            text = f"{', '.join(self._keys)}: an event needs a value of each key property"
            raise RowRejected(Rejected("missing_key", text))
        return key

    def _data(self, event: CustomEvent, record: Mapping[str, Any]) -> dict[str, str]:
        schema = self._events.schema(event)
        pairs = self._fields.get(event.id)
        if pairs is None:
            pairs = self._fields[event.id] = fields_of(self.destination, schema, self._properties)
        data = {}
        for name, goal in pairs.items():
            text = data_field(record.get(name), schema[goal], self._reading)
            if isinstance(text, InvalidValue):
                self._row_faults.treat(name, text)
            elif text:
                data[goal] = text
        self._row_faults.check()
        return data

    def _submit(self, event: CustomEvent, count: int) -> None:
        """Submit the earliest batches of an event: they are sent one after the other."""
        batches = self._batches[event]
        for batch in batches[:count]:
            work = partial(self._work, event, self._claims_of(event), batch.events)
            self.run.calls.submit(("custom_events", event.id), work, batch.weight)
        del batches[:count]

    def _claims_of(self, event: CustomEvent) -> Claims | None:
        """Return the claims against a second event; `None` for a stream without key properties."""
        if not self._keys:
            return None
        claims = self._claims.get(event)
        if claims is None:
            place = f"{self.run.config['api_url']} custom_event {event.id} {self.stream}"
            claims = self._claims[event] = Claims(self.run, place, _UNKNOWN)
        return claims

    # Worker threads

    def _work(self, event: CustomEvent, claims: Claims | None, events: list[_Event]) -> None:
        """Send those events that were not sent before."""
        fresh = []
        for one in events:
            known = claims.claim(one.key) if claims else None
            if known is None:
                fresh.append(one)
            else:
                self.tracker.end(one.row, known)
        if not fresh:
            return
        try:
            self._limit.claim(self.destination, len(fresh))
        except EventLimitError:
            _release(claims, fresh)
            raise
        self._send(event, claims, fresh)

    def _send(self, event: CustomEvent, claims: Claims | None, events: Sequence[_Event]) -> None:
        """Send events; if Listrak refuses them, send each half by itself, down to the events at fault."""
        if self.run.dry_run:
            for one in events:
                self.tracker.remark("events would be raised")
                self.tracker.end(one.row, ACCEPTED)
            return
        client = self.run.connection.client("cross_channel")
        ids, body = {"eventUID": event.id}, {"events": [one.body for one in events]}
        # After any other end (a signal, an unexpected error) the claims stay: the outcomes are unknown.
        try:
            answer = client.send(routes.POST_CUSTOM_EVENTS, ids, body=body)
        except LostAnswerError:
            self.run.logger.warning(
                "%s: the answer to %d events was lost: they may have been raised, and are not sent again",
                self.destination.label,
                len(events),
            )
            for one in events:
                self._end(claims, one, _UNKNOWN)
            return
        except RequestRefusedError as error:
            if len(events) == 1:
                self._end(claims, events[0], rejected_by(error))
                return
            half = len(events) // 2
            self._send(event, claims, events[:half])
            self._send(event, claims, events[half:])
            return
        except (UnavailableError, AuthenticationError, NotFoundError):
            _release(claims, events)
            raise
        results = _results(answer.data)
        for one in events:
            self._end(claims, one, self._outcome(one, results))

    def _outcome(self, event: _Event, results: Mapping[tuple[str, str], Outcome]) -> Outcome:
        """Return what an answer says of an event: raised if it was raised for one of its identifiers."""
        found = [results.get(one, ACCEPTED) for one in event.identifiers]
        refused = [one for one in found if one is not ACCEPTED]
        if refused and len(refused) < len(found):
            self.tracker.remark("events were refused for one of two identifiers")
        return refused[0] if len(refused) == len(found) else ACCEPTED

    def _end(self, claims: Claims | None, event: _Event, outcome: Outcome) -> None:
        """Note the outcome of an event, and end its row."""
        if outcome is not ACCEPTED and outcome is not _UNKNOWN:
            self._limit.give_back(1)
        if claims:
            claims.end(event.key, outcome)
        self.tracker.end(event.row, outcome)


def _release(claims: Claims | None, events: Sequence[_Event]) -> None:
    """Note that events were certainly not raised, so that they may be sent later."""
    if claims:
        for one in events:
            claims.release(one.key)


def _results(data: object) -> dict[tuple[str, str], Outcome]:
    """Return what an answer says of each identifier: with status 200, single people can be refused."""
    found: dict[tuple[str, str], Outcome] = {}
    for group in data if isinstance(data, list) else ():
        status = group.get("statusCode")
        good = isinstance(status, int) and status in _GOOD
        outcome: Outcome = ACCEPTED if good else _refusal(status, group.get("errors") or ())
        for one in group.get("identifiers") or ():
            found[str(one.get("identifierType")), str(one.get("identifierValue"))] = outcome
    return found


def _refusal(status: object, errors: Sequence[Mapping[str, object]]) -> Rejected:
    texts = [
        ": ".join(mask(str(one[name]))[:200] for name in ("errorType", "errorMessage") if one.get(name))
        for one in errors
    ]
    return Rejected("refused", f"Listrak refused the event ({'; '.join(texts) or f'status {status}'})")
