"""docs/migration.md: what it says of the older tap's state and settings, and the columns it names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tap_runs import settings

if TYPE_CHECKING:
    from conftest import Script

    from listrak_sandbox.testing import RunningSandbox

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "migration.md").read_text("utf-8")


def test_the_state_of_the_older_tap_loses_nothing(
    script: Script, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    state = {
        "currently_syncing": "messages",
        "bookmarks": {
            "subscribed_contacts": {"AdditionDate": "2026-06-01T00:00:00Z"},
            "message_clicks": {"ClickDate": "2026-06-01T00:00:00Z"},
        },
    }
    (tmp_path / "state.json").write_text(json.dumps(state), "utf-8")
    done = script(
        "tap-listrak",
        f"--catalog={ROOT / 'catalogs' / 'contacts.json'}",
        f"--state={tmp_path / 'state.json'}",
        config=settings(sandbox),
    )
    assert done.returncode == 0, done.stderr
    contacts = [line for line in done.stdout.splitlines() if '"RECORD","stream":"contacts"' in line]
    assert len(contacts) == sandbox.expected()["contacts"]["count"]


def test_the_settings_of_the_older_tap_are_no_credentials_here(
    script: Script, sandbox: RunningSandbox
) -> None:
    urls = {"api_url": sandbox.url, "auth_url": sandbox.auth_url}
    done = script("tap-listrak", config={**urls, "username": "somebody", "password": "a-password"})
    assert done.returncode == 1
    assert "client_id" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a-password" not in done.stderr


def test_every_stream_and_column_that_the_page_names_exists(script: Script) -> None:
    catalog = json.loads(script("tap-listrak", "--discover").stdout)
    columns = {one["tap_stream_id"]: set(one["schema"]["properties"]) for one in catalog["streams"]}
    rows = re.findall(r"^\| `\w+` \| (.*?) \| (.*) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 9
    for streams, text in rows:
        assert set(re.findall(r"`(\w+)`", streams)) <= set(columns)
        for stream, column in re.findall(r"`(\w+)\.(\w+)`", text):
            assert column in columns[stream] | ({"profileFields"} if stream == "contacts" else set()), column
