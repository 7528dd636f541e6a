"""The Cross Channel API, ``/crosschannel/v1``: custom events, their schemas, and the events that were posted.

Answers are an object of ``data`` and ``meta``, not Listrak's usual envelope. A post that is answered 200 can
have refused single people: each group of identifiers has a status of its own.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from listrak_sandbox.clock import parse_wall_time, text_of
from listrak_sandbox.envelope import Answer, ApiError, json_answer
from listrak_sandbox.expected import chosen, digest
from listrak_sandbox.sandbox import Call, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from listrak_sandbox.sandbox import Sandbox

__all__ = ["CrossChannelApi", "api"]

_NAMESPACE = uuid.UUID("6a1f6f4e-6d0b-4f0e-9a54-3d1f5f6c2b10")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_NUMBER = re.compile(r"\+?[1-9]\d{7,14}")
_REFUSED = "@refused.example.org"
"""Addresses of this domain are refused, so that a request with good and bad ones can be made."""


@dataclass(frozen=True)
class CustomEvent:
    """A custom event that somebody has set up in the application.

    Attributes:
        name: Its name.
        fields: Its schema: from field to ``String``, ``Int``, ``Double`` or ``Date``.
    """

    name: str
    fields: dict[str, str]

    @property
    def uid(self) -> str:
        """Its unique identifier, the same in every sandbox."""
        return str(uuid.uuid5(_NAMESPACE, self.name))


EVENTS = (
    CustomEvent(
        "Cart Abandoned",
        {"cartValue": "Double", "itemCount": "Int", "cartUrl": "String", "abandonedAt": "Date"},
    ),
    CustomEvent("Back In Stock", {"sku": "String", "productName": "String", "price": "Double"}),
    CustomEvent("Loyalty Tier Reached", {"tier": "String", "points": "Int", "reachedOn": "Date"}),
    CustomEvent("Store Visit", {}),
)


class _Identifier(msgspec.Struct):
    identifierValue: str  # noqa: N815  the API's name
    identifierType: Literal["EmailAddress", "PhoneNumber", "MobileContactUid"]  # noqa: N815  the API's name


class _Event(msgspec.Struct):
    identifiers: list[_Identifier]
    dataFields: dict[str, Any] | None = None  # noqa: N815  the API's name


class _Events(msgspec.Struct):
    events: list[_Event]


class CrossChannelApi:
    """The Cross Channel API of one sandbox."""

    name = "cross_channel"
    base = "/crosschannel/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.reset()

    def reset(self) -> None:
        """Forget the events that were posted."""
        self._posted: list[dict[str, object]] = []
        self._refused: list[dict[str, object]] = []

    def routes(self) -> list[Route]:
        """Return the three routes."""
        return [
            Route("GET", "/eventConfigurations", self._configurations),
            Route("GET", "/eventConfigurations/{eventUID}", self._configuration),
            Route("POST", "/eventConfigurations/{eventUID}/events", self._post, body=True),
        ]

    def control_routes(self) -> list[Route]:
        """Return none: `written` has everything."""
        return []

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Return ``{stream: {count, digest}}`` of the custom events and of their schemas."""
        wanted = chosen(selection, "streams")
        return {
            name: digest((one.uid,) for one in EVENTS)
            for name in ("custom_event_configurations", "custom_event_schemas")
            if not wanted or name in wanted
        }

    def written(self) -> dict[str, object]:
        """Return ``{"custom_events": {"posted": […], "refused": […]}}``, in the order in which they came.

        One posted event is ``{"at", "event", "identifiers": [{"type", "value"}], "fields", "discarded"}``:
        ``discarded`` names the data fields that the event's schema does not have. One refused identifier is
        ``{"at", "event", "type", "value", "error"}``.
        """
        return {"custom_events": {"posted": self._posted, "refused": self._refused}}

    def _configurations(self, call: Call) -> Answer:
        del call
        return _answer(200, [{"eventUID": one.uid, "eventName": one.name} for one in EVENTS])

    def _configuration(self, call: Call) -> Answer:
        event = _found(call)
        if event is None:
            return _not_found()
        data = {
            "eventUID": event.uid,
            "eventName": event.name,
            "eventSchemaAttrs": event.fields,
            "featureAccess": ["Workflow"],
        }
        return _answer(200, data)

    def _post(self, call: Call) -> Answer:
        event = _found(call)
        if event is None:
            return _not_found()
        try:
            posted = call.json(_Events).events
        except ApiError as unreadable:
            return _answer(400, None, unreadable.message)
        if not posted or not all(one.identifiers for one in posted):
            return _answer(400, None, "One event or more, each with an identifier, is expected.")
        groups: dict[tuple[int, str, str], list[dict[str, str]]] = {}
        for one in posted:
            wrong = _wrong_field(event, one.dataFields or {})
            taken = []
            for identifier in one.identifiers:
                error = wrong or _wrong_identifier(identifier)
                key = (400, *error) if error else (200, "", "")
                shown = {
                    "identifierValue": identifier.identifierValue,
                    "identifierType": identifier.identifierType,
                }
                groups.setdefault(key, []).append(shown)
                if error is None:
                    taken.append({"type": identifier.identifierType, "value": identifier.identifierValue})
                else:
                    self._refuse(call, event, identifier, error[0])
            if taken:
                self._keep(call, event, taken, one.dataFields or {})
        return _answer(200, [_group(key, identifiers) for key, identifiers in groups.items()])

    def _keep(
        self, call: Call, event: CustomEvent, taken: list[dict[str, str]], fields: dict[str, Any]
    ) -> None:
        self._posted.append(
            {
                "at": text_of(call.now),
                "event": event.name,
                "identifiers": taken,
                "fields": {name: value for name, value in fields.items() if name in event.fields},
                "discarded": sorted(fields.keys() - event.fields.keys()),
            }
        )

    def _refuse(self, call: Call, event: CustomEvent, identifier: _Identifier, error: str) -> None:
        self._refused.append(
            {
                "at": text_of(call.now),
                "event": event.name,
                "type": identifier.identifierType,
                "value": identifier.identifierValue,
                "error": error,
            }
        )


