"""Whatever streams come, Listrak ends as a plain model says, accounting closes, and STATE is never ahead."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from target_runs import Runs, schema

from target_listrak.input import reader
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from listrak_sandbox.testing import RunningSandbox

NEWSLETTER = 40137
FIRST_NAME, POINTS, VIP, NOTES = 1007, 1022, 1124, 1037
LENGTHS = {FIRST_NAME: 50, NOTES: 2000}
PEOPLE = [f"m{number}@example.org" for number in range(5)]
KNOWN = PEOPLE[:2]  # subscribed before; the third has unsubscribed; the others are new
GONE = PEOPLE[2]

# Mostly good values: rows that are rejected show little, and few of them suffice.
good_texts = st.sampled_from(
    [None, "", "A", 'quo"te', "com,ma", "line\nend", "\r\n", '","', "é😀\u2028", "x" * 50]
)
odd_texts = st.sampled_from([" ", "y" * 51, "\x00"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=10
)
texts = st.one_of(good_texts, good_texts, good_texts, odd_texts)
good_numbers = st.none() | st.integers(-99, 99_999) | st.sampled_from(["12", "1.005", 2.5, ""])
numbers = st.one_of(good_numbers, good_numbers, good_numbers, st.sampled_from(["many", True, [1], {}]))
good_flags = st.sampled_from([None, True, False, "yes", "no", 1, 0, ""])
flags = st.one_of(good_flags, good_flags, good_flags, st.just("perhaps"))
anything = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
good_addresses = st.sampled_from([*PEOPLE, *PEOPLE, *(one.upper() for one in PEOPLE)])
addresses = st.one_of(*[good_addresses] * 8, st.sampled_from([None, "", "no address", 5, "a@b"]))
values = st.fixed_dictionaries(
    {"email": addresses},
    optional={"first_name": texts, "points": numbers, "vip": flags, "notes": texts, "other": anything},
)


leaving = st.fixed_dictionaries({"email": addresses})
deleted = st.fixed_dictionaries({"email": addresses, "_sdc_deleted_at": st.just("2026-01-01")})


def rows_of(what: str, rows: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Some rows of a kind that follow each other, as they do in most input."""
    return st.lists(st.tuples(st.just(what), rows), min_size=1, max_size=5)


