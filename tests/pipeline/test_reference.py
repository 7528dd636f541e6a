"""`meltano add --from-ref`: the plugins in somebody else's project."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from meltano_project import MELTANO, ROOT, TIME_LIMIT

from scripts import generate

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("meltano")]


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    """A Meltano project of somebody else's, with this repository beside it."""
    folder = tmp_path / "my-project"
    folder.mkdir()
    (tmp_path / "singer-listrak").symlink_to(ROOT)
    settings = {
        "requires_meltano": ">=4.4",
        "send_anonymous_usage_stats": False,
        "default_environment": "dev",
        "environments": [{"name": "dev"}],
    }
    (folder / "meltano.yml").write_text(yaml.safe_dump(settings), "utf-8")
    return folder


def meltano(folder: Path, *arguments: str, expect: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [str(MELTANO), *arguments],
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


OTHERS = [(kind, name) for kind, names in generate.OTHERS.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), OTHERS)
def test_X9_a_plugin_is_added_as_it_is_tested_here(own_project: Path, kind: str, name: str) -> None:
    reference = f"--from-ref=../singer-listrak/plugins/{name}.yml"
    meltano(own_project, "add", "--no-install", reference, name, MELTANO_HUB_URL="http://127.0.0.1:9")
    (added,) = yaml.safe_load((own_project / "meltano.yml").read_text("utf-8"))["plugins"][kind]
    here = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"][kind]
    tested = next(one for one in here if one["name"] == name)
    assert added["executable"] == tested["executable"]
    assert {one["name"] for one in added["settings"]} == {one["name"] for one in tested["settings"]}
    if kind == "loaders":
        values = {one["name"]: one.get("value") for one in added["settings"]}
        assert {**tested["config"], "filepath": None}.items() <= {**values, "filepath": None}.items()
    for path in (part for part in added["pip_url"].split() if "/" in part):
        assert (own_project / path).exists(), path


@pytest.mark.parametrize(("plugin", "kind"), [("tap-listrak", "extractors"), ("target-listrak", "loaders")])
def test_a_plugin_is_added_without_the_hub(own_project: Path, plugin: str, kind: str) -> None:
    reference = f"../singer-listrak/plugins/{plugin}.yml"
    meltano(
        own_project,
        "add",
        "--no-install",
        f"--from-ref={reference}",
        plugin,
        MELTANO_HUB_URL="http://127.0.0.1:9",
    )
    (added,) = yaml.safe_load((own_project / "meltano.yml").read_text("utf-8"))["plugins"][kind]
    assert added["name"] == plugin
    assert added["pip_url"].startswith("-e ../singer-listrak")
    meltano(own_project, "config", "set", plugin, "client_secret", "a-secret")
    assert "a-secret" not in (own_project / "meltano.yml").read_text("utf-8")
    assert "a-secret" in (own_project / ".env").read_text("utf-8")
    assert "a-secret" not in meltano(own_project, "config", "list", plugin)


def test_the_added_tap_says_what_the_credentials_may_read(own_project: Path, sandbox: RunningSandbox) -> None:
    meltano(
        own_project,
        "add",
        "--no-install",
        "--from-ref=../singer-listrak/plugins/tap-listrak.yml",
        "tap-listrak",
    )
    installed = own_project / ".meltano" / "extractors" / "tap-listrak"
    installed.mkdir(parents=True)
    (installed / "venv").symlink_to(ROOT / ".meltano" / "extractors" / "tap-listrak" / "venv")
    settings = {
        "TAP_LISTRAK_API_URL": sandbox.url,
        "TAP_LISTRAK_AUTH_URL": sandbox.auth_url,
        "TAP_LISTRAK_CLIENT_ID": "sandbox-email",
        "TAP_LISTRAK_CLIENT_SECRET": "sandbox-email-secret",
    }
    meltano(own_project, "invoke", "--no-install", "tap-listrak:test", **settings)
    meltano(own_project, "config", "test", "--no-install", "tap-listrak", **settings)
    # X13: it asks with the credentials that the run would use, whatever .env says.
    (own_project / ".env").write_text("TAP_LISTRAK_CLIENT_ID=sandbox-email\n", "utf-8")
    wrong = settings | {"TAP_LISTRAK_CLIENT_ID": "wrong"}
    meltano(own_project, "invoke", "--no-install", "tap-listrak:test", expect=1, **wrong)
