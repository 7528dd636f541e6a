"""`docs/safety.md`: each promise about people names its test, and the tests are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
TABLES = re.findall(r"^\| promise \| checked by \|\n\|---\|---\|\n((?:\|.*\n?)+)", PAGE, re.MULTILINE)


def test_every_promise_names_its_test() -> None:
    assert TABLES
    rows = [row for table in TABLES for row in table.splitlines()]
    assert len(rows) > 20
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py::\w+` \|$", row), row


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 20
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, f"{file}::{name}"
