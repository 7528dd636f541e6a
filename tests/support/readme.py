"""The README's own examples, as tests run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

README = Path(__file__).resolve().parent.parent.parent / "README.md"


def example(name: str) -> Any:  # noqa: ANN401  any YAML
    """Give the YAML block that follows a comment ``<!-- example: name -->``."""
    text = README.read_text("utf-8")
    found = re.search(rf"<!-- example: {name} -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert found, f"the README has no example {name}"
    return yaml.safe_load(found[1])
