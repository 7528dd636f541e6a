"""docs/sandbox.md says what there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from listrak_sandbox import app
from listrak_sandbox.config import ENVIRONMENT_PREFIX, SCALES, Config
from listrak_sandbox.deviations import DEVIATIONS
from listrak_sandbox.fault_kinds import KINDS
from listrak_sandbox.faults import VARIABLE, Spec
from listrak_sandbox.settings import Integration, Settings
from listrak_sandbox.testing import RunningSandbox
from listrak_sandbox.world.scale import SCALE_SHAPES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text("utf-8")


def first_columns(heading: str, rows: str = r"^\| `([^`]+)` \|") -> list[str]:
    """The names in the tables below a heading."""
    part = re.split(r"^## ", PAGE.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rows, part, re.MULTILINE)


def test_faults_and_their_members_are_those_there_are() -> None:
    members = [name for name in Spec.__struct_fields__ if name != "kind"]
    assert first_columns("Faults") == [*members, "kind", *KINDS]
    for name, kind in KINDS.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert kind.text in row
        assert all(f"`{parameter}`" in row for parameter in kind.parameters)


def test_settings_are_those_there_are() -> None:
    assert first_columns("Settings while it runs") == [one.name for one in dataclasses.fields(Settings)]
    assert all(f"`{one.name}`" in PAGE for one in dataclasses.fields(Integration))


def test_deviations_are_those_the_contract_tests_take_their_exceptions_from() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| ([HM]) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [(one.subject, one.spec, one.recorded, one.evidence, one.setting) for one in DEVIATIONS]
    names = {one.name for one in dataclasses.fields(Settings)}
    for one in DEVIATIONS:
        found = set(re.findall(r"`(\w+)", one.setting))
        assert found <= names, one.subject
        assert found or one.setting.startswith("none"), one.subject


def test_options_are_those_there_are() -> None:
    options = re.findall(r"^\| `--([\w-]+)` \| `(\w+)` \| `?(\w+)`? \|", PAGE, re.MULTILINE)
    names = {
        one.name.replace("_", "-"): str(one.default).removesuffix(".0") for one in dataclasses.fields(Config)
    }
    assert {name: default for name, _, default in options} == names
    for name, variable, _ in options:
        assert variable == ENVIRONMENT_PREFIX + name.upper().replace("-", "_")
    assert VARIABLE in PAGE


def test_control_routes_are_those_there_are() -> None:
    application, _ = app.build(Config(scale="tiny"))
    served = {
        f"{method} {route.path.removeprefix(app.CONTROL + '/')}"
        for route in application.routes
        if route.path.startswith(app.CONTROL)
        for method in route.endpoint.methods
    }
    told = re.findall(r"`(GET|POST|DELETE) ([\w-]+)", PAGE.split("## Control routes")[1].split("\n## ")[0])
    assert {f"{method} {path}" for method, path in told} == served


def test_scales_are_as_large_as_the_page_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\d,]+) \| ([\d,]+?),? ?(?:to .*)?\|", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == list(SCALES)
    for name, *figures in rows:
        shapes = SCALE_SHAPES[name]
        sizes = [len(shapes), sum(one.contacts for one in shapes), sum(one.messages for one in shapes)]
        assert [int(figure.replace(",", "")) for figure in figures] == sizes


def test_helpers_are_those_there_are() -> None:
    part = PAGE.split("stops at the end of the block. ", 1)[1].split(" are the control routes", 1)[0]
    for name in [*re.findall(r"`(\w+)`", part), "control"]:
        assert callable(getattr(RunningSandbox, name))
