"""`docs/reliability.md` names tests; they are there."""

from __future__ import annotations

import ast
import re

import pytest
from matrix import PAGE

ROOT = PAGE.parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text("utf-8"))


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 20
    for file, name in NAMED:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, f"{file}::{name}"


def test_the_sizes_are_those_of_the_tests() -> None:
    read = re.compile(r'os\.environ\.get\("(LISTRAK_\w+)", "(\w+)"\)')
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    defaults = dict(found for text in tests for found in read.findall(text))
    told: dict[str, str] = {}
    for row in re.findall(r"^\| (`LISTRAK_.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE):
        names, in_ci, *_ = row.split(" | ")
        told |= dict(zip(re.findall(r"\w+", names), in_ci.split(", "), strict=True))
    assert told == defaults


def test_ci_has_a_hundred_crashes() -> None:
    sizes = dict(re.findall(r"^\| `(LISTRAK_\w+)` \| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    counted = ("LISTRAK_KILLS", "LISTRAK_CRASHES", "LISTRAK_MELTANO_CRASHES")
    assert sum(int(sizes[one]) for one in counted) >= 100


@pytest.mark.parametrize("section", ["## Promises", "## Security"])
def test_every_promise_names_its_test(section: str) -> None:
    lines = PAGE.read_text("utf-8").split(section)[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    assert len(rows) > 10
    assert all(re.search(r"`tests/[\w/]+\.py::\w+` \|$", row) for row in rows)
