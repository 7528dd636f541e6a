"""The kind `custom_events`: an event for each record, once only, and what Listrak refuses of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ConfigurationError, ListrakError
from listrak_sandbox.cross_channel import EVENTS
from target_listrak.values.row_faults import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

CART = EVENTS[0]
POST = {"route": "/eventConfigurations/{eventUID}/events", "method": "POST"}
HEAD = schema(
    "carts", "email", "phone", "cart_value", "item_count", "abandoned_at", "note", id={}, keys=("id",)
)


def row(number: int, **values: object) -> dict[str, Any]:
    return record("carts", **{"id": number, "email": f"buyer{number}@example.org", **values})


class Carts:
    """Runs of the stream `carts` into custom events."""

    def __init__(self, runs: Runs, folder: Path) -> None:
        self.sandbox = runs.sandbox
        self.sent_path = folder / "sent.sqlite"
        self._runs = runs

    def run(
        self,
        messages: list[Any],
        *,
        fails: bool = False,
        settings: dict[str, Any] | None = None,
        **options: object,
    ) -> Outcome:
        entry = {"kind": "custom_events", "event": "Cart Abandoned", **options}
        entry = {name: value for name, value in entry.items() if value is not None}
        given = {"sent_path": str(self.sent_path), **(settings or {})}
        run = self._runs.run if fails else self._runs.good
        return run(messages, {"carts": entry}, **given)

    def posted(self) -> list[dict[str, Any]]:
        return list(self.sandbox.written()["custom_events"]["posted"])

    def fault(self, kind: str, **options: object) -> None:
        self.sandbox.control("POST", "faults", [{"kind": kind, **POST, **options}])


@pytest.fixture
def carts(runs: Runs, tmp_path: Path) -> Carts:
    return Carts(runs, tmp_path)


def test_each_record_raises_an_event_with_the_fields_that_the_event_has(carts: Carts) -> None:
    rows = [
        row(
            1,
            phone="(216) 555-0101",
            cart_value="12.50",
            item_count=3.0,
            abandoned_at="2026-06-30T10:00:00Z",
            note="x",
        ),
        row(2, cart_value=None, item_count="", abandoned_at="06/30/2026"),
    ]
    outcome = carts.run([HEAD, *rows, state(1)])
    assert outcome.tallies["carts"].accepted == 2
    assert outcome.states == [1]
    first, second = carts.posted()
    assert first["event"] == "Cart Abandoned"
    assert first["identifiers"] == [
        {"type": "EmailAddress", "value": "buyer1@example.org"},
        {"type": "PhoneNumber", "value": "12165550101"},
    ]
    assert first["fields"] == {
        "cartValue": "12.5",
        "itemCount": "3",
        "abandonedAt": "2026-06-30T10:00:00+00:00",
    }
    assert second["fields"] == {"abandonedAt": "2026-06-30"}
    assert first["discarded"] == second["discarded"] == []


@pytest.mark.parametrize("event", ["cart abandoned", "CART_ABANDONED", CART.uid, CART.uid.upper()])
def test_an_event_is_found_by_name_or_uid(carts: Carts, event: str) -> None:
    carts.run([HEAD, row(1)], event=event)
    assert [one["event"] for one in carts.posted()] == ["Cart Abandoned"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"event": "Cart Abandond"}, ["destinations.carts.event", "Cart Abandoned", "Store Visit", CART.uid]),
        ({"event": None}, ["destinations.carts.event", "event_from"]),
        ({"event_from": "note"}, ["destinations.carts.event", "not both"]),
        (
            {"fields": {"note": "cartNote"}},
            ["destinations.carts.fields.note", "cartNote", "cartValue, itemCount"],
        ),
        ({"email": "mail"}, ["destinations.carts.email", "'mail'"]),
        ({"events_per_request": 0}, ["destinations.carts.events_per_request", "1 to 1000"]),
        ({"list": "Newsletter"}, ["destinations.carts.list", "no such option"]),
        ({"allow_deletes": True}, ["destinations.carts.allow_deletes"]),
    ],
)
def test_a_wrong_destination_is_an_error_before_anything_is_sent(
    carts: Carts,
    options: dict[str, Any],
    words: list[str],
) -> None:
    outcome = carts.run([HEAD, row(1)], fails=True, **options)
    assert isinstance(outcome.error, ConfigurationError), outcome.error
    for word in words:
        assert word in str(outcome.error)
    assert carts.posted() == []


def test_without_credentials_the_error_names_them(carts: Carts) -> None:
    outcome = carts.run([HEAD, row(1)], fails=True, settings={"cross_channel_client_id": None})
    assert "cross_channel_client_id" in str(outcome.error)


def test_records_may_name_their_events(carts: Carts) -> None:
    rows = [
        row(1, note="Store Visit"),
        row(2, note=CART.uid, cart_value=7),
        row(3, note="Stroe Visit"),
        row(4, note=None),
    ]
    outcome = carts.run([HEAD, *rows], event=None, event_from="note")
    assert outcome.codes == ["unknown_event", "no_event"]
    assert sorted((one["event"], one["fields"].get("cartValue")) for one in carts.posted()) == [
        ("Cart Abandoned", "7"),
        ("Store Visit", None),
    ]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "not an address"}, "bad_email_address"),
        ({"email": None}, "no_identifier"),
        ({"phone": "12"}, "bad_phone_number"),
        ({"cart_value": "a lot"}, "bad_value"),
        ({"item_count": 1.5}, "bad_value"),
        ({"abandoned_at": "soon"}, "bad_value"),
        ({"id": None}, "missing_key"),
        ({"is_deleted": True}, "deleted"),
    ],
)
def test_a_record_that_cannot_be_an_event_is_rejected(
    carts: Carts,
    values: dict[str, Any],
    code: str,
) -> None:
    head = schema(
        "carts",
        "email",
        "phone",
        "cart_value",
        "item_count",
        "abandoned_at",
        id={},
        is_deleted={},
        keys=("id",),
    )
    outcome = carts.run([head, row(1, **values), row(2)])
    assert outcome.codes == [code]
    assert [one["identifiers"][0]["value"] for one in carts.posted()] == ["buyer2@example.org"]


def test_a_value_that_does_not_fit_can_be_left_out_or_end_the_run(carts: Carts) -> None:
    carts.run([HEAD, row(1, cart_value="a lot", item_count=2)], on_bad_value="blank")
    assert [one["fields"] for one in carts.posted()] == [{"itemCount": "2"}]
    assert isinstance(
        carts.run([HEAD, row(2, cart_value="a lot")], fails=True, on_bad_value="fail").error,
        InvalidValueError,
    )


def test_what_a_request_of_status_200_refuses_is_rejected(carts: Carts) -> None:
    rows = [
        row(1),
        row(2, email="nobody@refused.example.org"),
        row(3, email="gone@refused.example.org", phone="2165550103"),
    ]
    outcome = carts.run([HEAD, *rows])
    assert outcome.codes == ["refused"]
    assert "InvalidIdentifier" in outcome.rejects[-1]["rejected"]["reason"]
    assert outcome.tallies["carts"].accepted == 2
    assert outcome.tallies["carts"].remarks == {"events were refused for one of two identifiers": 1}


def test_a_request_that_is_refused_is_sent_in_halves_down_to_the_events_at_fault(carts: Carts) -> None:
    carts.fault("status", status=400, count=2)
    outcome = carts.run([HEAD, *map(row, range(4))])
    # The whole and its first half are refused; then one by one, and the second half at once.
    assert outcome.tallies["carts"].accepted == 4
    assert len(carts.posted()) == 4
    carts.fault("status", status=400)
    outcome = carts.run([HEAD, *map(row, range(10, 13))], settings={"max_reject_share": 1})
    assert outcome.tallies["carts"].rejected == 3
    assert len(carts.posted()) == 4


@pytest.mark.parametrize("status", [404, 429])
def test_events_of_a_run_that_ends_unsent_are_sent_by_the_next_one(carts: Carts, status: int) -> None:
    carts.fault("status", status=status)
    outcome = carts.run([HEAD, row(1), row(2)], fails=True, settings={"max_retries": 0})
    assert outcome.error is not None
    assert carts.posted() == []
    carts.sandbox.control("DELETE", "faults")
    outcome = carts.run([HEAD, row(1), row(2)])
    assert outcome.tallies["carts"].accepted == 2
    assert len(carts.posted()) == 2


def test_events_go_out_many_at_a_time_and_one_person_at_most_once_in_a_request(carts: Carts) -> None:
    rows = [row(number) for number in range(25)]
    rows += [row(100, email="buyer0@example.org"), row(101, email="buyer0@example.org")]
    carts.run([HEAD, *rows], events_per_request=10)
    assert len(carts.posted()) == 27
    posts = [
        one for one in carts.sandbox.requests()["latest"] if one["route"].startswith("POST /crosschannel")
    ]
    assert len(posts) == 4  # 10, 10, 5 and the first of buyer0, the second


@pytest.mark.parametrize("of_one", [1, 2, 60])
def test_people_who_come_again_cost_no_request_each(carts: Carts, of_one: int) -> None:
    """60 orders of 30 customers, sorted by customer, took 31 requests."""
    rows = [
        row(number, email=f"buyer{number // of_one}@example.org", item_count=number) for number in range(60)
    ]
    carts.run([HEAD, *rows, state(1)], events_per_request=10)
    posts = [
        one for one in carts.sandbox.requests()["latest"] if one["route"].startswith("POST /crosschannel")
    ]
    assert len(posts) == {1: 6, 2: 6, 60: 50}[of_one]  # the sandbox shows the latest 50
    said: dict[str, list[int]] = {}
    for one in carts.posted():
        said.setdefault(one["identifiers"][0]["value"], []).append(int(one["fields"]["itemCount"]))
    assert all(numbers == sorted(numbers) for numbers in said.values())
    assert sum(map(len, said.values())) == 60


def test_a_run_that_is_repeated_raises_nothing_twice(carts: Carts) -> None:
    carts.run([HEAD, row(1), row(2)])
    outcome = carts.run([HEAD, row(1), row(2), row(3), row(3)])
    assert outcome.tallies["carts"].unchanged == 3
    assert len(carts.posted()) == 3


def test_of_two_records_with_one_key_the_second_goes_by_how_the_first_one_went(carts: Carts) -> None:
    refused = row(2, email="nobody@refused.example.org")
    outcome = carts.run([HEAD, row(1), row(1, email="other@example.org"), refused, row(2)])
    tally = outcome.tallies["carts"]
    assert (tally.accepted, tally.unchanged, outcome.codes) == (2, 1, ["refused"])
    assert len(carts.posted()) == 2


def test_a_lost_answer_is_reported_as_unknown_and_never_sent_again(carts: Carts) -> None:
    carts.fault("lost_answer", count=1)
    outcome = carts.run([HEAD, row(1), row(2), state(1)])
    assert outcome.codes == ["unknown_outcome"] * 2
    assert len(carts.posted()) == 2
    again = carts.run([HEAD, row(1), row(2), row(3), state(1)])
    assert again.codes == ["unknown_outcome"] * 2
    assert len(carts.posted()) == 3


def test_what_was_certainly_not_sent_is_sent_by_the_next_run(carts: Carts) -> None:
    carts.sandbox.settings(integrations={"cross_channel": {"paused": True}})
    assert isinstance(carts.run([HEAD, row(1), state(1)], fails=True).error, ListrakError)
    carts.sandbox.settings(integrations={"cross_channel": {"paused": False}})
    carts.run([HEAD, row(1), state(1)])
    assert len(carts.posted()) == 1


def test_a_dry_run_says_how_many_events_would_be_raised_and_raises_none(carts: Carts) -> None:
    outcome = carts.run([HEAD, row(1), row(2), row(2)], settings={"dry_run": True})
    assert outcome.tallies["carts"].remarks == {"events would be raised": 2}
    assert outcome.tallies["carts"].unchanged == 1
    assert carts.posted() == []
    assert not carts.sent_path.exists()


def test_a_stream_without_keys_is_sent_without_a_record_and_says_so(
    carts: Carts,
    caplog: pytest.LogCaptureFixture,
) -> None:
    carts.run([schema("carts", "email"), record("carts", email="a@example.org")])
    assert "has no key properties" in caplog.text
    assert len(carts.posted()) == 1
    assert not carts.sent_path.exists()
