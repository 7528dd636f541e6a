"""Which room of the target may import which: only what lies below it, and no channel another channel."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(__file__).resolve().parents[2] / "target_listrak"

_BELOW_CHANNELS = {"delivery", "input", "config", "tracking", "values", "outcomes"}
ALLOWED = {
    "outcomes": set(),
    "values": {"outcomes"},
    "config": {"values", "outcomes"},
    "tracking": {"outcomes"},
    "input": {"config", "values", "outcomes"},
    "delivery": {"config", "input", "tracking", "values", "outcomes"},
    "email": _BELOW_CHANNELS,
    "sms": _BELOW_CHANNELS,
    "retail": _BELOW_CHANNELS,
    "loaders": {"email", "sms", "retail", "delivery"},
    "routing": _BELOW_CHANNELS,
    "cli": set(),
    "target": {"cli", "routing", "loaders", "email", *_BELOW_CHANNELS},
}
"""From each room (a package, or a module beside them) to the rooms that it may import."""


def room(parts: tuple[str, ...]) -> str:
    """The room of a module, by its path inside the package: `email/lists` → `email`."""
    return parts[0]


def imported_rooms(source: str) -> Iterator[str]:
    """The rooms that a module imports, wherever in the module it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "target_listrak":
            names = [f"target_listrak.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "target_listrak" and rest:
                yield rest.partition(".")[0]


def modules() -> list[Path]:
    return sorted(path for path in TARGET.rglob("*.py") if path != TARGET / "__init__.py")


def test_every_room_has_its_rule() -> None:
    assert {room(path.relative_to(TARGET).with_suffix("").parts) for path in modules()} == set(ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_room_imports_only_what_lies_below_it(name: str) -> None:
    wrong = [
        f"{path.relative_to(TARGET)} imports {other}"
        for path in modules()
        if room(path.relative_to(TARGET).with_suffix("").parts) == name
        for other in imported_rooms(path.read_text("utf-8"))
        if other != name and other not in ALLOWED[name]
    ]
    assert wrong == []


def test_the_rules_have_no_circle() -> None:
    left = dict(ALLOWED)
    while left:
        bottom = [name for name, below in left.items() if not below & left.keys()]
        assert bottom, f"a circle among {', '.join(left)}"
        for name in bottom:
            del left[name]


@pytest.mark.parametrize(
    "source",
    [
        "import target_listrak.sms.loader",
        "from target_listrak.sms import loader",
        "from target_listrak import sms",
        "def f():\n    from target_listrak.sms.loader import SmsLoader",
        "if TYPE_CHECKING:\n    from target_listrak.sms.loader import SmsLoader",
    ],
)
def test_the_walk_sees_every_way_to_import(source: str) -> None:
    assert list(imported_rooms(source)) == ["sms"]
