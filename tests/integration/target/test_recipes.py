"""The recipes of docs/recipes.md do what the page says, run from its own text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from documents import example
from target_runs import Runs, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NEWSLETTER, SECOND = 40137, 40274
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


def test_opt_outs_of_a_file_leave_several_lists(runs: Runs) -> None:
    for one in (NEWSLETTER, SECOND):
        runs.save(one, "left@example.org")
    runs.save(NEWSLETTER, "stays@example.org")
    rows = [
        record("opt_outs", email="left@example.org", is_subscribed=None),
        record("opt_outs", email="stays@example.org", is_subscribed=True),
        record("opt_outs", email="nobody@example.org", is_subscribed=None),
    ]
    runs.good([schema("opt_outs", "email", is_subscribed=BOOLEAN), *rows, state(1)], **recipe("opt-outs"))
    for one in (NEWSLETTER, SECOND):
        assert runs.contact(one, "left@example.org")["subscriptionState"] == "Unsubscribed"
        assert runs.contact(one, "nobody@example.org") is None
    assert runs.contact(NEWSLETTER, "stays@example.org")["subscriptionState"] == "Subscribed"


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


def test_events_of_segment_set_an_audience(runs: Runs) -> None:
    people = {one: f"{one}@example.org" for one in ("entered", "left", "traits")}
    for address in people.values():
        runs.save(NEWSLETTER, address)
    context = {"personas": {"computation_key": "vips", "computation_class": "audience"}}
    events = [
        record(
            "segment_track",
            type="track",
            context={**context, "traits": {"email": people[one]}},
            properties={"audience_key": "vips", "vips": one == "entered"},
        )
        for one in ("entered", "left")
    ]
    identify = record(
        "segment_identify",
        type="identify",
        context={**context, "traits": {"email": people["traits"]}},
        traits={"vips": True},
    )
    heads = [
        schema(name, "type", context={}, properties={}, traits={})
        for name in ("segment_track", "segment_identify")
    ]
    outcome = runs.good([*heads, *events, identify, state(1)], **recipe("segment"))
    assert {name: one.rejected for name, one in outcome.tallies.items()} == {
        "segment_track": 0,
        "segment_identify": 0,
    }
    found = {one: runs.values(NEWSLETTER, address).get(VIP) for one, address in people.items()}
    assert found == {"entered": "on", "left": "off", "traits": "on"}


def test_events_of_segment_name_their_list_and_their_audience(runs: Runs) -> None:
    """What Listrak's destination in Segment tests: two lists in one batch; and what is no boolean."""
    lists = {"one": NEWSLETTER, "two": SECOND, "three": NEWSLETTER, "text": NEWSLETTER, "nowhere": None}
    for name, list_id in lists.items():
        runs.save(list_id or NEWSLETTER, f"{name}@example.org")

    def track(name: str, member: object) -> dict[str, Any]:
        traits = {"email": f"{name}@example.org"} | ({"listId": lists[name]} if lists[name] else {})
        properties = {"audience_key": "buyers", "buyers": member}
        return record("segment_track", type="track", context={"traits": traits}, properties=properties)

    members = {"one": True, "two": True, "three": False, "text": "maybe", "nowhere": True}
    events = [track(name, member) for name, member in members.items()] + [track("two", None)]
    head = schema("segment_track", "type", context={}, properties={})
    settings = recipe("segment-lists") | {"max_reject_share": 1}
    outcome = runs.good([head, *events, state(1)], **settings)
    assert (outcome.tally.accepted, outcome.tally.rejected) == (3, 3)
    found = {
        name: list(runs.values(lists[name] or NEWSLETTER, f"{name}@example.org").values()) for name in lists
    }
    assert found == {"one": ["on"], "two": ["on"], "three": ["off"], "text": [], "nowhere": []}


