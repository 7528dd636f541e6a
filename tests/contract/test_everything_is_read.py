"""The tap reads all that can be read, as the README says: checked by the specifications of the APIs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from vendor_spec import FOLDER, WITHOUT

from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from tap_listrak.streams.base import ListrakStream

FILES = ("email", "sms", "data", "cross-channel", "privacy")

pytestmark = pytest.mark.skipif(
    not all((FOLDER / f"{name}.json").is_file() for name in FILES), reason=f"not checked: {WITHOUT}"
)

NOT_READ = {
    "GET /sms/v1/ShortCode/{senderCodeId}/ContactImport/{importFileId}": (
        "no operation lists the imports, so nothing gives the ids"
    ),
    "GET /privacy/v1/Forget/{requestId}": (
        "no operation lists the requests; the target follows those that it has made"
    ),
}
"""What no stream reads, with the reason."""

BY_ROUTE: dict[str, type[ListrakStream]] = {str(stream.route): stream for stream in STREAMS}


class Reads:
    """The GET operations of all specifications, by ``GET`` and full path template."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        for name in FILES:
            text = (FOLDER / f"{name}.json").read_text("utf-8")
            spec = json.loads(re.sub(r"(?<![A-Za-z])SenderCodeId", "senderCodeId", text))
            base = spec.get("basePath", "/crosschannel/v1")
            self.models[base] = spec.get("definitions") or spec["components"]["schemas"]
            for path, methods in spec["paths"].items():
                if "get" in methods:
                    self.operations[f"GET {base}{path}"] = methods["get"]

    def fields(self, name: str) -> set[str]:
        """The names of what an operation's answer has: of one row, if it is a collection."""
        answer = self.operations[name]["responses"]["200"]
        schema = answer.get("schema") or answer["content"]["application/json"]["schema"]
        models = next(models for base, models in self.models.items() if name.startswith(f"GET {base}/"))
        while True:
            if schema.get("type") == "array":
                schema = schema["items"]
            elif "$ref" in schema:
                schema = models[schema["$ref"].rpartition("/")[2]]
            elif "data" in schema.get("properties", ()):
                schema = schema["properties"]["data"]
            else:
                return set(schema["properties"])


@pytest.fixture(scope="module")
def reads() -> Reads:
    return Reads()


def columns(stream: type[ListrakStream]) -> set[str]:
    return set(stream.properties.to_dict()["properties"])


def collection_of(name: str) -> str:
    """The operation that lists what another one gives singly: its path without the last part."""
    return name.rpartition("/")[0]


def test_each_read_is_a_streams_source_or_gives_nothing_more_or_has_a_reason(reads: Reads) -> None:
    unread = {}
    for name in sorted(reads.operations.keys() - BY_ROUTE.keys() - NOT_READ.keys()):
        stream = BY_ROUTE.get(collection_of(name)) if name.endswith("}") else None
        unread[name] = None if stream is None else reads.fields(name) - columns(stream)
    assert {name: lacking for name, lacking in unread.items() if lacking or lacking is None} == {}


def test_each_stream_has_every_field_of_its_source(reads: Reads) -> None:
    lacking = {stream.name: reads.fields(name) - columns(stream) for name, stream in BY_ROUTE.items()}
    assert {name: fields for name, fields in lacking.items() if fields} == {}


def test_what_is_not_read_is_specified_and_is_no_streams_source(reads: Reads) -> None:
    assert sorted(NOT_READ.keys() - reads.operations.keys()) == []
    assert sorted(NOT_READ.keys() & BY_ROUTE.keys()) == []


def test_each_streams_source_is_specified(reads: Reads) -> None:
    assert sorted(BY_ROUTE.keys() - reads.operations.keys()) == []
