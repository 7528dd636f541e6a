"""What the SDK promises still holds, though the tap runs its streams in a way of its own."""

from __future__ import annotations

import gzip
import io
import json
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pytest
from pyarrow import parquet
from tap_runs import settings

from listrak_api.errors import AuthenticationError, ConfigurationError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.output.writer import Output
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox, extract: Extract) -> Extraction:
    return extract(tiny)


def batch_config(folder: Path, compression: str | None, size: int) -> dict[str, Any]:
    encoding = {"format": "jsonl"} | ({"compression": compression} if compression else {})
    return {"encoding": encoding, "storage": {"root": folder.as_uri(), "prefix": "t-"}, "batch_size": size}


def batched(extraction: Extraction) -> dict[str, list[dict[str, Any]]]:
    """The records of BATCH messages, and that no STATE came before what it covers."""
    records: dict[str, list[dict[str, Any]]] = {}
    for message in extraction.messages:
        if message["type"] == "BATCH":
            for url in message["manifest"]:
                path = Path(urlparse(url).path)
                data = path.read_bytes()
                text = gzip.decompress(data) if path.suffix == ".gz" else data
                records.setdefault(message["stream"], []).extend(map(json.loads, text.splitlines()))
    return records


@pytest.mark.parametrize("kind", [("gzip", 5000), (None, 700)])
def test_batches_hold_what_records_would(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, tmp_path: Path, kind: tuple[str | None, int]
) -> None:
    compression, size = kind
    extraction = extract(tiny, batch_config=batch_config(tmp_path, compression, size))
    assert "RECORD" not in extraction.types()
    assert batched(extraction) == {name: rows for name, rows in whole.records.items() if rows}
    assert extraction.state == whole.state
    files = extraction.types("message_activity").count("BATCH")
    assert files < len(whole.records["messages"]), "a file is filled over all contexts, up to the next STATE"


def from_parquet(extraction: Extraction) -> dict[str, list[dict[str, Any]]]:
    """The records of BATCH messages of Parquet files, each column of the type that the schema gives it."""
    records: dict[str, list[dict[str, Any]]] = {}
    for message in extraction.messages:
        if message["type"] == "BATCH":
            (url,) = message["manifest"]
            assert url.endswith(".parquet")
            records.setdefault(message["stream"], []).extend(
                parquet.read_table(urlparse(url).path).to_pylist()
            )
    return records


