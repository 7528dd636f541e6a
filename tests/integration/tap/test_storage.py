"""BATCH files in a bucket: `s3://`, on a local server that speaks S3 (packages moto[server] and s3fs)."""

from __future__ import annotations

import gzip
import io
import json
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from tap_runs import extract_from, settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Script

HAVE_S3 = find_spec("moto") is not None and find_spec("s3fs") is not None
needs_s3 = pytest.mark.skipif(
    not HAVE_S3, reason="moto[server] and s3fs are not installed: s3:// was not tried"
)
STREAMS = frozenset({"lists", "contacts"})


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def batches(root: str, form: str = "jsonl") -> dict[str, Any]:
    encoding = {"format": form} | ({"compression": "gzip"} if form == "jsonl" else {})
    return {"encoding": encoding, "storage": {"root": root}}


@pytest.mark.skipif(HAVE_S3, reason="s3fs is installed")
def test_a_bucket_without_its_package_is_an_error_before_the_first_request(
    tiny: RunningSandbox, script: Script
) -> None:
    tiny.forget_requests()
    done = script("tap-listrak", config=settings(tiny, batch_config=batches("s3://files/listrak")))
    assert done.returncode == 1
    assert "batch_config.storage.root: s3:// needs a package that is not installed" in done.stderr
    assert "For s3:// it is s3fs." in done.stderr
    assert "Traceback" not in done.stderr
    assert tiny.requests()["total"] == 0


def test_a_file_where_the_folder_of_batches_should_be_is_one_error(
    tiny: RunningSandbox, script: Script, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    config = settings(tiny, batch_config=batches((tmp_path / "file" / "below").as_uri()))
    done = script("tap-listrak", config=config)
    assert done.returncode == 1
    assert "file is no folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a local S3 with one bucket, `files`."""
    boto3 = import_module("boto3")
    import_module("s3fs").S3FileSystem.clear_instance_cache()

    server = import_module("moto.server").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="files")
    yield client
    server.stop()


@needs_s3
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_files_in_a_bucket_have_the_rows_of_records(tiny: RunningSandbox, bucket: Any, form: str) -> None:  # noqa: ANN401
    records = extract_from(tiny, streams=STREAMS)
    written = extract_from(tiny, streams=STREAMS, batch_config=batches("s3://files/listrak", form))
    found: dict[str, int] = {}
    for message in written.messages:
        for url in message.get("manifest", ()):
            key = url.removeprefix("s3://files/")
            body = bucket.get_object(Bucket="files", Key=key)["Body"].read()
            rows = (
                pq.read_table(io.BytesIO(body)).num_rows
                if form == "parquet"
                else len([json.loads(line) for line in gzip.decompress(body).splitlines()])
            )
            found[message["stream"]] = found.get(message["stream"], 0) + rows
    assert found == {stream: len(rows) for stream, rows in records.records.items() if rows}


@needs_s3
def test_a_misspelt_bucket_is_an_error_and_is_not_made(
    tiny: RunningSandbox,
    bucket: Any,  # noqa: ANN401 - a client of boto3
    script: Script,
) -> None:
    tiny.forget_requests()
    done = script("tap-listrak", config=settings(tiny, batch_config=batches("s3://flies/listrak")))
    assert done.returncode == 1
    assert "s3://flies does not exist" in done.stderr
    assert "Traceback" not in done.stderr
    assert tiny.requests()["total"] == 0
    assert [one["Name"] for one in bucket.list_buckets()["Buckets"]] == ["files"]


@needs_s3
@pytest.mark.usefixtures("bucket")
def test_missing_credentials_of_a_bucket_are_one_error(
    tiny: RunningSandbox, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    done = script("tap-listrak", config=settings(tiny, batch_config=batches("s3://files/listrak")))
    assert done.returncode == 1
    assert "or these credentials may not see it" in done.stderr
    assert "(for S3, AWS_…)" in done.stderr
    assert "Traceback" not in done.stderr
