"""Contacts that come several times in a run: the order of their imports, and how many imports they take.

`LISTRAK_ORDER_EXAMPLES` is the number of random inputs per test (default 8).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from target_runs import Runs, record, schema, state

from target_listrak.channels.email.importer import Importer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.import_files import ImportFile
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.outcomes import Outcome

NEWSLETTER = 40137
SCHEMA = schema("s", "email", "customer", "first_name", ok={"type": "boolean"})
SETTINGS = settings(
    max_examples=int(os.environ.get("LISTRAK_ORDER_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Import = list[tuple[int, str]]
"""The number and the address of each row of an import."""


def noted(monkeypatch: pytest.MonkeyPatch) -> list[Import]:
    """The imports from now on, in the order in which they are sent."""
    imports: list[Import] = []
    load = Importer._load_file

    def load_noted(
        self: Importer,
        email_list: EmailList,
        buffer: Buffer,
        file: ImportFile,
        single: Callable[[int], Outcome],
    ) -> dict[int, Outcome]:
        numbers = buffer.sources.number
        imports.append([(numbers(index), buffer.cells(index)[0]) for index in file.indices])
        return load(self, email_list, buffer, file, single)

    monkeypatch.setattr(Importer, "_load_file", load_noted)
    return imports


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Import]:
    return noted(monkeypatch)


def address(person: int) -> str:
    return f"a{person}@example.org"


def check_order(imports: Iterable[Import], rows: int) -> None:
    """Each row is sent once, a contact's rows in their order and in an import each."""
    numbers: dict[str, list[int]] = {}
    for one in imports:
        assert len({email for _, email in one}) == len(one)
        for number, email in one:
            numbers.setdefault(email, []).append(number)
    assert all(some == sorted(some) for some in numbers.values())
    assert sum(map(len, numbers.values())) == rows


# Events


def event(runs: Runs, **options: object) -> dict[str, Any]:
    first = next(one for one in runs.read(f"List/{NEWSLETTER}/Event") if one["status"] == "Active")
    return {"s": {"kind": "email_events", "list": NEWSLETTER, "event": first["eventId"], **options}}


def know(runs: Runs, people: int) -> None:
    for one in range(people):
        runs.save(NEWSLETTER, address(one), externalContactID=f"E{one}")


