"""Retail rows through the target into the sandbox, and what the sandbox holds then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Outcome, Runs

MODELS = {"customers": "Customer", "orders": "Order", "order_items": "Order", "products": "Product"}
WHOLE: dict[str, Any] = {"dateEntered": "2026-06-01T10:00:00", "orderTotal": 10}
"""What every order needs beside its number."""


def messages(stream: str, rows: list[dict[str, Any]], keys: tuple[str, ...] = ()) -> list[Any]:
    """The SCHEMA and the RECORDs of a stream."""
    names = dict.fromkeys(name for row in rows for name in row)
    properties: dict[str, object] = {name: {} for name in names}
    return [schema(stream, keys=keys, **properties), *(record(stream, **row) for row in rows)]


def load(
    runs: Runs, kind: str, rows: list[dict[str, Any]], keys: tuple[str, ...] = (), **options: object
) -> Outcome:
    """Load rows of one kind; an error of the run is the test's."""
    return runs.good([*messages("s", rows, keys), state({"at": 1})], {"s": {"kind": kind, **options}})


def held(runs: Runs, kind: str) -> dict[str, Any]:
    """What the sandbox holds of a kind, by key, without what is null."""
    return {key: _strip(row) for key, row in runs.sandbox.written()["data"][MODELS[kind]]["rows"].items()}


def reasons(outcome: Outcome) -> list[str]:
    """The reasons of all records that were not loaded."""
    return [line["rejected"]["reason"] for line in outcome.rejects if line["type"] == "RECORD"]


def _strip(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _strip(inner) for name, inner in value.items() if inner is not None}
    return [_strip(inner) for inner in value] if isinstance(value, list) else value
