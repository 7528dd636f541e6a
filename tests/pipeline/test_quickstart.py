"""docs/quickstart.md word for word: from an empty folder, both directions."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml
from documents import DOCS
from meltano.core.venv_service import fingerprint
from meltano_project import MELTANO, ROOT, TIME_LIMIT

from demo import __main__ as demo
from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sandbox.testing import RunningSandbox

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("meltano")]

PAGE = (DOCS / "quickstart.md").read_text("utf-8")
NEWSLETTER = 40137


def commands(page: str = PAGE) -> list[str]:
    """Give the lines of all shell blocks of a page, in order."""
    return [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]


def files() -> Iterator[tuple[str, str]]:
    """Give the name and the content of each file that the page shows."""
    yield from re.findall(r"<!-- file: (\S+) -->\n```text\n(.*?)```", PAGE, re.DOTALL)


class Reader:
    """Somebody who types what the page says.

    Args:
        folder: Where they begin.
        url: Of the sandbox, in place of the one on the page.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._url = url
        self.printed: list[str] = []

    def type(self, line: str) -> None:
        """Run one line of the page."""
        if line.startswith("git clone"):
            (self.folder / "singer-listrak").symlink_to(ROOT)
        elif line.startswith("cd "):
            self._enter(line.removeprefix("cd "))
        else:
            self.printed.append(self._run(line))

    def _enter(self, name: str) -> None:
        self.folder /= name
        for file, text in files():
            (self.folder / file).write_text(text.replace("http://127.0.0.1:8990", self._url), "utf-8")
        for kind in ("extractors", "loaders"):
            for plugin in (ROOT / ".meltano" / kind).iterdir():
                installed = self.folder / ".meltano" / kind / plugin.name / "venv"
                installed.mkdir(parents=True)
                # Links one by one: a Meltano that installs anew deletes the links, and not what they lead to.
                for one in (plugin / "venv").iterdir():
                    (installed / one.name).symlink_to(one)
                definition = yaml.safe_load((ROOT / "plugins" / f"{plugin.name}.yml").read_text("utf-8"))
                mark = installed / ".meltano_plugin_fingerprint"
                mark.unlink(missing_ok=True)
                mark.write_text(fingerprint(shlex.split(definition["pip_url"])), "utf-8")

    def _run(self, line: str) -> str:
        line = line.replace("meltano add ", "meltano add --no-install ")
        environment = {"MELTANO_AUTO_INSTALL": "false", "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}
        environment |= {"PATH": f"{MELTANO.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
        environment |= {"MELTANO_CLI_LOG_FORMAT": "uncolored", "MELTANO_HUB_URL": "http://127.0.0.1:9"}
        done = subprocess.run(
            ["/bin/bash", "-ec", line],
            cwd=self.folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout


@pytest.fixture
def tiny_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


def test_the_demo_ends_with_commands_of_the_quickstart() -> None:
    steps = demo.next_steps(Path("/home/me/singer-listrak"), installed=True)
    typed = [step.partition("  #")[0].strip() for step in steps[1:] if " config set " not in step]
    page = commands()
    assert typed == [line for line in page if line in typed]
    credentials = [step.split()[3:5] for step in steps if " config set " in step]
    assert credentials == [["tap-listrak", "client_id"], ["tap-listrak", "client_secret"]]
    elsewhere = demo.next_steps(Path("/home/me/clone"), installed=False)
    assert "/home/me/clone/.venv/bin" in elsewhere[1]
    assert "rename clone" in elsewhere[-1]


def test_the_quickstart_word_for_word(tmp_path: Path, tiny_sandbox: RunningSandbox) -> None:
    """X9: with target-duckdb 0.8.0 as the hub gives it, rows were lost without a word."""
    reader = Reader(tmp_path, tiny_sandbox.url)
    before = tiny_sandbox.expected()
    for line in commands():
        reader.type(line)

    with duckdb.connect(str(reader.folder / "listrak.duckdb"), read_only=True) as opened:
        tables = opened.execute(
            "select table_name from information_schema.tables where table_schema = 'tap_listrak'"
        ).fetchall()
        assert {"lists", "contacts", "messages", "message_activity"} <= {name for (name,) in tables}
        for (table,) in tables:
            found = opened.execute(f'select count(*) from tap_listrak."{table}"').fetchone()  # noqa: S608
            assert found == (before[table]["count"],), table

    project = yaml.safe_load((reader.folder / "meltano.yml").read_text("utf-8"))
    (tap, _), (_, target) = project["plugins"]["extractors"], project["plugins"]["loaders"]
    ours = yaml.safe_load((ROOT / "plugins" / "tap-listrak.yml").read_text("utf-8"))
    assert tap["select"] == ours["select"], "what Meltano leaves out, typed again"
    shown = re.search(r"# below target-listrak\nconfig:\n(.*?)```", PAGE, re.DOTALL)
    assert shown
    assert target["config"] == yaml.safe_load(shown[1])

    trial, loaded = [printed for printed in reader.printed if "Accounting" in printed]
    for printed in (trial, loaded):
        (figures,) = re.findall(r"customers +email_list: Newsletter +(.*)", printed)
        assert figures.split()[:5] == ["3", "2", "0", "0", "1"]
    assert [one["rowCount"] for one in tiny_sandbox.written()["imports"]] == [2], "nothing by the dry run"
    ada = tiny_sandbox.control("GET", "contacts", listId=NEWSLETTER, emailAddress="ada@example.com")
    assert ada["externalContactID"] == "C1"

    production = (DOCS / "production.md").read_text("utf-8").partition("## Secrets")[0]
    for line in commands(production):
        reader.type(line)
    project = yaml.safe_load((reader.folder / "meltano.yml").read_text("utf-8"))
    stored = {name: project[name] for name in ("schedules", "jobs")}
    assert stored == yaml.safe_load(production.partition("```yaml\n")[2].partition("```")[0])

    (replay,) = re.findall(r"loaded by: (meltano .*)", loaded)
    rejects = reader.folder / replay.split()[-1]
    rejects.write_text(
        rejects.read_text("utf-8").replace('"email":""', '"email":"cleo@example.com"'), "utf-8"
    )
    reader.type(replay)
    cleo = tiny_sandbox.control("GET", "contacts", listId=NEWSLETTER, emailAddress="cleo@example.com")
    assert cleo["externalContactID"] == "C3"
    assert json.dumps(tiny_sandbox.written()["imports"]).count("singer-customers") == 2
