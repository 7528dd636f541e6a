"""The examples of README and docs/recipes.md, as tests run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
RECIPES = ROOT / "docs" / "recipes.md"


def example(name: str, page: Path = README) -> Any:  # noqa: ANN401  any YAML
    """Give the YAML block of a page that follows a comment ``<!-- example: name -->``."""
    text = page.read_text("utf-8")
    found = re.search(rf"<!-- example: {name} -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert found, f"{page.name} has no example {name}"
    return yaml.safe_load(found[1])
