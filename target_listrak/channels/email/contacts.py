"""Single contacts, for what import files cannot do: one call each (`POST /List/{listId}/Contact`)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from listrak_api import routes
from listrak_api.errors import NotFoundError, RequestRefusedError
from target_listrak.channels.email.buffer import EXTERNAL_ID, NEW_EMAIL, ColumnId
from target_listrak.channels.email.import_results import Result, reason_of
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.lookups import Query, look_up_each, pages_of
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected, rejected_by
from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from target_listrak.channels.email.lists import EmailList
    from target_listrak.channels.email.simulation import SimulatedList
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["Contacts"]

_CODES: Final = (
    ("SUPPRESSED", Result.SUPPRESSED),
    ("BANNED", Result.BANNED),
    ("PENDING", Result.PENDING),
    ("UNSUBSCRIBED", Result.PREVIOUSLY_UNSUBSCRIBED),
    ("UPDATE_UNSUBSCRIBE_WITH_EVENTS", Result.PREVIOUSLY_UNSUBSCRIBED),
    ("NOT_SUBSCRIBED", Result.UNKNOWN_CONTACT),
)
"""Parts of Listrak's error codes, and what they mean for the row."""

_ADDRESS_TAKEN: Final = Declined(
    "address_taken", "the list has another contact with the new address; Listrak does not join two contacts"
)

_FEW: Final = 100