def test_events_of_segment_set_fixed_values(runs: Runs) -> None:
    runs.save(NEWSLETTER, "ada@example.org")
    head = schema("segment_identify", "type", context={})
    event = record("segment_identify", type="identify", context={"traits": {"email": "ada@example.org"}})
    runs.good([head, event, state(1)], **recipe("segment-values"))
    assert runs.values(NEWSLETTER, "ada@example.org")[VIP] == "on"
    assert "Gold" in runs.values(NEWSLETTER, "ada@example.org").values()


def test_orders_and_order_items_are_two_tables(runs: Runs) -> None:
    heads = [
        schema("shop-orders", "order_number", "order_date", "total", keys=("order_number",)),
        schema(
            "shop-order_items",
            "order_no",
            "line",
            "article",
            "pieces",
            "unit_price",
            keys=("order_no", "line"),
        ),
    ]
    rows = [
        record("shop-order_items", order_no=7, line=n, article=f"S{n}", pieces=n, unit_price=2)
        for n in (1, 2)
    ]
    rows += [
        record("shop-orders", order_number="7", order_date="2026-06-01", total=6),
        record("shop-order_items", order_no=8, line=1, article="S1", pieces=1, unit_price=2),
    ]
    outcome = runs.good([*heads, *rows, state(1)], **recipe("order items"))
    assert outcome.codes == ["no_order"]
    (order,) = runs.sandbox.written()["data"]["Order"]["rows"].values()
    assert [(one["sku"], one["quantity"], one["price"]) for one in order["items"]] == [
        ("S1", 1, 2),
        ("S2", 2, 2),
    ]


def test_abandoned_carts_raise_events_of_a_list_once(runs: Runs, tmp_path: Path) -> None:
    runs.save(40137, "ada@example.org")
    now = datetime.now(UTC)
    when = {days: (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (1, 30)}
    head = schema("carts", "cart_id", "email", "phone", "utm", "abandoned_at")
    sent = {"sent_path": str(tmp_path / "sent.sqlite")}
    first = {"cart_id": "1", "email": "ada@example.org", "abandoned_at": when[1], "phone": "12165550101"}
    old = {"cart_id": "0", "email": "ada@example.org", "abandoned_at": when[30]}
    again = {**first, "phone": "12165550102", "utm": "spring"}
    other = {"cart_id": "2", "email": "ada@example.org", "abandoned_at": when[1]}
    for rows in ([first, old], [again], [again, other]):
        runs.good([head, *(record("carts", **row) for row in rows), state(1)], **recipe("carts"), **sent)
    assert [one["emailAddress"] for one in runs.sandbox.written()["events"]] == ["ada@example.org"] * 2


def test_abandoned_carts_raise_custom_events(runs: Runs, tmp_path: Path) -> None:
    names = ("customer_email", "customer_phone", "total", "items", "updated_at")
    row = record(
        "abandoned_carts",
        cart_id=7,
        customer_email="ada@example.org",
        customer_phone="+12165550101",
        total=59.9,
        items=2,
        updated_at="2026-06-30T12:00:00Z",
    )
    head = schema("abandoned_carts", *names, cart_id={}, keys=("cart_id",))
    sent = {"sent_path": str(tmp_path / "sent.sqlite")}
    for _ in range(2):
        runs.good([head, row, state(1)], **recipe("journeys"), **sent)
    (posted,) = runs.sandbox.written()["custom_events"]["posted"]
    assert posted["fields"] == {
        "cartValue": "59.9",
        "itemCount": "2",
        "abandonedAt": "2026-06-30T12:00:00+00:00",
    }
    assert len(posted["identifiers"]) == 2


def test_people_who_asked_are_forgotten(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head = schema("erasure_requests", "email")
    runs.good([head, record("erasure_requests", email="ada@example.org"), state(1)], **recipe("erasure"))
    assert [one["emailAddress"] for one in runs.sandbox.written()["forget"]] == ["ada@example.org"]
    assert "COMPLETE" in (tmp_path / "output" / "forgotten.jsonl").read_text("utf-8")
