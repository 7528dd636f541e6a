"""Contacts: both states, profile fields in several passes, values by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_api.client import MAX_COUNT
from listrak_api.errors import ConfigurationError, NotFoundError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.records import profile_fields
from tap_listrak.records.profile_fields import ProfileField
from tap_listrak.streams.contacts import MAX_FIELDS, Contacts, ContactsRead, by_name
from tap_listrak.sync.steps import Rows
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

TAP = TapListrak(config={"client_id": "a", "client_secret": "b"}, validate_config=False)


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def make(number: int, name: str = "", kind: str = "Text", group: str = "G") -> ProfileField:
    return ProfileField(1, group, number, name or f"Field {number}", kind, name or f"Field {number}")


@dataclass
class Listrak:
    """Gives contacts as Listrak does, each pass in an order and in pages of its own."""

    contacts: list[str]
    orders: list[list[int]]
    size: int
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def client(self, api: str) -> Listrak:
        assert api == "email"
        return self

    def get_page(self, _route: object, _ids: object, params: Any, cursor: str | None, count: int) -> Any:  # noqa: ANN401
        assert count == MAX_COUNT
        ids = params["segmentationFieldIds"]
        assert len(ids) <= MAX_FIELDS
        self.asked.append((tuple(ids), cursor))
        order = self.orders[(ids[0] - 1) // MAX_FIELDS % len(self.orders)]
        start = int(cursor or 0)
        names = [self.contacts[index] for index in order[start : start + self.size]]
        following = str(start + self.size) if start + self.size < len(order) else None
        rows = [
            {
                "emailKey": name,
                "emailAddress": f"{name}@example.com",
                "segmentationFieldValues": [
                    {"segmentationFieldId": one, "value": f"{name}{one}"} for one in ids
                ],
            }
            for name in names
        ]
        return SimpleNamespace(rows=rows, next_cursor=following)


def contacts_read(request: ContactsRead, listrak: Any, stream: Contacts) -> list[dict[str, Any]]:  # noqa: ANN401
    """Read all pages of a series as the tap does."""
    step: Any = SimpleNamespace(request=request, window=None, order=(0, 0, 0))
    got: list[dict[str, Any]] = []
    cursor = None
    while True:
        rows = request.send(listrak, cursor)
        prepared = stream.prepare(rows.records, {"listId": 7}, step)
        got += stream.page(step, Rows(prepared, rows.cursor))
        cursor = rows.cursor
        if cursor is None:
            return got


@settings(deadline=None)
@given(data=st.data(), number=st.integers(1, 100), people=st.integers(0, 12), size=st.integers(1, 5))
def test_passes_are_merged_by_contact_whatever_the_pages(
    data: st.DataObject, number: int, people: int, size: int
) -> None:
    contacts = [f"c{index}" for index in range(people)]
    request = ContactsRead(7, {}, tuple(make(one + 1) for one in range(number)), MAX_COUNT)
    orders = [data.draw(st.permutations(range(people))) for _ in request.passes]
    listrak = Listrak(contacts, orders, size)
    got = contacts_read(request, listrak, Contacts(TAP))
    assert sorted(record["emailKey"] for record in got) == sorted(contacts)
    for record in got:
        values = {one["segmentationFieldId"]: one["value"] for one in record["segmentationFieldValues"]}
        assert values == {one + 1: f"{record['emailKey']}{one + 1}" for one in range(number)}
        assert record["profileFields"] == {
            f"Field {one + 1}": f"{record['emailKey']}{one + 1}" for one in range(number)
        }
    assert len(set(listrak.asked)) == len(listrak.asked)


@pytest.mark.parametrize("deleted", [False, True])
def test_a_contact_that_is_missing_in_one_pass_is_asked_for_by_itself(
    monkeypatch: pytest.MonkeyPatch,
    deleted: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    """A contact can change, and so move out of a window, between two passes."""
    request = ContactsRead(7, {}, tuple(make(one + 1) for one in range(MAX_FIELDS + 1)), MAX_COUNT)
    listrak = Listrak(["stays", "moves"], [[0, 1], [0]], 5)

    gone = NotFoundError("it is gone", code="ERROR_UNABLE_TO_LOCATE_RESOURCE")

    def get(_route: object, path: dict[str, object], params: dict[str, Any]) -> dict[str, Any]:
        assert path == {"listId": 7, "contactIdentifier": "moves@example.com"}
        if deleted:
            raise gone
        values = [
            {"segmentationFieldId": one, "value": f"own{one}"} for one in params["segmentationFieldIds"]
        ]
        return {"segmentationFieldValues": values}

    stream = Contacts(TAP)
    monkeypatch.setattr(stream._tap, "client", lambda _api: SimpleNamespace(get=get))
    got = contacts_read(request, listrak, stream)
    by_name = {one["emailKey"]: one["profileFields"] for one in got}
    last = f"Field {MAX_FIELDS + 1}"
    assert by_name["stays"][last] == f"stays{MAX_FIELDS + 1}"
    assert by_name["moves"]["Field 1"] == "moves1"
    assert by_name["moves"].get(last) == (None if deleted else f"own{MAX_FIELDS + 1}")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("CheckBox", "on", True),
        ("CheckBox", "Off", False),
        ("RadioButton", "1", True),
        ("CheckBox", "perhaps", "perhaps"),
        ("Numeric", "12", 12),
        ("Numeric", "-1.50", -1.5),
        ("Numeric", "1,5", "1,5"),
        ("Date", "7/2/1966", "1966-07-02"),
        ("Date", "02/30/2020", "02/30/2020"),
        ("Date", "2020-02-28", "2020-02-28"),
        ("Text", "on", "on"),
        ("Text", None, None),
    ],
)
def test_values_by_name_have_their_types(kind: str, text: str | None, value: object) -> None:
    assert make(1, kind=kind).value(text) == value


@settings(deadline=None)
@given(text=st.text() | st.none(), kind=st.sampled_from(["Text", "Numeric", "CheckBox", "Date", "Odd"]))
def test_no_value_is_lost(text: str | None, kind: str) -> None:
    value = make(1, kind=kind).value(text)
    assert (value is None) == (text is None)
    json.dumps(value)


def test_fields_by_name_full_name_and_id() -> None:
    there = [make(1, "City"), make(2, "Status"), make(3, "Status", group="Loyalty")]
    assert profile_fields.select_fields(there, "none") == ()
    assert profile_fields.select_fields(there, "all") == tuple(there)
    assert profile_fields.select_fields(there, ["city", "Loyalty.status", 2]) == (
        there[0],
        there[1],
        there[2],
    )
    assert profile_fields.select_fields(there, ["3"]) == (there[2],)
    with pytest.raises(ConfigurationError, match=r"several groups"):
        profile_fields.select_fields(there, ["Status"])
    with pytest.raises(ConfigurationError, match=r"G\.City"):
        profile_fields.check_field_names({7: there}, ["Cty"])
    profile_fields.check_field_names({7: there, 8: []}, ["City"])


def test_all_fields_arrive_in_both_forms(tiny: RunningSandbox, extract: Extract) -> None:
    plain = extract(tiny, streams=["contacts"])
    full = extract(tiny, streams=["contacts", "profile_fields"], profile_fields="all")
    assert full.merged("contacts").keys() == plain.merged("contacts").keys()
    assert len(full.records["profile_fields"]) > MAX_FIELDS
    ids = {record["segmentationFieldId"]: record for record in full.records["profile_fields"]}
    some = 0
    for record in full.records["contacts"]:
        values = {one["segmentationFieldId"] for one in record["segmentationFieldValues"]}
        assert values <= ids.keys()
        assert len(record["profileFields"]) == len(values)
        some += len(values)
    assert some
    assert "Loyalty.Status" in {name for one in full.records["contacts"] for name in one["profileFields"]}
    assert all(record["profileFields"] is None for record in plain.records["contacts"])


def test_chosen_fields_only(tiny: RunningSandbox, extract: Extract) -> None:
    some = extract(tiny, streams=["contacts"], profile_fields=["Customer.City", "points"])
    names = {name for record in some.records["contacts"] for name in record["profileFields"]}
    assert names == {"City", "Points"}


def test_a_misspelt_field_stops_the_run_before_any_contact(
    tiny: RunningSandbox, extract: Extract, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigurationError, match=r"Customer\.City"):
        extract(tiny, streams=["contacts"], profile_fields=["City", "Cty"])
    assert '"contacts"' not in capsys.readouterr().out


def test_both_states_are_read_each_by_its_date(tiny: RunningSandbox, extract: Extract) -> None:
    whole = extract(tiny, streams=["contacts"])
    states = {record["subscriptionState"] for record in whole.records["contacts"]}
    assert states == {"Subscribed", "Unsubscribed"}
    again = [record for record in whole.records["contacts"] if record["resubscribeDate"]]
    assert again, "the sandbox has people who came back"
    latest = max(record["resubscribeDate"] for record in again)
    since = extract(tiny, streams=["contacts"], start_date=f"{latest[:10]}T00:00:00Z")
    assert any(record["resubscribeDate"] == latest for record in since.records["contacts"])
    assert len(since.records["contacts"]) < len(whole.records["contacts"])


def test_a_profile_value_without_its_field_is_left_out_and_stops_nothing() -> None:
    row = {"segmentationFieldValues": [None, {"value": "x"}, {"segmentationFieldId": 7, "value": "y"}]}
    assert by_name(row, {}) == {"7": "y"}
