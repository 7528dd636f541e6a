"""The SMS side of the sandbox as a test looks at it: who stands how, and what was done to whom."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from target_runs import Outcome, Runs, record, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

CODE = 410
CLUB, STOCK, WINE, HOLIDAY, OUTLET = 7101, 7102, 7103, 7104, 7201
STREAM = "people"
PROPERTIES = (
    "phone",
    "first_name",
    "last_name",
    "email",
    "birthday",
    "postal_code",
    "favorite_store",
    "loyalty_tier",
    "loyalty_points",
    "vip",
    "anniversary",
    "shoe_size",
)


@dataclass
class SmsWorld:
    """Runs of the target, and the state of the first sender code's contacts."""

    runs: Runs

    def stored(self, number: str, code: int = CODE) -> dict[str, Any]:
        """A contact as the sandbox stores it; empty if it is unknown."""
        found = self.runs.sandbox.control("GET", "sms-contacts", senderCodeId=code, phoneNumber=number)
        return dict(found[0]) if found else {}

    def some(
        self, count: int, state: str = "subscribed", standing: str = "ok", phone_list: int = CLUB
    ) -> list[str]:
        """Numbers of people in this state on a list."""
        query = {"senderCodeId": CODE, "phoneListId": phone_list, "limit": 100_000}
        found = self.runs.sandbox.control("GET", "sms-contacts", state=state, standing=standing, **query)
        numbers = [str(one["phoneNumber"]) for one in found if standing == "opted_out" or not one["optOut"]]
        assert len(numbers) >= count
        return numbers[:count]

    def one(self, state: str = "subscribed", standing: str = "ok", phone_list: int = CLUB) -> str:
        """The number of somebody in this state on a list."""
        return self.some(1, state, standing, phone_list)[0]

    def state(self, number: str, phone_list: int = CLUB) -> str | None:
        """How a number stands with a list."""
        lists = self.stored(number).get("phoneLists", [])
        return next((row["subscriptionState"] for row in lists if row["phoneListId"] == phone_list), None)

    def on(self, phone_list: int = CLUB) -> set[str]:
        """Everybody who is subscribed to a list, opted-out people apart."""
        return set(self.everybody(phone_list, "subscribed"))

    def everybody(self, phone_list: int = CLUB, state: str | None = None) -> dict[str, dict[str, Any]]:
        """All contacts of the sender code, or those in a state on a list, by number."""
        query: dict[str, Any] = {"senderCodeId": CODE, "phoneListId": phone_list, "limit": 100_000}
        if state:
            query["state"] = state
        found = self.runs.sandbox.control("GET", "sms-contacts", **query)
        return {str(one["phoneNumber"]): one for one in found}

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The changes that were made by calls."""
        made = self.runs.sandbox.written()["sms"]["calls"]
        return [one for one in made if operation in {None, one["operation"]}]

    def touched(self) -> set[str]:
        """Every number that a call or an import changed."""
        imported = {number for one in self.imports() for number in one["updated"]}
        return {str(one["phoneNumber"]) for one in self.calls()} | imported

    def imports(self) -> list[dict[str, Any]]:
        """The contact imports that were made."""
        return list(self.runs.sandbox.written()["sms"]["imports"])

    def load(
        self,
        rows: list[dict[str, Any]],
        kind: str = "sms_list",
        *,
        settings: Mapping[str, object] = MappingProxyType({}),
        **options: object,
    ) -> Outcome:
        """Load rows, and see that all are accounted for."""
        return self.runs.good(messages(rows), destination(kind, **options), **settings)


def destination(kind: str = "sms_list", **options: object) -> dict[str, Any]:
    """The setting `destinations` for one stream."""
    places: dict[str, Any] = {"sender_code": "48291"}
    if kind in {"sms_list", "sms_unsubscribe"}:
        places["phone_list"] = "VIP Texts"
    return {STREAM: {"kind": kind, **places, **options}}


def messages(rows: list[dict[str, Any]], version: int | None = None) -> list[Any]:
    """SCHEMA and RECORD messages; every property is text or whatever the row says."""
    return [
        schema(STREAM, *PROPERTIES, "_sdc_deleted_at"),
        *(record(STREAM, version, **row) for row in rows),
    ]


def new_numbers(count: int, first: int = 0) -> list[str]:
    """Numbers that nobody in the sandbox has."""
    return [f"1216555{number:04}" for number in range(3000 + first, 3000 + first + count)]
