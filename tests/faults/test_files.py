"""Files that tap, target and sandbox make: for their owner only, and nowhere but where they were told."""

from __future__ import annotations

import importlib.util
import json
import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import pytest
from plugin_runs import run, settings_for, without_data
from tap_cells import catalog
from target_runs import record, schema

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

ENCODINGS = [("jsonl", "gzip"), ("jsonl", "none"), ("parquet", "none")]


def made_in(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file() and one.suffix != ".in")


@pytest.mark.parametrize(("form", "compression"), ENCODINGS)
@pytest.mark.parametrize("alias", ["lists", "../../x", "/x", "a/b", "..\\x"])
def test_batch_files_are_private_and_in_their_folder_whatever_a_stream_is_called(
    box: RunningSandbox, tmp_path: Path, form: str, compression: str, alias: str
) -> None:
    if form == "parquet" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("BATCH files of format parquet need the extra singer-listrak[parquet]")
    folder = tmp_path / "outer" / "inner"
    config: dict[str, Any] = {
        **without_data(settings_for(box)),
        "batch_config": {
            "encoding": {"format": form, "compression": compression},
            "storage": {"root": folder.as_uri()},
        },
        "stream_maps": {"lists": {"__alias__": repr(alias)}},
    }
    ended = run("tap-listrak", tmp_path, config, catalog=catalog(("lists",)))
    assert ended.code == 0, ended.last_words
    batches = [one for one in map(json.loads, ended.out.splitlines()) if one["type"] == "BATCH"]
    assert len(batches) == 1
    files = made_in(tmp_path)
    assert [str(one) for one in files] == [unquote(urlparse(url).path) for url in batches[0]["manifest"]]
    assert {one.parent for one in files} == {folder}
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}


def test_the_rejects_file_is_private_and_so_is_the_folder_made_for_it(
    box: RunningSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "made" / "rejects.singer"
    config = settings_for(box, destinations={}, unmapped_streams="reject", rejects_path=str(path))
    lines = b"".join(
        json.dumps(one).encode() + b"\n"
        for one in (schema("../../x", "email"), record("../../x", email="ada@example.org"))
    )
    ended = run("target-listrak", tmp_path, {**config, "max_reject_share": 1}, input=lines)
    assert ended.code == 0, ended.last_words
    assert made_in(tmp_path) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_lists_name_leads_no_file_anywhere(
    box: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    destination = {"kind": "email_list", "list": "../../a/b\\c", "create_list": True}
    config = settings_for(box, destinations={"people": destination}, import_poll_seconds=0.02)
    lines = b"".join(
        json.dumps(one).encode() + b"\n"
        for one in (schema("people", "email"), record("people", email="ada@example.org"))
    )
    ended = run("target-listrak", tmp_path, config, input=lines)
    assert ended.code == 0, ended.last_words
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": folder.as_uri()}}
    read = {**without_data(settings_for(box)), "batch_config": batches, "list_ids": ["../../a/b\\c"]}
    ended = run("tap-listrak", tmp_path, read, catalog=catalog(("lists", "contacts")))
    assert ended.code == 0, ended.last_words
    files = made_in(tmp_path)
    assert len(files) == 2
    assert {one.parent for one in files} == {folder}


def test_the_sandbox_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running_sandbox(process=True, scale="tiny") as box:
        config = {
            **settings_for(box),
            "destinations": {"people": {"kind": "email_list", "list": "Newsletter"}},
        }
        lines = b"".join(
            json.dumps(one).encode() + b"\n"
            for one in (schema("people", "email"), record("people", email="ada@example.org"))
        )
        ended = run("target-listrak", tmp_path, {**config, "import_poll_seconds": 0.02}, input=lines)
    assert ended.code == 0, ended.last_words
    assert made_in(tmp_path) == []
