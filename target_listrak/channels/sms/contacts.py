"""Calls about single SMS contacts, and what Listrak's answers to them mean.

After a lost answer the contact is looked up, and the call is made again only if it was not carried out.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from listrak_api import routes
from listrak_api.errors import ConfigurationError, LostAnswerError, NotFoundError, RequestRefusedError
from listrak_api.phone_forms import NumberForm, number_forms
from target_listrak.channels.sms.session import SenderCodeSession
from target_listrak.channels.sms.standing import State
from target_listrak.delivery.lookups import ONCE_MORE, pages_of
from target_listrak.outcomes import UNCHANGED, Declined, Outcome, Rejected, rejected_by
from target_listrak.values import phones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_listrak.channels.sms.sender_codes import PhoneList, SenderCode
    from target_listrak.delivery.run import Run

__all__ = [
    "NOT_SUBSCRIBED",
    "OPTED_OUT",
    "OUTCOMES",
    "PENDING",
    "UNKNOWN_NUMBER",
    "SmsContacts",
    "outcome_of",
]

T = TypeVar("T")

_SAMPLE: Final = 50
"""Members of a list that are looked at for one whose number has two forms."""
_ATTEMPTS: Final = 3
"""How often a call is made if each answer is lost, each time after a look-up."""


class _Ends:
    """An answer that no single row is to blame for: it ends the run."""

    def __init__(self, text: str, hint: str) -> None:
        self.text = text
        self.hint = hint


_FIELDS_CHANGED = _Ends(
    "a profile field of the destination was removed or disabled in Listrak while the run went on",
    "Run again: the fields are then matched anew.",
)

UNKNOWN_NUMBER: Final = Declined(
    "unknown_number", "the sender code has no contact with the number, with or without its country code"
)
NOT_SUBSCRIBED: Final = Declined("not_subscribed", "the number is not subscribed to the Phone List")
OPTED_OUT: Final = Declined(
    "opted_out", "the person has opted out of the sender code; only they can opt in again"
)
PENDING: Final = Declined("pending", "the number waits for a double opt-in or an age gate on the list")

OUTCOMES: Final[dict[str, Outcome | _Ends]] = {
    "ERROR_SUBSCRIBED_PHONE_NUMBER": UNCHANGED,
    "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED": NOT_SUBSCRIBED,
    "ERROR_PHONE_NUMBER_FOUND": Rejected(
        "known_number", "the number became a contact of the sender code just now: send the row again"
    ),
    "ERROR_PHONE_NUMBER_NOT_FOUND": UNKNOWN_NUMBER,
    "ERROR_UNABLE_TO_LOCATE_RESOURCE": UNKNOWN_NUMBER,
    "ERROR_PHONE_NUMBER_OPTED_OUT": OPTED_OUT,
    "ERROR_PHONE_NUMBER_BLOCKED": Declined("blocked", "Listrak blocks the number"),
    "ERROR_BANNED_PHONE_NUMBER": Declined("banned", "the number is banned from the sender code"),
    "ERROR_PHONE_NUMBER_SUSPENDED": Declined(
        "suspended", "the number's service is suspended: it cannot be sent messages"
    ),
    "ERROR_PENDING_PHONE_NUMBER": PENDING,
    "ERROR_INVALID_PHONE_NUMBER": Rejected("bad_phone_number", "Listrak does not take it as a phone number"),
    "ERROR_INVALID_EMAIL_ADDRESS": Rejected("bad_email_address", "Listrak does not take the email address"),
    "ERROR_BIRTHDAY_FIELD_NULL": Rejected("not_a_date", "Listrak does not take the birthday"),
    "ERROR_SEGMENTATION_MAX_LENGTH": Rejected("too_long", "a value is longer than its profile field"),
    "ERROR_INVALID_SEGMENTATION_FIELD_ID": _FIELDS_CHANGED,
    "ERROR_SEGMENTATION_FIELD_DISABLED": _FIELDS_CHANGED,
    "ERROR_LIST_INACTIVE": _Ends("the Phone List is inactive", "Activate it in Listrak, or name another."),
    "ERROR_INVALID_LIST_ID": _Ends(
        "the Phone List does not belong to the sender code", "Check sender_code and phone_list."
    ),
    "ERROR_SENDER_CODE_DISABLED": _Ends("the sender code is disabled", "Enable it in Listrak."),
}
"""What a refusal of a call about one contact means: already so, declined, rejected, or the run's end."""


def outcome_of(error: RequestRefusedError) -> Outcome:
    """Return what a refusal means for the row.

    Raises:
        ConfigurationError: It would meet every row alike.
    """
    known = OUTCOMES.get(error.code)
    if isinstance(known, _Ends):
        text = f"Listrak refuses the destination ({error.code}): {known.text}"
        raise ConfigurationError(text, setting="destinations", hint=known.hint) from error
    if known is not None:
        return known
    return rejected_by(error)