class Contacts:
    """Single contacts of one list.

    Args:
        run: The run.
        email_list: The list.
        destination: The destination, for its settings.
        event_ids: Events to raise with what subscribes or updates a contact.
    """

    def __init__(
        self, run: Run, email_list: EmailList, destination: Destination, event_ids: Sequence[int] = ()
    ) -> None:
        self._events = list(event_ids)
        self._run = run
        self._list = email_list
        self._destination = destination

    def read(self, identifier: str) -> dict[str, Any] | None:
        """Read a contact; `None` if the list does not know the address (`GET /List/{listId}/Contact/{…}`)."""
        if self._run.dry_run:
            state = self._simulated.state(identifier)
            return None if state in {None, "Pending"} else {"subscriptionState": state}
        ids = {"listId": self._list.id, "contactIdentifier": identifier}
        try:
            return dict(self._run.connection.client("email").get(routes.CONTACT, ids))
        except NotFoundError:
            return None

    @property
    def _simulated(self) -> SimulatedList:
        return self._run.session(EmailSession).simulated.of(self._list.id, self._list.name)

    def addresses_of(self, external_ids: Collection[str], *, include_unsubscribed: bool) -> dict[str, str]:
        """Read the addresses of contacts by their external ids (`GET /List/{listId}/Contact`).

        A few are looked up one by one; for many, the whole list is read, which takes fewer requests.

        Args:
            external_ids: What to look for.
            include_unsubscribed: Whether to look among the unsubscribed as well.

        Returns:
            From external id to address, of those that were found; subscribed contacts go before unsubscribed
            ones.
        """
        found: dict[str, str] = {}
        if self._run.dry_run:
            noted = {one: self._simulated.by_external_id(one) for one in external_ids}
            found = {one: address for one, address in noted.items() if address is not None}
            if not self._list.id:
                return found
        for state in ("Subscribed", "Unsubscribed") if include_unsubscribed else ("Subscribed",):
            missing = [one for one in external_ids if one not in found]
            for row in self._rows_of(missing, state):
                # The filter is not relied on: Listrak ignores parameters that it does not know.
                external_id = str(row.get("externalContactID"))
                if external_id in external_ids:
                    found.setdefault(external_id, str(row["emailAddress"]))
        return found

    def _rows_of(self, external_ids: Sequence[str], state: str) -> Iterator[dict[str, Any]]:
        """Read the contacts of a state that have one of a few external ids; of many, all of that state."""
        connection, ids = self._run.connection, {"listId": self._list.id}
        if len(external_ids) <= _FEW:
            queries = [
                Query(ids, {"subscriptionState": state, "externalContactId": one}) for one in external_ids
            ]
            yield from chain.from_iterable(look_up_each(connection, "email", routes.CONTACTS, queries))
            return
        for page in pages_of(connection, "email", routes.CONTACTS, ids, {"subscriptionState": state}):
            yield from page.rows

    def subscribe(
        self, address: str, cells: Mapping[ColumnId, str], *, resubscribe: bool | None = None
    ) -> Outcome:
        """Create or update a subscribed contact, or change its address.

        Side effect: subscribes. An unsubscribed contact stays so unless `resubscribe` is on.

        Args:
            address: The contact.
            cells: Its values by column; `NEW_EMAIL` changes its address.
            resubscribe: Whether to subscribe an unsubscribed one; the destination's option if not given.
        """
        resubscribe = self._destination.option("resubscribe") if resubscribe is None else resubscribe
        known = self.read(address)
        new_address = cells.get(NEW_EMAIL)
        if known is None and new_address:
            # The address was changed before, or the list never had it: the contact is the one with the new
            # address.
            self._note_move(address, new_address)
            address, new_address = new_address, None
            known = self.read(address)
        stays = self._stays(known, resubscribe=resubscribe)
        if stays is not None:
            return stays
        nothing_new = (
            not any(cells.values()) and not self._events and not (cells and self._destination.clears)
        )
        if known is not None and not _is_unsubscribed(known) and nothing_new:
            return UNCHANGED
        params: dict[str, object] = {"overrideUnsubscribe": True} if resubscribe else {}
        if self._destination.option("double_opt_in") and known is None:
            params["sendDoubleOptIn"] = True
        if self._destination.option("subscribed_by_contact"):
            params["subscribedByContact"] = True
        if new_address:
            moved = self._move(address, new_address, params if _is_unsubscribed(known) else None)
            if moved is not ACCEPTED:
                return moved
            self._note_move(address, new_address)
            address = new_address
            if not any(cells[column] for column in cells if column != NEW_EMAIL) and not self._events:
                return ACCEPTED
        return self._save(address, cells, params, state="Subscribed")

    def _note_move(self, address: str, new_address: str) -> None:
        self._run.session(EmailSession).moves.note((self._list.id, self._list.name), address, new_address)

    def _move(self, address: str, new_address: str, resubscribe: dict[str, object] | None) -> Outcome:
        """Change a contact's address: a separate call, as Listrak takes no values and events with it."""
        if resubscribe is not None:
            subscribed = self._save(address, {}, resubscribe, state="Subscribed")
            if isinstance(subscribed, Declined | Rejected):
                return subscribed
        return self._save(address, {}, {"newEmailAddress": new_address}, idempotent=False)

    def update(self, address: str, cells: Mapping[ColumnId, str], *, include_unsubscribed: bool) -> Outcome:
        """Update the values of a contact that the list knows. Never subscribes anybody."""
        known = self.read(address)
        if known is None:
            return reason_of(Result.UNKNOWN_CONTACT)
        if not include_unsubscribed:
            stays = self._stays(known, resubscribe=False)
            if stays is not None:
                return stays
        return self._save(address, cells, {})

    def unsubscribe(self, address: str) -> Outcome:
        """Unsubscribe a contact that the list knows."""
        known = self.read(address)
        if known is None:
            return reason_of(Result.UNKNOWN_CONTACT)
        if _is_unsubscribed(known):
            return UNCHANGED
        return self._save(address, {}, {}, state="Unsubscribed")

    @staticmethod
    def _stays(known: Mapping[str, Any] | None, *, resubscribe: bool) -> Outcome | None:
        """Return why a known contact is left as it is; None if it is not."""
        state = known.get("subscriptionState") if known else None
        if state == "Unsubscribed" and not resubscribe:
            return reason_of(Result.PREVIOUSLY_UNSUBSCRIBED)
        return reason_of(Result.PENDING) if state == "Pending" else None

    def _save(
        self,
        address: str,
        cells: Mapping[ColumnId, str],
        params: Mapping[str, object],
        *,
        state: str | None = None,
        idempotent: bool = True,
    ) -> Outcome:
        values = [
            {"segmentationFieldId": column, "value": cell}
            for column, cell in cells.items()
            if column > 0 and (cell or self._destination.clears)
        ]
        body: dict[str, object] = {"emailAddress": address, "segmentationFieldValues": values}
        if state is not None:
            body["subscriptionState"] = state
        if cells.get(EXTERNAL_ID):
            body["externalContactID"] = cells[EXTERNAL_ID]
        query = dict(params)
        if values:
            clears = any(not value["value"] for value in values)
            query["updateType"] = "Overwrite" if clears else self._destination.option("update_type")
        if self._events and state != "Unsubscribed":
            query["eventIds"] = self._events
        if self._run.dry_run:
            return self._pretend(address, query, state, cells.get(EXTERNAL_ID, ""))
        repeatable = (
            idempotent
            and not {"eventIds", "sendDoubleOptIn"} & query.keys()
            and query.get("updateType") != "Append"
        )
        ids = {"listId": self._list.id}
        try:
            self._run.connection.client("email").send(
                routes.SAVE_CONTACT, ids, query, body, idempotent=repeatable
            )
        except RequestRefusedError as error:
            return _meaning(error, state)
        return ACCEPTED

    def _pretend(
        self, address: str, query: Mapping[str, object], state: str | None, external_id: str
    ) -> Outcome:
        """Return the outcome that a call would have, for a dry run; note what it would have changed."""
        simulated = self._simulated
        new = query.get("newEmailAddress")
        if new is not None:
            taken = simulated.state(str(new))
            if taken is not None and comparison_key(str(new)) != comparison_key(address):
                codes = {"Unsubscribed": Result.PREVIOUSLY_UNSUBSCRIBED, "Pending": Result.PENDING}
                return reason_of(codes[taken]) if taken in codes else _ADDRESS_TAKEN
            simulated.note(address, None)
            simulated.note(str(new), "Subscribed", external_id)
        elif state == "Unsubscribed":
            simulated.note(address, "Unsubscribed")
        elif state == "Subscribed":
            if simulated.state(address) == "Pending":
                return reason_of(Result.PENDING)
            simulated.note(address, "Pending" if "sendDoubleOptIn" in query else "Subscribed", external_id)
        return ACCEPTED


def _is_unsubscribed(contact: Mapping[str, Any] | None) -> bool:
    return contact is not None and contact.get("subscriptionState") == "Unsubscribed"


def _meaning(error: RequestRefusedError, state: str | None) -> Outcome:
    """Return what a refusal of one contact means.

    Args:
        error: The refusal.
        state: The state that was asked for. `ERROR_UNSUBSCRIBED_EMAIL_ADDRESS` means that there was nothing
            to do when unsubscribing, and that the contact had unsubscribed before when subscribing.
    """
    subscribed, unsubscribed = "ERROR_SUBSCRIBED_EMAIL_ADDRESS", "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS"
    if error.code == (unsubscribed if state == "Unsubscribed" else subscribed):
        return UNCHANGED
    if error.code == "ERROR_SUBSCRIBED_NEW_EMAIL_ADDRESS":
        return _ADDRESS_TAKEN
    for part, result in _CODES:
        if part in error.code:
            return reason_of(result)
    return rejected_by(error)
