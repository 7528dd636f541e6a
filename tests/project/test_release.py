"""What a release consists of: its version, its workflows, the definitions for the hub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import hatch_build
from scripts import generate

ROOT = Path(__file__).resolve().parent.parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
SUPPORTED = re.findall(r"Python :: (3\.\d+)", PYPROJECT)


def git(folder: Path, *arguments: str) -> None:
    whose = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
    environment = {f"GIT_{one}": "nobody" for one in whose}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = [shutil.which("git") or "git", *arguments]
    subprocess.run(command, cwd=folder, env=os.environ | environment, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=first")
    return tmp_path


def test_a_tag_is_the_version_and_what_follows_leads_to_the_next(checkout: Path) -> None:
    git(checkout, "tag", "v1.4.2")
    assert hatch_build.version(checkout) == "1.4.2"
    git(checkout, "commit", "--quiet", "--allow-empty", "--message=second")
    assert hatch_build.version(checkout) == "1.4.3.dev1"
    git(checkout, "tag", "v1.5.0")
    (checkout / "file").write_text("changed", "utf-8")
    git(checkout, "add", "file")
    assert hatch_build.version(checkout) == "1.5.1.dev0", "what is not committed is not the release"


@pytest.mark.parametrize("tags", [[], ["nightly"], ["v2"]])
def test_a_checkout_without_a_version_tag_still_installs(checkout: Path, tags: list[str]) -> None:
    """As a shallow clone does, and an archive."""
    for tag in tags:
        git(checkout, "tag", tag)
    assert hatch_build.version(checkout) == f"{hatch_build.COMING}.dev0"


def test_a_folder_in_somebody_elses_repository_does_not_take_its_version(checkout: Path) -> None:
    git(checkout, "tag", "v9.9.9")
    inner = checkout / "singer-listrak"
    inner.mkdir()
    assert hatch_build.version(inner) == f"{hatch_build.COMING}.dev0"


def test_no_git_is_no_obstacle(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "tag", "v1.0.0")
    monkeypatch.setenv("PATH", str(checkout))
    assert hatch_build.version(checkout) == f"{hatch_build.COMING}.dev0"


def test_the_changelog_names_the_coming_release() -> None:
    head = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[0]
    assert head.startswith(hatch_build.COMING)


@pytest.mark.parametrize(
    ("repository", "issues"),
    [
        ("https://github.com/example/singer-listrak", "https://github.com/example/singer-listrak/issues"),
        ("https://gitlab.com/example/singer-listrak", "https://gitlab.com/example/singer-listrak/-/issues"),
    ],
)
def test_project_urls_are_those_of_the_host(repository: str, issues: str) -> None:
    assert hatch_build.urls(repository)["Issues"] == issues
    assert hatch_build.urls("") == {}


def test_links_of_the_readme_are_full_in_the_package() -> None:
    text = "[a](docs/a.md#b) [c](https://example.com) [d](#e)"
    assert hatch_build.full_links(text, "https://example.com/r") == (
        "[a](https://example.com/r/docs/a.md#b) [c](https://example.com) [d](#e)"
    )


def workflow(name: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return loaded


def test_both_hosts_run_the_same_command_on_every_supported_python() -> None:
    github = workflow(".github/workflows/ci.yml")["jobs"]["test"]
    assert github["strategy"]["matrix"]["python"] == SUPPORTED
    assert any(step.get("run") == ".ci/run" for step in github["steps"])
    gitlab = workflow(".gitlab-ci.yml")["test"]
    assert gitlab["parallel"]["matrix"] == [{"PYTHON_VERSION": SUPPORTED}]
    assert gitlab["script"] == [".ci/run"]


def test_a_release_is_published_from_a_tag_after_the_tests_only() -> None:
    github = workflow(".github/workflows/release.yml")
    assert github[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}  # YAML 1.1 reads `on` as a boolean
    assert github["jobs"]["test"]["uses"] == "./.github/workflows/ci.yml"
    assert github["jobs"]["build"]["needs"] == "test"
    assert github["jobs"]["publish"]["needs"] == "build"
    gitlab = workflow(".gitlab-ci.yml")
    assert gitlab["publish"]["rules"] == [{"if": r"$CI_COMMIT_TAG =~ /^v\d+\.\d+\.\d+$/"}]
    assert gitlab["publish"]["stage"] == gitlab["stages"][-1]


HUB_KEYS = {
    *("capabilities", "commands", "definition", "description", "docs", "domain_url", "executable", "hidden"),
    *("keywords", "label", "logo_url", "maintenance_status", "name", "namespace", "next_steps", "pip_url"),
    *("prereq", "repo", "settings", "settings_group_validation", "settings_preamble", "usage", "variant"),
}
"""The fields that the hub's schema of a plugin definition admits; extractors may have a selection too."""
HUB_KINDS = {"array", "boolean", "date_iso8601", "decimal", "file", "integer", "object", "options", "string"}
HUB_CAPABILITIES = {
    *(
        "about",
        "activate-version",
        "batch",
        "catalog",
        "discover",
        "hard-delete",
        "log-based",
        "schema-flattening",
    ),
    *("soft-delete", "state", "stream-maps", "structured-logging", "target-schema", "test"),
}


@pytest.mark.parametrize(("kind", "name"), [("extractors", "tap-listrak"), ("loaders", "target-listrak")])
def test_the_hub_s_definition_says_what_about_prints(kind: str, name: str) -> None:
    definition = workflow(f"hub/{kind}/{name}/singer-listrak.yml")
    about = generate.ask(name, "--about", "--format=json")
    assert set(definition) <= HUB_KEYS | ({"select", "metadata", "schema"} if kind == "extractors" else set())
    assert definition["capabilities"] == [one for one in about["capabilities"] if one in HUB_CAPABILITIES]
    assert definition["description"] == about["description"]
    assert definition["name"] == definition["executable"] == about["name"]
    assert definition["maintenance_status"] in {"active", "beta", "development", "inactive", "unknown"}
    assert definition["keywords"]
    assert definition["pip_url"] in PYPROJECT
    told = about["settings"]["properties"]
    assert [one["name"] for one in definition["settings"]] == list(told)
    for one in definition["settings"]:
        assert one["kind"] in HUB_KINDS
        assert one["label"]
        assert one["description"].startswith(told[one["name"]].get("description", ""))
        assert one.get("sensitive", False) == bool(told[one["name"]].get("secret"))
    known = set(told)
    assert all(set(group) <= known for group in definition["settings_group_validation"])
    logo = ROOT / "hub" / "logos" / Path(definition["logo_url"]).name
    assert logo.read_text("utf-8").startswith("<svg")
