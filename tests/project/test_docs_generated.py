"""What is generated follows from the code; what the README says exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import retail_text
from tap_listrak.streams import STREAMS as TAP_STREAMS
from target_listrak.channels.retail.mapper import Mapper
from target_listrak.channels.retail.models import KINDS
from target_listrak.channels.retail.spellings import plain_name

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
STREAMS = (ROOT / "docs" / "streams.md").read_text("utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
MELTANO: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
PLUGINS = {plugin["name"]: plugin for some in MELTANO["plugins"].values() for plugin in some}


def ask(plugin: str, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name(plugin)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_nothing_generated_is_stale() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("plugin", ["tap-listrak", "target-listrak"])
def test_the_settings_page_has_the_settings_that_about_prints(plugin: str) -> None:
    printed = ask(plugin, "--about", "--format=markdown")
    known = re.findall(r"^\| (?!Setting|:--)([\w.]+) \|", printed, re.MULTILINE)
    part = SETTINGS.split(f"generated: settings of {plugin}", 1)[1].split("end of generated", 1)[0]
    shown = re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE)
    assert len(known) > 20
    assert shown == known


@pytest.mark.parametrize("plugin", ["tap-listrak", "target-listrak"])
def test_every_secret_is_sensitive_and_has_no_value(plugin: str) -> None:
    settings = json.loads(ask(plugin, "--about", "--format=json"))["settings"]["properties"]
    secrets = {name for name, setting in settings.items() if setting.get("secret")}
    assert {"client_id", "client_secret", "sms_client_secret"} <= secrets
    reference = yaml.safe_load((ROOT / "plugins" / f"{plugin}.yml").read_text("utf-8"))
    for definition in (PLUGINS[plugin], reference):
        assert {one["name"] for one in definition["settings"]} == set(settings)
        assert {one["name"] for one in definition["settings"] if one.get("sensitive")} == secrets
        assert not any("value" in one for one in definition["settings"] if one.get("sensitive"))
    example = (ROOT / ".env.example").read_text("utf-8")
    prefix = plugin.replace("-", "_").upper()
    for name in secrets:
        assert f"# {prefix}_{name.upper()}=\n" in example


def test_the_streams_page_names_every_stream_once() -> None:
    streams = {stream["tap_stream_id"] for stream in json.loads(ask("tap-listrak", "--discover"))["streams"]}
    part = STREAMS.split("generated: streams", 1)[1].split("end of generated", 1)[0]
    shown = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    assert sorted(shown) == sorted(streams)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_flat_column_of_the_retail_page_goes_where_the_page_says(kind: str) -> None:
    names = Mapper(kind)._names
    flat = [(path, column) for path, column, _ in retail_text.rows(KINDS[kind].model) if column]
    assert len(flat) > 1
    for path, column in flat:
        step = names[plain_name(column)]
        assert ".".join(step.path) == path.removeprefix("items[].")
        assert step.of_item == path.startswith("items[].")


def test_the_diagrams_show_every_stream_of_a_parent_once() -> None:
    part = STREAMS.split("generated: diagrams", 1)[1]
    shown = re.findall(r"^    (\w+) \{$", part, re.MULTILINE)
    assert len(shown) == len(set(shown))
    parents = {vars(stream)["name"] for stream in TAP_STREAMS if stream.parent_stream_type}
    assert parents - {"custom_event_schemas"} <= set(shown)


def test_every_property_of_every_stream_says_what_it_is() -> None:
    for stream in json.loads(ask("tap-listrak", "--discover"))["streams"]:
        for name, schema in stream["schema"]["properties"].items():
            assert schema.get("description"), f"{stream['tap_stream_id']}.{name}"


def test_every_page_is_part_of_the_site() -> None:
    """`make docs` fails otherwise; this says so sooner."""
    named = re.findall(r"^ +- ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    own = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert own <= set(named)


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_the_documents_show_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    for line in re.findall(r"^meltano run (.*?)(?: +#.*)?$", text, re.MULTILINE):
        names = [word for word in line.split() if not word.startswith("--")]
        assert set(names) <= set(PLUGINS), line
    for catalog in re.findall(r"catalogs/([\w-]+\.json)", text):
        assert (ROOT / "catalogs" / catalog).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_plugin_that_the_documents_add_or_run_can_be_added_elsewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    run = {
        word
        for line in re.findall(r"meltano run ((?:(?:tap|target)-[\w-]+ ?)+)", text)
        for word in line.split()
    }
    for name in run | set(re.findall(r"--from-ref \S+/plugins/([\w-]+)\.yml", text)):
        assert (ROOT / "plugins" / f"{name}.yml").exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_documents_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for path, anchor in re.findall(r"\]\((?!https?:|mailto:)([\w./-]*)(?:#([\w-]+))?\)", text):
        target = page if not path else (page.parent / path).resolve()
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {anchor_of(heading) for heading in headings}, f"{path}#{anchor}"


def anchor_of(heading: str) -> str:
    """Give the anchor that GitHub makes of a heading."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"\]\(.*?\)", "", heading.lower()))
    return re.sub(r"\s", "-", plain.strip())


def test_jobs_and_schedules_name_what_there_is() -> None:
    jobs = {job["name"] for job in MELTANO["jobs"]}
    for job in MELTANO["jobs"]:
        for task in job["tasks"]:
            assert set(task.split()) <= set(PLUGINS)
    assert {schedule["job"] for schedule in MELTANO["schedules"]} <= jobs


def test_pinned_versions_are_names_and_versions_only() -> None:
    files = [*ROOT.glob("constraints*.txt"), *(ROOT / "plugins" / "constraints").glob("*.txt")]
    assert len(files) > 4
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+]+( ; [\w\s.'=<>!()]+)?", line), (
                f"{file.name}: {line}"
            )


def test_the_demo_and_the_loader_agree_about_duckdb() -> None:
    def version(file: str) -> list[str]:
        return re.findall(r"^duckdb==.*$", (ROOT / file).read_text("utf-8"), re.MULTILINE)

    assert version("constraints.txt") == version("plugins/constraints/target-duckdb.txt") != []
