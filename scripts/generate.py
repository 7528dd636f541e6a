"""Writes what follows from the plugins' own schemas, so that a setting or a stream is described in one place.

    make generate                           writes
    python -m scripts.generate --check      only says what is stale; exit code 1 if anything is

The sources are what any user can ask the plugins, ``--about --format=json`` and ``--discover``, and for parts
of docs/ the code itself. Generated are the plugins' parts of meltano.yml, plugins/*.yml, hub/, .env.example,
docs/destinations.md, catalogs/*.json, the staging layer of dbt_listrak, and parts of other pages of docs/
(those between their two markers).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from scripts import (
    columns_text,
    destinations_text,
    hub_text,
    models_text,
    retail_text,
    sandbox_text,
    selections,
    settings_text,
    streams_table,
    values_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("tap-listrak", "target-listrak")
OTHERS = {
    "extractors": ("tap-postgres", "tap-spreadsheets"),
    "loaders": ("target-duckdb", "target-jsonl", "target-postgres"),
}
"""Plugins that are not ours, and that README.md and docs/ use in other people's projects."""


class Dumper(yaml.SafeDumper):
    """Indents lists below their key, as Meltano writes its own files."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  PyYAML's signature
        """Never write a list at its key's own indentation."""
        return super().increase_indent(flow, indentless=False)


def dump_yaml(value: object, indent: int = 0) -> str:
    """Write YAML in the order given, each line indented."""
    text = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110 - indent)
    return textwrap.indent(text, " " * indent)


def ask(plugin: str, *arguments: str) -> Any:  # noqa: ANN401  any JSON
    """Run a plugin's console script and parse the JSON it prints.

    Args:
        plugin: Name of the console script beside this interpreter.
        arguments: What follows the name.

    Raises:
        subprocess.CalledProcessError: The plugin failed; its own message is on standard error.
    """
    command = [str(Path(sys.executable).with_name(plugin)), *arguments]
    quiet = {f"{plugin.replace('-', '_').upper()}_LOGLEVEL": "WARNING"}
    done = subprocess.run(
        command, cwd=ROOT, check=True, env=os.environ | quiet, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def replace_part(text: str, start: str, body: str) -> str:
    """Put a body between the line that contains a marker and the line that ends the generated part.

    Raises:
        ValueError: A marker is missing.
    """
    end = "end of generated part"
    lines = text.splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if start in line), None)
    last = next((n for n, line in enumerate(lines) if first is not None and n > first and end in line), None)
    if first is None or last is None:
        message = f"no part between {start!r} and {end!r}"
        raise ValueError(message)
    return "".join([*lines[: first + 1], body, *lines[last:]])


def reference_file(about: dict[str, Any], dropped: dict[str, Any]) -> str:
    """Give the definition of one of our plugins for ``meltano add --from-ref``.

    Args:
        about: What ``--about --format=json`` prints.
        dropped: Parts that Meltano 4.4 leaves out when it adds a plugin: they go into the head, for pasting.
    """
    name = about["name"]
    head = settings_text.REFERENCE_HEAD.format(name=name)
    if dropped:
        paste = textwrap.indent(dump_yaml(dropped, indent=6), "# ", lambda _: True)
        head += settings_text.DROPPED_HEAD.format(name=name) + paste
    return head + dump_yaml(settings_text.reference_definition(about) | dropped)


def make_pages(catalog: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Give each page that has generated parts, and what it should hold.

    Args:
        catalog: What ``--discover`` prints.
    """
    pages = {
        "streams": {"streams": streams_table.markdown_table(), "diagrams": columns_text.diagrams()},
        "columns": {"columns": columns_text.tables(catalog)},
        "retail": {"kinds": retail_text.tables()},
        "values": {
            "status words": values_text.status_words_table(),
            "common names": values_text.common_names_table(),
        },
        "sandbox": {
            "settings": sandbox_text.settings_table(),
            "deviations": sandbox_text.deviations_table(),
            "faults": sandbox_text.faults_table(),
        },
    }
    for name, parts in pages.items():
        text = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
        for marker, part in parts.items():
            text = replace_part(text, f"generated: {marker}", part)
        yield ROOT / "docs" / f"{name}.md", text


def make_files() -> Iterator[tuple[Path, str]]:
    """Give each generated file and what it should hold."""
    about = {name: ask(name, "--about", "--format=json") for name in PLUGINS}
    catalog = ask("tap-listrak", "--discover")
    meltano = (ROOT / "meltano.yml").read_text("utf-8")
    settings = (ROOT / "docs" / "settings.md").read_text("utf-8")
    extras = {"tap-listrak": {"select": selections.default_selection()}}
    for name in PLUGINS:
        own = settings_text.plugin_definition(
            about[name], "-e .[rate-sqlite] -c constraints.txt"
        ) | extras.get(name, {})
        part = dump_yaml({key: value for key, value in own.items() if key != "name"}, indent=6)
        meltano = replace_part(meltano, f"own schema: {name}", part)
        settings = replace_part(settings, f"settings of {name}", settings_text.markdown_table(about[name]))
        yield ROOT / "plugins" / f"{name}.yml", reference_file(about[name], extras.get(name, {}))
        for_hub = hub_text.definition(about[name], extras.get(name, {}))
        kind = "extractors" if name.startswith("tap-") else "loaders"
        yield ROOT / "hub" / kind / name / f"{for_hub['variant']}.yml", hub_text.HEAD + dump_yaml(for_hub)
    yield ROOT / "meltano.yml", meltano
    yield ROOT / "docs" / "settings.md", settings
    yield ROOT / ".env.example", settings_text.environment_example(about.values())
    yield ROOT / "docs" / "destinations.md", destinations_text.page()
    yield from make_pages(catalog)
    for kind, name in ((kind, name) for kind, names in OTHERS.items() for name in names):
        definition = settings_text.other_definition(name, kind, yaml.safe_load(meltano))
        ours = "tap-listrak" if kind == "loaders" else "target-listrak"
        head = settings_text.OTHER_HEAD.format(name=name, ours=ours)
        yield ROOT / "plugins" / f"{name}.yml", head + dump_yaml(definition)
    for name, selected in selections.catalogs(catalog).items():
        yield ROOT / "catalogs" / f"{name}.json", json.dumps(selected, indent=2, ensure_ascii=False) + "\n"
    for path, text in models_text.files(catalog, streams_table.one_row_per()):
        yield ROOT / path, text


def main() -> int:
    """Write or check all files."""
    parser = argparse.ArgumentParser(description="Writes what follows from the plugins' own schemas.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if anything is stale")
    check = parser.parse_args().check
    stale = []
    for path, content in make_files():
        if not path.exists() or path.read_text("utf-8") != content:
            stale.append(path.relative_to(ROOT))
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, "utf-8")
    for path in stale:
        print(f"{path}: {'is stale; run `make generate`' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
