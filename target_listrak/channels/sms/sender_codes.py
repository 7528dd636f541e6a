"""What an SMS destination names: sender code, Phone List, profile fields; found before a record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from listrak_api import routes
from target_listrak.config.names import NameLookupError, find_by_name
from target_listrak.delivery.lookups import look_up
from target_listrak.values.phones import is_country

if TYPE_CHECKING:
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["PhoneList", "SenderCode", "SmsField", "find_phone_list", "find_sender_code", "read_fields"]


class SenderCode(NamedTuple):
    """A sender code: `shortCodeId`, `code` and the country of its numbers."""

    id: int
    name: str
    country: str


class PhoneList(NamedTuple):
    """An SMS Phone List of a sender code."""

    id: int
    name: str
    active: bool


class SmsField(NamedTuple):
    """A custom SMS profile field. Disabled and purged ones cannot be written to."""

    id: int
    name: str
    data_type: str
    max_length: int | None
    active: bool


def find_sender_code(run: Run, destination: Destination) -> SenderCode:
    """Find the sender code of a destination (`GET /ShortCode`).

    Raises:
        ConfigurationError: There is no such code or id; the text lists what there is.
    """
    rows = look_up(run.connection, "sms", routes.SENDER_CODES)
    codes = [
        SenderCode(row["shortCodeId"], str(row["code"]), _country(row.get("country"), run)) for row in rows
    ]
    wanted = destination.option("sender_code")
    try:
        return find_by_name(wanted, codes, "sender code")
    except NameLookupError as error:
        meant = isinstance(wanted, int) and any(code.name == str(wanted) for code in codes)
        hint = f'A number is an id; write "{wanted}" for the code. {error.hint}' if meant else error.hint
        problem = destination.error("sender_code", error.message, hint)
        raise problem from None


def _country(country: object, run: Run) -> str:
    code = str(country).strip().upper()
    return code if is_country(code) else str(run.config["default_country"])


def find_phone_list(run: Run, destination: Destination, sender_code: SenderCode) -> PhoneList:
    """Find the Phone List of a destination (`GET PhoneList`, active and inactive ones).

    Raises:
        ConfigurationError: There is none of that name or id, or it is inactive.
    """
    found: dict[int, PhoneList] = {}
    ids = {"senderCodeId": sender_code.id}
    # Inactive ones are only asked for once: most accounts have none, and none is written to.
    inactive = run.connection.client("sms").rows(routes.PHONE_LISTS, ids, {"status": "inactive"})
    active = look_up(run.connection, "sms", routes.PHONE_LISTS, ids, {"status": "active"})
    for status, rows in (("active", active), ("inactive", inactive)):
        for row in rows:
            # An account whose service ignored the parameter gives all lists twice: the word of the row
            # decides.
            said = str(row.get("status") or status).lower()
            one = PhoneList(row["phoneListId"], str(row["phoneListName"]), active="inactive" not in said)
            found.setdefault(one.id, one)
    try:
        chosen = find_by_name(destination.option("phone_list"), list(found.values()), "Phone List")
    except NameLookupError as error:
        problem = destination.error("phone_list", error.message, error.hint)
        raise problem from None
    if not chosen.active:
        text = f"Phone List {chosen.name!r} is inactive: nobody can be subscribed to it or leave it"
        problem = destination.error("phone_list", text, "Activate it in Listrak, or name another.")
        raise problem
    return chosen


def read_fields(run: Run, sender_code: SenderCode) -> list[SmsField]:
    """Read all SMS profile fields that a sender code can have (`GET SegmentationField`)."""
    ids = {"senderCodeId": sender_code.id}
    rows = look_up(run.connection, "sms", routes.SMS_SEGMENTATION_FIELDS, ids)
    return [
        SmsField(
            row["segmentationFieldId"],
            str(row["segmentationFieldName"]),
            str(row.get("dataType") or "Text"),
            row.get("maxLength"),
            active=not _is_disabled(row.get("statusFlag")),
        )
        for row in rows
    ]


def _is_disabled(status: object) -> bool:
    word = str(status or "").lower()
    return any(part in word for part in ("disabled", "inactive", "purge", "delete"))
