"""Columns of Parquet files: what fits is kept exactly, and what does not is counted, whatever it is."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_listrak.output.parquet_columns import arrow_schema, record_batch

SCHEMA = {
    "properties": {
        "at": {"type": ["string", "null"], "format": "date-time"},
        "number": {"type": ["integer", "null"]},
        "amount": {"type": ["number", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "name": {"type": "string"},
        "tags": {"type": ["array", "null"]},
        "either": {"type": ["string", "integer", "null"]},
    }
}
COLUMNS = arrow_schema(SCHEMA)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(codec=None)),
    st.datetimes().map(datetime.isoformat),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.booleans(), max_size=2),
)
ROWS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(SCHEMA["properties"], CELLS)), min_size=1)


def columns(rows: list[Any]) -> tuple[list[dict[str, Any]], Counter[str]]:
    misfits: Counter[str] = Counter()
    return record_batch(rows, COLUMNS, misfits).to_pylist(), misfits


@given(rows=ROWS)
def test_any_value_becomes_a_column_and_what_does_not_fit_is_counted(rows: list[dict[str, Any]]) -> None:
    found, misfits = columns(rows)
    assert len(found) == len(rows)
    for name in SCHEMA["properties"]:
        lost = sum(
            one[name] is None and row.get(name) is not None for one, row in zip(found, rows, strict=True)
        )
        assert lost == misfits[name]
    assert not misfits["name"] + misfits["tags"] + misfits["either"], "anything can be written as a text"


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    number=st.integers(-(2**63), 2**63 - 1),
    amount=st.integers(-(10**12), 10**12).map(lambda cents: cents / 100),
    name=st.text(),
)
def test_what_fits_is_kept_exactly(at: datetime, number: int, amount: float, name: str) -> None:
    row = {
        "at": at.isoformat(),
        "number": number,
        "amount": amount,
        "flag": True,
        "name": name,
        "tags": [name],
    }
    (found,), misfits = columns([row])
    assert not misfits
    assert found == {
        "at": at,
        "number": number,
        "amount": Decimal(repr(amount)),
        "flag": True,
        "name": name,
        "tags": msgspec.json.encode([name]).decode(),
        "either": None,
    }


@pytest.mark.parametrize("amount", [math.nan, math.inf, 1e30, True, [], "x"])
def test_an_amount_that_is_none_is_null(amount: object) -> None:
    (found,), misfits = columns([{"amount": amount}])
    assert (found["amount"], misfits) == (None, {"amount": 1})


def test_structs_and_dicts_give_the_same_columns() -> None:
    row = msgspec.defstruct("Row", [(name, Any, msgspec.UNSET) for name in SCHEMA["properties"]])
    values = {"at": "2026-06-30T12:00:00Z", "number": 7, "amount": 0.1, "name": "Ada"}
    assert columns([row(**values), row()]) == columns([values, {}])


def test_columns_of_no_value_have_their_type() -> None:
    assert [str(one.type) for one in COLUMNS] == [
        "timestamp[us, tz=UTC]",
        "int64",
        "decimal128(38, 9)",
        "bool",
        "string",
        "string",
        "string",
    ]