def as_columns(extraction: Extraction, records: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Records as the columns of their schemas hold them."""
    schemas = {
        one["stream"]: one["schema"]["properties"] for one in extraction.messages if one["type"] == "SCHEMA"
    }

    def value(part: dict[str, Any], found: Any) -> Any:  # noqa: ANN401 - any JSON
        if found is None:
            return None
        if part.get("format") == "date-time":
            return datetime.fromisoformat(found)
        if "number" in part["type"]:
            return Decimal(str(found))
        return (
            json.dumps(found, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
            if isinstance(found, dict | list)
            else found
        )

    return {
        stream: [{name: value(part, row.get(name)) for name, part in schemas[stream].items()} for row in rows]
        for stream, rows in records.items()
        if rows
    }


def parquet_config(folder: Path, compression: str | None = None) -> dict[str, Any]:
    config = batch_config(folder, compression, 700)
    config["encoding"]["format"] = "parquet"
    return config


@pytest.mark.parametrize(
    ("compression", "found"), [("gzip", "GZIP"), ("none", "UNCOMPRESSED"), (None, "ZSTD")]
)
def test_parquet_files_are_compressed_as_set_and_by_zstd_otherwise(
    tiny: RunningSandbox, extract: Extract, tmp_path: Path, compression: str | None, found: str
) -> None:
    extract(tiny, streams=["lists"], batch_config=parquet_config(tmp_path, compression))
    (file,) = tmp_path.glob("t-tap-listrak--lists-*.parquet")
    assert parquet.ParquetFile(file).metadata.row_group(0).column(0).compression == found


def test_parquet_batches_hold_what_records_would(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, tmp_path: Path
) -> None:
    """Needs the extra `parquet`."""
    extraction = extract(tiny, batch_config=parquet_config(tmp_path))
    assert "RECORD" not in extraction.types()
    assert from_parquet(extraction) == as_columns(whole, whole.records)
    assert extraction.state == whole.state


def test_parquet_without_its_library_is_an_error_before_the_first_request(
    tiny: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_listrak.settings.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="need the package pyarrow") as caught:
        TapListrak(config=settings(tiny) | {"batch_config": parquet_config(tmp_path)})
    assert "singer-listrak[parquet]" in str(caught.value.hint)


@pytest.mark.parametrize("flattened", [False, True])
def test_parquet_batches_hold_what_stream_maps_make(
    tiny: RunningSandbox, extract: Extract, tmp_path: Path, *, flattened: bool
) -> None:
    options: dict[str, Any] = {
        "streams": ["messages", "message_details", "message_activity"],
        "stream_maps": {
            "messages": {"subject": None, "number": "int(messageId)", "__alias__": "sent/messages"},
            "message_activity": {"__filter__": "orderTotal"},
        },
        "flattening_enabled": flattened,
        "flattening_max_depth": 3,
    }
    records = extract(tiny, **options)
    assert {"sent/messages", "message_details", "message_activity"} <= records.records.keys()
    assert from_parquet(extract(tiny, **options, batch_config=parquet_config(tmp_path))) == as_columns(
        records, records.records
    )


def test_batches_hold_what_stream_maps_make(tiny: RunningSandbox, extract: Extract, tmp_path: Path) -> None:
    maps = {"messages": {"subject": None, "number": "int(messageId)"}}
    extraction = extract(
        tiny, streams=["messages"], stream_maps=maps, batch_config=batch_config(tmp_path, "gzip", 1000)
    )
    rows = batched(extraction)["messages"]
    assert rows
    assert all("subject" not in row and row["number"] == row["messageId"] for row in rows)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_filtered_parent_has_no_children_and_costs_no_requests(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, workers: int
) -> None:
    kept = sorted(record["messageId"] for record in whole.records["messages"])[::3]
    maps = {"messages": {"__filter__": f"messageId in {kept}"}}
    tiny.forget_requests()
    some = extract(tiny, streams=["messages", "message_activity"], stream_maps=maps, max_concurrency=workers)
    asked = tiny.requests()["by_route"]["GET /email/v1/List/{listId}/Message/{messageId}/Activity"]
    assert sorted(record["messageId"] for record in some.records["messages"]) == kept
    assert {record["messageId"] for record in some.records["message_activity"]} <= set(kept)
    assert asked <= 2 * len(kept)


def test_deselected_properties_stay_away(tiny: RunningSandbox) -> None:
    config = settings(tiny)
    catalog = TapListrak(config=dict(config)).catalog_dict
    for entry in catalog["streams"]:
        for part in entry["metadata"]:
            root = not part["breadcrumb"]
            wanted = entry["tap_stream_id"] == "message_activity"
            part["metadata"]["selected"] = wanted if root else part["breadcrumb"][-1] != "bounceReason"
    tap = TapListrak(config=config, catalog=catalog)
    stream = tap.streams["message_activity"]
    assert not stream.writes_pages
    messages = list(stream._generate_schema_messages())
    assert "bounceReason" not in messages[0].schema["properties"]


def test_a_dry_run_is_limited_per_context_and_moves_no_bookmark(
    tiny: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    tap = TapListrak(config=settings(tiny))
    assert tap.run_connection_test()
    tap.output.flush()
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    per_message: dict[int, int] = {}
    for one in messages:
        if one["type"] == "RECORD" and one["stream"] == "message_activity":
            per_message[one["record"]["messageId"]] = per_message.get(one["record"]["messageId"], 0) + 1
    assert set(per_message.values()) == {1}
    assert [one["value"] for one in messages if one["type"] == "STATE"][-1] == {}
    assert not any(one["type"] == "ACTIVATE_VERSION" for one in messages)


def test_a_bookmark_is_the_time_read_up_to_not_the_largest_date_seen(
    tiny: RunningSandbox, whole: Extraction
) -> None:
    """Scheduled messages lie in the future: a bookmark that followed them would lose what is sent before."""
    now = f"{tiny.now()[:19]}Z"
    assert max(record["sendDate"] for record in whole.records["messages"]) > now
    assert {part["replication_key_value"] for part in whole.state["bookmarks"]["messages"]["partitions"]} == {
        now
    }
    assert "progress_markers" not in json.dumps(whole.state)
    assert "signpost" not in json.dumps(whole.state)


def test_a_stream_without_its_area_fails_with_the_areas_name_and_can_be_deselected(extract: Extract) -> None:
    with running_sandbox(process=True, scale="tiny") as running:
        running.settings(integrations={"email": {"areas": ["List", "Message"]}})
        with pytest.raises(AuthenticationError) as caught:
            extract(running, streams=["messages", "message_activity"])
        assert "Report" in str(caught.value)
        assert extract(running, streams=["messages"]).records["messages"]


def test_a_state_from_elsewhere_is_tolerated(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    state = {
        "bookmarks": {
            "messages": {
                "replication_key_value": "2026-01-01",
                "partitions": [{"context": {"listId": "x"}, "replication_key_value": "2026-06-01"}],
            },
            "gone_stream": {"replication_key_value": 7},
        }
    }
    again = extract(tiny, streams=["messages"], state=state)
    assert again.merged("messages") == whole.merged("messages")
    assert "has no list id" in caplog.text
    assert again.state["bookmarks"]["gone_stream"] == {"replication_key_value": 7}


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGTERM], id="SIGTERM"),
        # Meltano passes on the SIGTERM, or the Ctrl-C, that its whole process group has got already.
        pytest.param([signal.SIGTERM, signal.SIGTERM], id="SIGTERM twice"),
        pytest.param([signal.SIGINT, signal.SIGTERM], id="Ctrl-C and SIGTERM"),
    ],
)
def test_sigterm_ends_between_two_lines_with_a_state(
    tiny: RunningSandbox, tmp_path: Path, signals: list[signal.Signals]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings(tiny, page_size=50)))
    script = str(Path(sys.executable).with_name("tap-listrak"))
    log = tmp_path / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen([script, f"--config={config}"], stdout=subprocess.PIPE, stderr=errors) as child,
    ):
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(200)]
        for one in signals:
            child.send_signal(one)
            time.sleep(0.02)
        limit = threading.Timer(30, child.kill)  # which is another exit code
        limit.start()
        lines += child.stdout.readlines()  # communicate() loses what readline() fetched ahead
        limit.cancel()
    assert child.returncode == 128 + signals[0]
    assert all(line.endswith(b"\n") for line in lines)
    types = [json.loads(line)["type"] for line in lines]
    assert "STATE" in types
    assert b"Traceback" not in log.read_bytes()


def test_a_write_that_a_signal_cuts_short_is_written_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With PYTHONUNBUFFERED, as containers set it, the rest was lost, and a later STATE covered it."""
    written = bytearray()

    class Raw(io.RawIOBase):
        def write(self, data: memoryview) -> int:  # type: ignore[override]
            written.extend(data[:7])
            return min(len(data), 7)

    class Unbuffered(io.StringIO):
        buffer = Raw()

    monkeypatch.setattr(sys, "stdout", Unbuffered())
    output = Output()
    lines = b"".join(b'{"line":%d}\n' % number for number in range(10))
    output.write_lines(lines)
    output.flush()
    assert written == lines
