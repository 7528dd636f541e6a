"""`order_items`: items of orders as a stream of their own, joined to the orders of the run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ConfigurationError, ListrakError

BOTH: dict[str, Any] = {"orders": {"kind": "orders"}, "order_items": {"kind": "order_items"}}
ORDERS = schema("orders", "order_number", "order_date", "total", "items", keys=("order_number",))
ITEMS = schema("order_items", "order_number", "line", "sku", "quantity", keys=("order_number", "line"))


def order(number: object, **more: object) -> dict[str, Any]:
    return record("orders", **{"order_number": number, "order_date": "2026-06-01", "total": 9, **more})


def item(number: object, line: int, sku: object = "S", **more: object) -> dict[str, Any]:
    return record("order_items", **{"order_number": number, "line": line, "sku": sku, "quantity": 1, **more})


def stored(runs: Runs) -> dict[str, Any]:
    return dict(runs.sandbox.control("GET", "data?kind=Order")["Order"]["rows"])


def skus(runs: Runs, number: str) -> list[str]:
    return [one["sku"] for one in stored(runs)[number].get("items") or ()]


def run(runs: Runs, *rows: dict[str, Any], both: dict[str, Any] | None = None, **settings: object) -> Outcome:
    return runs.good([ORDERS, ITEMS, *rows, state(1)], both or BOTH, **settings)


def figures(outcome: Outcome, stream: str) -> tuple[int, int, int, int]:
    """Read, accepted, rejected and merged."""
    one = outcome.tallies[stream]
    return one.read, one.accepted, one.rejected, one.merged


ROWS = [order("A"), order("B"), item("A", 1, "a1"), item("A", 2, "a2"), item("B", 1, "b1")]


@pytest.mark.parametrize("seed", range(2))
def test_items_find_their_orders_whatever_comes_first(runs: Runs, seed: int) -> None:
    rows = list(reversed(ROWS)) if seed == 0 else random.Random(seed).sample(ROWS, len(ROWS))
    outcome = run(runs, *rows)
    assert figures(outcome, "orders") == (2, 2, 0, 0)
    assert figures(outcome, "order_items") == (3, 3, 0, 0)
    assert sorted(skus(runs, "A")) == ["a1", "a2"]
    assert skus(runs, "B") == ["b1"]
    assert all(one["orderNumber"] == "A" for one in stored(runs)["A"]["items"])
    assert outcome.states == [1]


def test_an_item_without_order_is_rejected_with_that_reason(runs: Runs) -> None:
    outcome = run(runs, order("A"), item("A", 1), item("C", 1))
    assert outcome.codes == ["no_order"]
    assert figures(outcome, "order_items") == (2, 1, 1, 0)
    assert list(stored(runs)) == ["A"]


def test_items_of_which_no_order_came_at_all_are_rejected(runs: Runs) -> None:
    outcome = runs.good([ITEMS, item("A", 1), state(1)], BOTH)
    assert outcome.codes == ["no_order"]


def test_numbers_and_texts_are_one_order_number(runs: Runs) -> None:
    outcome = run(runs, order(17), item("17", 1, "a"), item(17, 2, "b"), item(17, "2", "c"))
    assert figures(outcome, "order_items") == (3, 2, 0, 1)
    assert skus(runs, "17") == ["a", "c"]


def test_the_last_row_of_an_order_and_of_an_item_counts(runs: Runs) -> None:
    rows = [item("A", 1, "old"), order("A", total=1), item("A", 1, "new"), order("A", total=2)]
    outcome = run(runs, *rows)
    assert figures(outcome, "orders") == (2, 1, 0, 1)
    assert figures(outcome, "order_items") == (2, 1, 0, 1)
    assert skus(runs, "A") == ["new"]
    assert stored(runs)["A"]["orderTotal"] == 2


def test_without_keys_each_row_is_an_item(runs: Runs) -> None:
    head = {**ITEMS, "key_properties": []}
    outcome = runs.good([ORDERS, head, order("A"), item("A", 1), item("A", 1), state(1)], BOTH)
    assert figures(outcome, "order_items") == (2, 2, 0, 0)
    assert skus(runs, "A") == ["S", "S"]


@pytest.mark.parametrize("stream_is_there", [True, False])
def test_an_order_whose_items_did_not_come_keeps_those_that_listrak_has(
    runs: Runs,
    stream_is_there: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    """An order was corrected, and the extractor read only the changed table: all its items were gone."""
    run(runs, *ROWS)
    head = [ORDERS, ITEMS] if stream_is_there else [ORDERS]
    outcome = runs.good([*head, order("A", total=12), state(2)], BOTH)
    assert outcome.codes == ["no_items"]
    assert sorted(skus(runs, "A")) == ["a1", "a2"]


def test_an_order_without_items_is_sent_where_a_setting_says_so_and_counted(runs: Runs) -> None:
    both = {**BOTH, "order_items": {"kind": "order_items", "orders_without_items": "send"}}
    outcome = run(runs, order("A", total=12), both=both)
    assert figures(outcome, "orders") == (1, 1, 0, 0)
    assert outcome.tallies["orders"].remarks == {
        "orders without items were sent (an order replaces the one that Listrak has)": 1
    }
    assert "items" not in stored(runs)["A"]


# What is rejected


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (item("A", 2, None), "missing_value"),
        (item("A", 2, quantity="two"), "bad_value"),
        (record("order_items", order_number="A", sku="S"), "missing_key"),
        (item("A", 2, _sdc_deleted_at="2026-06-02T00:00:00Z"), "deleted"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_order_of_which_an_item_is_rejected_is_not_sent(
    runs: Runs,
    bad: dict[str, Any],
    code: str,
    first: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    """Sent without it, the order would lose the item in Listrak without a word."""
    rows = [order("A"), item("A", 1), order("B"), item("B", 1)]
    outcome = run(runs, *([bad, *rows] if first else [*rows, bad]))
    assert sorted(outcome.codes) == sorted([code, "incomplete_order", "incomplete_order"])
    assert list(stored(runs)) == ["B"]
    assert outcome.states == [1]
    again = [line for line in outcome.rejects if line["type"] == "SCHEMA" or line["rejected"]["code"] != code]
    good = runs.good([*again, item("A", 2, "right")], BOTH)
    assert good.codes == []
    assert skus(runs, "A") == ["S", "right"]


def test_an_item_that_is_corrected_in_the_same_run_is_taken(runs: Runs) -> None:
    outcome = run(runs, order("A"), item("A", 1, None), item("A", 1, "right"))
    assert outcome.codes == ["missing_value"]
    assert skus(runs, "A") == ["right"]


def test_an_item_without_order_number_is_rejected_and_said_to_be_missing(runs: Runs) -> None:
    outcome = run(runs, order("A"), item("A", 1), item(None, 2))
    assert outcome.codes == ["missing_value"]
    assert outcome.tallies["order_items"].remarks == {
        "rejected without a readable order number: their orders may lack them": 1
    }


@pytest.mark.parametrize(("renamed", "codes"), [(False, 3), (True, 1)])
def test_an_item_that_a_stream_map_cannot_treat_is_missing_in_its_order(
    runs: Runs,
    renamed: bool,  # noqa: FBT001 - pytest fills it in
    codes: int,
) -> None:
    """Where the map would have made the order number, nobody knows which order it is."""
    number = {"order_number": "order_number"} if renamed else {}
    maps = {"order_items": {**number, "quantity": "int(quantity)"}}
    outcome = run(runs, order("A"), item("A", 1), item("A", 2, quantity="two"), stream_maps=maps)
    assert len(outcome.codes) == codes
    assert "stream_map" in outcome.codes
    assert bool(outcome.tallies["order_items"].remarks) is renamed


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (order("A", total="nine"), "bad_value"),
        (order("A", total=None), "missing_value"),
        (order("A", _sdc_deleted_at="2026-06-02T00:00:00Z"), "deleted"),
    ],
)
def test_the_items_of_a_rejected_order_are_rejected_with_it(
    runs: Runs, bad: dict[str, Any], code: str
) -> None:
    outcome = run(runs, bad, item("A", 1), item("A", 2))
    assert sorted(outcome.codes) == sorted([code, "order_rejected", "order_rejected"])
    assert stored(runs) == {}


def test_what_listrak_refuses_takes_its_items_along(runs: Runs) -> None:
    runs.sandbox.settings(crm_enabled=False, data_validation="strict")
    try:
        rows = [order("A"), item("A", 1), order("B", email="b@example.org"), item("B", 1)]
        head = schema("orders", "order_number", "order_date", "total", "email", keys=("order_number",))
        outcome = runs.good([head, ITEMS, *rows, state(1)], BOTH)
    finally:
        runs.sandbox.settings(crm_enabled=True, data_validation="late")
    assert sorted(outcome.codes) == ["order_rejected", "refused"]
    assert list(stored(runs)) == ["B"]


def test_an_order_with_items_of_its_own_and_item_rows_is_rejected(runs: Runs) -> None:
    nested = [{"sku": "own"}]
    outcome = run(runs, order("A", items=nested), item("A", 1), order("B", items=nested))
    assert outcome.codes == ["items_twice", "items_twice"]
    assert skus(runs, "B") == ["own"]


def test_flat_orders_go_whole_with_an_items_stream_beside_them(runs: Runs) -> None:
    head = schema("orders", "order_number", "order_date", "total", "item_sku")
    flat = [order(number, item_sku=f"{number}{line}") for line in range(3) for number in "AB"]
    outcome = runs.good([head, ITEMS, *flat, order("C"), item("C", 1), item("B", 1), state(1)], BOTH)
    assert skus(runs, "A") == ["A0", "A1", "A2"]
    assert skus(runs, "C") == ["S"]
    assert outcome.codes == ["items_twice"] * 4


def test_a_flat_order_with_a_bad_row_is_rejected_whole(runs: Runs) -> None:
    head = schema("orders", "order_number", "order_date", "total", "item_sku", "item_quantity")
    rows = [order("A", item_sku="x", item_quantity=1), order("A", item_sku="y", item_quantity="two")]
    outcome = runs.good([head, ITEMS, *rows, state(1)], BOTH)
    assert sorted(outcome.codes) == ["bad_value", "incomplete_order"]
    assert stored(runs) == {}


def test_orders_and_items_of_several_streams_are_joined_by_number(runs: Runs) -> None:
    both = {"*_orders": {"kind": "orders"}, "*_items": {"kind": "order_items"}}
    heads = [
        {**ORDERS, "stream": "web_orders"},
        {**ORDERS, "stream": "shop_orders"},
        {**ITEMS, "stream": "web_items"},
        {**ITEMS, "stream": "shop_items"},
    ]
    rows = [
        {**order("A"), "stream": "web_orders"},
        {**order("B"), "stream": "shop_orders"},
        {**order("C"), "stream": "web_orders"},
        {**order("C"), "stream": "shop_orders"},
        *({**item(number, 1), "stream": f"{one}_items"} for one in ("web", "shop") for number in "AB"),
        {**item("C", 1), "stream": "web_items"},
    ]
    outcome = runs.good([*heads, *rows, state(1)], both)
    assert outcome.codes == ["ambiguous_order"] * 3
    assert {number: skus(runs, number) for number in stored(runs)} == {"A": ["S", "S"], "B": ["S", "S"]}


def test_an_order_that_takes_too_much_memory_is_rejected(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_listrak.channels.retail.order_join.MOST_BYTES", 10_000)
    rows = [item("A", line) for line in range(50)]
    outcome = run(runs, *rows[:25], order("A"), *rows[25:], order("B"), item("B", 1))
    assert outcome.codes == ["order_too_large"] * 51
    assert list(stored(runs)) == ["B"]


# Members


def test_deleted_items_leave_their_order_where_deletes_are_allowed(runs: Runs) -> None:
    both = {**BOTH, "order_items": {"kind": "order_items", "allow_deletes": True}}
    gone = {"_sdc_deleted_at": "2026-06-02T00:00:00Z"}
    rows = [
        order("A"),
        item("A", 1, "a1"),
        item("A", 2, "a2"),
        item("A", 1, "a1", **gone),
        item("A", 3, **gone),
    ]
    outcome = run(runs, *rows, both=both)
    assert figures(outcome, "order_items") == (4, 3, 0, 1)
    assert skus(runs, "A") == ["a2"]
    run(runs, order("A"), item("A", 2, "a2", **gone), both=both)
    assert skus(runs, "A") == []


def test_a_deleted_item_that_no_key_names_is_rejected(runs: Runs) -> None:
    both = {**BOTH, "order_items": {"kind": "order_items", "allow_deletes": True}}
    head = {**ITEMS, "key_properties": []}
    gone = item("A", 1, _sdc_deleted_at="2026-06-02T00:00:00Z")
    outcome = runs.good([ORDERS, head, order("A"), item("A", 1), gone, state(1)], both)
    assert sorted(outcome.codes) == ["incomplete_order", "incomplete_order", "no_item_key"]


@pytest.mark.parametrize(
    ("member", "row", "expected"),
    [
        ({"on_bad_value": "blank"}, item("A", 1, quantity="two"), {"sku": "S"}),
        ({"decimal_mark": ","}, item("A", 1, price="1,5"), {"sku": "S", "quantity": 1, "price": 1.5}),
        (
            {"date_order": "dmy"},
            item("A", 1, ship_date="02/01/2026"),
            {"sku": "S", "quantity": 1, "shipDate": "2026-01-02T00:00:00"},
        ),
        (
            {"null_handling": "clear"},
            item("A", 1, quantity=None),
            {"sku": "S", "quantity": None},
        ),
        (
            {"fields": {"order_number": "orderNumber", "sku": "sku", "quantity": "meta1"}},
            item("A", 1, quantity="x", price=3),
            {"sku": "S", "meta1": "x"},
        ),
        (
            {"delete_markers": {"quantity": ["gone"]}, "allow_deletes": True},
            item("A", 1, quantity="gone"),
            None,
        ),
    ],
)
def test_members(
    runs: Runs, member: dict[str, Any], row: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    head = schema(
        "order_items", "order_number", "line", "sku", "quantity", "price", "ship_date",
        keys=("order_number", "line"),
    )  # fmt: skip
    both = {**BOTH, "order_items": {"kind": "order_items", **member}}
    outcome = runs.good([ORDERS, head, order("A"), row, state(1)], both)
    assert outcome.codes == []
    items = stored(runs)["A"].get("items")
    wanted = [] if expected is None else [{"orderNumber": "A", **expected}]
    assert [{name: one[name] for name in wanted[0]} for one in items] == wanted if wanted else not items
    assert len(items) == len(wanted)


@pytest.mark.parametrize("member", ["max_reject_share", "max_declined_share"])
def test_shares_hold_state_back(runs: Runs, member: str) -> None:
    both = {**BOTH, "order_items": {"kind": "order_items", member: 0}}
    past = {"_fivetran_active": False} if member == "max_declined_share" else {}
    head = schema("order_items", "order_number", "line", "sku", keys=("order_number", "line"))
    rows = [order("A"), item("A", 1), item("A" if past else "C", 1, **past)]
    outcome = runs.run([ORDERS, head, *rows, state(1)], both)
    assert outcome.error is not None
    assert outcome.states == []
    assert skus(runs, "A") == ["S"]  # a past version of an item is not missing


def test_on_bad_value_fail_ends_the_run(runs: Runs) -> None:
    both = {**BOTH, "order_items": {"kind": "order_items", "on_bad_value": "fail"}}
    outcome = runs.run([ORDERS, ITEMS, order("A"), item("A", 1, quantity="two")], both)
    assert "quantity" in str(outcome.error)
    assert stored(runs) == {}


# Slips in the settings


@pytest.mark.parametrize(
    ("destinations", "words"),
    [
        ({"order_items": {"kind": "order_items"}}, ["destinations.order_items.kind", "no destination"]),
        (
            {
                **BOTH,
                "order_items": [{"kind": "order_items"}, {"kind": "order_items", "on_bad_value": "fail"}],
            },
            ["destinations.order_items[1].kind", "destinations.order_items[0]"],
        ),
        (
            {**BOTH, "orders": [{"kind": "orders"}, {"kind": "orders", "on_missing": "send"}]},
            ["destinations.orders[1].kind"],
        ),
        ({**BOTH, "order_items": {"kind": "order_items", "on_missing": "send"}}, ["on_missing"]),
        (
            {**BOTH, "order_items": {"kind": "order_items", "fields": {"sku": "sku"}}},
            ["destinations.order_items.fields", "orderNumber"],
        ),
    ],
)
def test_slips_are_errors_before_anything_is_sent(
    runs: Runs, destinations: dict[str, Any], words: list[str]
) -> None:
    outcome = runs.run([ORDERS, ITEMS, *ROWS], destinations)
    assert isinstance(outcome.error, ConfigurationError)
    for word in words:
        assert word in str(outcome.error)
    assert stored(runs) == {}


@pytest.mark.parametrize("swapped", [False, True])
def test_an_order_id_is_no_order_number_unless_both_streams_call_it_so(
    runs: Runs,
    swapped: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    """The id of one order may be the number of another one, which would get its items."""
    items = schema("order_items", "order_id", "sku")
    heads = [items, ORDERS] if swapped else [ORDERS, items]
    rows = [order("1"), record("order_items", order_id=1, sku="S")]
    outcome = runs.run([*heads, *rows], BOTH)
    assert isinstance(outcome.error, ConfigurationError)
    assert "destinations.order_items.fields" in str(outcome.error)
    named = {
        **BOTH,
        "order_items": {"kind": "order_items", "fields": {"order_id": "orderNumber", "sku": "sku"}},
    }
    runs.good([*heads, *rows], named)
    assert skus(runs, "1") == ["S"]
    alike = schema("orders", "order_id", "order_date", "total")
    other = record("orders", order_id=2, order_date="2026-06-01", total=9)
    runs.good([alike, items, other, record("order_items", order_id=2, sku="T")], BOTH)
    assert skus(runs, "2") == ["T"]


# STATE, and input that breaks off


def test_state_waits_for_the_join(runs: Runs) -> None:
    rows = [state(0), *ROWS[:2], state(1), *ROWS[2:4], state(2), ROWS[4], state(3)]
    outcome = runs.good([ORDERS, ITEMS, *rows], BOTH, batch_size_rows=1)
    assert outcome.states == [0, 3]


@pytest.mark.parametrize(
    "rows", [[*ROWS[:2], state(1), *ROWS[2:4]], [*ROWS[2:], state(1), ROWS[0]]], ids=["items", "orders"]
)
def test_a_source_that_dies_sends_nothing_and_passes_no_state(runs: Runs, rows: list[dict[str, Any]]) -> None:
    """Else orders would lose the items that did not come, and STATE would pass over them."""
    outcome = runs.run([ORDERS, ITEMS, *rows], BOTH)
    assert type(outcome.error) is ListrakError
    assert "no STATE came after the last record" in str(outcome.error)
    assert outcome.states == []
    assert stored(runs) == {}


def test_a_source_that_never_sends_state_is_taken_at_its_word(runs: Runs) -> None:
    runs.good([ORDERS, ITEMS, *ROWS], BOTH)
    assert sorted(stored(runs)) == ["A", "B"]


def test_a_dry_run_says_what_the_run_will_do(runs: Runs) -> None:
    rows = [*ROWS, item("C", 1), item("A", 1), item("B", 2, None), order("D", total="nine"), item("D", 1)]
    dry = run(runs, *rows, dry_run=True)
    assert stored(runs) == {}
    assert dry.states == []
    real = run(runs, *rows)
    for stream in ("orders", "order_items"):
        assert figures(dry, stream) == figures(real, stream)
        assert dry.tallies[stream].reasons == real.tallies[stream].reasons


NUMBERS = st.sampled_from("ABC")
SOME_ROWS = st.lists(
    st.builds(order, NUMBERS, total=st.sampled_from([1, 2, "nine", None]))
    | st.builds(item, NUMBERS, st.integers(1, 2), st.sampled_from(["x", "y", None])),
    max_size=14,
)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SOME_ROWS)
def test_any_rows_end_as_a_plain_model_says(runs: Runs, rows: list[dict[str, Any]]) -> None:
    runs.sandbox.reset()
    run(runs, *rows)
    totals: dict[str, Any] = {}
    items: dict[str, dict[int, Any]] = {}
    for row in rows:
        values = row["record"]
        number = values["order_number"]
        if row["stream"] == "order_items":
            items.setdefault(number, {})[values["line"]] = values["sku"]
        elif values["total"] != "nine":
            totals[number] = values["total"] or totals.get(number)
    expected = {
        number: (total, sorted(items.get(number, {}).values()))
        for number, total in totals.items()
        if total and number in items and None not in items[number].values()
    }
    assert expected == {
        number: (one["orderTotal"], sorted(skus(runs, number))) for number, one in stored(runs).items()
    }


# On disk


PEAK = """
import resource, sys
from target_listrak.channels.retail.join_store import JoinStore, Part
store = JoinStore()
rows, line = int(sys.argv[1]), b"x" * 600
for row in range(1, rows + 1):
    store.add(str(row * 7919 % (rows // 5)), Part(0, row, "1", {"sku": "S"}, {}, line))
read, changes, last = 0, 0, None
for number, _ in store.parts():
    read, changes, last = read + 1, changes + (number != last), number
print(read, changes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_hundred_thousand_items_take_disk_and_not_memory() -> None:
    def peak(rows: int) -> int:
        ended = subprocess.run(
            [sys.executable, "-c", PEAK, str(rows)], check=True, capture_output=True, text=True
        )
        read, orders, kilobytes = map(int, ended.stdout.split())
        assert (read, orders) == (rows, rows // 5)
        return kilobytes

    # The rows alone are 60 MB.
    assert peak(100_000) - peak(10_000) < 15_000


def test_a_full_disk_is_named_as_what_it_is(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_listrak.channels.retail.join_store._INSERT", "INSERT INTO nowhere VALUES (?)")
    outcome = runs.run([ORDERS, ITEMS, *ROWS, state(1)], BOTH)
    assert isinstance(outcome.error, ConfigurationError)
    assert "SQLITE_TMPDIR" in str(outcome.error)
    assert outcome.states == []


@pytest.mark.parametrize("after", [0, 3])
def test_a_killed_run_passes_no_state_and_the_next_one_loads_everything(runs: Runs, after: int) -> None:
    """SIGKILL while rows are read (0) and while arrays are sent (3): what waited is read again."""
    fault = {"kind": "stall", "method": "POST", "route": "*/v1/*", "after": after, "seconds": 30.0}
    rows = [order(number) for number in range(40)] + [item(number, 1) for number in range(40)]
    lines = [json.dumps(one).encode() + b"\n" for one in [ORDERS, ITEMS, *rows, state(1)]]
    runs.sandbox.control("POST", "faults", [fault])
    config = runs.config(BOTH, batch_size_rows=5)
    path = runs.folder / "config.json"
    path.write_text(json.dumps(config), "utf-8")
    command = [str(Path(sys.executable).with_name("target-listrak")), "--config", str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as target:
        assert target.stdin is not None
        target.stdin.writelines(lines if after else lines[:50])
        target.stdin.flush()
        if after:
            target.stdin.close()
            while not any(one["hits"] for one in runs.sandbox.control("GET", "faults")):
                assert target.poll() is None
        target.kill()
        assert target.stdout is not None
        assert target.stdout.read() == b""
    runs.sandbox.control("DELETE", "faults")
    outcome = run(runs, *rows)
    assert figures(outcome, "order_items") == (40, 40, 0, 0)
    assert all(skus(runs, str(number)) == ["S"] for number in range(40))