def _found(call: Call) -> CustomEvent | None:
    uid = call.ids["eventUID"].lower()
    return next((one for one in EVENTS if one.uid == uid), None)


def _not_found() -> Answer:
    return _answer(404, None, "Entity Not Found")


def _answer(status: int, data: object, error: str = "") -> Answer:
    errors = [{"userMessage": error, "internalMessage": error}] if error else []
    meta = {"statusCode": status, "message": error or "OK", "errors": errors}
    return json_answer(status, {"data": data, "meta": meta})


def _group(key: tuple[int, str, str], identifiers: list[dict[str, str]]) -> dict[str, object]:
    status, kind, message = key
    errors = [{"errorType": kind, "errorMessage": message}] if kind else []
    return {"identifiers": identifiers, "statusCode": status, "errors": errors}


def _wrong_identifier(identifier: _Identifier) -> tuple[str, str] | None:
    """Return type and text of the error of an identifier, if there is one."""
    value = identifier.identifierValue
    match identifier.identifierType:
        case "EmailAddress":
            good = bool(_ADDRESS.fullmatch(value)) and not value.lower().endswith(_REFUSED)
        case "PhoneNumber":
            good = bool(_NUMBER.fullmatch(value))
        case _:
            good = bool(value)
    return None if good else ("InvalidIdentifier", "The identifier cannot be used.")


def _is_date(text: str) -> bool:
    parse_wall_time(text)
    return True


_PARSERS: dict[str, Callable[[str], object]] = {"Int": int, "Double": float, "Date": _is_date}


def _wrong_field(event: CustomEvent, fields: dict[str, Any]) -> tuple[str, str] | None:
    """Return type and text of the error of an event whose value cannot be parsed into its type."""
    for name, value in fields.items():
        parse = _PARSERS.get(event.fields.get(name, ""))
        if parse is None or value is None:
            continue
        try:
            parse(str(value))
        except ValueError:
            return "InvalidDataField", f"The value of {name} cannot be parsed as {event.fields[name]}."
    return None


def api(sandbox: Sandbox) -> CrossChannelApi:
    """Create the Cross Channel API of a sandbox."""
    return CrossChannelApi(sandbox)
