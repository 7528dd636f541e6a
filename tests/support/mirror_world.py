"""Mirrors of all kinds as a test looks at them, and when one may remove somebody, said once more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sms_world import CLUB, CODE, SmsWorld
from target_runs import Outcome, Runs, record, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWSLETTER, VIP = 40137, 1124
CHANNELS = ("audience", "email_list", "sms_list")
MODES: dict[str, dict[str, object]] = {
    "false": {"mirror": False},
    "true": {"mirror": True},
    "end_of_input": {"mirror": "end_of_input"},
    "without_state": {"mirror": "end_of_input", "mirror_without_state": True},
}
PATTERN = "crowd_*"


@dataclass
class MirrorWorld:
    """An audience, a List or a Phone List in a small world, with the members that it is seeded with."""

    runs: Runs
    channel: str

    def __post_init__(self) -> None:
        self.reset()
        self.members = sorted(self.on())
        assert len(self.members) > 40

    def reset(self) -> None:
        """Begin with the same world."""
        self.runs.sandbox.reset(scale="tiny")
        self.runs.sandbox.settings(import_seconds=0.0)

    @property
    def key(self) -> str:
        """The property with the key."""
        return "phone" if self.channel == "sms_list" else "email"

    @property
    def title(self) -> str:
        """What the members are members of, in messages."""
        return {
            "audience": "Service.VIP",
            "email_list": "List Newsletter",
            "sms_list": "Phone List VIP Texts",
        }[self.channel]

    def entry(self, **options: object) -> dict[str, Any]:
        """One entry of the setting `destinations`."""
        places: dict[str, dict[str, Any]] = {
            "audience": {"list": NEWSLETTER, "field": "VIP"},
            "email_list": {"list": NEWSLETTER},
            "sms_list": {"sender_code": CODE, "phone_list": CLUB},
        }
        return {"kind": self.channel, **places[self.channel], **options}

    def destinations(self, **options: object) -> dict[str, Any]:
        """One entry, for all streams that are called `crowd_…`."""
        return {PATTERN: self.entry(**options)}

    def schema(self, stream: str = "crowd_a", **properties: object) -> dict[str, Any]:
        """A SCHEMA message."""
        return schema(stream, self.key, "_sdc_deleted_at", **properties)

    def row(
        self, cell: object, stream: str = "crowd_a", version: int | None = 1, **values: object
    ) -> dict[str, Any]:
        """A RECORD message with this key."""
        return record(stream, version, **{self.key: cell}, **values)

    def rows(self, members: list[str], stream: str = "crowd_a", version: int | None = 1) -> list[Any]:
        """RECORD messages of members."""
        return [self.row(one, stream, version) for one in members]

    def run(self, messages: list[Any], **options: object) -> Outcome:
        """Run the target with this entry."""
        return self.runs.run(messages, self.destinations(**options))

    def on(self) -> set[str]:
        """Who is a member, unsubscribed people who are on in the field included."""
        if self.channel == "sms_list":
            everybody = SmsWorld(self.runs).everybody(CLUB, "subscribed")
            return {number for number, one in everybody.items() if not one["optOut"]}
        found = set()
        listed = self.channel == "email_list"
        for state in ("Subscribed",) if listed else ("Subscribed", "Unsubscribed"):
            answer = self.runs._session.get(
                f"{self.runs.sandbox.url}/email/v1/List/{NEWSLETTER}/Contact",
                params={"subscriptionState": state, "segmentationFieldIds": VIP, "count": 5000},
                headers={"Authorization": f"Bearer {self.runs.sandbox.token()}"},
                timeout=30,
            ).json()
            assert not answer["nextPageCursor"]
            found |= {
                row["emailAddress"]
                for row in answer["data"]
                if listed or any(value["value"] == "on" for value in row["segmentationFieldValues"])
            }
        return found


def parsed(lines: list[Any]) -> list[dict[str, Any]]:
    """Messages out of lines."""
    return [json.loads(line) if isinstance(line, bytes) else line for line in lines]


def complete(messages: list[dict[str, Any]], mode: Mapping[str, object]) -> bool:
    """Whether the sign is there, for each stream, that it came to its end."""
    streams = {one["stream"] for one in messages if one["type"] == "SCHEMA"}
    return bool(streams) and all(_complete(messages, stream, mode) for stream in streams)


def _complete(messages: list[dict[str, Any]], stream: str, mode: Mapping[str, object]) -> bool:
    goes_on = [
        at
        for at, one in enumerate(messages)
        if one["type"] in {"SCHEMA", "RECORD"} and one["stream"] == stream
    ]
    rest = messages[goes_on[-1] + 1 :]
    versions = {one.get("version") for one in messages if one["type"] == "RECORD" and one["stream"] == stream}
    covered = any(one["type"] == "STATE" for one in rest)
    if mode["mirror"] is True:
        said = [one for one in rest if one["type"] == "ACTIVATE_VERSION" and one["stream"] == stream]
        return bool(said) and versions <= {said[-1]["version"]} and bool(versions or covered)
    return mode["mirror"] == "end_of_input" and (covered or bool(mode.get("mirror_without_state")))
