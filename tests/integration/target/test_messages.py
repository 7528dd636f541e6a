"""The kinds that send messages: each at most once, with permission only, and what is unknown is reported."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.delivery.sender import MessageLimitError
from target_listrak.delivery.sent_record import SentRecord, key_of
from target_listrak.tracking.tallies import closing_table
from target_listrak.values.reading import NULL_TEXTS

if TYPE_CHECKING:
    from pathlib import Path

NEWSLETTER, FIRST_NAME, CODE, CLUB = 40137, 1007, 410, 7101
CHANNELS = ("email", "sms")
ROUTES = {
    "email": "/List/{listId}/TransactionalMessage/{transactionalMessageId}/Message",
    "sms": "/ShortCode/{senderCodeId}/PhoneList/{phoneListId}/TransactionalMessage/{transactionalMessageId}"
    "/Message",
}


class World:
    """One of the two channels, with the messages that it has."""

    def __init__(self, runs: Runs, channel: str, folder: Path) -> None:
        self.runs, self.channel, self.folder = runs, channel, folder
        if channel == "email":
            rows = runs.read(f"List/{NEWSLETTER}/TransactionalMessage")
            self.place: dict[str, Any] = {"kind": "transactional_message", "list": NEWSLETTER}
        else:
            rows = self._sms(f"ShortCode/{CODE}/PhoneList/{CLUB}/TransactionalMessage")
            place = {"sender_code": CODE, "phone_list": CLUB}
            self.place = {"kind": "sms_transactional_message", **place}
        self.messages = [(one["transactionalMessageId"], one["transactionalMessageName"]) for one in rows]

    def _sms(self, path: str) -> list[dict[str, Any]]:
        answer = self.runs._session.get(
            f"{self.runs.sandbox.url}/sms/v1/{path}",
            headers={"Authorization": f"Bearer {self.runs.sandbox.token('sms')}"},
            timeout=30,
        )
        answer.raise_for_status()
        return list(answer.json()["data"])

    @property
    def key(self) -> str:
        return "email" if self.channel == "email" else "phone"

    def person(self, number: int) -> str:
        return f"buyer{number}@example.org" if self.channel == "email" else f"12165553{number:03}"

    def head(self, keys: tuple[str, ...] = ("id",)) -> dict[str, Any]:
        return schema("orders", self.key, "first_name", "text", id={}, keys=keys)

    def row(self, number: int, **values: object) -> dict[str, Any]:
        return record("orders", **{"id": number, self.key: self.person(number), **values})

    def entry(self, **options: object) -> dict[str, Any]:
        entry = {**self.place, "message": self.messages[0][1], "allow_sending": True, **options}
        return {"orders": {name: value for name, value in entry.items() if value is not None}}

    def settings(self) -> dict[str, Any]:
        return {"sent_path": str(self.folder / "sent.sqlite")}

    def run(
        self, messages: list[Any], *, fails: bool = False, dry_run: bool = False, **options: object
    ) -> Any:  # noqa: ANN401 - an outcome
        run = self.runs.run if fails else self.runs.good
        return run(messages, self.entry(**options), dry_run=dry_run, **self.settings())

    def sent(self) -> list[str]:
        """Who was sent something, once for each message."""
        written = self.runs.sandbox.written()
        if self.channel == "email":
            return sorted(one["emailAddress"] for one in written["sends"])
        calls = written["sms"]["calls"]
        return sorted(one["phoneNumber"] for one in calls if one["operation"] == "send")

    def fault(self, kind: str, **options: object) -> None:
        fault = {"kind": kind, "route": ROUTES[self.channel], "method": "POST", **options}
        self.runs.sandbox.control("POST", "faults", [fault])


@pytest.fixture(params=CHANNELS)
def world(runs: Runs, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(runs, request.param, tmp_path)


@pytest.mark.parametrize("by", [0, 1])
def test_each_record_is_a_message_by_name_or_id(world: World, by: int) -> None:
    rows = [world.head(), *(world.row(number) for number in range(5)), state(1)]
    outcome = world.run(rows, message=world.messages[0][by])
    assert outcome.figures == (5, 5, 0, 0, 0)
    assert outcome.states == [1]
    assert world.sent() == sorted(world.person(number) for number in range(5))


@pytest.mark.parametrize("allowed", [None, False])
def test_nothing_is_sent_without_permission(world: World, allowed: object) -> None:
    outcome = world.run([world.head(), world.row(1)], fails=True, allow_sending=allowed)
    assert isinstance(outcome.error, ConfigurationError)
    assert outcome.error.setting == "destinations.orders.allow_sending"
    assert world.sent() == []


def test_an_unknown_message_is_an_error_that_lists_what_there_is(world: World) -> None:
    outcome = world.run([world.head(), world.row(1)], fails=True, message="nothing")
    assert outcome.error.setting == "destinations.orders.message"
    assert repr(world.messages[0][1]) in str(outcome.error)


def test_a_stream_without_a_key_is_an_error(world: World) -> None:
    outcome = world.run([world.head(keys=()), world.row(1)], fails=True)
    assert isinstance(outcome.error, ConfigurationError)
    assert "has no key properties" in str(outcome.error)
    assert world.sent() == []


def test_a_second_run_and_a_second_record_of_a_key_send_nothing_again(world: World) -> None:
    rows = [world.head(), *(world.row(number) for number in (1, 2, 1))]
    assert world.run(rows).figures == (3, 2, 1, 0, 0)
    again = [world.head(), *(world.row(number) for number in (1, 2, 3)), world.row(0, id="2")]
    assert world.run(again).figures == (4, 1, 3, 0, 0)  # the text "2" is the key that the number was
    assert world.sent() == sorted(world.person(number) for number in (1, 2, 3))


def test_another_message_and_another_stream_are_other_sends(world: World) -> None:
    world.run([world.head(), world.row(1)])
    if len(world.messages) > 1:
        world.run([world.head(), world.row(1)], message=world.messages[1][0])
        assert len(world.sent()) == 2
    before = len(world.sent())
    other = [{**one, "stream": "others"} for one in (world.head(), world.row(1))]
    world.runs.good(other, {"others": world.entry()["orders"]}, **world.settings())
    assert len(world.sent()) == before + 1


@pytest.mark.parametrize("fault", ["lost_answer", "status"])
def test_an_unknown_outcome_is_reported_and_never_repeated(world: World, fault: str) -> None:
    world.fault(fault, count=1)
    rows = [world.head(), world.row(1), state(1)]
    outcome = world.run(rows)
    assert outcome.codes == ["unknown_outcome"]
    assert outcome.states == [1]
    assert len(world.sent()) == (fault == "lost_answer")
    again = world.run(rows)
    assert again.codes == ["unknown_outcome"]
    assert len(world.sent()) == (fault == "lost_answer")


def test_what_was_certainly_not_sent_may_be_sent_later(world: World) -> None:
    world.fault("status", status=400, error="ERROR_INVALID_PARAMETER", count=1)
    first = world.run([world.head(), world.row(1)])
    assert first.tally.rejected == 1
    assert world.sent() == []
    assert world.run([world.head(), world.row(1)]).tally.accepted == 1
    assert world.sent() == [world.person(1)]


def test_too_many_requests_are_repeated_and_sent_once(world: World) -> None:
    world.fault("status", status=429, count=1)
    assert world.run([world.head(), world.row(1)]).tally.accepted == 1
    assert world.sent() == [world.person(1)]


@pytest.mark.parametrize("most", [0, 3])
def test_more_than_max_messages_end_the_run_and_the_next_one_goes_on(world: World, most: int) -> None:
    rows = [world.head(), *(world.row(number) for number in range(5)), state(1)]
    outcome = world.run(rows, fails=True, max_messages=most)
    assert isinstance(outcome.error, MessageLimitError)
    assert "destinations.orders.max_messages" in str(outcome.error)
    assert outcome.states == []
    assert len(world.sent()) == most
    assert world.run(rows).figures == (5, 5 - most, most, 0, 0)
    assert world.sent() == sorted(world.person(number) for number in range(5))


def test_a_dry_run_says_how_many_would_go_and_leaves_no_record(world: World) -> None:
    rows = [world.head(), *(world.row(number) for number in (1, 2, 2))]
    outcome = world.run(rows, dry_run=True)
    assert outcome.figures == (3, 2, 1, 0, 0)
    assert any("2 messages would be sent" in line for line in closing_table(outcome.tallies.values()))
    assert world.sent() == []
    assert not (world.folder / "sent.sqlite").exists()
    world.run(rows[:2])
    assert world.run(rows, dry_run=True).figures == (3, 1, 2, 0, 0)
    limited = world.run(rows, dry_run=True, fails=True, max_messages=0)
    assert isinstance(limited.error, MessageLimitError)


def test_records_that_cannot_be_sent_are_rejected_and_sent_once_corrected(world: World) -> None:
    odd = [
        world.row(1, **{world.key: "nobody"}),
        world.row(2, id=None),
        world.row(3, id=""),
        world.row(4, id=["x"]),
        world.row(5, _sdc_deleted_at="2026-01-01T00:00:00Z"),
        record("orders", **{world.key: world.person(6)}),
    ]
    outcome = world.run([world.head(), *odd, world.row(7)])
    assert outcome.tally.rejected == len(odd)
    assert {"missing_key", "deleted"} <= set(outcome.codes)
    assert world.sent() == [world.person(7)]
    assert world.run([world.head(), world.row(1)]).tally.accepted == 1


def test_another_run_that_has_the_record_is_an_error(world: World) -> None:
    held = SentRecord(world.folder / "sent.sqlite")
    outcome = world.run([world.head(), world.row(1)], fails=True)
    held.close()
    assert outcome.error.setting == "sent_path"
    assert "another run uses it" in str(outcome.error)
    assert world.sent() == []


def test_a_record_that_is_no_database_is_an_error(world: World) -> None:
    (world.folder / "sent.sqlite").write_text("not a database, and long enough to be looked at " * 40)
    outcome = world.run([world.head(), world.row(1)], fails=True)
    assert outcome.error.setting == "sent_path"
    assert world.sent() == []


def test_the_record_holds_no_address_and_no_key(world: World) -> None:
    world.run([world.head(keys=(world.key,)), world.row(1)])
    path = world.folder / "sent.sqlite"
    assert path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(path) as database:
        ((destination, key, said),) = database.execute("SELECT destination, key, state FROM message")
    database.close()
    assert said == "sent"
    assert world.person(1).encode() not in path.read_bytes()
    assert world.person(1) not in destination + key


def test_a_claim_that_a_crash_left_is_unknown(tmp_path: Path) -> None:
    first = SentRecord(tmp_path / "sent.sqlite")
    first.claim("place", "key")
    first.close()
    again = SentRecord(tmp_path / "sent.sqlite")
    assert str(again.state("place", "key")) == "Sent.UNKNOWN"
    assert again.state("other", "key") is None
    again.close()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1}, {"a": "1"}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": "x", "b": "y"}, {"a": "xy", "b": ""}, False),
        ({"a": "1,2", "b": "3"}, {"a": "1", "b": "2,3"}, False),
        ({"a": 1234567890123456789}, {"a": 1234567890123456788}, False),
        ({"a": 1234567890123456789}, {"a": "1234567890123456789"}, True),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": "0015f00000QGzAq"}, {"a": "0015f00000qgZaQ"}, False),
        ({"a": " x "}, {"a": "x"}, True),
        ({"a": True}, {"a": False}, False),
    ],
)
def test_keys_are_told_apart(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:  # noqa: FBT001
    names = list(one)
    assert (key_of(one, names) == key_of(other, names)) is same


@pytest.mark.parametrize("value", [None, "", " ", "NULL", "undefined", "n/a", float("nan"), [1], {"a": 1}])
def test_what_is_no_value_is_no_key(value: object) -> None:
    assert key_of({"a": value, "b": 1}, ["a", "b"]) is None


def test_profile_values_go_with_an_email(runs: Runs, tmp_path: Path) -> None:
    world = World(runs, "email", tmp_path)
    world.run([world.head(), world.row(1, first_name="Ann")], fields={"first_name": "First Name"})
    (sent,) = runs.sandbox.written()["sends"]
    assert [one["value"] for one in sent["body"]["segmentationFieldValues"]] == ["Ann"]
    assert runs.contact(NEWSLETTER, world.person(1)) is None


@pytest.mark.parametrize("text", [*NULL_TEXTS, "Null", " NULL ", "NONE", "#N/A", "[object Object]", "\u200b"])
def test_no_text_that_means_null_is_sent_to_people(runs: Runs, tmp_path: Path, text: str) -> None:
    world = World(runs, "sms", tmp_path)
    outcome = world.run([world.head(), world.row(1, text=text)], content="text")
    assert outcome.codes == ["no_content"]
    assert world.sent() == []


def test_content_goes_with_an_sms_and_opted_out_numbers_get_nothing(runs: Runs, tmp_path: Path) -> None:
    world = World(runs, "sms", tmp_path)
    rows = [world.head(), world.row(1, text="Your order is on its way"), world.row(2, text=" ")]
    outcome = world.run(rows, content="text")
    assert outcome.codes == ["no_content"]
    (call,) = [one for one in runs.sandbox.written()["sms"]["calls"] if one["operation"] == "send"]
    assert call["body"]["messageContent"] == "Your order is on its way"
    query = {"senderCodeId": CODE, "limit": 1000}
    gone = [one for one in runs.sandbox.control("GET", "sms-contacts", **query) if one["optOut"]]
    opted_out = world.run([world.head(), world.row(3, phone=gone[0]["phoneNumber"])])
    assert opted_out.codes == ["opted_out"]
    assert len(world.sent()) == 1
