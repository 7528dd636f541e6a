"""Runs that send messages or raise custom events, killed at random moments.

Nothing goes out twice, and nothing is lost without a report. ``LISTRAK_SEND_CRASHES`` (50) kills are spread
over the three kinds; `seeds` draws when.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
from crashes import begin_anew
from plugin_runs import settings_for
from seeds import SEED
from target_runs import record, schema, state
from test_crashes import command, run_until

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

CRASHES = int(os.environ.get("LISTRAK_SEND_CRASHES", "50"))
NEWSLETTER, CODE, CLUB, ROWS = 40137, 410, 7101, 24
PLACES: dict[str, dict[str, Any]] = {
    "transactional_message": {"list": NEWSLETTER, "allow_sending": True},
    "sms_transactional_message": {"sender_code": CODE, "phone_list": CLUB, "allow_sending": True},
    "custom_events": {"event": "Store Visit", "events_per_request": 5},
}
REQUESTS = {"custom_events": 10}
"""About how many requests a run makes; one for each row and a few, if not named here."""


def _person(kind: str, number: int) -> dict[str, Any]:
    if not kind.startswith("sms"):
        return {"email": f"buyer{number}@example.org"}
    return {"phone": f"1216555{number:04}"}


def _messages(kind: str, first: int) -> list[dict[str, Any]]:
    name = next(iter(_person(kind, 0)))
    made = [schema("orders", name, id={"type": "integer"}, keys=("id",))]
    for number in range(first, first + ROWS):
        made.append(record("orders", id=number, **_person(kind, number)))
        if number % 5 == 0:
            made.append(state(number))
    return [*made, state("end")]


def _sent(box: RunningSandbox, kind: str) -> Counter[str]:
    written = box.written()
    if kind == "transactional_message":
        return Counter(one["emailAddress"] for one in written["sends"])
    if kind == "custom_events":
        people = (one["identifiers"][0] for one in written["custom_events"]["posted"])
        return Counter(one["value"] for one in people)
    return Counter(one["phoneNumber"] for one in written["sms"]["calls"] if one["operation"] == "send")


def _unknown(folder: Path, kind: str) -> set[str]:
    """Whom the rejects files of all runs report as unknown."""
    name = next(iter(_person(kind, 0)))
    lines = [line for path in folder.glob("rejects*") for line in path.read_bytes().splitlines()]
    rows = [json.loads(line) for line in lines if line.endswith(b"}")]
    reported = [one for one in rows if one.get("rejected", {}).get("code") == "unknown_outcome"]
    return {str(one["record"][name]) for one in reported}


@pytest.mark.parametrize("kind", PLACES)
def test_no_crash_sends_a_message_twice_or_loses_one_without_a_report(
    box: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    begin_anew(box, latency_ms=15)
    destination = {"kind": kind, **PLACES[kind]}
    if kind != "custom_events":
        destination["message"] = _first_message(box, kind)
    config = settings_for(
        box,
        destinations={"orders": destination},
        max_reject_share=1,
        max_concurrency=3,
        phone_digits="international",
        rejects_path=str(tmp_path / "rejects.singer"),
        sent_path=str(tmp_path / "sent.sqlite"),
        cross_channel_client_id="sandbox-cross-channel",
        cross_channel_client_secret="sandbox-cross-channel-secret",
    )
    draw = random.Random(f"{SEED} {kind}")
    crashes, rows, most = 0, 0, REQUESTS.get(kind, ROWS + 8)
    while crashes < -(-CRASHES // len(PLACES)):  # a run that came to its end: the next one has new records
        stream, ended = _messages(kind, rows), False
        rows += ROWS
        while not ended:
            how = signal.SIGKILL if crashes < -(-CRASHES // len(PLACES)) else None
            # Each run gets everything again, as from a source that keeps no state.
            lines = b"".join(json.dumps(one).encode() + b"\n" for one in stream)
            line = command("target-listrak", tmp_path, config, input=lines)
            code, _, errors = run_until(box, line, how, draw.randrange(1, most))
            assert code in ({0} if how is None else {-how, 0}), errors
            ended = code == 0
            crashes += not ended
    sent, unknown = _sent(box, kind), _unknown(tmp_path, kind)
    everybody = {str(next(iter(_person(kind, number).values()))) for number in range(rows)}
    assert max(sent.values()) == 1
    assert set(sent) <= everybody
    assert everybody - set(sent) <= unknown
    assert set(sent) - unknown


def _first_message(box: RunningSandbox, kind: str) -> int:
    api = "sms" if kind.startswith("sms") else "email"
    places = {
        "email": f"email/v1/List/{NEWSLETTER}/TransactionalMessage",
        "sms": f"sms/v1/ShortCode/{CODE}/PhoneList/{CLUB}/TransactionalMessage",
    }
    headers = {"Authorization": f"Bearer {box.token(api)}"}
    answer = requests.get(f"{box.url}/{places[api]}", headers=headers, timeout=30)
    return int(answer.json()["data"][0]["transactionalMessageId"])