_ORDERS = {
    "sorted by customer": [one // 2 for one in range(60)],
    "sorted by date": [one % 30 for one in range(60)],
    "one customer's": [0] * 5,
    "random": random.Random(1).choices(range(30), k=120),
}


@pytest.mark.parametrize("orders", _ORDERS.values(), ids=_ORDERS)
def test_events_take_as_many_imports_as_one_contact_has_rows(
    runs: Runs, sent: list[Import], orders: list[int]
) -> None:
    """200 orders of 100 customers took 101 imports, and each is waited for: minutes at Listrak."""
    know(runs, 30)
    rows = [record("s", email=address(one)) for one in orders]
    outcome = runs.good([SCHEMA, *rows, state(1)], event(runs))
    assert outcome.figures == (len(orders), len(orders), 0, 0, 0)
    assert outcome.states == [1]
    check_order(sent, len(orders))
    assert len(sent) == max(Counter(orders).values())
    raised = Counter(one["emailAddress"] for one in runs.sandbox.written()["events"])
    assert raised == Counter(map(address, orders))


PEOPLE = 5
NAMED_EITHER_WAY = st.lists(st.tuples(st.integers(0, PEOPLE), st.booleans()), min_size=1, max_size=30)


@SETTINGS
@given(NAMED_EITHER_WAY, st.sampled_from([1, 4, 100]))
def test_events_of_any_rows_keep_the_order_of_each_contact(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, rows: list[Any], size: int
) -> None:
    """Whether a row names its contact by address or external id, and whatever the size of batches."""
    runs.sandbox.reset()
    runs.sandbox.settings(import_seconds=0.0)
    with monkeypatch.context() as patch:
        imports = noted(patch)
        know(runs, PEOPLE)  # nobody has the last number
        records = [
            record("s", customer=f"E{one}") if by_id else record("s", email=address(one))
            for one, by_id in rows
        ]
        options = event(runs, external_id="customer", repeat_events=True)
        outcome = runs.good([SCHEMA, *records], options, batch_size_rows=size)
    known = [one for one, _ in rows if one < PEOPLE]
    assert outcome.tally.accepted == len(known)
    assert outcome.tally.declined == len(rows) - len(known)
    strangers = sum(not by_id for one, by_id in rows if one == PEOPLE)  # an external id is looked up before
    check_order(imports, len(known) + strangers)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    most = sum(max(Counter(one for one, _ in part).values()) for part in parts)
    assert len(imports) <= most


# Yes and no


def change(person: int, *, yes: bool) -> dict[str, Any]:
    return record("s", email=address(person), ok=yes)


LIST = {"s": {"kind": "email_list", "list": NEWSLETTER, "subscribed": "ok", "unsubscribe": True}}


def test_a_change_stream_of_yes_and_no_takes_few_imports(runs: Runs, sent: list[Import]) -> None:
    """A yes and a no of each of 100 contacts took 101 imports."""
    rows = [change(one // 2, yes=one % 2 == 0) for one in range(60)]
    outcome = runs.good([SCHEMA, *rows, state(1)], LIST)
    assert outcome.tally.accepted == 60
    assert [runs.contact(NEWSLETTER, address(one))["subscriptionState"] for one in range(30)] == [
        "Unsubscribed"
    ] * 30
    check_order(sent, 60)
    assert len(sent) == 2


def runs_of(answers: Sequence[bool]) -> int:
    """Count the runs of equal answers: the rows of each are merged."""
    return sum(number == 0 or answers[number - 1] != answer for number, answer in enumerate(answers))


def state_after(answers: Sequence[bool], *, resubscribe: bool) -> str | None:
    """The state of a new contact after its rows, one by one."""
    now = None
    for yes in answers:
        if yes and (now is None or resubscribe):
            now = "Subscribed"
        elif not yes and now is not None:
            now = "Unsubscribed"
    return now


@SETTINGS
@given(
    st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([{}, {"resubscribe": True}]),
    st.sampled_from([1, 3, 100]),
)
def test_any_changes_of_yes_and_no_end_as_row_by_row(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Any],
    options: dict[str, Any],
    size: int,
) -> None:
    runs.sandbox.reset()
    runs.sandbox.settings(import_seconds=0.0)
    destinations = {"s": {**LIST["s"], **options}}
    with monkeypatch.context() as patch:
        imports = noted(patch)
        outcome = runs.good(
            [SCHEMA, *(change(one, yes=yes) for one, yes in rows)], destinations, batch_size_rows=size
        )
    answers = {one: [yes for person, yes in rows if person == one] for one, _ in rows}
    for one, some in answers.items():
        contact = runs.contact(NEWSLETTER, address(one)) or {}
        assert contact.get("subscriptionState") == state_after(some, resubscribe=bool(options))
    check_order(imports, outcome.tally.read - outcome.tally.merged)
    if size == 100:
        assert len(imports) <= 1 + max(map(runs_of, answers.values()))


# Deletions by external id


def test_deletions_that_name_an_external_id_alone_do_not_part_the_rows_of_others(
    runs: Runs, sent: list[Import]
) -> None:
    """Change streams send a deletion's key only: each of them took two imports."""
    know(runs, 20)
    rows = []
    for one in range(20):
        rows.append(record("s", email=f"new{one}@example.org", customer=f"N{one}", ok=True))
        rows.append(record("s", customer=f"E{one}", _sdc_deleted_at="2026-06-30"))
    options = {"external_id": "customer", "allow_deletes": True}
    head = schema("s", "email", "customer", "_sdc_deleted_at", ok={"type": "boolean"})
    outcome = runs.good([head, *rows, state(1)], {"s": {**LIST["s"], **options}})
    assert outcome.tally.accepted == 40
    assert len(sent) == 2


STEPS = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(["yes", "no", "deleted"])), min_size=1, max_size=25
)


@SETTINGS
@given(STEPS, st.sampled_from([1, 3, 100]))
def test_any_changes_and_deletions_by_external_id_end_as_row_by_row(
    runs: Runs, rows: list[tuple[int, str]], size: int
) -> None:
    runs.sandbox.reset()
    runs.sandbox.settings(import_seconds=0.0)
    head = schema("s", "email", "customer", "_sdc_deleted_at", ok={"type": "boolean"})
    records = [
        record("s", customer=f"E{one}", _sdc_deleted_at="2026-06-30")
        if step == "deleted"
        else record("s", email=address(one), customer=f"E{one}", ok=step == "yes")
        for one, step in rows
    ]
    options = {"external_id": "customer", "allow_deletes": True}
    runs.good([head, *records], {"s": {**LIST["s"], **options}}, batch_size_rows=size)
    for one in range(PEOPLE):
        answers = [step == "yes" for person, step in rows if person == one]
        contact = runs.contact(NEWSLETTER, address(one)) or {}
        assert contact.get("subscriptionState") == state_after(answers, resubscribe=False)
