"""The least that is a tap or a target: what the SDK itself takes to start.

python empty_plugins.py tap --version
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk import Stream, Tap, Target
from singer_sdk.sinks import BatchSink

if TYPE_CHECKING:
    from collections.abc import Iterable


class Nothing(Stream):
    """A stream without records."""

    name = "nothing"
    schema = {"type": "object", "properties": {"email": {"type": "string"}}}  # noqa: RUF012 - as the SDK has it

    def get_records(self, context: object) -> Iterable[dict[str, object]]:  # noqa: ARG002 - the SDK's signature
        """None."""
        return ()


class EmptyTap(Tap):
    """A tap of one stream without records."""

    name = "tap-empty"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as the SDK has it

    def discover_streams(self) -> list[Stream]:
        """Return the stream."""
        return [Nothing(self)]


class EmptySink(BatchSink):
    """A sink that drops everything."""

    def process_batch(self, context: dict[str, object]) -> None:
        """Do nothing."""


class EmptyTarget(Target):
    """A target without settings."""

    name = "target-empty"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as the SDK has it
    default_sink_class = EmptySink


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    (EmptyTap if kind == "tap" else EmptyTarget).cli()
