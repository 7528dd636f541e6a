"""Read the examples of docs/, as tests run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def example(name: str, page: str) -> Any:  # noqa: ANN401  any YAML
    """Give the YAML block of a page that follows a comment ``<!-- example: name -->``.

    Args:
        name: Name of the example.
        page: File name of the page below docs/, such as ``recipes.md``.
    """
    text = (DOCS / page).read_text("utf-8")
    found = re.search(rf"<!-- example: {name} -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert found, f"{page} has no example {name}"
    return yaml.safe_load(found[1])
