"""The SMS API, ``/sms/v1``: every route that a tap or target uses; no broadcasts, no sending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.envelope import Answer, invalid, json_answer
from listrak_sandbox.expected import Digest
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.sms import contacts, imports, lists, phones
from listrak_sandbox.sms.account import Account, instant_text
from listrak_sandbox.sms.world import PENDING, SUBSCRIBED, UNSUBSCRIBED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.sms.world import Contact, SenderCode, SmsList

STREAMS = (
    "sender_codes", "phone_lists", "phone_list_contacts", "sms_opt_outs", "sms_profile_fields",
    "sms_transactional_messages",
)  # fmt: skip
"""Streams of the tap that read this API."""


class SmsApi:
    """The SMS API of one sandbox."""

    name = "sms"
    base = "/sms/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.reset()

    def reset(self) -> None:
        """Forget everything written and begin with the sandbox's current seed and scale."""
        self.account = Account(self.sandbox.seed, self.sandbox.scale, _email_lists(self.sandbox))
        self.imports = imports.Imports(self)
        self._calls: list[dict[str, object]] = []

    def routes(self) -> list[Route]:
        """Return every route of the SMS API that is served."""
        return [
            *lists.routes(self),
            *contacts.reading_routes(self),
            *contacts.writing_routes(self),
            *imports.routes(self),
        ]

    def control_routes(self) -> list[Route]:
        """Return ``GET /_sandbox/sms-contacts``."""
        return [Route("GET", "/sms-contacts", self._stored_contacts)]

    # What handlers share.

    def now(self, call: Call) -> str:
        """Return the instant of a call as text, after everything due by then has been carried out."""
        now = instant_text(call.now)
        self.imports.settle(now)
        return now

    def code(self, call: Call) -> SenderCode:
        """Find the sender code a path names.

        Raises:
            ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE; by a setting 400 ERROR_SENDER_CODE_DISABLED.
        """
        code = self.account.code(call.id("senderCodeId"))
        below = call.route.template != "/ShortCode/{senderCodeId}"
        if code.disabled and below and not self.sandbox.settings.sms_inactive_readable:
            self.account.check_writable(code)
        return code

    def code_and_list(self, call: Call) -> tuple[SenderCode, SmsList]:
        """Find the sender code and the phone list a path names.

        Raises:
            ApiError: See `code` and `Account.phone_list`; by a setting 400 ERROR_LIST_INACTIVE.
        """
        code = self.code(call)
        one = self.as_set(self.account.phone_list(code, call.id("phoneListId")))
        below = not call.route.template.endswith("{phoneListId}")
        if not one.active and below and not self.sandbox.settings.sms_inactive_readable:
            self.account.check_writable(code, one)
        return code, one

    def as_set(self, one: SmsList) -> SmsList:
        """Return a phone list with the double opt-in that the settings say."""
        wanted = self.sandbox.settings.sms_double_opt_in.get(str(one.id), one.double_opt_in)
        return one if wanted is one.double_opt_in else replace(one, double_opt_in=wanted)

    def code_and_contact(self, call: Call) -> tuple[SenderCode, Contact]:
        """Find the sender code and the contact a path names (see `contacts.find`)."""
        return contacts.find(self, call)

    def written_number(self, phone: str) -> str:
        """Write a number in the form that the settings want."""
        return phones.written(phone, self.sandbox.settings.sms_phone_form)

    def note(self, call: Call, operation: str, phone: str, one: SmsList | None = None) -> None:
        """Remember a change for ``/_sandbox/written``."""
        self._calls.append(
            {
                "at": instant_text(call.now),
                "operation": operation,
                "senderCodeId": call.id("senderCodeId"),
                "phoneListId": one.id if one else None,
                "phoneNumber": phone,
                "body": msgspec.json.decode(call.body) if call.body else None,
            }
        )

    # Control.

    def written(self) -> dict[str, object]:
        """Return ``{"sms": {"calls": …, "imports": …}}``: changes made, and imports with their rows."""
        self.imports.settle(instant_text(self.sandbox.clock.now()))
        return {"sms": {"calls": self._calls, "imports": self.imports.written()}}

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Return counts and digests of a complete extraction.

        Args:
            selection: ``streams``, ``sender_code_ids`` and ``phone_list_ids``, each comma separated.
        """
        wanted = _words(selection, "streams")
        now = instant_text(self.sandbox.clock.now())
        self.imports.settle(now)
        codes, chosen = _words(selection, "sender_code_ids"), _words(selection, "phone_list_ids")
        digests = {name: Digest() for name in STREAMS if not wanted or name in wanted}
        for code in self.account.codes:
            if not codes or str(code.id) in codes:
                for name, digest in digests.items():
                    for keys in self._keys(name, code, chosen, now):
                        digest.add(code.id, *keys)
        return {name: digest.result() for name, digest in digests.items()}

    def _keys(
        self, stream: str, code: SenderCode, chosen: set[str], now: str
    ) -> Iterator[tuple[object, ...]]:
        """Return the keys of a stream's rows of one sender code, that code's id left out."""
        readable = self.sandbox.settings.sms_inactive_readable
        if stream == "sender_codes":
            yield ()
        elif code.disabled and not readable:
            return
        elif stream == "sms_opt_outs":
            for row in contacts.opt_out_records(self, code, now):
                yield (row["phoneNumber"],)
        elif stream == "sms_profile_fields":
            for row in lists.field_records(self):
                yield (row["segmentationFieldId"],)
        else:
            for one in code.lists:
                if not chosen or str(one.id) in chosen:
                    yield from self._list_keys(stream, code, one, now)

    def _list_keys(
        self, stream: str, code: SenderCode, one: SmsList, now: str
    ) -> Iterator[tuple[object, ...]]:
        if stream == "phone_lists":
            yield (one.id,)
        elif not one.active and not self.sandbox.settings.sms_inactive_readable:
            return
        elif stream == "phone_list_contacts":
            for opted_out in (False, True):
                for contact in contacts.on_list(self, code, one, now, opted_out=opted_out):
                    yield one.id, self.written_number(contact.phone)
        else:
            for row in lists.message_records(code, one.id):
                yield one.id, row["transactionalMessageId"]

    def _stored_contacts(self, call: Call) -> Answer:
        """Answer ``GET /_sandbox/sms-contacts``: the stored state of contacts, whatever it is.

        Query: ``senderCodeId``; ``phoneNumber``, or ``phoneListId`` with ``state`` (subscribed, unsubscribed,
        pending, never) and ``standing`` (ok, opted_out, banned, blocked, suspended), and ``limit``.
        ``standing=refused`` gives numbers that no sender code knows and that cannot be added.
        """
        now = self.now(call)
        query = call.query
        if query.get("standing") == "refused":
            return json_answer(
                200, [{"phoneNumber": one, "why": why} for one, why in self.account.refused.items()]
            )
        try:
            code = self.account.code(int(query["senderCodeId"]))
            list_id, limit = int(query.get("phoneListId") or 0), int(query.get("limit") or 100)
        except (KeyError, ValueError):
            raise invalid("senderCodeId", "senderCodeId, phoneListId and limit are integers.") from None
        if "phoneNumber" in query:
            found = self.account.find(code, phones.parse(query["phoneNumber"]), now)
            return json_answer(200, [self._stored(code, found, now)] if found else [])
        states = {"subscribed": SUBSCRIBED, "unsubscribed": UNSUBSCRIBED, "pending": PENDING, "never": None}
        rows: list[dict[str, Any]] = []
        for contact in self.account.everybody(code, now):
            if "state" in query and self.account.state(contact, list_id, now) != states[query["state"]]:
                continue
            standing = contact.standing or ("opted_out" if self.account.opted_out(contact, now) else "ok")
            if query.get("standing", standing) == standing:
                rows.append(self._stored(code, contact, now))
                if len(rows) >= limit:
                    break
        return json_answer(200, rows)

    def _stored(self, code: SenderCode, contact: Contact, now: str) -> dict[str, Any]:
        names = {one.id: one.name for one in self.account.fields}
        out = self.account.opted_out(contact, now)
        return {
            **contacts.contact_record(self, contact, now),
            "phoneNumber": contact.phone,
            "standing": contact.standing or "ok",
            "optOut": {"at": out.at, "reason": out.reason} if out else None,
            "values": {names[one]: value for one, value in self.account.values(contact.phone).items()},
            "phoneLists": [
                row
                for one in code.lists
                if (row := contacts.subscription_record(self.account, self.as_set(one), contact, now))
            ],
        }


def _words(selection: Mapping[str, str], name: str) -> set[str]:
    return {word.strip() for word in selection.get(name, "").split(",") if word.strip()}


def _email_lists(sandbox: Sandbox) -> list[tuple[int, str]]:
    """Return id and name of the email lists that sender codes go with."""
    return [(one.list_id, one.shape.name) for one in sandbox.world.lists.values()]


def api(sandbox: Sandbox) -> SmsApi:
    """Create the SMS API of a sandbox."""
    return SmsApi(sandbox)
