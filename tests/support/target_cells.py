"""The target's side of the fault matrix: kinds of destination, and what Listrak holds after a run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from plugin_runs import Ended, run, settings_for
from target_runs import activate, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

NEWSLETTER, CODE, CLUB, VIP = 40137, 410, 7101, 1124
STREAM = "people"
COPY = "copy"
Record = dict[str, Any]


@dataclass(frozen=True)
class People:
    """Who there is in the account, as a source would know them.

    Attributes:
        subscribed: Addresses on the list.
        left: Addresses that have unsubscribed.
        members: Numbers on the phone list.
        gone: Numbers that have left it.
    """

    subscribed: list[str]
    left: list[str]
    members: list[str]
    gone: list[str]

    @classmethod
    def of(cls, box: RunningSandbox) -> People:
        """Look them up."""
        headers = {"Authorization": f"Bearer {box.token()}"}
        address = f"{box.url}/email/v1/List/{NEWSLETTER}/Contact"

        def emails(subscription_state: str) -> list[str]:
            query = {"subscriptionState": subscription_state, "count": "5000"}
            answer = requests.get(address, params=query, headers=headers, timeout=30).json()
            return [row["emailAddress"] for row in answer["data"]]

        def numbers(standing: str) -> list[str]:
            query = {"senderCodeId": CODE, "phoneListId": CLUB, "limit": 1000, "state": standing}
            found = box.control("GET", "sms-contacts", standing="ok", **query)
            return [one["phoneNumber"] for one in found if not one["optOut"]]

        return cls(
            emails("Subscribed"), emails("Unsubscribed"), numbers("subscribed"), numbers("unsubscribed")
        )


@dataclass(frozen=True)
class Column:
    """A kind of destination.

    Attributes:
        destination: Its setting.
        rows: What is sent, made out of who there is.
        mirrors: Whether the stream is complete, and ends with an ACTIVATE_VERSION.
        keys: Its key properties.
        copy: The destination of a copy of the stream, where two kinds go together.
    """

    destination: Record
    rows: Callable[[People], list[Record]]
    mirrors: bool = False
    keys: tuple[str, ...] = ()
    copy: Record | None = None

    @property
    def settings(self) -> Record:
        """The settings that say where the stream goes."""
        copy = {} if self.copy is None else {COPY: self.copy}
        maps = {name: {"__source__": STREAM} for name in copy}
        return {"destinations": {STREAM: self.destination, **copy}, "stream_maps": maps}


def _new(count: int) -> list[str]:
    return [f"new{number}@example.org" for number in range(count)]


def _named(addresses: list[str], name: str = "Ada") -> list[Record]:
    return [{"email": one, "first_name": f"{name} {number}"} for number, one in enumerate(addresses)]


def _subscribers(people: People) -> list[Record]:
    mixed = [*_named(_new(4)), *_named(people.subscribed[:3]), {"email": "no address"}]
    return [*mixed, {"email": people.left[0]}, *_named(_new(1), "Once more")]


def _texts(people: People) -> list[Record]:
    known = [{"phone": one, "first_name": "Ada"} for one in people.members[:3]]
    back = [{"phone": one} for one in people.gone[:1]]
    return [{"phone": f"1216555{number}", "first_name": "New"} for number in range(3000, 3004)] + back + known


def _orders(_: People) -> list[Record]:
    return [
        {
            "order_number": f"N{number}",
            "email": f"buyer{number}@example.org",
            "date_entered": "2026-06-30T10:00:00",
            "order_total": 5,
            "item_sku": "S",
            "item_quantity": 1,
        }
        for number in range(8)
    ]


def _retail(**values: object) -> Callable[[People], list[Record]]:
    """Rows of a kind that are told apart by their first value."""
    (name, _), *others = values.items()
    return lambda _: [{name: f"K{number}", **dict(others)} for number in range(8)]


def _numbered(addresses: list[str]) -> list[Record]:
    return [{"id": number, "email": one} for number, one in enumerate(addresses)]


def _items(people: People) -> list[Record]:
    return [{**one, "line": line} for one in _orders(people) for line in (1, 2)]


_LIST, _PHONES = {"list": NEWSLETTER}, {"sender_code": CODE, "phone_list": CLUB}
FEW_HAVE = {
    "cross_channel_client_id": "sandbox-cross-channel",
    "cross_channel_client_secret": "sandbox-cross-channel-secret",
    "privacy_client_id": "sandbox-privacy",
    "privacy_client_secret": "sandbox-privacy-secret",
}
"""Credentials that few accounts have."""

COLUMNS = {
    "email_list": Column({"kind": "email_list", **_LIST}, _subscribers),
    "email_unsubscribe": Column(
        {"kind": "email_unsubscribe", **_LIST},
        lambda people: [{"email": one} for one in people.subscribed[:8]],
    ),
    "profile_fields": Column(
        {"kind": "profile_fields", **_LIST},
        lambda people: _named([*people.subscribed[:7], "unknown@example.org"]),
    ),
    "audience": Column(
        {"kind": "audience", **_LIST, "field": VIP, "mirror": True, "max_removed_share": 1},
        lambda people: [{"email": one} for one in people.subscribed[:12]],
        mirrors=True,
    ),
    "sms_list": Column({"kind": "sms_list", **_PHONES, "resubscribe": True}, _texts),
    "sms_profiles": Column(
        {"kind": "sms_profiles", "sender_code": CODE},
        lambda people: [{"phone": one, "loyalty_points": "4242"} for one in people.members[:20]],
    ),
    "sms_unsubscribe": Column(
        {"kind": "sms_unsubscribe", **_PHONES}, lambda people: [{"phone": one} for one in people.members[:5]]
    ),
    "sms_opt_out": Column(
        {"kind": "sms_opt_out", "sender_code": CODE},
        lambda people: [{"phone": one} for one in people.members[:5]],
    ),
    "orders": Column({"kind": "orders"}, _orders),
    "order_items": Column(
        {"kind": "order_items", "fields": {"order_number": "orderNumber", "item_sku": "sku"}},
        _items,
        keys=("order_number", "line"),
        copy={
            "kind": "orders",
            "fields": {
                "order_number": "orderNumber",
                "date_entered": "dateEntered",
                "order_total": "orderTotal",
            },
        },
    ),
    "customers": Column({"kind": "customers"}, _retail(customer_number="", email="buyer@example.org")),
    "products": Column({"kind": "products"}, _retail(sku="", title="A shirt")),
    "reviews": Column(
        {"kind": "reviews"},
        _retail(
            provider_review_id="", provider="p", provider_product_id="1", featured=0, recommended=1, title="t"
        ),
    ),
    "rating_summaries": Column({"kind": "rating_summaries"}, _retail(provider_product_id="", provider="p")),
    "email_events": Column(
        {"kind": "email_events", **_LIST, "event": "Ordered"},
        lambda people: [{"email": one} for one in people.subscribed[:7]],
    ),
    "transactional_message": Column(
        {"kind": "transactional_message", **_LIST, "allow_sending": True, "message": "Order confirmation"},
        lambda _: _numbered(_new(8)),
        keys=("id",),
    ),
    "sms_transactional_message": Column(
        {
            "kind": "sms_transactional_message",
            **_PHONES,
            "allow_sending": True,
            "message": "Reply to HELP",
        },
        lambda _: [{"id": number, "phone": f"+1216555{number:04}"} for number in range(8)],
        keys=("id",),
    ),
    "custom_events": Column(
        {"kind": "custom_events", "event": "Store Visit", "events_per_request": 2},
        lambda _: _numbered(_new(8)),
        keys=("id",),
    ),
    "forget": Column(
        {"kind": "forget", "allow_forget": True, "max_wait_seconds": 0},
        lambda people: [{"email": one} for one in people.subscribed[:5]],
    ),
}
"""The columns of the table."""


def messages(column: Column, people: People) -> list[Record]:
    """Give the stream: a SCHEMA, rows with a STATE every few of them, and its end."""
    rows = column.rows(people)
    version = 1 if column.mirrors else None
    names = dict.fromkeys(name for row in rows for name in row)
    made: list[Record] = [schema(STREAM, *names, keys=column.keys)]
    for number, row in enumerate(rows, 1):
        made.append(record(STREAM, version, **row))
        if number % 4 == 0:
            made.append(state(number))
    if column.mirrors:
        made.append(activate(STREAM, 1))
    return [*made, state("end")]


def after(stream: list[Record], passed_on: object) -> list[Record]:
    """Give what a tap would send after a STATE: the SCHEMA, and what had not been confirmed."""
    if passed_on is None:
        return stream
    return [stream[0], *stream[stream.index(state(passed_on)) + 1 :]]


@dataclass
class TargetRuns:
    """Runs of the target against one account, each from the last STATE that was passed on.

    Attributes:
        passed_on: The last STATE.
        rejected: Codes of the rejected rows of all runs.
    """

    box: RunningSandbox
    folder: Path
    column: Column
    passed_on: object = None
    rejected: Counter[str] = field(default_factory=Counter)
    _runs: int = 0

    def run(self, stream: list[Record], **settings: object) -> Ended:
        """Run it on what is not confirmed yet."""
        self._runs += 1
        folder = self.folder / str(self._runs)
        folder.mkdir(parents=True, exist_ok=True)
        config = settings_for(
            self.box,
            **self.column.settings,
            import_poll_seconds=0.02,
            max_reject_share=1,
            batch_size_rows=4 if self.column.destination["kind"].startswith("email") else 100,
            max_concurrency=4,
            rejects_path=str(folder / "rejects.singer"),
            sent_path=str(self.folder / "sent.sqlite"),
            forget_report_path=str(self.folder / "forgotten.jsonl"),
            **FEW_HAVE,
            **settings,
        )
        lines = b"".join(json.dumps(one).encode() + b"\n" for one in after(stream, self.passed_on))
        ended = run("target-listrak", folder, config, input=lines)
        for line in ended.out.splitlines():
            self.passed_on = json.loads(line)
        for path in folder.glob("rejects*.singer"):
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            self.rejected.update(row["rejected"]["code"] for row in rows if row["type"] == "RECORD")
        return ended


def account(box: RunningSandbox) -> Record:
    """Give what Listrak holds: everybody who was written to, with state, dates and values."""
    assert box.sandbox is not None
    lists = box.sandbox.store.lists
    emails = {
        (one.list_id, key): (contact.state, contact.since, contact.left, contact.resubscribed, contact.values)
        for one in lists.values()
        for key, contact in one.contacts.items()
    }
    numbers = box.control("GET", "sms-contacts", senderCodeId=CODE, limit=100_000)
    written = box.written()
    return {
        "email": emails,
        "sms": {one["phoneNumber"]: one for one in numbers},
        "data": {kind: part["rows"] for kind, part in written["data"].items()},
        "events": {(one["eventId"], one["emailAddress"]) for one in written["events"]},
        "sends": went_out(box),
        "forget": {one["emailAddress"] for one in written["forget"]},
    }


def went_out(box: RunningSandbox) -> Counter[str]:
    """Give how often each person was sent a message, or had a custom event raised."""
    written = box.written()
    people = [one["emailAddress"] for one in written["sends"]]
    people += [one["phoneNumber"] for one in written["sms"]["calls"] if one["operation"] == "send"]
    people += [one["identifiers"][0]["value"] for one in written["custom_events"]["posted"]]
    return Counter(people)
