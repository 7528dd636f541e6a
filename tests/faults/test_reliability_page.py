"""`docs/reliability.md` names tests; they are there."""

from __future__ import annotations

import ast
import re

from matrix import PAGE

ROOT = PAGE.parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text("utf-8"))


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 20
    for file, name in NAMED:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, f"{file}::{name}"


def test_every_promise_names_its_test() -> None:
    rows = PAGE.read_text("utf-8").split("## Promises")[1].split("##")[0].strip().splitlines()[2:]
    assert all(re.search(r"`tests/[\w/]+\.py::\w+` \|$", row) for row in rows)
