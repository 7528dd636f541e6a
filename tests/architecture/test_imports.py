"""Who may import whom: walked through the syntax tree of every module, so that a lazy import counts too."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
OURS = {"listrak_api", "listrak_singer", "tap_listrak", "target_listrak", "listrak_sandbox"}
ALLOWED = {
    "listrak_api": {"listrak_api"},
    "listrak_singer": {"listrak_singer", "listrak_api"},
    "tap_listrak": {"tap_listrak", "listrak_singer", "listrak_api"},
    "target_listrak": {"target_listrak", "listrak_singer", "listrak_api"},
    # Client and sandbox must not share a mistake.
    "listrak_sandbox": {"listrak_sandbox"},
}
NOT_BELOW = {
    # The client knows no Singer; the sandbox knows neither Singer nor how a Singer plugin talks.
    "listrak_api": {"singer_sdk", "singer", "meltano"},
    "listrak_sandbox": {"singer_sdk", "singer", "meltano"},
}


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """The top-level names of everything that a module imports, by statement or by `import_module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package if node.level else (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"import_module", "__import__"}:
                yield str(node.args[0].value).split(".")[0]


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package} has no modules: is the test in its place?"
    return found


@pytest.mark.parametrize("package", sorted(OURS))
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    forbidden = (OURS - ALLOWED[package]) | NOT_BELOW.get(package, set())
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(package)
        for name in imported(ast.parse(module.read_text("utf-8")), package)
        if name in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "import tap_listrak.tap",
        "from tap_listrak import tap",
        "def f():\n    from tap_listrak.tap import TapListrak",
        "if TYPE_CHECKING:\n    import tap_listrak",
        "importlib.import_module('tap_listrak.tap')",
        "__import__('tap_listrak')",
    ],
)
def test_the_walk_sees_every_way_to_import(source: str) -> None:
    assert "tap_listrak" in set(imported(ast.parse(source), "target_listrak"))


READ_BY_THE_CLIENT = {
    "delivery/lookups.py",
    "channels/email/importer.py",  # results and lost imports: read again until they are there
    "channels/sms/contacts.py",  # a sample of numbers; none is ordinary
    "channels/sms/sender_codes.py",  # inactive Phone Lists; none is ordinary
}


def test_what_the_target_looks_up_is_asked_for_again_if_it_comes_empty() -> None:
    """One empty answer to a look-up loaded people without values; `delivery/lookups.py` asks again."""
    package = ROOT / "target_listrak"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"pages", "rows", "get_page"}
        and "client" in ast.unparse(node.func)
    }
    assert found == READ_BY_THE_CLIENT
