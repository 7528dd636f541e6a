"""`--test` shows what dates Listrak writes, and how it reads them: for a person to choose `timezone` by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tap_runs import settings as config_for

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.checks.connection_test import report
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def said(sandbox: RunningSandbox, timezone: str, **switches: object) -> str:
    sandbox.settings(**{"answer_time_zone": "America/New_York", **switches})
    lines: list[str] = []
    assert report(TapListrak(config=config_for(sandbox, timezone=timezone)), lines.append)
    dates = [line for line in lines if "Dates" in line]
    assert all("@" not in line for line in dates), "addresses are nobody's business"
    return "\n".join(dates)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ("offset_honoured", "takes them for UTC"),
        ("offset_dropped", "drops their offset"),
        ("read_as_utc", "takes them for UTC"),
    ],
)
def test_the_reading_of_query_dates_is_found_out(tiny: RunningSandbox, reading: str, words: str) -> None:
    text = said(tiny, "America/New_York", query_dates=reading)
    assert "Listrak's clock says 2026-06-30 12:00" in text
    assert words in text


def test_a_zone_that_puts_dates_ahead_of_the_clock_is_called_wrong(tiny: RunningSandbox) -> None:
    tiny.set_clock(now="2026-06-21T11:10:00Z", frozen=True)
    sandbox_zone = {"answer_time_zone": "Pacific/Kiritimati", "query_dates": "offset_honoured"}
    assert "timezone is wrong" in said(tiny, "Pacific/Pago_Pago", **sandbox_zone)


def test_in_utc_there_is_nothing_to_find_out(tiny: RunningSandbox) -> None:
    text = said(tiny, "UTC", answer_time_zone="UTC", query_dates="offset_honoured")
    assert "makes no difference" in text
