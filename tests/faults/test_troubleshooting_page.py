"""docs/troubleshooting.md: each message that it explains is what a user gets to see."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from matrix import PAGE as RELIABILITY
from plugin_runs import run, settings_for, without_data
from target_runs import record, schema, state

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

DOCS = RELIABILITY.parent
MESSAGES = re.findall(r"^\| `(.*?)` \|", (DOCS / "troubleshooting.md").read_text("utf-8"), re.MULTILINE)
LIST = {"kind": "email_list", "list": "Newsletter"}
PEOPLE = [schema("people", "email"), record("people", email="ada@example.org"), state(1)]
BAD = [schema("people", "email"), *(record("people", email="no address") for _ in range(300)), state(1)]
SHOES = [schema("people", "email", "shoe"), record("people", email="ada@example.org", shoe="1"), state(1)]


class Plugins:
    """Runs a plugin with settings that are right but for what a case says.

    Args:
        folder: For files.
        box: The sandbox.
    """

    def __init__(self, folder: Path, box: RunningSandbox) -> None:
        self.folder = folder
        self.box = box

    def tap(self, **config: object) -> str:
        settings = {**without_data(settings_for(self.box)), **config}
        given = {name: value for name, value in settings.items() if value is not None}
        catalog = json.loads((DOCS.parent / "catalogs" / "contacts.json").read_text("utf-8"))
        return run("tap-listrak", self.folder, given, catalog=catalog).errors

    def target(self, destination: object, messages: list[dict[str, Any]] = PEOPLE, **config: object) -> str:
        text = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
        return self.read(text, destinations={"people": destination}, **config)

    def read(self, text: bytes, **config: object) -> str:
        settings = settings_for(self.box, import_poll_seconds=0.02)
        settings |= {"rejects_path": str(self.folder / "rejects.singer"), **config}
        return run("target-listrak", self.folder, settings, input=text).errors

    def members(self) -> list[dict[str, Any]]:
        """Messages that name somebody who is on the list."""
        answer = requests.get(
            f"{self.box.url}/email/v1/List/40137/Contact",
            headers={"Authorization": f"Bearer {self.box.token()}"},
            timeout=30,
        )
        address = next(
            one["emailAddress"] for one in answer.json()["data"] if one["subscriptionState"] == "Subscribed"
        )
        return [PEOPLE[0], {"type": "RECORD", "stream": "people", "record": {"email": address}}]

    def odd_dates(self) -> str:
        fault = {"kind": "odd_property", "route": "*/Contact", "property": "subscribeDate", "value": "soon"}
        with running_sandbox(scale="tiny") as box:
            box.control("POST", "faults", [{**fault, "every": 1000}])
            return Plugins(self.folder, box).tap()

    def without_area(self) -> str:
        with running_sandbox(scale="tiny") as box:
            box.settings(integrations={"email": {"areas": ["List"]}})
            return Plugins(self.folder, box).tap()


CASES: dict[str, Callable[[Plugins], str]] = {
    "no credentials": lambda plugins: plugins.tap(
        client_id=None, client_secret=None, sms_client_id=None, sms_client_secret=None
    ),
    "client_secret is missing": lambda plugins: plugins.tap(client_secret=None),
    "Listrak issued no token": lambda plugins: plugins.tap(client_secret="another-secret"),
    "POST /OAuth2/Token": lambda plugins: plugins.tap(
        auth_url="http://127.0.0.1:9/OAuth2/Token", max_retries=0
    ),
    "Listrak refused GET …": Plugins.without_area,
    "… values of …": Plugins.odd_dates,
    "list_ids": lambda plugins: plugins.tap(list_ids=["Newsleter"]),
    "start_date": lambda plugins: plugins.tap(start_date="yesterday"),
    "Unknown setting": lambda plugins: plugins.target(LIST, dryrun=True),
    "destinations is missing": lambda plugins: plugins.read(b""),
    "Stream … has no destination": lambda plugins: plugins.read(
        json.dumps(PEOPLE[0]).encode() + b"\n", destinations={"public-people": LIST}
    ),
    "destinations.….list:": lambda plugins: plugins.target({**LIST, "list": "Newsleter"}),
    "destinations.….kind:": lambda plugins: plugins.target({**LIST, "kind": "email_lists"}),
    "destinations.…: unknown option": lambda plugins: plugins.target({**LIST, "externalid": "number"}),
    "destinations.….fields": lambda plugins: plugins.target({**LIST, "fields": {"shoe": "Shoe Size"}}, SHOES),
    "destinations.….allow_sending": lambda plugins: plugins.target(
        {"kind": "transactional_message", "list": "Newsletter", "message": 1}
    ),
    "The rejects file": lambda plugins: plugins.target(
        LIST, BAD, rejects_path=str(plugins.folder / "config.in" / "rejects.singer")
    ),
    "max_reject_share": lambda plugins: plugins.target(LIST, BAD, max_reject_share=0.1),
    "Line …": lambda plugins: plugins.read(b'{"type": "RECO', destinations={"people": LIST}),
    "destinations.….max_events": lambda plugins: plugins.target(
        {
            "kind": "email_events",
            "list": "Newsletter",
            "event": "New",
            "create_missing": True,
            "max_events": 0,
        }
    ),
    "destinations.….max_created": lambda plugins: plugins.target(
        {**LIST, "create_missing": True, "field_group": "Personal", "max_created": 0}, SHOES
    ),
    "destinations.….max_removed: ": lambda plugins: plugins.target(
        {**LIST, "kind": "email_unsubscribe", "max_removed": 0}, plugins.members()
    ),
    "destinations.….max_removed_share": lambda plugins: plugins.target({**LIST, "mirror": "end_of_input"}),
}


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


def test_there_is_a_case_for_every_message() -> None:
    for message in MESSAGES:
        assert sum(message.startswith(beginning) for beginning in CASES) == 1, message
    assert len(MESSAGES) == len(CASES)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_message_is_what_a_user_sees(message: str, box: RunningSandbox, tmp_path: Path) -> None:
    case = next(case for beginning, case in CASES.items() if message.startswith(beginning))
    pattern = ".*".join(re.escape(part) for part in message.split("…"))
    said = case(Plugins(tmp_path, box))
    assert any(re.search(pattern, line) for line in said.splitlines()), said[-3000:]
    assert "Traceback" not in said