@st.composite
def inputs(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Interleaved rows of three streams, with STATE, changed schemas, deletions and wrong types anywhere."""
    steps = st.one_of(
        rows_of("adds", values),
        rows_of("adds", values),
        rows_of("updates", values),
        rows_of("updates", values),
        rows_of("leaves", leaving),
        st.lists(st.tuples(st.just("adds"), values) | st.tuples(st.just("deleted"), deleted), max_size=5),
        st.tuples(st.tuples(st.just("schema"), st.booleans())),
        st.tuples(st.tuples(st.just("state"), st.none())),
    )
    drawn = draw(st.lists(steps, min_size=draw(st.sampled_from([0, 3, 8])), max_size=15))
    return [step for some in drawn for step in some]


@dataclass
class Contact:
    """A contact of the model."""

    subscribed: bool = True
    values: dict[int, str] = field(default_factory=dict)


def formatted(name: str, value: Any) -> str | None:  # noqa: ANN401 - any JSON
    """What a property is worth: a text, "" for nothing, `None` if it does not fit."""
    if value is None or (isinstance(value, str) and not value.strip()) or value == []:
        return ""
    if name in {"first_name", "notes"}:
        return _text(value, 50 if name == "first_name" else 2000)
    if name == "points":
        return _number(value)
    if isinstance(value, str):
        return {"yes": "on", "no": "off"}.get(value)
    return {True: "on", False: "off"}.get(value) if value in {True, False} else None


def _text(value: str, limit: int) -> str | None:
    broken = any((ord(one) < 32 and one not in "\t\n\r") or 127 <= ord(one) < 160 for one in value)
    return None if broken or len(value) > limit else value


def _number(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list | dict):
        return None
    known = {"12": "12", "many": None, "1.005": "1.01", 2.5: "2.50"}
    return known[value] if value in known else str(value)


class Model:
    """What Listrak should hold in the end, and what should have become of the rows."""

    def __init__(self, *, clears: bool) -> None:
        self.clears = clears
        self.contacts = {one: Contact() for one in KNOWN} | {GONE: Contact(subscribed=False)}
        self.contacts[KNOWN[0]].values = {FIRST_NAME: "old", POINTS: "7"}
        self.rejected = 0
        self.left: set[str] = set()
        self.names = {"first_name": FIRST_NAME, "points": POINTS, "vip": VIP}

    def take(self, stream: str, row: dict[str, Any]) -> None:  # noqa: C901 - a model is read from top to bottom
        email = row["email"]
        key = email.lower() if isinstance(email, str) and email.lower() in PEOPLE else None
        cells = {column: formatted(name, row[name]) for name, column in self.names.items() if name in row}
        if stream in {"leaves", "deleted"}:
            cells = {}
        if key is None or None in cells.values():
            self.rejected += 1
            return
        contact = self.contacts.get(key)
        if stream in {"leaves", "deleted"}:
            if stream == "leaves":
                self.left.add(key)
            if contact is not None:
                contact.subscribed = False
            return
        if stream == "adds" and key in self.left:
            return  # another destination took them off the list in this run
        if contact is None:
            if stream == "updates":
                return
            contact = self.contacts[key] = Contact()
        if not contact.subscribed:
            return
        for column, cell in cells.items():
            if cell:
                contact.values[column] = cell
            elif self.clears:
                contact.values.pop(column, None)


SHAPES = {
    False: schema("adds", "email", "first_name", points={}, vip={}, other={}),
    True: schema("adds", "email", "first_name", "notes", points={}, vip={}),
}


def messages_of(steps: list[tuple[str, Any]], model: Model) -> list[bytes]:
    """The Singer messages of some steps; the model takes the same ones."""
    messages: list[dict[str, Any]] = [
        SHAPES[False],
        {**SHAPES[False], "stream": "updates"},
        schema("leaves", "email"),
    ]
    for place, (what, step) in enumerate(steps):
        if what == "state":
            messages.append({"type": "STATE", "value": {"place": place}})
        elif what == "schema":
            messages.append(SHAPES[step])
            names = {"first_name": FIRST_NAME, "points": POINTS, "vip": VIP}
            model_names[0] = {**names, "notes": NOTES} if step else names
        else:
            stream = "adds" if what == "deleted" else what
            messages.append({"type": "RECORD", "stream": stream, "record": step})
            model.names = (
                model_names[0]
                if stream == "adds"
                else {"first_name": FIRST_NAME, "points": POINTS, "vip": VIP}
            )
            model.take(what, step)
    return [json.dumps(one).encode() for one in messages]


model_names: list[dict[str, int]] = [{}]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(inputs(), st.booleans(), st.integers(1, 6), st.sampled_from([1, 1, 1000]))
def test_listrak_ends_as_the_model_says(  # noqa: PLR0913, PLR0917 - fixtures and what is drawn
    session_sandbox: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, Any]],
    clears: bool,  # noqa: FBT001 - pytest or hypothesis fills it in
    batch: int,
    few: int,
) -> None:
    folder: Path = tmp_path_factory.mktemp("model")
    runs = Runs(session_sandbox, folder)
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    runs.save(NEWSLETTER, KNOWN[0], {FIRST_NAME: "old", POINTS: "7"})
    runs.save(NEWSLETTER, KNOWN[1])
    runs.save(NEWSLETTER, GONE)
    runs.unsubscribe(NEWSLETTER, GONE)
    nulls = {"null_handling": "clear"} if clears else {}
    destinations = {
        "adds": {"kind": "email_list", "list": NEWSLETTER, "allow_deletes": True, **nulls},
        "updates": {"kind": "profile_fields", "list": NEWSLETTER, **nulls},
        "leaves": {"kind": "email_unsubscribe", "list": NEWSLETTER},
    }
    model = Model(clears=clears)
    model_names[0] = {"first_name": FIRST_NAME, "points": POINTS, "vip": VIP}
    lines = messages_of(steps, model)

    config = runs.config(destinations, batch_size_rows=batch, rejects_path=str(folder / "rejects.singer"))
    target = TargetListrak(config=config)
    passed: list[int] = []

    def write(value: bytes) -> None:
        place = json.loads(value)["place"]
        # A plain count, made apart from the state_tracker: so many rows stand before this STATE, and so many
        # are confirmed.
        before = sum(what not in {"state", "schema"} for what, _ in steps[:place])
        assert sum(tally.confirmed for tally in target.run.tallies.values()) >= before
        passed.append(place)

    target.run.state_tracker._write = write
    with mock.patch.object(reader, "_MIN_CONSECUTIVE", few):  # records are taken by column, or one by one
        target.listen(io.BytesIO(b"\n".join(lines)))  # type: ignore[arg-type]

    for tally in target.run.tallies.values():
        loaded = tally.accepted + tally.unchanged + tally.merged
        assert tally.read == loaded + tally.declined + tally.rejected
    assert sum(tally.read for tally in target.run.tallies.values()) == sum(
        what not in {"state", "schema"} for what, _ in steps
    )
    places = [place for place, (what, _) in enumerate(steps) if what == "state"]
    assert passed[-1:] == places[-1:]
    assert passed == sorted(passed)
    for address in PEOPLE:
        wanted = model.contacts.get(address)
        found = runs.contact(NEWSLETTER, address)
        assert (found is None) == (wanted is None), address
        if found is not None and wanted is not None:
            assert (found["subscriptionState"] == "Subscribed") == wanted.subscribed, address
            assert runs.values(NEWSLETTER, address) == wanted.values, address
