"""SMS and retail destinations when answers are lost: nothing twice, and nothing undone passes for done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CLUB, STREAM, SmsWorld, destination, messages, new_numbers
from target_runs import Runs, activate, record, schema, state

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE = "POST /sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact"
SUBSCRIBE = "POST /sms/v1/ShortCode/{senderCodeId}/Contact/{phoneNumber}/PhoneList/{phoneListId}"
UPDATE = "PUT /sms/v1/ShortCode/{senderCodeId}/Contact"
UNSUBSCRIBE = (
    "DELETE /sms/v1/ShortCode/{senderCodeId}/ContactUnsubscribe/{phoneNumber}/PhoneList/{phoneListId}"
)
IMPORT = "POST /sms/v1/ShortCode/{senderCodeId}/ContactImport"
WRITES = (CREATE, SUBSCRIBE, UPDATE, UNSUBSCRIBE)


@pytest.fixture
def sms(runs: Runs) -> Iterator[SmsWorld]:
    runs.sandbox.reset(scale="tiny")
    yield SmsWorld(runs)
    runs.sandbox.control("DELETE", "faults")
    runs.sandbox.reset(scale="small")


def fault(sms: SmsWorld, kind: str, route: str, **options: object) -> None:
    sms.runs.sandbox.control("POST", "faults", {"kind": kind, "route": route, **options})


def a_bit_of_everything(sms: SmsWorld) -> list[dict[str, Any]]:
    """Rows that create, subscribe again, update by call and by import."""
    rows: list[dict[str, Any]] = [{"phone": number, "first_name": "New"} for number in new_numbers(6)]
    rows += [{"phone": number} for number in sms.some(2, "unsubscribed")]
    members = sms.some(25)
    rows += [{"phone": number, "first_name": "Called"} for number in members[:5]]
    rows += [{"phone": number, "loyalty_points": 4242} for number in members[5:]]
    return rows


def outcome_of(sms: SmsWorld, rows: list[dict[str, Any]]) -> tuple[Any, dict[str, Any]]:
    outcome = sms.runs.good([*messages(rows), state({"at": 1})], destination(resubscribe=True))
    people = sms.everybody()
    for one in people.values():
        for row in one["phoneLists"]:
            row["subscribeDate"] = bool(row["subscribeDate"])  # the moment differs from run to run
    return outcome, people


@pytest.mark.parametrize("kind", ["lost_answer", "refused_then_done", "cut_body", "html"])
def test_answers_that_are_lost_change_neither_the_result_nor_the_books(sms: SmsWorld, kind: str) -> None:
    rows = a_bit_of_everything(sms)
    undisturbed, expected = outcome_of(sms, rows)
    sms.runs.sandbox.reset(scale="tiny")
    for route in (*WRITES, IMPORT):
        fault(sms, kind, route, count=2)
    outcome, people = outcome_of(sms, rows)
    assert outcome.figures == undisturbed.figures
    assert outcome.states == [{"at": 1}]
    assert people == expected
    done = Counter((call["operation"], call["phoneNumber"]) for call in sms.calls())
    assert not [key for key, times in done.items() if times > 1 and key[0] != "update"]


def test_a_create_whose_answer_is_lost_for_good_is_looked_up_and_not_made_twice(sms: SmsWorld) -> None:
    fault(sms, "lost_answer", CREATE)
    numbers = new_numbers(4)
    assert sms.load([{"phone": number} for number in numbers]).figures == (4, 4, 0, 0, 0)
    assert Counter(call["phoneNumber"] for call in sms.calls("create")) == dict.fromkeys(numbers, 1)


def test_a_write_that_is_never_carried_out_ends_the_run_and_confirms_nothing(sms: SmsWorld) -> None:
    fault(sms, "reset", SUBSCRIBE)
    rows = [{"phone": sms.one("unsubscribed")}]
    outcome = sms.runs.run([*messages(rows), state({"at": 1})], destination(resubscribe=True))
    assert outcome.error is not None
    assert outcome.states == []
    assert outcome.tally.open == 1
    assert sms.touched() == set()


def test_an_old_value_that_listrak_no_longer_takes_keeps_nobody_from_opting_out(sms: SmsWorld) -> None:
    number = next(one for one in sms.some(30) if sms.stored(one)["values"])
    before = sms.stored(number)
    fault(sms, "status", UPDATE, status=400, error="ERROR_SEGMENTATION_MAX_LENGTH", count=1)
    assert sms.load([{"phone": number}], "sms_opt_out").figures == (1, 1, 0, 0, 0)
    assert sms.stored(number)["optedOut"] is True
    assert sms.stored(number)["values"] == before["values"]


def test_a_field_that_is_disabled_meanwhile_ends_the_run_and_blames_no_row(sms: SmsWorld) -> None:
    fault(sms, "status", UPDATE, status=400, error="ERROR_SEGMENTATION_FIELD_DISABLED")
    outcome = sms.runs.run(messages([{"phone": sms.one(), "first_name": "New"}]), destination("sms_profiles"))
    assert isinstance(outcome.error, ConfigurationError)
    assert "profile field" in str(outcome.error)
    assert outcome.codes == []


def test_lost_answers_while_mirroring_remove_exactly_those_who_left(sms: SmsWorld) -> None:
    on = sorted(number for number, one in sms.everybody(CLUB, "subscribed").items() if not one["optOut"])
    fault(sms, "lost_answer", UNSUBSCRIBE)
    rows = [*messages([{"phone": one} for one in on[5:]], 1), activate(STREAM, 1), state({"at": 1})]
    outcome = sms.runs.run(rows, destination(mirror=True))
    assert outcome.error is None
    assert sms.touched() == set(on[:5])
    assert outcome.tally.removed == 5
    assert outcome.states == [{"at": 1}]


def test_a_mirror_that_cannot_read_its_list_removes_nobody_and_ends_the_run(sms: SmsWorld) -> None:
    fault(sms, "status", "GET /sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/Contact", status=400)
    rows = [*messages([{"phone": sms.one()}], 1), activate(STREAM, 1)]
    outcome = sms.runs.run(rows, destination(mirror=True))
    assert outcome.error is not None
    assert sms.touched() == set()


@pytest.mark.parametrize("kind", ["import_fails", "import_stalls"])
def test_an_import_that_does_not_end_well_confirms_none_of_its_rows(sms: SmsWorld, kind: str) -> None:
    fault(sms, kind, IMPORT)
    rows = [{"phone": number, "loyalty_points": 4242} for number in sms.some(20)]
    outcome = sms.runs.run([*messages(rows), state({"at": 1})], destination("sms_profiles"), import_timeout=1)
    assert outcome.error is not None
    assert outcome.states == []
    assert outcome.tally.open == 20
    sms.runs.sandbox.control("DELETE", "faults")
    again = sms.load(rows, "sms_profiles")
    assert again.tally.rejected == 0
    assert all(sms.stored(row["phone"])["values"]["Loyalty Points"] == "4242" for row in rows)


def test_unknown_status_words_of_an_import_are_no_obstacle(sms: SmsWorld) -> None:
    fault(sms, "import_odd_status", IMPORT)
    rows = [{"phone": number, "loyalty_points": 4242} for number in sms.some(20)]
    assert sms.load(rows, "sms_profiles").figures == (20, 20, 0, 0, 0)


@pytest.mark.parametrize(
    ("fault_", "options"), [("status", {"status": 429}), ("status", {"status": 503}), ("cut_body", {})]
)
def test_reads_that_fail_now_and_then_are_repeated(
    sms: SmsWorld, fault_: str, options: dict[str, Any]
) -> None:
    fault(sms, fault_, "GET /sms/v1/*", share=0.1, count=8, **options)
    rows = a_bit_of_everything(sms)
    outcome = sms.load(rows, resubscribe=True)
    assert outcome.tally.rejected == 0


@pytest.mark.parametrize("kind", ["lost_answer", "refused_then_done", "cut_body"])
def test_a_retail_array_whose_answer_is_lost_is_sent_again_and_arrives_once(sms: SmsWorld, kind: str) -> None:
    fault(sms, kind, "POST /data/v1/Product", count=2)
    rows = [schema("s", "sku", "title"), *(record("s", sku=str(n), title=f"T{n}") for n in range(50))]
    outcome = sms.runs.good([*rows, state({"at": 1})], {"s": {"kind": "products"}})
    assert outcome.figures == (50, 50, 0, 0, 0)
    assert outcome.states == [{"at": 1}]
    assert len(sms.runs.sandbox.written()["data"]["Product"]["rows"]) == 50


def test_a_retail_array_over_the_size_limit_is_sent_in_halves(sms: SmsWorld) -> None:
    fault(sms, "large_body_404", "POST /data/v1/Product", bytes=20_000)
    rows = [schema("s", "sku", "title"), *(record("s", sku=str(n), title="T" * 400) for n in range(200))]
    outcome = sms.runs.good(rows, {"s": {"kind": "products"}})
    assert outcome.figures == (200, 200, 0, 0, 0)
    assert len(sms.runs.sandbox.written()["data"]["Product"]["rows"]) == 200


def test_a_retail_api_that_stays_away_ends_the_run_and_confirms_nothing(sms: SmsWorld) -> None:
    fault(sms, "status", "POST /data/v1/Product", status=401)
    rows = [schema("s", "sku"), record("s", sku="1"), state({"at": 1})]
    outcome = sms.runs.run(rows, {"s": {"kind": "products"}})
    assert outcome.error is not None
    assert outcome.states == []
    assert outcome.tally.open == 1
