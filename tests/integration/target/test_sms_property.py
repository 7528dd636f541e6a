"""Any stream to an SMS list ends as a plain model says, its books close, and nobody outside it is touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sms_world import STREAM, SmsWorld, destination, new_numbers
from target_runs import Runs, activate, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator

DELETED = "2026-06-30T00:00:00Z"
WHO = ("member 0", "member 1", "left", "opted out", "new 0", "new 1", "nobody")
ROWS = st.lists(
    st.fixed_dictionaries(
        {"who": st.sampled_from(WHO), "form": st.sampled_from(["{}", "+{}", " {} "])},
        optional={
            "first_name": st.sampled_from(["Ann", "Žofie", 'Q"', None, ""]),
            "shoe_size": st.sampled_from(["9", "10", "far too long", None]),
            "_sdc_deleted_at": st.sampled_from([None, DELETED]),
        },
    ),
    max_size=20,
)


@dataclass
class Person:
    """One number in the model."""

    on: bool
    may_join: bool
    values: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def sms(runs: Runs) -> Iterator[SmsWorld]:
    runs.sandbox.reset(scale="tiny")
    yield SmsWorld(runs)
    runs.sandbox.reset(scale="small")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, batch=st.integers(1, 7), mirror=st.booleans(), states=st.sets(st.integers(0, 19)))
def test_any_stream_ends_as_the_model_says(
    sms: SmsWorld, rows: list[dict[str, Any]], batch: int, *, mirror: bool, states: set[int]
) -> None:
    sms.runs.sandbox.reset()
    members, left, out = sms.some(2), sms.one("unsubscribed"), sms.one("unsubscribed", "opted_out")
    numbers = dict(zip(WHO, [*members, left, out, *new_numbers(2), "12"], strict=True))
    before = sms.everybody()
    on_before = sms.on()
    model = {
        numbers[who]: Person(numbers[who] in on_before, who != "opted out") for who in WHO if who != "nobody"
    }
    messages: list[Any] = [schema(STREAM, "phone", "first_name", "shoe_size", "_sdc_deleted_at")]
    named: set[str] = set()
    for at, row in enumerate(rows):
        number = numbers[row["who"]]
        given_ = {name: value for name, value in row.items() if name not in {"who", "form"}}
        messages.append(record(STREAM, 1, phone=row["form"].format(number), **given_))
        if at in states:
            messages.append(state({"at": at}))
        follow(model, named, number, given_)
    messages += [activate(STREAM, 1), state({"at": "end"})]
    options = {"resubscribe": True, "allow_deletes": True, "max_removed_share": 1, "mirror": mirror}
    outcome = sms.runs.good(messages, destination(**options), batch_size_rows=batch)
    # A number that cannot be read may be anybody's.
    mirror = mirror and all(row["who"] != "nobody" for row in rows)
    assert outcome.states[-1] == {"at": "end"}
    after = sms.everybody()
    on_after = sms.on()
    for number, person in model.items():
        assert (number in on_after) == (
            person.on and (not mirror or number in named or number not in on_before)
        )
        if number in on_after:
            stored = after[number]
            found = {"first_name": stored["firstName"], "shoe_size": stored["values"].get("Shoe Size")}
            assert {name: found[name] for name in person.values} == person.values
    for number, one in before.items():
        if number not in model:
            if mirror and number in on_before:
                assert number not in on_after
            else:
                assert after[number] == one
    assert set(after) <= set(before) | set(new_numbers(2))


def follow(model: dict[str, Person], named: set[str], number: str, row: dict[str, Any]) -> None:
    """What a row does, in so many words."""
    person = model.get(number)
    if person is None:
        return
    if row.get("_sdc_deleted_at"):
        person.on = False
        named.discard(number)
        return
    named.add(number)
    if row.get("shoe_size") == "far too long" or not person.may_join:
        return
    person.on = True
    person.values |= {name: value for name, value in row.items() if name != "_sdc_deleted_at" and value}
