"""Inside a package imports point downwards: from a layer to itself and to layers below, never in a circle.

Imports for type checking count, and so do those inside functions.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TAP: list[set[str]] = [
    {"tap"},
    {"checks", "shards"},
    {"streams"},
    {"preflight"},
    {"sync"},
    {"output"},
    {"records"},
    {"settings"},
    {"incremental", "clients", "sdk"},
]
"""The layers of the tap, from top to bottom; those in one set do not import each other."""

TARGET: list[set[str]] = [
    {"target"},
    {"routing", "loaders", "cli"},
    {"channels"},
    {"delivery"},
    {"input", "tracking"},
    {"config"},
    {"values"},
    {"outcomes", "sdk"},
]
"""The layers of the target, likewise."""

ORDERS = {"tap_listrak": TAP, "target_listrak": TARGET}


def layers(package: str) -> dict[str, list[Path]]:
    """A layer is a module of the package or a folder in it; `__main__` only names what the script runs."""
    found: dict[str, list[Path]] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        layer = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
        if layer not in {"__init__", "__main__"}:
            found.setdefault(layer, []).append(path)
    assert found
    return found


def imported(source: str, package: str) -> set[str]:
    """The layers of a package that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith(f"{package}.")
            }
    return found


def arrows(package: str) -> dict[str, set[str]]:
    there = layers(package)
    return {
        layer: {
            other
            for path in paths
            for other in imported(path.read_text("utf-8"), package)
            if other in there and other != layer
        }
        for layer, paths in there.items()
    }


@pytest.mark.parametrize("package", sorted(ORDERS))
def test_every_layer_has_its_place(package: str) -> None:
    assert set(layers(package)) == set().union(*ORDERS[package])


@pytest.mark.parametrize("package", sorted(ORDERS))
def test_layers_import_downwards_only(package: str) -> None:
    floor = {layer: number for number, some in enumerate(ORDERS[package]) for layer in some}
    wrong = [
        f"{layer} imports {other}"
        for layer, others in arrows(package).items()
        for other in sorted(others)
        if floor[other] <= floor[layer]
    ]
    assert wrong == []


def test_no_channel_imports_another() -> None:
    channels = {path.parent for path in (ROOT / "target_listrak" / "channels").glob("*/__init__.py")}
    assert len(channels) == 5
    for channel in channels:
        text = "".join(path.read_text("utf-8") for path in channel.rglob("*.py"))
        found = set(re.findall(r"target_listrak\.channels\.(\w+)", text))
        assert found <= {channel.name}, channel.name


@pytest.mark.parametrize(
    "package", ["listrak_api", "listrak_sandbox", "listrak_singer", "tap_listrak", "target_listrak"]
)
def test_layers_import_each_other_in_no_circle(package: str) -> None:
    left = arrows(package)
    while free := [layer for layer, others in left.items() if not others & left.keys()]:
        for layer in free:
            del left[layer]
    assert left == {}


def modules(package: str) -> dict[str, set[str]]:
    """Each module of a package, and the modules of it that it imports."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    found = {}
    for name, path in paths.items():
        others = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in paths:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                others |= inner & paths.keys() or {str(node.module)}
        found[name] = others - {name}
    return found


@pytest.mark.parametrize("package", ["listrak_api", "listrak_singer", "tap_listrak", "target_listrak"])
def test_modules_import_each_other_in_no_circle(package: str) -> None:
    left = modules(package)
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


@pytest.mark.parametrize(
    "source",
    [
        "import tap_listrak.sync.session",
        "from tap_listrak.sync import session",
        "from tap_listrak import sync",
        "def f():\n    from tap_listrak.sync.session import TapSession",
        "if TYPE_CHECKING:\n    from tap_listrak.sync.session import TapSession",
    ],
)
def test_every_way_to_import_counts(source: str) -> None:
    assert imported(source, "tap_listrak") == {"sync"}
