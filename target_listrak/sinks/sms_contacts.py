"""Calls about single SMS contacts, and what Listrak's answers to them mean.

Nothing here is repeated blindly: after a lost answer the contact is looked up, and the call is made again
only if it was not carried out.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from listrak_api import routes
from listrak_api.errors import ConfigurationError, LostAnswerError, NotFoundError, RequestRefusedError
from target_listrak import phones
from target_listrak.outcomes import UNCHANGED, Declined, Outcome, Rejected, rejected_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_listrak.run import Run
    from target_listrak.sinks.sms_account import PhoneList, SenderCode

__all__ = ["OPTED_OUT", "OUTCOMES", "PENDING", "UNKNOWN_NUMBER", "SmsContacts", "State", "outcome_of"]

T = TypeVar("T")

_ATTEMPTS: Final = 3
"""How often a call is made whose answer is lost again and again, each time after a look."""
_NATIONAL_DIGITS: Final = 10


class State(enum.Enum):
    """How a number stands with a Phone List."""

    UNKNOWN = "not a contact of the sender code"
    NEVER = "never on the list"
    SUBSCRIBED = "subscribed"
    PENDING = "waiting for a double opt-in or an age gate"
    UNSUBSCRIBED = "unsubscribed"


class _Ends:
    """An answer that no single row is to blame for: it ends the run."""

    def __init__(self, text: str, hint: str) -> None:
        self.text = text
        self.hint = hint


_FIELDS_CHANGED = _Ends(
    "a profile field of the destination was removed or disabled in Listrak while the run went on",
    "Run again: the fields are then matched anew.",
)

UNKNOWN_NUMBER: Final = Declined("unknown_number", "the number is no contact of the sender code")
OPTED_OUT: Final = Declined(
    "opted_out", "the person has opted out of the sender code; only they can opt in again"
)
PENDING: Final = Declined("pending", "the number waits for a double opt-in or an age gate on the list")

OUTCOMES: Final[dict[str, Outcome | _Ends]] = {
    "ERROR_SUBSCRIBED_PHONE_NUMBER": UNCHANGED,
    "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED": UNCHANGED,
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
    """What a refusal means for the row.

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

    Numbers are given as `phones.canonical` makes them. Where Listrak takes ten digits only, that form is
    found out with the first number.

    Args:
        run: The run; a dry run reads, and writes nothing.
        sender_code: The sender code.
    """

    def __init__(self, run: Run, sender_code: SenderCode) -> None:
        self._run = run
        self._client = run.client("sms")
        self.sender_code = sender_code
        self._national: bool | None = None

    # Reading

    def read(self, number: str) -> dict[str, Any] | None:
        """A contact, or `None` where the number is unknown (`GET …/Contact/{phoneNumber}`)."""
        contact: dict[str, Any] | None = self._known(
            number, lambda ids: self._client.get(routes.SMS_CONTACT, ids)
        )
        return contact

    def state(self, number: str, phone_list: PhoneList) -> State:
        """How a number stands with a list (`GET …/Contact/{phoneNumber}/PhoneList`)."""

        def look(ids: Mapping[str, object]) -> State:
            for page in self._client.pages(routes.SMS_CONTACT_PHONE_LISTS, ids):
                for row in page.rows:
                    if row.get("phoneListId") == phone_list.id:
                        return _state_of(row)
            return State.NEVER

        return self._known(number, look) or State.UNKNOWN

    def members(self, phone_list: PhoneList) -> Iterator[str]:
        """The numbers that are listed for a Phone List, opted-in ones (`GET …/PhoneList/{id}/Contact`).

        Whether people who left the list are among them is not documented: `state` tells.
        """
        ids = {"senderCodeId": self.sender_code.id, "phoneListId": phone_list.id}
        for page in self._client.pages(routes.PHONE_LIST_CONTACTS, ids):
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

        def send(ids: Mapping[str, object]) -> None:
            route = {"senderCodeId": ids["senderCodeId"], "phoneListId": phone_list.id}
            written = {**body, "phoneNumber": ids["phoneNumber"]}
            self._client.send(routes.CREATE_PHONE_LIST_CONTACT, route, body=written)

        on_list = (State.SUBSCRIBED, State.PENDING)
        return self._write(number, send, lambda: self.state(number, phone_list) in on_list)

    def subscribe(self, number: str, phone_list: PhoneList) -> Outcome | None:
        """**Subscribe** a known number (`POST …/Contact/{phoneNumber}/PhoneList/{id}`).

        Returns:
            `None` when it was done, otherwise why not, or `UNCHANGED`.
        """

        def send(ids: Mapping[str, object]) -> None:
            self._client.send(routes.SUBSCRIBE_SMS_CONTACT, {**ids, "phoneListId": phone_list.id})

        on_list = (State.SUBSCRIBED, State.PENDING)
        return self._write(number, send, lambda: self.state(number, phone_list) in on_list)

    def unsubscribe(self, number: str, phone_list: PhoneList) -> Outcome | None:
        """Unsubscribe a number from a list (`DELETE …/ContactUnsubscribe/{phoneNumber}/PhoneList/{id}`).

        Returns:
            `None` when it was done, otherwise why not, or `UNCHANGED`.
        """

        def send(ids: Mapping[str, object]) -> None:
            self._client.send(routes.UNSUBSCRIBE_SMS_CONTACT, {**ids, "phoneListId": phone_list.id})

        return self._write(number, send, lambda: self.state(number, phone_list) is not State.SUBSCRIBED)

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

        def send(ids: Mapping[str, object]) -> None:
            self._client.send(routes.UPDATE_SMS_CONTACT, {"senderCodeId": ids["senderCodeId"]}, body=body)

        def look() -> bool:
            contact = self.read(number)
            return contact is not None and done(contact)

        return self._write(number, send, look)

    def _write(
        self, number: str, send: Callable[[Mapping[str, object]], None], done: Callable[[], bool]
    ) -> Outcome | None:
        if self._run.dry_run:
            return None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._in_form(number, send)
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
            return self._in_form(number, read)
        except NotFoundError:
            return None
        except RequestRefusedError as error:
            if error.code in {"ERROR_PHONE_NUMBER_NOT_FOUND", "ERROR_INVALID_PHONE_NUMBER"}:
                return None
            raise

    def _in_form(self, number: str, make: Callable[[Mapping[str, object]], T]) -> T:
        """Make a call with the number in the form that Listrak takes.

        Until one form has been taken, the other one is tried where Listrak refuses a number or does not
        find it.
        """
        forms = self._forms(number)
        for form in forms:
            try:
                answer = make({"senderCodeId": self.sender_code.id, "phoneNumber": form})
            except (RequestRefusedError, NotFoundError) as error:
                other = isinstance(error, NotFoundError) or error.code == "ERROR_INVALID_PHONE_NUMBER"
                if not other or form == forms[-1]:
                    raise
            else:
                if len(forms) > 1:
                    self._national = form != number
                return answer
        raise AssertionError  # pragma: no cover - the last form returns or raises

    def _forms(self, number: str) -> list[str]:
        national = phones.national_form(number)
        if len(national) != _NATIONAL_DIGITS or number != f"1{national}":
            return [number]
        if self._national is None:
            return [number, national]
        return [national if self._national else number]


def _state_of(row: Mapping[str, Any]) -> State:
    """A row's state: by its word, else (an enumeration given as a number) by flags and dates."""
    word = str(row.get("subscriptionState") or "").lower()
    if "pending" in word or row.get("pendingDoubleOptIn") or row.get("pendingAgeGate"):
        return State.PENDING
    if "unsub" in word:
        return State.UNSUBSCRIBED
    if "subscribed" in word:
        return State.SUBSCRIBED
    since, until = (_date_text(row.get(name)) for name in ("subscribeDate", "unsubscribeDate"))
    if until and until >= since:
        return State.UNSUBSCRIBED
    return State.SUBSCRIBED if since else State.NEVER


def _date_text(value: object) -> str:
    text = str(value or "")
    return "" if text.startswith("0001-01-01") else text  # Listrak's own "no date"
