"""The recipes of docs/recipes.md do what the page says, run from its own text."""

from __future__ import annotations

from typing import Any

from documents import example
from target_runs import Runs, record, schema, state

NEWSLETTER = 40137
VIP = 1124


def recipe(name: str) -> dict[str, Any]:
    """The settings of a recipe: `destinations`, and others."""
    return dict(example(name, "recipes.md")["config"])


BOOLEAN = {"type": ["boolean", "null"]}


def test_one_customer_table_feeds_an_email_list_an_audience_and_a_phone_list(runs: Runs) -> None:
    customers = schema("customers", "email", "phone", email_ok=BOOLEAN, sms_ok=BOOLEAN, is_vip=BOOLEAN)
    rows = [
        record(
            "customers", email="a@example.org", phone="+12125550187", email_ok=True, sms_ok=False, is_vip=True
        ),
        record(
            "customers", email="b@example.org", phone="+12125550188", email_ok=False, sms_ok=True, is_vip=True
        ),
        record(
            "customers", email="c@example.org", phone="+12125550189", email_ok=True, sms_ok=True, is_vip=False
        ),
    ]
    outcome = runs.good([customers, *rows, state(1)], **recipe("several"))
    counts = [(one.accepted, one.declined) for one in outcome.tallies.values()]
    assert counts == [(2, 1), (2, 1), (2, 1)]  # b is not on the list, and so not in the audience either
    assert runs.values(NEWSLETTER, "a@example.org") == {VIP: "on"}
    assert runs.values(NEWSLETTER, "c@example.org") == {VIP: "off"}
    assert runs.contact(NEWSLETTER, "b@example.org") is None
    assert outcome.states == [1]


def test_copies_of_a_stream_have_destinations_of_their_own(runs: Runs) -> None:
    runs.save(NEWSLETTER, "b@example.org")
    messages = [schema("customers", "email", "membership"), schema("audit_log", "text")]
    messages += [
        record("customers", email=f"{one}@example.org", membership=status)
        for one, status in (("a", "here"), ("b", "left"))
    ]
    outcome = runs.good([*messages, record("audit_log", text="x"), state(1)], **recipe("copies"))
    assert {name: one.accepted for name, one in outcome.tallies.items()} == {"customers": 1, "leavers": 1}
    left = runs.contact(NEWSLETTER, "b@example.org")
    assert left is not None
    assert left["subscriptionState"] == "Unsubscribed"


def test_one_table_of_rows_with_email_and_audience_feeds_many_audiences(runs: Runs) -> None:
    people = [f"vip{number}@example.org" for number in range(10)]
    for one in people:
        runs.save(NEWSLETTER, one)
    head = schema("audience_members", "email", "audience")

    def rows(audience: str, some: list[str]) -> list[dict[str, Any]]:
        return [record("audience_members", email=one, audience=audience) for one in some]

    runs.good([head, *rows("Gold", people), *rows("Silver", people), state(1)], **recipe("audiences"))
    again = [head, *rows("Gold", people[1:]), *rows("Silver", people), state(2)]
    outcome = runs.good(again, **recipe("audiences"))
    assert (outcome.tally.unchanged, outcome.tally.removed) == (19, 1)
    assert sorted(runs.values(NEWSLETTER, people[0]).values()) == ["off", "on"]
