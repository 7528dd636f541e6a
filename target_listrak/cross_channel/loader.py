"""The kind `custom_events`: each record raises a custom event, which may start a journey."""

from __future__ import annotations

import threading
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
from target_listrak.config.names import NameLookupError
from target_listrak.cross_channel.events import CustomEvent, CustomEvents, data_field, fields_of
from target_listrak.delivery.identifiers import identifier_properties, identifiers_of
from target_listrak.delivery.loader import Delivery, Loader
from target_listrak.delivery.sender import SentMessages
from target_listrak.delivery.sent_record import Sent, SentRecord, key_of
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected, RowRejected, rejected_by
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
    """Events of one kind that go out in one request.

    Attributes:
        events: The events.
        people: Their identifiers: each is there once, for answers tell events apart by them.
        weight: Bytes of their lines.
    """

    events: list[_Event] = field(default_factory=list)
    people: set[tuple[str, str]] = field(default_factory=set)
    weight: int = 0


class CustomEventsLoader(Loader):
    """Raises a custom event for each record (`POST /eventConfigurations/{eventUID}/events`).

    Side effect: the event, which may start journeys that send messages. An event has no id in Listrak, so one
    whose answer was lost cannot be looked up: it is reported as unknown, and never sent again. Streams with
    key properties are noted in the record of sent messages (`sent_path`): no run raises an event twice.
    """

    kinds: ClassVar[tuple[str, ...]] = ("custom_events",)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> CustomEvent | None:
        """Find the event, where no record names it; read its schema, and check what `fields` names.

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
        given = destination.option("fields")
        if not isinstance(given, str):
            schema = events.schema(event)
            known = fields_of(given, schema, {})
            for name in given:
                if name not in known:
                    text = f"the event {event.name!r} has no field {given[name]!r}"
                    raise destination.error(f"fields.{name}", text, f"It has: {', '.join(schema) or 'none'}.")
        return event

    @classmethod
    def describe(cls, destination: Destination, resolved: CustomEvent | None) -> str:
        """Kind and event."""
        event = resolved.name if resolved else f"event by {destination.options['event_from']}"
        return f"{destination.kind}: {event}"

    def __init__(self, delivery: Delivery, resolved: CustomEvent | None) -> None:
        super().__init__(delivery, resolved)
        options = self.destination.options
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
        self._batches: dict[CustomEvent, _Batch] = {}
        self._lock = threading.Lock()
        self._record: SentRecord | None = None
        self._seen: set[str] = set()

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find who a record is about, and match its properties to the event's fields.

        Raises:
            ConfigurationError: Neither an email address nor a phone number is among the properties.
        """
        self._people = identifier_properties(self.delivery, schema)
        self._keys = key_properties
        if key_properties:
            self._record = self.run.session(SentMessages).record
        if not key_properties:
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
        event = self._event_of(record)
        identifiers = self._identifiers(record)
        key = self._key(record)
        fields = self._data(event, record)
        batch = self._batches.setdefault(event, _Batch())
        if not batch.people.isdisjoint(identifiers):
            self._submit(event)
            batch = self._batches[event] = _Batch()
        batch.events.append(_Event(row, key, identifiers, fields))
        batch.people.update(identifiers)
        batch.weight += 200 + 2 * len(row.line)
        if len(batch.events) >= self._most:
            self._submit(event)

    def flush(self) -> None:
        """Send what is gathered."""
        for event in list(self._batches):
            self._submit(event)

    def close(self) -> None:
        """Close the record of what was sent."""
        if self._record is not None:
            self._record.close()

    # One record

    def _event_of(self, record: Mapping[str, Any]) -> CustomEvent:
        if self._event_from is None:
            return self.resolved  # type: ignore[no-any-return]
        wanted = record.get(self._event_from)
        if not isinstance(wanted, str) or not wanted.strip():
            text = f"{self._event_from}: the name or UID of a custom event is needed"
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
        return [(_TYPES[member], value) for member, value in found.items()]

    def _key(self, record: Mapping[str, Any]) -> str:
        """What tells a record's event apart from others of the stream.

        Raises:
            RowRejected: A key property has no value, or an earlier record has the same key.
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
            given = self.destination.option("fields")
            pairs = self._fields[event.id] = fields_of(given, schema, self._properties)
        data = {}
        for name, goal in pairs.items():
            text = data_field(record.get(name), schema[goal], self._reading)
            if isinstance(text, InvalidValue):
                self._row_faults.treat(name, text)
            elif text:
                data[goal] = text
        self._row_faults.check()
        return data

    # Worker threads

    def _submit(self, event: CustomEvent) -> None:
        batch = self._batches.pop(event, None)
        if batch is not None and batch.events:
            self.run.calls.submit(
                ("custom_events", event.id), partial(self._work, event, batch.events), batch.weight
            )

    def _work(self, event: CustomEvent, events: list[_Event]) -> None:
        """Send those events that were not sent before."""
        place = f"{self.run.config['api_url']} custom_event {event.id} {self.stream}"
        fresh = []
        for one in events:
            known = self._claim(place, one)
            if known is None:
                fresh.append(one)
            else:
                self.tracker.end(one.row, known)
        if fresh:
            self._send(event, place, fresh)

    def _claim(self, place: str, event: _Event) -> Outcome | None:
        """Note that an event is being sent; or why it must not be."""
        if self._record is None or not event.key:
            return None
        with self._lock:
            state = self._record.state(place, event.key)
            if state is Sent.UNKNOWN:
                return _UNKNOWN
            if state is Sent.SENT or event.key in self._seen:
                return UNCHANGED
            self._seen.add(event.key)
            if not self.run.dry_run:
                self._record.claim(place, event.key)
        return None

    def _send(self, event: CustomEvent, place: str, events: Sequence[_Event]) -> None:
        """Send events; where Listrak refuses them, each half by itself, down to the events at fault."""
        if self.run.dry_run:
            for one in events:
                self.tracker.remark("events would be raised")
                self.tracker.end(one.row, ACCEPTED)
            return
        client = self.run.connection.client("cross_channel")
        ids, body = {"eventUID": event.id}, {"events": [one.body for one in events]}
        # Whatever ends this otherwise (a signal, an error nobody thought of) leaves the claims: unknown.
        try:
            answer = client.send(routes.POST_CUSTOM_EVENTS, ids, body=body)
        except LostAnswerError:
            self.run.logger.warning(
                "%s: the answer to %d events was lost: they may have been raised, and are not sent again",
                self.destination.label,
                len(events),
            )
            for one in events:
                self._end(place, one, _UNKNOWN)
            return
        except RequestRefusedError as error:
            if len(events) == 1:
                self._end(place, events[0], rejected_by(error))
                return
            half = len(events) // 2
            self._send(event, place, events[:half])
            self._send(event, place, events[half:])
            return
        except (UnavailableError, AuthenticationError, NotFoundError):
            for one in events:
                self._forget(place, one)
            raise
        results = _results(answer.data)
        for one in events:
            self._end(place, one, self._outcome(one, results))

    def _outcome(self, event: _Event, results: Mapping[tuple[str, str], Outcome]) -> Outcome:
        """What an answer says of an event: raised if it was for one of its identifiers."""
        found = [results.get(one, ACCEPTED) for one in event.identifiers]
        refused = [one for one in found if one is not ACCEPTED]
        if refused and len(refused) < len(found):
            self.tracker.remark("events were refused for one of two identifiers")
        return refused[0] if len(refused) == len(found) else ACCEPTED

    def _end(self, place: str, event: _Event, outcome: Outcome) -> None:
        """Note how an event went, and settle its row."""
        if self._record is not None and event.key:
            if outcome is ACCEPTED or outcome is _UNKNOWN:
                state = Sent.SENT if outcome is ACCEPTED else Sent.UNKNOWN
                self._record.end(place, event.key, state)
            else:
                self._forget(place, event)
        self.tracker.end(event.row, outcome)

    def _forget(self, place: str, event: _Event) -> None:
        """Note that an event was certainly not raised, so that it may be sent later."""
        if self._record is not None and event.key:
            with self._lock:
                self._seen.discard(event.key)
            self._record.end(place, event.key, None)


def _results(data: object) -> dict[tuple[str, str], Outcome]:
    """What an answer says of each identifier: a post that is answered 200 can have refused single people."""
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
