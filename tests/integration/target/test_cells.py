"""Cells as spreadsheets and exports write them: the right person, or a rejection with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sms_world import SmsWorld, destination, messages, new_numbers
from target_runs import record, schema

from target_listrak.channels.retail.models import ORDER

if TYPE_CHECKING:
    from target_runs import Outcome, Runs


def load(runs: Runs, cells: list[object]) -> Outcome:
    """Load cells by the settings as they are without a word about phone numbers."""
    return runs.good(messages([{"phone": cell} for cell in cells]), destination(), phone_digits=None)


def test_T1_spreadsheet_decimals_never_become_foreign_numbers(runs: Runs) -> None:
    sms = SmsWorld(runs)
    before = set(sms.everybody())
    numbers = new_numbers(7)
    one, two, three, four, five, six, seven = (number[1:] for number in numbers)
    rows = [
        f"{one}.0",
        float(two),
        f"'{three}",
        f'="{four}"',
        f"+1 {five}\u202c",
        f"{six[0]}.{six[1:]}E9",
        int(seven),
    ]
    outcome = load(runs, rows)
    assert outcome.figures == (7, 7, 0, 0, 0)
    assert set(sms.everybody()) - before == set(numbers)


def test_T1_what_could_be_a_stranger_is_rejected_with_its_cause(runs: Runs) -> None:
    sms = SmsWorld(runs)
    before = set(sms.everybody())
    cells = {
        "41555501000": "default_country",
        "+2095550113": "without its country code",
        "2.16555E9": "digits are lost",
        "2165553100 x12": "extension",
        "2165553100 / 2165553101": "more than one number",
        "216555O100": "letters",
    }
    outcome = load(runs, list(cells))
    assert outcome.figures == (6, 0, 0, 6, 0)
    reasons = [line["rejected"]["reason"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert all(cause in reason for cause, reason in zip(cells.values(), reasons, strict=True))
    assert set(sms.everybody()) == before


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"NaN", "First Name: NaN is not a value of JSON"),
        (b"[1, -Infinity]", "First Name: -Infinity is not a value of JSON"),
        (b"1e-70000000000000000000000000", "a number is out of range"),
        (b"1e70000000000000000000000000", "First Name: the number is out of range"),
        (b"9" * 5000, "First Name: the number is out of range"),
        (b'"Ann \\ud83d"', "First Name: the text holds half a character"),
        (b'"Jos\xe9"', "First Name: the text holds half a character, or is not UTF-8"),
        (b'"a\x00b"', "not valid JSON"),
        (b"undefined", "not valid JSON"),
        (b'"Ann","First Name":"Bob"', "names a property twice"),
        (b'{"a":[{"b":1,"b":2}]}', "names a property twice"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("many", [2, 30])
def test_T12_one_value_rejects_its_row_and_the_others_are_loaded(
    runs: Runs, value: bytes, reason: str, many: int
) -> None:
    target = {"people": {"kind": "email_list", "list": "Newsletter"}}
    head = schema("people", "email", "First Name")
    line = b'{"type": "RECORD", "stream": "people", "record": {"email": "odd@example.org", "First Name": %b}}'
    rows = [record("people", email=f"new{one}@example.org") for one in range(2 * many)]
    outcome = runs.good([head, *rows[:many], line % value, *rows[many:]], target)
    assert outcome.figures[:2] == (2 * many + 1, 2 * many)
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert (rejected["code"], rejected["row"]) == ("unreadable", many + 1)
    assert reason in rejected["reason"]
    # Until it is corrected it is rejected again, for the same reason.
    again = runs.good([*outcome.rejects_path.read_bytes().splitlines()], target)
    assert [one["rejected"]["reason"] for one in again.rejects if "rejected" in one] == [rejected["reason"]]


def test_T27_all_faults_of_a_row_are_named_at_once(runs: Runs) -> None:
    fields = {"a": "First Name", "b": "Birthday", "c": "Points"}
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": fields}}
    head = schema("people", "email", "a", "b", "c")
    bad = {"a": {}, "b": "yesterday", "c": "many"}
    rows = [
        record("people", email="ann@example.com\u200b", **bad),
        record("people", email="bob@example.com", **bad),
    ]
    outcome = runs.good([head, *rows], target)
    assert outcome.codes == ["bad_email_address", "bad_value"]
    first, second = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert [one["property"] for one in first["faults"]] == ["email", "a", "b", "c"]
    codes = ["bad_email_address", "not_a_text", "not_a_date", "not_a_number"]
    assert [one["code"] for one in first["faults"]] == codes
    assert [one["property"] for one in second["faults"]] == ["a", "b", "c"]
    assert all(f"{name}: " in second["reason"] for name in "abc")


def test_T27_a_row_with_many_faults_has_a_short_reason(runs: Runs) -> None:
    names = [*ORDER.properties]
    row = record("orders", **{name: [[]] for name in names})
    outcome = runs.good([schema("orders", *names), row], {"orders": {"kind": "orders"}})
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert len(rejected["faults"]) > 20
    assert "; and " in rejected["reason"]
    assert len(rejected["reason"]) < 2_000


def test_T27_all_faults_of_an_sms_row_and_of_an_order_are_named_at_once(runs: Runs) -> None:
    outcome = SmsWorld(runs).load(
        [{"phone": "2165553100 x1", "birthday": "yesterday", "email": "ann@@example.com"}]
    )
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert rejected["code"] == "bad_phone_number"
    assert [one["property"] for one in rejected["faults"]] == ["phone", "email", "birthday"]
    head = schema("orders", "orderNumber", "orderTotal", "dateEntered", "status")
    row = record("orders", orderNumber="1", orderTotal="much", status="lost")
    outcome = runs.good([head, row], {"orders": {"kind": "orders"}})
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert {"orderTotal", "status"} <= {one["property"] for one in rejected["faults"]}


ORDERS = {"orders": {"kind": "orders"}}


def test_T26_orders_by_the_names_that_shops_use_have_date_and_total(runs: Runs) -> None:
    names = ("order_id", "order_date", "total", "shipping", "customer_email", "sku", "qty", "price")
    head = schema("orders", *names)
    row = {"order_date": "2026-06-30", "total": "25.50", "shipping": 5, "customer_email": "ann@example.com"}
    rows = [record("orders", order_id="A", **row, sku=sku, qty=1, price=10) for sku in ("SHOE", "SOCK")]
    outcome = runs.good([head, *rows], ORDERS)
    assert outcome.figures[:2] == (2, 2)
    (order,) = runs.sandbox.written()["data"]["Order"]["rows"].values()
    assert (order["dateEntered"], order["orderTotal"], order["shippingTotal"]) == (
        "2026-06-30T00:00:00",
        25.5,
        5,
    )
    assert order["customer"]["email"] == "ann@example.com"
    assert sorted((one["sku"], one["quantity"], one["price"]) for one in order["items"]) == [
        ("SHOE", 1, 10),
        ("SOCK", 1, 10),
    ]


def test_T26_an_order_without_date_or_total_is_rejected_with_both_named(runs: Runs) -> None:
    head = schema("orders", "orderNumber", "order_day", "sum")
    rows = [record("orders", orderNumber=str(number), order_day="2026-06-30", sum=1) for number in range(20)]
    outcome = runs.good([head, *rows], ORDERS)
    assert outcome.figures[:2] == (20, 0)
    rejected = outcome.rejects[1]["rejected"]
    assert [one["property"] for one in rejected["faults"]] == ["dateEntered", "orderTotal"]
    assert runs.sandbox.written()["data"]["Order"]["rows"] == {}


@pytest.mark.parametrize("declared", [True, False])
def test_T26_on_missing_ends_the_run_or_sends_partial_updates(runs: Runs, declared: object) -> None:
    names = ("orderNumber", "dateEntered", "orderTotal") if declared else ("orderNumber",)
    messages = [schema("orders", *names), record("orders", orderNumber="1")]
    outcome = runs.run(messages, {"orders": {"kind": "orders", "on_missing": "fail"}})
    assert "dateEntered or orderTotal" in str(outcome.error)
    assert runs.sandbox.written()["data"]["Order"]["rows"] == {}
    assert runs.good(messages, {"orders": {"kind": "orders", "on_missing": "send"}}).figures[:2] == (1, 1)


def test_T26_a_common_name_never_takes_the_place_of_listraks_own(runs: Runs) -> None:
    head = schema(
        "orders", "orderNumber", "dateEntered", "orderTotal", "total", "date", shipping={"type": "object"}
    )
    row = record(
        "orders",
        orderNumber="1",
        dateEntered="2026-06-30",
        orderTotal=2,
        total=1,
        date="x",
        shipping={"a": 1},
    )
    runs.good([head, row], ORDERS)
    (order,) = runs.sandbox.written()["data"]["Order"]["rows"].values()
    assert (order["dateEntered"], order["orderTotal"]) == ("2026-06-30T00:00:00", 2)


def test_T26_what_listrak_would_take_without_a_word_is_rejected_here(runs: Runs) -> None:
    head = schema("customers", "customer_id", "email", "dob", "zip")
    rows = [
        record("customers", customer_id="1", email="ann@@example.com", dob="12.05.1981", zip="x" * 21),
        record("customers", customer_id="2", email="bob@example.com", dob="1981-05-12", zip="12345"),
    ]
    outcome = runs.good([head, *rows], {"customers": {"kind": "customers"}})
    assert outcome.figures[:2] == (2, 1)
    (rejected,) = (one["rejected"] for one in outcome.rejects if one["type"] == "RECORD")
    assert {one["property"] for one in rejected["faults"]} == {"email", "birthday", "zipCode"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-07-31T00:00:00+00:00", "2026-07-31T00:00:00"),
        ("2026-07-31T00:00:00Z", "2026-07-31T00:00:00"),
        ("2026-07-31 00:00:00.000 UTC", "2026-07-31T00:00:00"),
        ("2026-07-31", "2026-07-31T00:00:00"),
        ("2026-07-31T12:00:00Z", "2026-07-31T08:00:00"),
        ("2026-07-31T00:00:00", "2026-07-31T00:00:00"),
    ],
)
def test_T10_a_day_written_as_midnight_utc_is_that_day(runs: Runs, given: str, sent: str) -> None:
    outcome = runs.good(
        [schema("products", "sku", "saleEndDate"), record("products", sku="1", saleEndDate=given)],
        {"products": {"kind": "products"}},
    )
    assert outcome.figures[:2] == (1, 1)
    (product,) = runs.sandbox.written()["data"]["Product"]["rows"].values()
    assert product["saleEndDate"] == sent


@pytest.mark.parametrize(
    ("settings", "born", "points"),
    [
        (
            {},
            {"05/12/1981": "05/12/1981", "13/05/1981": None, "12.05.1981": None},
            {"1.200": "1.20", "1,200": None},
        ),
        (
            {"date_order": "dmy", "decimal_mark": ","},
            {
                "05/12/1981": "12/05/1981",
                "13/05/1981": "05/13/1981",
                "12.05.1981": "05/12/1981",
                "05/13/1981": None,
            },
            {"1.200": "1200", "1,2": "1.20", "1.200,50": "1200.50", "1.2": None},
        ),
        (
            {"date_order": "ymd", "decimal_mark": "."},
            {"05/12/1981": None},
            {"1,200": "1200", "1.200,50": None},
        ),
    ],
)
@pytest.mark.parametrize("where", ["settings", "destination"])
def test_T28_what_could_mean_two_things_is_read_as_the_settings_say(
    runs: Runs,
    settings: dict[str, str],
    born: dict[str, str | None],
    points: dict[str, str | None],
    where: str,
) -> None:
    fields = {"born": "Birthday", "points": "Points"}
    target = {"kind": "email_list", "list": "Newsletter", "fields": fields}
    if where == "destination":
        target |= settings
    cells = [*({"born": one} for one in born), *({"points": one} for one in points)]
    rows = [record("people", email=f"t{number}@example.org", **cell) for number, cell in enumerate(cells)]
    more = settings if where == "settings" else {}
    outcome = runs.run([schema("people", "email", "born", "points"), *rows], {"people": target}, **more)
    assert outcome.closes()
    for number, expected in enumerate([*born.values(), *points.values()]):
        values = list(runs.values(40137, f"t{number}@example.org").values())
        assert values == ([] if expected is None else [expected])


def test_T10_an_instant_is_on_the_day_that_the_clocks_of_the_zone_show(runs: Runs) -> None:
    cells = {
        "2026-07-01T02:00:00Z": "06/30/2026",
        "2026-07-01T00:00:00Z": "07/01/2026",
        "2026-07-01": "07/01/2026",
    }
    target = {"people": {"kind": "email_list", "list": "Newsletter", "fields": {"at": "Birthday"}}}
    rows = [record("people", email=f"t{number}@example.org", at=one) for number, one in enumerate(cells)]
    runs.good([schema("people", "email", "at"), *rows], target)
    got = [next(iter(runs.values(40137, f"t{number}@example.org").values())) for number in range(len(cells))]
    assert got == list(cells.values())
