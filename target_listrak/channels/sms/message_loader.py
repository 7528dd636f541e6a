"""The kind `sms_transactional_message`: sends a transactional SMS message for each record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from listrak_api import routes
from target_listrak.channels.sms.contacts import OPTED_OUT
from target_listrak.channels.sms.loader import Resolved, SmsLoader
from target_listrak.config.names import NameLookupError, find_by_name
from target_listrak.delivery.lookups import look_up
from target_listrak.delivery.record_age import RecordAge
from target_listrak.delivery.sender import Sender
from target_listrak.outcomes import ACCEPTED, Outcome, Rejected, RowRejected
from target_listrak.values.formats import as_text
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import IDENTIFIER, Reading

if TYPE_CHECKING:
    from collections.abc import Collection

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["SmsTransactionalMessageLoader"]

_INACTIVE = ("inactive", "disabled", "draft", "paused", "deleted")


class Message(NamedTuple):
    """A transactional message of a Phone List."""

    id: int
    name: str
    status: str


class SmsTransactionalMessageLoader(SmsLoader):
    """Sends a message for each record (`POST …/TransactionalMessage/{id}/Message`), once for each key.

    Side effect: **people get a text message**. Nobody is subscribed; a number that has opted out of the
    sender code gets nothing.
    """

    kinds: ClassVar[tuple[str, ...]] = ("sms_transactional_message",)

    _sender: Sender | None = None
    _age: RecordAge
    _no_contents: Collection[str] = ()

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Resolved:
        """Find the Phone List and its message (`GET …/PhoneList/{phoneListId}/TransactionalMessage`)."""
        resolved = super().resolve(run, destination)
        assert resolved.phone_list is not None  # noqa: S101 - has_list; for the type checker
        ids = {"senderCodeId": resolved.sender_code.id, "phoneListId": resolved.phone_list.id}
        rows = look_up(run.connection, "sms", routes.SMS_TRANSACTIONAL_MESSAGES, ids)
        messages = [
            Message(
                row["transactionalMessageId"],
                str(row["transactionalMessageName"]),
                str(row.get("transactionalMessageStatus")).lower(),
            )
            for row in rows
        ]
        of = f"Phone List {resolved.phone_list.name!r}"
        try:
            message = find_by_name(destination.option("message"), messages, "transactional message", of=of)
        except NameLookupError as error:
            raise destination.error("message", error.message, error.hint) from None
        if any(word in message.status for word in _INACTIVE):
            text = f"the message {message.name!r} is not active ({message.status[:20]})"
            raise destination.error("message", text, "Activate it in Listrak, or name another.")
        return resolved._replace(message=message.id)

    @classmethod
    def describe(cls, destination: Destination, resolved: Resolved) -> str:
        """Describe the destination: kind, list, sender code and message."""
        return f"{super().describe(destination, resolved)}, message {destination.option('message')}"

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find the phone number, and open the record of what was sent."""
        super().schema(schema, key_properties)
        ids = f"{self.sender_code.id} {self.phone_list.id} {self.resolved.message}"
        if self._sender is None:
            nulls = Reading.of(self.destination.options, self.run.config).null_values
            self._no_contents = {"", *map(str.casefold, nulls | IDENTIFIER.null_values)}
            self._age = RecordAge(self.destination, self.run.config)
            self._sender = Sender(self.delivery, f"sms_transactional_message {ids}", key_properties)

    def take_number(self, number: str, record: dict[str, Any], row: Row) -> None:
        """Send one record's message, unless it was sent before."""
        assert self._sender is not None  # noqa: S101 - made by schema; for the type checker
        self._age.check(record)
        content = self._content(record)
        self._sender.submit(row, self._sender.key(record), lambda: self._send(number, content))

    def _content(self, record: dict[str, Any]) -> str | None:
        name = self.destination.options.get("content")
        if name is None:
            return None
        value = record.get(name)
        text = as_text(value) if isinstance(value, str) else ""
        if isinstance(text, InvalidValue):
            raise RowRejected(Rejected("no_content", f"{name}: {text.reason}"))
        if text.strip().casefold() in self._no_contents:
            raise RowRejected(Rejected("no_content", f"{name}: the text of the message is missing"))
        return text

    def _send(self, number: str, content: str | None) -> Outcome:
        contact = self.contacts.read(number)
        if contact is not None and contact.get("optedOut"):
            return OPTED_OUT
        self.contacts.send_message(number, self.phone_list, self.resolved.message, content)
        return ACCEPTED

    def close(self) -> None:
        """Close the record of what was sent."""
        super().close()
        if self._sender is not None:
            self._sender.close()
