"""Hooks of mkdocs: the pages at the repository's root are pages of the site, and README.md is its first.

Links to files that are no pages (code, catalogs) lead to the repository where SINGER_LISTRAK_REPOSITORY names
its web address, and are plain text elsewhere. Those to files that do not exist end the build.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = os.environ.get("SINGER_LISTRAK_REPOSITORY", "").rstrip("/")
ROOT_PAGES = ("AGENTS.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def site_text(text: str, folder: Path) -> str:
    """Rewrite the links of a page for the site, where all pages lie in one folder.

    Args:
        text: Markdown.
        folder: Where the page lies in the repository.

    Raises:
        PluginError: A link leads to a file that does not exist.
    """

    def rewrite(found: re.Match[str]) -> str:
        label, path, anchor = found[1], found[2], found[3] or ""
        target = (folder / path).resolve()
        if not target.exists():
            message = f"a link leads nowhere: {path}"
            raise PluginError(message)
        inside = target.relative_to(ROOT)
        if inside.parts[0] == "docs" or inside.name in ROOT_PAGES:
            return f"[{label}]({target.name}{anchor})"
        if inside.name == "README.md" and len(inside.parts) == 1:
            return f"[{label}](index.md{anchor})"
        if not REPOSITORY:
            return label
        blob = "-/blob" if "gitlab" in REPOSITORY else "blob"
        return f"[{label}]({REPOSITORY}/{blob}/main/{inside.as_posix()})"

    # Code may look like a link.
    parts = re.split(r"(```.*?```)", text, flags=re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(rewrite, part) for part in parts)


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401  mkdocs' own type is not typed
    """Add the pages of the repository's root.

    Args:
        files: Those of docs/; it is changed.
        config: mkdocs' configuration.
    """
    pages = {"index.md": "README.md"} | {name: name for name in ROOT_PAGES}
    for name, source in pages.items():
        text = site_text((ROOT / source).read_text("utf-8"), ROOT)
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401  as above
    """Rewrite the links of a page of docs/.

    Args:
        markdown: Its text.
        page: The page.
    """
    return markdown if page.file.generated_by else site_text(markdown, ROOT / "docs")
