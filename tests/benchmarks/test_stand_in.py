"""The benchmarks give everybody the same work: what the stand-in serves, how results are counted."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from benchmarks import jobs, measure
from benchmarks.prepared import FIRST_MESSAGE_ID, Shape
from benchmarks.results import JobResult, Measured, put, ratio
from benchmarks.run import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHAPE = Shape(messages=3, recipients=7, links=2, clickers=4)
MESSAGES = "/email/v1/List/1/Message"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with measure.stand_in(messages=3, recipients=7, links=2, clickers=4) as found:
        yield found


def rows(url: str, path: str, count: int = 5000) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        with urlopen(f"{url}{path}?count={count}{cursor}", timeout=10) as answer:  # noqa: S310 - this machine
            page = json.load(answer)
        found += page["data"]
        if page["nextPageCursor"] is None:
            return found
        cursor = f"&cursor={page['nextPageCursor']}"


def test_pages_of_any_size_hold_the_same_rows(url: str) -> None:
    path = f"{MESSAGES}/{FIRST_MESSAGE_ID}/Activity"
    whole = rows(url, path)
    assert len({row["emailAddress"] for row in whole}) == SHAPE.recipients
    assert rows(url, path, count=3) == whole


def test_the_tree_is_as_large_as_it_says(url: str) -> None:
    messages = rows(url, MESSAGES)
    links = rows(url, f"{MESSAGES}/{messages[0]['messageId']}/Link")
    clickers = rows(url, f"{MESSAGES}/{messages[0]['messageId']}/Link/{links[0]['linkId']}/Clicker")
    assert (len(messages), len(links), len(clickers)) == (SHAPE.messages, SHAPE.links, SHAPE.clickers)


def test_imports_are_counted_row_by_row(url: str) -> None:
    body = {
        "fileName": "a.csv",
        "fileStream": "YSxiCngsMQp5LDIK",  # a,b / x,1 / y,2
        "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
        "hasColumnNames": True,
    }
    post = Request(f"{url}/email/v1/List/1/ListImport", json.dumps(body).encode(), method="POST")  # noqa: S310
    with urlopen(post, timeout=10) as answer:  # noqa: S310 - this machine
        number = json.load(answer)["resourceId"]
    contacts = rows(url, f"/email/v1/List/1/ListImport/{number}/Contact")
    assert [row["emailAddress"] for row in contacts] == ["x", "y"]
    assert measure.written(url)["import_rows"] == 2
    assert measure.written(url)["import_rows"] == 0


def test_records_are_counted_in_messages_and_in_batch_files(tmp_path: Path) -> None:
    file = tmp_path / "batch.json.gz"
    file.write_bytes(gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"a":2}\n{"a":3}\n'))
    output = tmp_path / "output"
    lines = [
        {"type": "SCHEMA", "stream": "s", "schema": {}},
        {"type": "RECORD", "stream": "s", "record": {}},
        {"type": "RECORD", "stream": "t__77", "record": {}},
        {"type": "BATCH", "stream": "s", "encoding": {}, "manifest": [file.as_uri()]},
    ]
    output.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert measure.records(output) == {"s": 4, "t": 1}


def test_ratios_span_all_pairs_of_runs() -> None:
    found = ratio([10.0, 12.0, 11.0], [2.0, 1.0])
    assert (found.median, found.low, found.high) == (11 / 1.5, 5.0, 12.0)


def test_a_contender_that_did_not_do_the_whole_job_does_not_count() -> None:
    ours = Measured("ours", "ours", [1.0], [1.0], [1])
    other = Measured("other", "other", problem="does not count: 9 records, not 10")
    table = JobResult("job", "Job", 10, [ours, other]).table()
    assert "| other | does not count: 9 records, not 10 | | | | |" in table


def test_only_the_marked_part_of_a_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    head, tail = "# Ours\n\n<!-- make bench writes from here … -->", "<!-- … to here -->\n\nOurs too\n"
    page.write_text(f"{head}\nold\n{tail}")
    put(page, "new")
    assert page.read_text() == f"{head}\n\nnew\n\n{tail}"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks the marks"):
        put(page, "new")


def test_the_tap_reads_all_of_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, repetitions=1, slow=1, only=[jobs.STAND_IN])
    job = jobs.fanout(SHAPE)
    bench.prepare([job])
    result = bench.job(job)
    assert not result.ours.problem
    assert len(result.ours.seconds) == 1
