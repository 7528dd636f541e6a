"""The generated SMS side of the account: sender codes, phone lists, profile fields and the people on them.

Everything is a pure function of seed and scale. Moments are texts with seven decimals, as Listrak writes
them, so that they can be compared as texts. What happens to a person is generated far beyond the clock's
start: reading at an instant means leaving out what lies after it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from listrak_sandbox.sms.phones import made_up
from listrak_sandbox.world import calendar, draws, words
from listrak_sandbox.world.calendar import DAY, START_TIME
from listrak_sandbox.world.population import address

if TYPE_CHECKING:
    from collections.abc import Callable

SUBSCRIBED, UNSUBSCRIBED, PENDING = "Subscribed", "Unsubscribed", "Pending"
REASONS = (
    "Campaign",
    "Admin",
    "DeliveryFailure",
    "Import",
    "API",
    "Deactivated",
    "PermanentError",
    "Workflow",
)
"""Why somebody opted out, in the order of the API's enumeration."""
SYSTEM_FIELDS = {
    1: ("First Name", "firstName", "Text", 50),
    2: ("Last Name", "lastName", "Text", 50),
    3: ("Email Address", "emailAddress", "Text", 100),
    4: ("Birthday", "birthday", "Date", 10),
    5: ("Postal Code", "postalCode", "Text", 10),
}
"""Id, name, property, type and length of the fields every SMS contact has."""

BLOCK = 512
REFUSED_FROM = 65_000
"""Persons from here on are on no sender code; some are refused as soon as somebody tries to add them."""
SIZES = {"tiny": 60, "small": 1400, "medium": 9000, "large": 20_000, "enterprise": 2000}
"""People on the first sender code at the clock's start, by scale; other scales take the smallest."""


class SmsField(NamedTuple):
    """A custom profile field; `status` is Active, Disabled or Purged."""

    id: int
    name: str
    kind: str
    length: int | None
    status: str = "Active"


_FIELDS = (
    ("Favorite Store", "Text", 60),
    ("Loyalty Tier", "Text", 20),
    ("Loyalty Points", "Number", 12),
    ("Total Spend", "Number", 12),
    ("VIP", "Checkbox", None),
    ("Engage Audiences Lapsed Buyers", "Checkbox", None),
    ("Anniversary", "Date", None),
    ("Last Purchase Date", "Date", None),
    ("Shoe Size", "Text", 8),
    ("Notes", "Text", 250),
    ("Legacy Segment", "Text", 40),
    ("Old Score", "Number", 12),
)
_OUT_OF_USE = {"Legacy Segment": "Disabled", "Old Score": "Purged"}


@dataclass(frozen=True)
class SmsList:
    """A phone list.

    Attributes:
        id: Its phoneListId.
        name: Its name.
        created: Moment of its creation.
        active: Whether it takes anybody on.
        kind: Its smsListType.
        double_opt_in: New subscriptions wait for a confirmation.
        age_gate: New subscriptions wait for the answer to a question about age.
        share: Share of the sender code's people that ever join it (generated ones).
    """

    id: int
    name: str
    created: str
    active: bool = True
    kind: str = "Marketing"
    double_opt_in: bool = False
    age_gate: bool = False
    share: float = 0.5


@dataclass(frozen=True)
class SenderCode:
    """A sender code with its phone lists, and how its people are generated."""

    id: int
    code: str
    country: str
    merchant: str
    email_list: tuple[int, str]
    lists: tuple[SmsList, ...]
    messages: dict[int, tuple[tuple[int, str, str], ...]] = field(default_factory=dict)
    people: int = 0
    first_person: int = 0
    shared_people: int = 0
    disabled: bool = False


class Move(NamedTuple):
    """From `at` on somebody is `state` on a phone list."""

    at: str
    state: str


class OptMove(NamedTuple):
    """At `at` somebody opted out for a reason, or (no reason) back in."""

    at: str
    reason: str | None


@dataclass(slots=True)
class Contact:
    """A phone number on a sender code, with all changes of its state in order, future ones included.

    Attributes:
        phone: Digits with the country code.
        joined: When the sender code first had it.
        system: Values of firstName, lastName, emailAddress, birthday (``1980-05-17T00:00:00``), postalCode.
        standing: ``""``, ``banned``, ``blocked`` or ``suspended``.
        lists: Moves by phoneListId.
        opts: Moves out of and back into the sender code.
    """

    phone: str
    joined: str
    system: dict[str, str | None]
    standing: str = ""
    lists: dict[int, list[Move]] = field(default_factory=dict)
    opts: list[OptMove] = field(default_factory=list)


