"""Members of a Phone List whom no record names, by the state that Listrak tells of each."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from target_listrak.channels.sms.members import PhoneListMembers
from target_listrak.channels.sms.sender_codes import PhoneList
from target_listrak.channels.sms.standing import State
from target_listrak.outcomes import UNCHANGED, Declined

if TYPE_CHECKING:
    import pytest

STATES = {
    "14155550100": State.SUBSCRIBED,
    "14155550101": State.PENDING,
    "14155550102": State.UNSUBSCRIBED,
    "14155550103": State.SUBSCRIBED,
    "14155550104": State.SUBSCRIBED,
}


def test_pending_members_are_reported_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """They cannot be unsubscribed; and who is listed without being subscribed is no member."""
    asked: list[str] = []

    def unsubscribe(number: str, _: object) -> Any:  # noqa: ANN401 - as SmsContacts has it
        asked.append(number)
        return {"14155550103": None, "14155550104": Declined("banned", "banned")}.get(number, UNCHANGED)

    contacts: Any = SimpleNamespace(
        members=lambda _: iter([*STATES, ""]), state=lambda number, _: STATES[number], unsubscribe=unsubscribe
    )
    calls = SimpleNamespace(run_all=lambda jobs: [job() for job in jobs])
    run: Any = SimpleNamespace(logger=logging.getLogger("members"), calls=calls)
    members = PhoneListMembers(run, "people", contacts, PhoneList(1, "Club", active=True))
    members.keep("14155550100")
    assert members.missing() == (2, 4)
    assert "1 members whom no record names are pending and left alone" in caplog.text
    assert members.remove() == 1
    assert asked == ["14155550103", "14155550104"]
    assert "1 members could not be unsubscribed: banned" in caplog.text
