"""docs/kinds.md: the calls of each kind are those that it makes, and the codes are those that there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from documents import DOCS
from target_cells import COLUMNS, People, TargetRuns, messages

from target_listrak.config.kind_options import OPTIONS_BY_KIND

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

TEXT = (DOCS / "kinds.md").read_text("utf-8")
SOURCES = "".join(path.read_text("utf-8") for path in (DOCS.parent / "target_listrak").rglob("*.py"))


NO_CODES = {"first_name", "last_name", "postal_code", "max_retries"}


def sheets() -> dict[str, str]:
    """From kind to its part of the page, with the introduction of its channel."""
    found = {}
    for channel in TEXT.split("\n## ")[1:]:
        before, *parts = channel.split("\n### ")
        for part in parts:
            found[part.split("`")[1]] = before + part
        found |= {kind: channel for kind in OPTIONS_BY_KIND if f"| `{kind}` |" in before}
        found |= {kind: channel for kind in OPTIONS_BY_KIND if f"`{kind}`" in before.partition("\n")[0]}
    return found


SHEETS = sheets()


def test_every_kind_has_a_sheet() -> None:
    assert set(SHEETS) == set(OPTIONS_BY_KIND)


@pytest.mark.parametrize("name", COLUMNS)
def test_the_calls_of_a_kind_are_on_its_sheet(box: RunningSandbox, tmp_path: Path, name: str) -> None:
    column = COLUMNS[name]
    box.reset()
    box.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    people = People.of(box)
    box.forget_requests()
    TargetRuns(box, tmp_path, column).run(messages(column, people))
    made = {re.sub(r" /\w+(?:/v1)?/", " /", one["route"], count=1) for one in box.requests()["latest"]}
    told = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]+)`", SHEETS[column.destination["kind"]]))
    told = {re.sub(r" /v1/", " /", one) for one in told}
    assert made - {"POST /Token"} <= told


def test_every_code_on_the_page_exists() -> None:
    told = {one for one in re.findall(r"`([a-z]+(?:_[a-z]+)*)`", TEXT) if f'"{one}"' not in SOURCES}
    assert told == NO_CODES


def test_every_code_is_on_the_page() -> None:
    given = re.findall(r'(?:Rejected|Declined|InvalidValue)\(\s*"([a-z_]+)"', SOURCES)
    assert [code for code in dict.fromkeys(given) if f"`{code}`" not in TEXT] == []