def fields_of(seed: int) -> tuple[SmsField, ...]:
    """Return the account's custom profile fields; ids differ from seed to seed."""
    first = 9000 + draws.number(f"{seed}/sms/fields", 50) * 20
    return tuple(
        SmsField(first + number, name, kind, length, _OUT_OF_USE.get(name, "Active"))
        for number, (name, kind, length) in enumerate(_FIELDS)
    )


def sender_codes(scale: str, email_lists: list[tuple[int, str]]) -> tuple[SenderCode, ...]:
    """Return the account's sender codes.

    Args:
        scale: The sandbox's scale.
        email_lists: Id and name of the email lists; each sender code goes with one.
    """
    people = SIZES.get(scale, SIZES["tiny"])

    def created(day: int) -> str:
        return calendar.text(day * DAY + 30_000)

    def email_list(number: int) -> tuple[int, str]:
        return email_lists[number % len(email_lists)]

    club = SmsList(7101, "VIP Texts", created(-700), share=1.0)
    stock = SmsList(7102, "Back in Stock, “notify me”", created(-400), double_opt_in=True, share=0.35)
    adults = SmsList(7103, "Wine & Spirits", created(-300), age_gate=True, share=0.1)
    holiday = SmsList(7104, "Holiday 2024", created(-250), active=False, share=0.25)
    outlet = SmsList(7201, "Outlet Alerts", created(-500), share=1.0)
    service = SmsList(7202, "Order updates", created(-450), kind="Transactional", share=0.3)
    retired = SmsList(7301, "Old Club", created(-690), share=1.0)
    regional = _regional_codes(people, email_list) if scale == "enterprise" else ()
    return (
        SenderCode(
            410, "48291", "US", "Example Outfitters", email_list(0), (club, stock, adults, holiday),
            messages={7101: ((88001, "Reply to HELP", "Active"),)}, people=people,
        ),
        SenderCode(
            420, "8885550142", "CA", "Example Outlet / Ex-Démarque", email_list(1), (outlet, service),
            messages={7202: ((88101, "Order confirmation", "Active"), (88102, "Delayed, sorry", "Inactive"))},
            people=people * 2 // 5, first_person=30_000, shared_people=people,
        ),
        SenderCode(
            430, "71999", "US", "Example Outfitters (retired)", email_list(0), (retired,),
            people=max(people // 40, 5), first_person=60_000, disabled=True,
        ),
        *regional,
    )  # fmt: skip


def _regional_codes(people: int, email_list: Callable[[int], tuple[int, str]]) -> tuple[SenderCode, ...]:
    """Give nine more sender codes, each smaller than the one before, with a phone list or two."""

    def phone_lists(number: int) -> tuple[SmsList, ...]:
        made = (("Texts", 1.0), ("Events", 0.3))[: 1 + number % 2]
        return tuple(
            SmsList(
                7001 + 100 * number + place, f"Region {number} {name}", calendar.text(-400 * DAY), share=part
            )
            for place, (name, part) in enumerate(made)
        )

    return tuple(
        SenderCode(
            400 + 10 * number,
            f"{72_000 + number}",
            "US",
            f"Example Outfitters Region {number}",
            email_list(number),
            phone_lists(number),
            people=max(people // number, 20),
            first_person=33_000 + 2000 * number,
        )
        for number in range(4, 13)
    )


class People:
    """The generated people of one sender code, in the order in which it came to know them."""

    def __init__(self, seed: int, code: SenderCode) -> None:
        self._name = f"{seed}/sms/{code.id}"
        self._code = code
        self._since = -680 * DAY
        self._step = (START_TIME - self._since) // max(code.people, 1)
        self.known: list[Contact] = []
        self._joined: list[str] = []

    def count(self, now: str, world_now: int) -> int:
        """Count those known at an instant (as text, and as world time): the first of `known`."""
        while not self._joined or (self._joined[-1] < now and len(self._joined) < self._enough(world_now)):
            self._generate()
        return bisect_left(self._joined, now)

    def _enough(self, world_now: int) -> int:
        return max(0, world_now - self._since) // self._step + 2

    def _generate(self) -> None:
        first = len(self.known)
        one = draws.block(f"{self._name}/{first}/a", BLOCK, 10)
        two = draws.block(f"{self._name}/{first}/b", BLOCK, 10)
        for offset in range(BLOCK):
            contact = self._contact(first + offset, one[offset], two[offset])
            self.known.append(contact)
            self._joined.append(contact.joined)

    def _person(self, index: int) -> int:
        shared = index * 3 // 2
        if index % 3 == 0 and shared < self._code.shared_people:
            return shared
        return self._code.first_person + index

    def _contact(self, index: int, draw: tuple[int, ...], more: tuple[int, ...]) -> Contact:
        joined = self._since + index * self._step + draw[0] * self._step // draws.SPAN
        person = self._person(index)
        contact = Contact(made_up(person), calendar.text(joined), system_values(person, more))
        if draw[1] < draws.SPAN // 60:
            contact.standing = ("banned", "blocked", "suspended")[draw[1] % 3]
        for instant, kind, what in sorted(self._events(joined, draw, more)):
            _apply(contact, calendar.text(instant), kind, what)
        return contact

    def _events(
        self, joined: int, draw: tuple[int, ...], more: tuple[int, ...]
    ) -> list[tuple[int, str, int]]:
        """Draw what happens: (world time, kind, phone list or number of the reason)."""
        events: list[tuple[int, str, int]] = []
        for number, one in enumerate(self._code.lists):
            luck, leaves = draw[2 + number], draw[6 + number]
            if luck >= one.share * draws.SPAN:
                continue
            at = joined if number == 0 else joined + 60 + luck * 40
            if one.double_opt_in or one.age_gate:
                events.append((at, "pending", one.id))
                if leaves % 10 < 7:  # noqa: PLR2004  seven of ten confirm
                    at += 30 + leaves % 7000
                    events.append((at, "join", one.id))
            else:
                events.append((at, "join", one.id))
            if leaves < draws.SPAN // 6:
                left = at + 7200 + leaves * 2600
                events.append((left, "leave", one.id))
                if leaves % 3 == 0:
                    events.append((left + DAY + leaves * 90, "join", one.id))
        if more[0] < draws.SPAN // 8:
            out = joined + 14_400 + more[1] * 640
            events.append((out, "opt_out", more[0] % len(REASONS)))
            if more[0] % 5 == 0:
                events.append((out + 2 * DAY + more[1] * 30, "opt_in", self._code.lists[0].id))
        return events


def _apply(contact: Contact, at: str, kind: str, what: int) -> None:
    """Apply one generated event. An event that is impossible in the present state is left out."""
    opted_out = bool(contact.opts and contact.opts[-1].reason)
    if kind == "opt_out":
        opt_out(contact, at, REASONS[what])
        return
    if kind == "opt_in":
        contact.opts.append(OptMove(at, None))
    elif opted_out:
        return
    state = {"pending": PENDING, "leave": UNSUBSCRIBED}.get(kind, SUBSCRIBED)
    moves = contact.lists.setdefault(what, [])
    if moves[-1].state != state if moves else state != UNSUBSCRIBED:
        moves.append(Move(at, state))


def opt_out(contact: Contact, at: str, reason: str) -> None:
    """Opt somebody out of the sender code: off all its lists at the same instant."""
    contact.opts.append(OptMove(at, reason))
    for moves in contact.lists.values():
        if moves and moves[-1].state != UNSUBSCRIBED:
            moves.append(Move(at, UNSUBSCRIBED))


def system_values(person: int, draw: tuple[int, ...]) -> dict[str, str | None]:
    """Draw the values of the system fields of a person; any may be missing."""
    first = words.FIRST[person % len(words.FIRST)].title()
    last = words.LAST[person // len(words.FIRST) % len(words.LAST)].title()
    return {
        "emailAddress": address(person) if draw[2] % 5 else None,
        "firstName": first if draw[3] % 6 else None,
        "lastName": last if draw[4] % 6 else None,
        "birthday": (
            f"{1950 + draw[5] % 56}-{draw[6] % 12 + 1:02}-{draw[7] % 28 + 1:02}T00:00:00"
            if draw[5] % 3
            else None
        ),
        "postalCode": f"{draw[8]:05}" if draw[8] % 4 else None,
    }


def field_values(seed: int, fields: tuple[SmsField, ...], phone: str) -> dict[int, str]:
    """Draw the custom values a number starts with, by field id; they are the same on all sender codes."""
    (draw,) = draws.block(f"{seed}/sms/values/{phone}", 1, 10)
    makers = (
        words.CITIES[draw[0] % len(words.CITIES)],
        ("Gold", "Silver", "Bronze", "Größe ★")[draw[1] % 4],
        str(draw[2] % 20_000),
        f"{draw[3] / 7:.2f}",
        "on" if draw[4] % 3 else "off",
        "off",
        f"{draw[5] % 12 + 1:02}/{draw[5] % 28 + 1:02}/{1990 + draw[5] % 30}",
        calendar.date_text(draw[6] % 730 * DAY),
        ("38", "39½", "6 1/2 W", "44")[draw[7] % 4],
        words.COMMENTS[draw[8] % len(words.COMMENTS)],
        "legacy",
    )
    # A purged field keeps no values, so it has no maker; the audience starts empty but for known "off".
    return {one.id: value for number, (one, value) in enumerate(zip(fields, makers, strict=False))
            if draw[9] >> number & 1}  # fmt: skip