class SmsContacts:
    """The contacts of one sender code. Thread safe.

    Numbers are given as `phones.canonical` returns them. The form in which Listrak takes them, in paths and
    in bodies, is learned with the first number that it knows (`listrak_api.phone_forms`).

    Args:
        run: The run; a dry run reads, and writes nothing.
        sender_code: The sender code.
    """

    def __init__(self, run: Run, sender_code: SenderCode) -> None:
        self._run = run
        self._client = run.connection.client("sms")
        self.sender_code = sender_code
        self._path_form = NumberForm(run.config.get("phone_path_form"))
        self._body_form = NumberForm(run.config.get("phone_body_form"))
        self._lock = threading.Lock()
        self._looked_for_form = False
        self._simulated = run.session(SenderCodeSession, sender_code.id).simulated

    # Reading

    def read(self, number: str) -> dict[str, Any] | None:
        """Read a contact; `None` if the number is unknown (`GET …/Contact/{phoneNumber}`)."""
        contact: dict[str, Any] | None = self._simulated.contact(number) or self._known(number, self._get)
        return contact

    def _get(self, ids: Mapping[str, object]) -> dict[str, Any]:
        return dict(self._client.get(routes.SMS_CONTACT, ids))

    def state(self, number: str, phone_list: PhoneList) -> State:
        """Read a number's state on a list (`GET …/Contact/{phoneNumber}/PhoneList`)."""

        def look(ids: Mapping[str, object]) -> State:
            pages = pages_of(
                self._run.connection, "sms", routes.SMS_CONTACT_PHONE_LISTS, ids, repeats=ONCE_MORE
            )
            for page in pages:
                for row in page.rows:
                    if row.get("phoneListId") == phone_list.id:
                        return _state_of(row)
            return State.NEVER

        if self._run.dry_run:
            return self._simulated_state(number, phone_list, look)
        state = self._known(number, look)
        if state is None and not self._path_form.known:
            self._learn_path_form(phone_list)
        return state or State.UNKNOWN

    def _simulated_state(
        self, number: str, phone_list: PhoneList, look: Callable[[Mapping[str, object]], State]
    ) -> State:
        """Return the state that a number would have on a list in a dry run; an opt-out leaves every list."""
        state = self._simulated.state(number, phone_list.id)
        if state is None:
            new = self._simulated.is_new(number)
            state = State.NEVER if new else (self._known(number, look) or State.UNKNOWN)
        out = (self._simulated.contact(number) or {}).get("optedOut")
        return State.UNSUBSCRIBED if out and state in {State.SUBSCRIBED, State.PENDING} else state

    def _learn_path_form(self, phone_list: PhoneList) -> None:
        """Look up one member of the list, once a run: from new numbers alone nothing can be learned."""
        with self._lock:
            if self._looked_for_form:
                return
            self._looked_for_form = True
        ids = {"senderCodeId": self.sender_code.id, "phoneListId": phone_list.id}
        for row in self._client.get_page(routes.PHONE_LIST_CONTACTS, ids, count=_SAMPLE).rows:
            member = phones.from_listrak(str(row["phoneNumber"]), self.sender_code.country)
            if len(number_forms(member)) > 1:
                self._known(member, self._get)
                return

    def members(self, phone_list: PhoneList) -> Iterator[str]:
        """Read the opted-in numbers of a Phone List (`GET …/PhoneList/{id}/Contact`).

        Whether people who left the list are among them is not documented: `state` tells.
        """
        ids = {"senderCodeId": self.sender_code.id, "phoneListId": phone_list.id}
        for page in pages_of(self._run.connection, "sms", routes.PHONE_LIST_CONTACTS, ids):
            for row in page.rows:
                if not row.get("optedOut"):
                    yield phones.from_listrak(str(row["phoneNumber"]), self.sender_code.country)

    # Writing

    def create(self, phone_list: PhoneList, body: Mapping[str, Any]) -> Outcome | None:
        """Create a contact **and subscribe it** (`POST …/PhoneList/{id}/Contact`).

        Returns:
            `None` when it was done, otherwise why not.
        """
        number = str(body["phoneNumber"])
        if self._run.dry_run:
            self._simulated.create(number, body)
            self._simulated.stand(number, phone_list.id, State.SUBSCRIBED)
            return None
        ids = {"senderCodeId": self.sender_code.id, "phoneListId": phone_list.id}

        def send(form: str) -> None:
            self._client.send(routes.CREATE_PHONE_LIST_CONTACT, ids, body={**body, "phoneNumber": form})

        on_list = (State.SUBSCRIBED, State.PENDING)
        return self._write(
            lambda: self._body_form.call(number, send), lambda: self.state(number, phone_list) in on_list
        )

    def send_message(self, number: str, phone_list: PhoneList, message_id: int, content: str | None) -> None:
        """**Send** a transactional message (`POST …/TransactionalMessage/{id}/Message`). Not repeated.

        Raises:
            LostAnswerError: It may have been sent.
            ListrakError: It was not sent.
        """
        ids = {
            "senderCodeId": self.sender_code.id,
            "phoneListId": phone_list.id,
            "transactionalMessageId": message_id,
        }

        def send(form: str) -> None:
            body = {"phoneNumber": form} | ({} if content is None else {"messageContent": content})
            self._client.send(routes.SEND_SMS_TRANSACTIONAL_MESSAGE, ids, body=body)

        self._body_form.call(number, send)

    def subscribe(self, number: str, phone_list: PhoneList) -> Outcome | None:
        """**Subscribe** a known number (`POST …/Contact/{phoneNumber}/PhoneList/{id}`).

        Returns:
            `None` when it was done, otherwise why not, or `UNCHANGED`.
        """
        if self._run.dry_run:
            self._simulated.stand(number, phone_list.id, State.SUBSCRIBED)
            return None

        def send(ids: Mapping[str, object]) -> None:
            self._client.send(routes.SUBSCRIBE_SMS_CONTACT, {**ids, "phoneListId": phone_list.id})

        on_list = (State.SUBSCRIBED, State.PENDING)
        return self._write(
            lambda: self._in_path(number, send), lambda: self.state(number, phone_list) in on_list
        )

    def unsubscribe(self, number: str, phone_list: PhoneList) -> Outcome | None:
        """Unsubscribe a number from a list (`DELETE …/ContactUnsubscribe/{phoneNumber}/PhoneList/{id}`).

        Returns:
            `None` when it was done, otherwise why not: `NOT_SUBSCRIBED` also where the number is pending.
        """
        if self._run.dry_run:
            self._simulated.stand(number, phone_list.id, State.UNSUBSCRIBED)
            return None

        def send(ids: Mapping[str, object]) -> None:
            self._client.send(routes.UNSUBSCRIBE_SMS_CONTACT, {**ids, "phoneListId": phone_list.id})

        return self._write(
            lambda: self._in_path(number, send),
            lambda: self.state(number, phone_list) is not State.SUBSCRIBED,
        )

    def update(
        self, number: str, body: Mapping[str, Any], done: Callable[[Mapping[str, Any]], bool]
    ) -> Outcome | None:
        """Replace a contact's values, or opt it out; never opts in (`PUT …/Contact`).

        Args:
            number: The number.
            body: The whole contact.
            done: Whether a contact, as read after a lost answer, is as it should be.

        Returns:
            `None` when it was done, otherwise why not.
        """
        if self._run.dry_run:
            self._simulated.update(number, body)
            return None
        ids = {"senderCodeId": self.sender_code.id}

        def send(form: str) -> None:
            self._client.send(routes.UPDATE_SMS_CONTACT, ids, body={**body, "phoneNumber": form})

        def look() -> bool:
            contact = self.read(number)
            return contact is not None and done(contact)

        # Presumably Listrak takes the form in which it wrote the contact's number.
        first = str(body.get("phoneNumber") or "")
        return self._write(lambda: self._body_form.call(number, send, first), look)

    def _write(self, send: Callable[[], None], done: Callable[[], bool]) -> Outcome | None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                send()
            except RequestRefusedError as error:
                return outcome_of(error)
            except NotFoundError:
                return UNKNOWN_NUMBER
            except LostAnswerError:
                if done():
                    return None
                if attempt == _ATTEMPTS:
                    raise
            else:
                return None
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _known(self, number: str, read: Callable[[Mapping[str, object]], T]) -> T | None:
        try:
            return self._in_path(number, read)
        except NotFoundError:
            return None
        except RequestRefusedError as error:
            if error.code in {"ERROR_PHONE_NUMBER_NOT_FOUND", "ERROR_INVALID_PHONE_NUMBER"}:
                return None
            raise

    def _in_path(self, number: str, make: Callable[[Mapping[str, object]], T]) -> T:
        """Make a call with the number in the path, in the form that Listrak takes there."""
        code = self.sender_code.id
        return self._path_form.call(number, lambda form: make({"senderCodeId": code, "phoneNumber": form}))


def _state_of(row: Mapping[str, Any]) -> State:
    """Return a row's state: by its word, else (an enumeration given as a number) by flags and dates.

    "Not Subscribed" is the word for who left, and may be the one for who never came: the dates tell.
    """
    word = str(row.get("subscriptionState") or "").lower()
    if "pending" in word or row.get("pendingDoubleOptIn") or row.get("pendingAgeGate"):
        return State.PENDING
    if "unsub" in word:
        return State.UNSUBSCRIBED
    since, until = (_date_text(row.get(name)) for name in ("subscribeDate", "unsubscribeDate"))
    if word.startswith("not"):
        return State.UNSUBSCRIBED if since or until else State.NEVER
    if "subscribed" in word:
        return State.SUBSCRIBED
    if until and until >= since:
        return State.UNSUBSCRIBED
    return State.SUBSCRIBED if since else State.NEVER


def _date_text(value: object) -> str:
    text = str(value or "")
    return "" if text.startswith("0001-01-01") else text  # Listrak's own "no date"
