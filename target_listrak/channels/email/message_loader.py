"""The kind `transactional_message`: sends a transactional email for each record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from listrak_api import routes
from target_listrak.channels.email.fields_loader import FieldsLoader
from target_listrak.channels.email.import_files import Plan
from target_listrak.config.names import NameLookupError, find_by_name
from target_listrak.delivery.import_body import decode_line
from target_listrak.delivery.lookups import look_up
from target_listrak.delivery.record_age import RecordAge
from target_listrak.delivery.sender import Sender
from target_listrak.outcomes import ACCEPTED, Outcome, RowRejected
from target_listrak.values.row_faults import with_faults

if TYPE_CHECKING:
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["TransactionalMessageLoader"]


class Message(NamedTuple):
    """A transactional message of a list."""

    id: int
    name: str


class Place(NamedTuple):
    """A list and its message."""

    list: EmailList
    message: Message


class TransactionalMessageLoader(FieldsLoader):
    """Sends a message for each record (`POST …/TransactionalMessage/{id}/Message`), once for each key.

    Side effect: **people get an email**, whether or not they are on the list. Profile values go along; nobody
    is subscribed.
    """

    kinds: ClassVar[tuple[str, ...]] = ("transactional_message",)

    def __init__(self, delivery: Delivery, resolved: Place) -> None:
        super().__init__(delivery, resolved.list)
        self._place = resolved
        self._sender: Sender | None = None
        self._age = RecordAge(self.destination, self.run.config)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Any:  # noqa: ANN401 - each kind resolves to what it needs
        """Find list and message (`GET /List/{listId}/TransactionalMessage`)."""
        email_list = super().resolve(run, destination)
        assert email_list is not None  # noqa: S101 - given before; for the type checker
        ids = {"listId": email_list.id}
        rows = look_up(run.connection, "email", routes.TRANSACTIONAL_MESSAGES, ids)
        messages = [
            Message(row["transactionalMessageId"], str(row["transactionalMessageName"])) for row in rows
        ]
        of = f"list {email_list.name!r}"
        try:
            return Place(
                email_list,
                find_by_name(destination.option("message"), messages, "transactional message", of=of),
            )
        except NameLookupError as error:
            raise destination.error("message", error.message, error.hint) from None

    @classmethod
    def describe(cls, destination: Destination, resolved: Any) -> str:  # noqa: ANN401 - each kind resolves to what it needs
        """Describe the destination: kind, list and message."""
        return f"{destination.kind}: {resolved.list.name}, {resolved.message.name}"

    def make_plan(self) -> Plan:
        """Return an empty plan: nothing is imported."""
        return Plan("")

    def columns_wanted(self) -> None:
        """Return None: each record is a call."""

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the properties, and open the record of what was sent."""
        super().schema(schema, key_properties)
        place = f"transactional_message {self._place.list.id} {self._place.message.id}"
        if self._sender is None:
            self._sender = Sender(self.delivery, place, key_properties)

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Send one record's message, unless it was sent before."""
        assert self._sender is not None  # noqa: S101 - made by schema; for the type checker
        self._age.check(record)
        try:
            address = self.address(record)
        except RowRejected as ended:
            raise RowRejected(with_faults(ended.rejected, self._email, self.faults(record))) from None
        layout, line = self._mapper_of(self._place.list)(record, address)
        values = zip(layout, decode_line(line)[1:], strict=True)
        body: dict[str, object] = {
            "emailAddress": address.sent,
            "segmentationFieldValues": [
                {"segmentationFieldId": field, "value": value}
                for field, value in values
                if value and field > 0
            ],
        }
        self._sender.submit(row, self._sender.key(record), lambda: self._send(body))

    def _send(self, body: dict[str, object]) -> Outcome:
        ids = {"listId": self._place.list.id, "transactionalMessageId": self._place.message.id}
        self.run.connection.client("email").send(routes.SEND_TRANSACTIONAL_MESSAGE, ids, body=body)
        return ACCEPTED

    def close(self) -> None:
        """Close the record of what was sent."""
        super().close()
        if self._sender is not None:
            self._sender.close()
