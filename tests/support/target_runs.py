"""Runs the target against a sandbox, in this process, and gives back all that it leaves behind."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox
    from target_listrak.tracking.tallies import Tally


@dataclass
class Outcome:
    """What a run of the target left behind."""

    states: list[Any]
    tallies: dict[str, Tally]
    rejects: list[dict[str, Any]]
    error: BaseException | None
    rejects_path: Path
    target: TargetListrak | None

    @property
    def tally(self) -> Tally:
        """The only stream's tally."""
        (tally,) = self.tallies.values()
        return tally

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """Read, accepted, unchanged, not loaded (declined or rejected), merged of the only stream."""
        one = self.tally
        return one.read, one.accepted, one.unchanged, one.declined + one.rejected, one.merged

    @property
    def not_loaded(self) -> tuple[int, int]:
        """Declined and rejected rows of the only stream."""
        return self.tally.declined, self.tally.rejected

    @property
    def codes(self) -> list[str]:
        """The codes of the declined and rejected records, in order."""
        return [line["rejected"]["code"] for line in self.rejects if line["type"] == "RECORD"]

    def closes(self) -> bool:
        """Whether every row has its result, and those that were not loaded are in the rejects file."""
        tallies = self.tallies.values()
        written = [line["rejected"]["outcome"] for line in self.rejects if line["type"] == "RECORD"]
        return (
            written.count("declined") == sum(tally.declined for tally in tallies)
            and written.count("rejected") == sum(tally.rejected for tally in tallies)
            and all(tally.read == tally.confirmed for tally in tallies)
        )


def schema(stream: str, *names: str, keys: tuple[str, ...] = (), **properties: object) -> dict[str, Any]:
    """A SCHEMA message: names are nullable texts, keywords are whole property schemas."""
    texts = {name: {"type": ["string", "null"]} for name in names}
    body = {"type": "object", "properties": {**texts, **properties}}
    return {"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": list(keys)}


def record(stream: str, version: int | None = None, **values: object) -> dict[str, Any]:
    """A RECORD message."""
    message: dict[str, Any] = {"type": "RECORD", "stream": stream, "record": values}
    return message if version is None else {**message, "version": version}


def state(value: object) -> dict[str, Any]:
    """A STATE message."""
    return {"type": "STATE", "value": value}


def activate(stream: str, version: int) -> dict[str, Any]:
    """An ACTIVATE_VERSION message."""
    return {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}


def _written(line: bytes) -> dict[str, Any]:
    """A line of the rejects file; of a record that cannot be decoded, the reason alone."""
    try:
        return dict(json.loads(line))
    except ValueError:
        reason = json.loads(line[line.rindex(b',"rejected":') + len(b',"rejected":') : -1])
        return {"type": "RECORD", "record": None, "rejected": reason}


CREDENTIALS = (
    ("", "email"),
    ("sms_", "sms"),
    ("data_", "data"),
    ("cross_channel_", "cross-channel"),
    ("privacy_", "privacy"),
)
"""Prefixes of the settings, and the sandbox's integrations."""


@dataclass
class Runs:
    """Runs of the target against one sandbox.

    Attributes:
        sandbox: The sandbox.
        folder: Where rejects files go.
    """

    sandbox: RunningSandbox
    folder: Path
    _session: requests.Session = field(default_factory=requests.Session)

    def config(self, destinations: dict[str, Any], **settings: object) -> dict[str, Any]:
        """Settings for the sandbox."""
        credentials = {
            f"{prefix}{name}": f"sandbox-{kind}{suffix}"
            for prefix, kind in CREDENTIALS
            for name, suffix in (("client_id", ""), ("client_secret", "-secret"))
        }
        return {
            **credentials,
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.auth_url,
            "destinations": destinations,
            "import_poll_seconds": 0.05,
            "max_reject_share": 1,
            # The sandbox has people in Britain, and tests write their numbers as Listrak returns them.
            "phone_digits": "international",
            "rejects_path": str(self.folder / "rejects.singer"),
            "sent_path": str(self.folder / "sent.sqlite"),
            **settings,
        }

    def run(self, messages: list[Any], destinations: dict[str, Any], **settings: object) -> Outcome:
        """Run the target on messages; raw lines are taken as they are."""
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        config = self.config(destinations, **settings)
        stdout = io.StringIO()
        target, error = None, None
        with contextlib.redirect_stdout(stdout):
            try:
                target = TargetListrak(config=config)
                target.listen(io.BytesIO(b"\n".join([*lines, b""])))
            except Exception as problem:  # noqa: BLE001 - what it is, the test says
                error = problem
        states = [json.loads(line) for line in stdout.getvalue().splitlines()]
        if target is None:
            return Outcome(states, {}, [], error, Path(), None)
        path = target.run.rejects.path
        rejects = (
            [_written(line) for line in path.read_bytes().splitlines()] if target.run.rejects.count else []
        )
        return Outcome(states, target.run.tallies, rejects, error, path, target)

    def good(self, messages: list[Any], destinations: dict[str, Any], **settings: object) -> Outcome:
        """Run the target; an error of the run is the test's."""
        outcome = self.run(messages, destinations, **settings)
        if outcome.error is not None:
            raise outcome.error
        assert outcome.closes()
        return outcome

    def read(self, path: str) -> list[dict[str, Any]]:
        """The first page of a collection of the email API, such as `List`."""
        answer = self._session.get(
            f"{self.sandbox.url}/email/v1/{path}",
            params={"count": 5000},
            headers={"Authorization": f"Bearer {self.sandbox.token()}"},
            timeout=30,
        )
        answer.raise_for_status()
        return list(answer.json()["data"])

    def contact(self, list_id: int, address: str) -> dict[str, Any] | None:
        """A contact as the sandbox stores it, whatever its state; its values by field id."""
        try:
            return dict(self.sandbox.control("GET", "contacts", listId=list_id, emailAddress=address))
        except RuntimeError:  # the sandbox's 404
            return None

    def values(self, list_id: int, address: str) -> dict[int, str]:
        """A contact's profile values by field id."""
        contact = self.contact(list_id, address) or {}
        return {
            one["segmentationFieldId"]: one["value"]
            for one in contact.get("segmentationFieldValues") or []
            if one["value"]
        }

    def save(self, list_id: int, address: str, values: dict[int, str] | None = None, **body: object) -> None:
        """Make or change a contact through the API, as somebody else would."""
        fields = [{"segmentationFieldId": key, "value": value} for key, value in (values or {}).items()]
        query = body.pop("query", None)
        answer = self._session.post(
            f"{self.sandbox.url}/email/v1/List/{list_id}/Contact",
            json={"emailAddress": address, "segmentationFieldValues": fields, **body},
            params=query,
            headers={"Authorization": f"Bearer {self.sandbox.token()}"},
            timeout=30,
        )
        answer.raise_for_status()

    def unsubscribe(self, list_id: int, address: str) -> None:
        """Unsubscribe a contact through the API."""
        self.save(list_id, address, subscriptionState="Unsubscribed")

    def special(self, list_id: int, standing: str) -> str:
        """An address that is `Banned`, `Suppressed` or `Pending` on a list."""
        special = self.sandbox.control("GET", "contacts", listId=list_id)["special"]
        return next(str(address) for address, what in special.items() if what == standing)

    def imports(self) -> list[dict[str, Any]]:
        """The imports that were made, with their decoded rows."""
        return list(self.sandbox.written()["imports"])
