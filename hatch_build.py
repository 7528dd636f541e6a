"""What the package's metadata gets when it is built: its version, its URLs, and README.md with full links.

hatchling runs this file for every build, an editable install among them, so it imports nothing but hatchling
and the standard library, and never fails for want of Git, of tags or of a repository's address.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).resolve().parent
COMING = "0.2.0"
"""The release that is worked on: what a checkout without tags is a development version of."""
REPOSITORY_VARIABLE = "SINGER_LISTRAK_REPOSITORY"
"""Names the repository's web address. The release workflows set it; a checkout does not know its own."""


def version(root: Path = ROOT) -> str:
    """Give the version of what lies in a folder.

    Args:
        root: The checkout.

    Returns:
        ``0.2.0`` at the tag ``v0.2.0``, ``0.2.1.dev3`` three commits later (or with uncommitted changes), and
        a development version of the coming release where no tag can be seen: a shallow or tagless clone, an
        archive, a machine without Git, a folder in somebody else's repository.
    """
    fallback = f"{COMING}.dev0"
    if not (root / ".git").exists():
        return fallback
    command = ["git", "describe", "--tags", "--long", "--dirty", "--match=v[0-9]*.[0-9]*.[0-9]*"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return fallback
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g[0-9a-f]+(-dirty)?", done.stdout.strip())
    if not found:
        return fallback
    major, minor, patch, distance = (int(number) for number in found.groups()[:4])
    if not distance and not found[5]:
        return f"{major}.{minor}.{patch}"
    return f"{major}.{minor}.{patch + 1}.dev{distance}"


def urls(repository: str) -> dict[str, str]:
    """Give the project's URLs, as an index shows them.

    Args:
        repository: Web address of the repository; empty where it is not known, and then there are none.
    """
    if not repository:
        return {}
    return {
        "Homepage": repository,
        "Documentation": f"{blob(repository, 'main')}/docs/quickstart.md",
        "Source": repository,
        "Issues": f"{repository}{'/-' if 'gitlab' in repository else ''}/issues",
        "Changelog": f"{blob(repository, 'main')}/CHANGELOG.md",
    }


def blob(repository: str, ref: str) -> str:
    """Give the address below which a repository shows its files.

    Args:
        repository: Its web address, on GitHub or GitLab.
        ref: A tag or branch.
    """
    return f"{repository}{'/-' if 'gitlab' in repository else ''}/blob/{ref}"


def full_links(text: str, base: str) -> str:
    """Make the relative links of a Markdown text absolute: an index shows it outside of the repository.

    Args:
        text: Markdown.
        base: Address of the folder that it lies in.
    """
    return re.sub(r"\]\((?!https?:|mailto:|#)([^)\s]+)\)", rf"]({base}/\1)", text)


class MetadataHook(MetadataHookInterface):
    """Fills in the dynamic fields of pyproject.toml."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Add URLs and the text of the README.

        Args:
            metadata: The table ``project``; it is changed.
        """
        repository = os.environ.get(REPOSITORY_VARIABLE, "").rstrip("/")
        text = (ROOT / "README.md").read_text("utf-8")
        own = version(ROOT)
        if repository:
            text = full_links(text, blob(repository, "main" if ".dev" in own else f"v{own}"))
            metadata["urls"] = urls(repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
