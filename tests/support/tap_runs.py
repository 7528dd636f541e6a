"""Runs the tap in this process and takes its output apart."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from listrak_sandbox.testing import RunningSandbox

TWELVE_REPORTS = (
    "contacts",
    "messages",
    "message_activity",
    "message_links",
    "message_link_clickers",
    "message_summaries",
    "conversations",
    "conversation_messages",
    "conversation_message_activity",
    "conversation_message_links",
    "conversation_message_link_clickers",
    "conversation_summaries",
)


@dataclass
class Extraction:
    """What a run of the tap wrote."""

    lines: list[bytes]
    messages: list[dict[str, Any]] = field(init=False)
    keys: dict[str, list[str]] = field(init=False, default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(init=False)
    state: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.messages = [json.loads(line) for line in self.lines]
        self.records = defaultdict(list)
        for message in self.messages:
            if message["type"] == "SCHEMA":
                self.keys[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD":
                self.records[message["stream"]].append(message["record"])
            elif message["type"] == "STATE":
                self.state = message["value"]

    def types(self, stream: str | None = None) -> list[str]:
        return [one["type"] for one in self.messages if stream is None or one.get("stream") == stream]

    def merged(self, stream: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """What a loader that merges by key ends with."""
        return {self.key(stream, record): record for record in self.records[stream]}

    def key(self, stream: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(record[name] for name in self.keys[stream])

    def digest(self, stream: str) -> dict[str, Any]:
        return digest(self.merged(stream))

    def without_times(self) -> list[dict[str, Any]]:
        """All messages, but for when they were made."""
        return [
            {name: value for name, value in one.items() if name not in {"time_extracted", "version"}}
            for one in self.messages
        ]


def digest(keys: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """The sandbox's digest of keys: `GET /_sandbox/expected` says what a complete extraction returns."""
    count = total = 0
    for key in keys:
        text = "\x1f".join(_as_sent(value) for value in key)
        total += int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
        count += 1
    return {"count": count, "digest": f"{total % 2**64:016x}"}


def _as_sent(value: object) -> str:
    # The digest is over what the API sends: dates without offset and with seven decimals, the last one 0. The
    # tap sends six decimals and the offset.
    text = str(value)
    is_date = len(text) == 27 and text[10] == "T" and text[-1] == "Z"
    return f"{text[:-1]}0" if is_date else text


class Extract(Protocol):
    def __call__(
        self,
        sandbox: RunningSandbox,
        *,
        streams: Iterable[str] | None = None,
        state: dict[str, Any] | None = None,
        methods: Mapping[str, str] | None = None,
        **config: Any,  # noqa: ANN401 - any setting
    ) -> Extraction: ...


def settings(sandbox: RunningSandbox, **config: object) -> dict[str, Any]:
    """Settings that point at a sandbox, with all its credentials."""
    return {
        "client_id": "sandbox-email",
        "client_secret": "sandbox-email-secret",
        "sms_client_id": "sandbox-sms",
        "sms_client_secret": "sandbox-sms-secret",
        "cross_channel_client_id": "sandbox-cross-channel",
        "cross_channel_client_secret": "sandbox-cross-channel-secret",
        "api_url": sandbox.url,
        "auth_url": sandbox.auth_url,
        **config,
    }


def catalog(
    config: dict[str, Any], streams: Iterable[str], methods: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A catalog that selects these streams only."""
    chosen = set(streams)
    result: dict[str, Any] = TapListrak(config=dict(config)).catalog_dict
    for entry in result["streams"]:
        name = entry["tap_stream_id"]
        root = next(one["metadata"] for one in entry["metadata"] if not one["breadcrumb"])
        root["selected"] = name in chosen
        if methods and name in methods:
            entry["replication_method"] = methods[name]
    return result


def extract_from(
    sandbox: RunningSandbox,
    *,
    streams: Iterable[str] | None = None,
    state: dict[str, Any] | None = None,
    methods: Mapping[str, str] | None = None,
    **config: Any,  # noqa: ANN401 - any setting
) -> Extraction:
    """Run the tap in this process, on a deep copy of the state."""
    done, error = run_to_its_end(sandbox, streams=streams, state=state, methods=methods, **config)
    if error is not None:
        raise error
    return done


def run_to_its_end(
    sandbox: RunningSandbox,
    *,
    streams: Iterable[str] | None = None,
    state: dict[str, Any] | None = None,
    methods: Mapping[str, str] | None = None,
    **config: Any,  # noqa: ANN401 - any setting
) -> tuple[Extraction, Exception | None]:
    """Run the tap as `extract_from`; return what it wrote, and the error that it ended with, if it did."""
    whole = settings(sandbox, **config)
    tap = TapListrak(
        config=whole,
        state=json.loads(json.dumps(state or {})),
        catalog=None if streams is None else catalog(whole, streams, methods),
    )
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    error: Exception | None = None
    with redirect_stdout(out):
        try:
            tap.sync_all()
        except Exception as raised:  # noqa: BLE001 - the caller's to judge
            error = raised
    tap.output.flush()
    out.seek(0)
    return Extraction(out.buffer.read().splitlines()), error
