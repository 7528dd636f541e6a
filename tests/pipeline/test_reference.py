"""`meltano add --from-ref`: the plugins in somebody else's project."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml
from meltano_project import MELTANO, ROOT, TIME_LIMIT

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


LOADERS = ["target-duckdb", "target-jsonl", "target-postgres"]


@pytest.mark.parametrize("loader", LOADERS)
def test_X9_a_loader_is_added_as_it_is_tested_here(own_project: Path, loader: str) -> None:
    reference = f"../singer-listrak/plugins/{loader}.yml"
    meltano(
        own_project,
        "add",
        "--no-install",
        f"--from-ref={reference}",
        loader,
        MELTANO_HUB_URL="http://127.0.0.1:9",
    )
    (added,) = yaml.safe_load((own_project / "meltano.yml").read_text("utf-8"))["plugins"]["loaders"]
    here = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]["loaders"]
    tested = next(one for one in here if one["name"] == loader)
    assert added["executable"] == tested["executable"]
    values = {one["name"]: one.get("value") for one in added["settings"]}
    assert {**tested["config"], "filepath": None}.items() <= {**values, "filepath": None}.items()
    for path in (part for part in added["pip_url"].split() if "/" in part):
        assert (own_project / path).exists(), path


def test_X9_the_quick_start_loads_every_row_into_duckdb(own_project: Path, sandbox: RunningSandbox) -> None:
    """With target-duckdb 0.8.0 as the hub gives it, rows were lost without a word."""
    for plugin, kind in (("tap-listrak", "extractors"), ("target-duckdb", "loaders")):
        reference = f"../singer-listrak/plugins/{plugin}.yml"
        meltano(own_project, "add", "--no-install", f"--from-ref={reference}", plugin)
        installed = own_project / ".meltano" / kind / plugin
        installed.mkdir(parents=True)
        (installed / "venv").symlink_to(ROOT / ".meltano" / kind / plugin / "venv")
    settings = {
        "TAP_LISTRAK_API_URL": sandbox.url,
        "TAP_LISTRAK_AUTH_URL": sandbox.auth_url,
        "TAP_LISTRAK_CLIENT_ID": "sandbox-email",
        "TAP_LISTRAK_CLIENT_SECRET": "sandbox-email-secret",
        "TAP_LISTRAK__SELECT_FILTER": '["lists", "campaigns", "saved_audiences", "messages"]',
    }
    meltano(own_project, "run", "--no-install", "tap-listrak", "target-duckdb", **settings)
    expected = sandbox.expected()
    with duckdb.connect(str(own_project / "listrak.duckdb"), read_only=True) as opened:
        for stream in ("lists", "campaigns", "saved_audiences", "messages"):
            found = opened.execute(f"select count(*) from tap_listrak.{stream}").fetchall()  # noqa: S608
            assert found == [(expected[stream]["count"],)], stream


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
