"""What is measured: the jobs, and who does each of them.

A contender is a command. Its result counts only if as many records came out of it as of all others; for a
job that writes, as many as the stand-in got.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measure
from benchmarks.environments import python_of
from benchmarks.prepared import FIRST_MESSAGE_ID, LIST_ID, PHONE_LIST, SENDER_CODE, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
OURS = "ours"
EARLIER = "earlier"
STAND_IN = "stand-in"
CONNECTIONS = 16
LATENCY_MS = 50.0
CREDENTIALS = {"client_id": "benchmark", "client_secret": "benchmark"}
SMS_CREDENTIALS = {"sms_client_id": "benchmark", "sms_client_secret": "benchmark"}
STREAMS = (
    "lists",
    "messages",
    "message_activity",
    "message_links",
    "message_link_clickers",
    "message_summaries",
)
FANOUT = Shape()


@dataclass(frozen=True)
class Place:
    """Where a contender runs.

    Args:
        url: The stand-in's address.
        folder: A folder of its own, empty.
        source: The job's input file, if it has one.
        programs: The folder of the plugins' programs, if it is not this environment's.
    """

    url: str
    folder: Path
    source: Path | None = None
    programs: Path = BIN

    def file(self, name: str, content: object) -> str:
        """Write a JSON file into the folder; give its path."""
        path = self.folder / name
        path.write_text(json.dumps(content), "utf-8")
        return str(path)

    @property
    def port(self) -> str:
        """The stand-in's port."""
        return self.url.rpartition(":")[2]

    @property
    def connection(self) -> dict[str, Any]:
        """The settings that say where Listrak is."""
        return {"api_url": self.url, "auth_url": f"{self.url}/OAuth2/Token"}


def _written_rows(run: measure.Run, place: Place) -> int:
    del run
    return measure.written(place.url)["import_rows"]


def _written_sms(run: measure.Run, place: Place) -> int:
    del run
    return measure.written(place.url)["sms_writes"]


def _records(run: measure.Run, place: Place) -> int:
    del place
    return sum(measure.records(run.output).values())


def _lines(run: measure.Run, place: Place) -> int:
    del place
    return measure.lines(run.output)


def _number(run: measure.Run, place: Place) -> int:
    del place
    return int(run.output.read_text("utf-8"))


def _tables(run: measure.Run, place: Place) -> int:
    del place
    tables: dict[str, int] = json.loads(run.output.read_text("utf-8").splitlines()[-1])["rows"]
    return sum(count for table, count in tables.items() if not table.startswith("_dlt"))


def _nothing(run: measure.Run, place: Place) -> None:
    del run, place


@dataclass(frozen=True)
class Contender:
    """One who does a job.

    Args:
        name: Short and unique within the job.
        label: What the table calls it.
        command: Makes its command line; may write files into the place's folder.
        count: Counts what it did; None where there is nothing to count.
        environment: The environment that it needs, if it is not the project's own.
        slow: Whether it runs once only, unless the person asks for more.
    """

    name: str
    label: str
    command: Callable[[Place], list[str]]
    count: Callable[[measure.Run, Place], int | None]
    environment: str = ""
    slow: bool = False


@dataclass(frozen=True)
class Job:
    """Something to be done by several contenders.

    Args:
        name: What the command line calls it.
        title: What the table calls it.
        options: The stand-in's options.
        expected: How many records come out, or go in.
        contenders: Who does it; the first one is ours.
        source: Writes the input file.
    """

    name: str
    title: str
    options: dict[str, Any]
    expected: int | None
    contenders: tuple[Contender, ...]
    source: Callable[[Path], None] | None = None


def catalog_name(programs: Path) -> str:
    """Name the file of the catalog that the tap of an environment discovers."""
    return f"catalog-{sha256(str(programs).encode()).hexdigest()[:8]}.json"


def against(job: Job, programs: Path) -> Job:
    """Let the plugins of another revision take part in a job, right after ours.

    Args:
        job: The job.
        programs: The folder of the other revision's programs.
    """
    ours = job.contenders[0]
    earlier = replace(
        ours,
        name=EARLIER,
        label=f"{ours.label}, other revision",
        command=lambda place: ours.command(replace(place, programs=programs)),
    )
    return replace(job, contenders=(ours, earlier, *job.contenders[1:]))


# --- reading


def tap_command(place: Place, **more: object) -> list[str]:
    """Make the command line of tap-listrak for the streams of the fan-out job."""
    config = {**place.connection, **CREDENTIALS, "max_concurrency": CONNECTIONS, **more}
    catalog = json.loads((place.folder.parent / catalog_name(place.programs)).read_text("utf-8"))
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    tap = str(place.programs / "tap-listrak")
    return [
        tap,
        "--config",
        place.file("config.json", config),
        "--catalog",
        place.file("catalog.json", catalog),
    ]


def _batches(place: Place) -> dict[str, Any]:
    folder = place.folder / "batches"
    folder.mkdir()
    return {
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": "gzip"},
            "storage": {"root": folder.as_uri(), "prefix": "bench-"},
        }
    }


def parquet(place: Place) -> dict[str, Any]:
    """Give the setting by which the tap writes Parquet files into a contender's folder."""
    root = (place.folder / "files").as_uri()
    return {"batch_config": {"encoding": {"format": "parquet"}, "storage": {"root": root}}}


def textbook_tap(place: Place, **more: object) -> list[str]:
    """Make the command line of the textbook tap for the same streams."""
    config = {**place.connection, **CREDENTIALS, **more}
    script = str(HERE / "alternatives" / "textbook_tap.py")
    return [str(python_of("singer-sdk")), script, "--config", place.file("config.json", config)]


def _msdk(shape: Shape) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        config = {
            "api_url": f"{place.url}/email/v1",
            # A token of Listrak's lasts a quarter of an hour, so a fixed one is no way to use this tap.
            "auth_method": "oauth",
            "grant_type": "client_credentials",
            "access_token_url": f"{place.url}/OAuth2/Token",
            **CREDENTIALS,
            "records_path": "$.data[*]",
            "pagination_request_style": "jsonpath_paginator",
            "next_page_token_path": "$.nextPageCursor",
            "pagination_next_page_param": "cursor",
            "streams": list(_msdk_streams(shape)),
        }
        program = str(python_of("tap-rest-api-msdk").with_name("tap-rest-api-msdk"))
        return [program, "--config", place.file("config.json", config)]

    return command


def _msdk_streams(shape: Shape) -> Iterable[dict[str, Any]]:
    """Describe one stream per path: that tap has no children. It is told every id, and every schema."""
    schemas = json.loads((HERE / "alternatives" / "schemas.json").read_text("utf-8"))

    def stream(name: str, identifier: object, path: str, keys: str, **more: object) -> dict[str, Any]:
        return {
            "name": f"{name}__{identifier}",
            "path": path,
            "primary_keys": keys.split(),
            "params": {"count": 5000},
            "schema": schemas[name],
            **more,
        }

    base = f"/List/{LIST_ID}/Message"
    yield stream("lists", "all", "/List", "listId")
    yield stream("messages", LIST_ID, base, "messageId")
    for message in range(FIRST_MESSAGE_ID, FIRST_MESSAGE_ID + shape.messages):
        yield stream("message_activity", message, f"{base}/{message}/Activity", "emailAddress")
        yield stream("message_links", message, f"{base}/{message}/Link", "linkId")
        for link in range(message * 10, message * 10 + shape.links):
            path = f"{base}/{message}/Link/{link}/Clicker"
            yield stream("message_link_clickers", link, path, "emailAddress clickDate")
        path = f"{base}/{message}/Summary"
        yield stream("message_summaries", message, path, "sentCount", records_path="$.data")


def _script(environment: str, script: str, *arguments: str) -> Callable[[Place], list[str]]:
    """Make the command line of one of the scripts in alternatives/."""

    def command(place: Place) -> list[str]:
        path = str(HERE / "alternatives" / script)
        urls = [place.url, f"{place.url}/OAuth2/Token"]
        return [str(python_of(environment)), path, *urls, *arguments]

    return command


def _drain(job: str, *numbers: int) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        script = f"import sys; sys.path.insert(0, {str(HERE.parent)!r}); from benchmarks import drain; "
        call = f"drain.{job}({', '.join(map(str, (place.port, *numbers)))})"
        return [sys.executable, "-c", script + call]

    return command


def _readers(shape: Shape, drain: Callable[[Place], list[str]]) -> tuple[Contender, ...]:
    dlt = _script("dlt", "dlt_source.py", str(CONNECTIONS), "dlt")
    bare = _script("bare-client", "bare_client.py", str(CONNECTIONS))
    return (
        Contender(OURS, "tap-listrak", tap_command, _records),
        Contender("bare", "bare asynchronous client", bare, _lines, "bare-client"),
        Contender("dlt", "dlt REST source, extract step", dlt, _tables, "dlt"),
        Contender("textbook", "textbook SDK tap", textbook_tap, _records, "singer-sdk", slow=True),
        Contender("msdk", "tap-rest-api-msdk", _msdk(shape), _records, "tap-rest-api-msdk", slow=True),
        Contender(STAND_IN, "the simulated server by itself", drain, _nothing),
    )


def fanout(shape: Shape = FANOUT) -> Job:
    """Many small requests: messages, and what hangs on each of them."""
    drain = _drain("fanout", shape.messages, shape.recipients, shape.links)
    options = {**asdict(shape), "latency_ms": LATENCY_MS}
    title = (
        f"Fan-out: {shape.messages} messages, each {shape.recipients:,} activity rows, "
        f"{shape.links} links with {shape.clickers} clickers, a summary; "
        f"{LATENCY_MS:.0f} ms latency, {CONNECTIONS} in flight"
    )
    expected = 1 + sum(shape.counts().values())
    return Job("fanout", title, options, expected, _readers(shape, drain))


def stream(rows: int = 500_000) -> Job:
    """One large collection without latency."""
    shape = Shape(messages=1, recipients=rows)
    contenders = _readers(shape, _drain("stream", rows))
    title = f"One big stream: {rows:,} activity rows, no latency, as RECORD messages"
    expected = 1 + sum(shape.counts().values())
    return Job("stream", title, asdict(shape), expected, contenders)


def batch(rows: int = 500_000) -> Job:
    """The same as BATCH messages."""
    shape = Shape(messages=1, recipients=rows)
    contenders = (
        Contender(OURS, "tap-listrak, BATCH", lambda at: tap_command(at, **_batches(at)), _records),
        Contender(
            "parquet", "tap-listrak, BATCH in Parquet", lambda at: tap_command(at, **parquet(at)), _records
        ),
        Contender("records", "tap-listrak, RECORD", tap_command, _records),
        Contender(
            "textbook-records",
            "textbook SDK tap, RECORD",
            textbook_tap,
            _records,
            "singer-sdk",
            slow=True,
        ),
        Contender(
            "textbook",
            "textbook SDK tap, BATCH",
            lambda at: textbook_tap(at, **_batches(at)),
            _records,
            "singer-sdk",
            slow=True,
        ),
    )
    title = f"The same {rows:,} rows as BATCH messages (JSON lines, gzip)"
    expected = 1 + sum(shape.counts().values())
    return Job("batch", title, asdict(shape), expected, contenders)


# --- writing


def target_command(place: Place) -> list[str]:
    """Make the command line of target-listrak for an email list."""
    destination = {"kind": "email_list", "list": "Newsletter"}
    config = {
        **place.connection,
        **CREDENTIALS,
        "max_concurrency": CONNECTIONS,
        "destinations": {"contacts": destination},
        "rejects_path": str(place.folder / "rejects.singer"),
    }
    return [str(place.programs / "target-listrak"), "--config", place.file("config.json", config)]


def _textbook_target(place: Place) -> list[str]:
    config = {**place.connection, **CREDENTIALS, "list_id": LIST_ID}
    script = str(HERE / "alternatives" / "textbook_target.py")
    return [str(python_of("singer-sdk")), script, "--config", place.file("config.json", config)]


def _sms_target(place: Place) -> list[str]:
    destination = {"kind": "sms_list", "sender_code": "55555", "phone_list": "Texts"}
    config = {
        **place.connection,
        **SMS_CREDENTIALS,
        "max_concurrency": CONNECTIONS,
        "destinations": {"contacts": destination},
        "rejects_path": str(place.folder / "rejects.singer"),
    }
    return [str(place.programs / "target-listrak"), "--config", place.file("config.json", config)]


def write_contacts(path: Path, rows: int) -> None:
    """Write contacts as Singer input, with a STATE message after every 10,000."""
    names = ("email", "first_name", "last_name", "loyalty_tier", "loyalty_points")
    with path.open("w", encoding="utf-8") as file:
        _schema(file.write, {name: "integer" if name.endswith("points") else "string" for name in names})
        for number in range(rows):
            file.write(
                f'{{"type":"RECORD","stream":"contacts","record":{{"email":"contact{number:07}@customer.example",'
                f'"first_name":"Marie","last_name":"Müller {number % 977}","loyalty_tier":"Gold",'
                f'"loyalty_points":{number % 5000}}},"time_extracted":"2026-01-01T00:00:00+00:00"}}\n'
            )
            if number % 10_000 == 9_999:  # noqa: PLR2004 - as the docstring says
                file.write(f'{{"type":"STATE","value":{{"bookmarks":{{"contacts":{{"row":{number}}}}}}}}}\n')


def write_phones(path: Path, rows: int) -> None:
    """Write phone numbers as Singer input."""
    with path.open("w", encoding="utf-8") as file:
        _schema(file.write, {"phone": "string"})
        for number in range(rows):
            file.write(
                f'{{"type":"RECORD","stream":"contacts","record":{{"phone":"+1212555{number:04}"}}}}\n'
            )


def _schema(write: Callable[[str], object], properties: dict[str, str]) -> None:
    message = {
        "type": "SCHEMA",
        "stream": "contacts",
        "schema": {
            "type": "object",
            "properties": {name: {"type": [kind, "null"]} for name, kind in properties.items()},
        },
        "key_properties": [next(iter(properties))],
    }
    write(json.dumps(message) + "\n")


def target(rows: int = 500_000) -> Job:
    """Rows into import files of an email list."""
    contenders = (
        Contender(OURS, "target-listrak", target_command, _written_rows),
        Contender(
            "textbook", "textbook SDK batch sink", _textbook_target, _written_rows, "singer-sdk", slow=True
        ),
        Contender(STAND_IN, "the simulated server by itself", _drain("imports", rows), _nothing),
    )
    title = f"Target: {rows:,} contacts with four profile fields into list imports, no latency"
    options = {"messages": 1, "recipients": 1}
    return Job("target", title, options, rows, contenders, lambda path: write_contacts(path, rows))


def sms(contacts: int = 600) -> Job:
    """Two calls per number that is unknown, three per known one."""
    loop = _script("singer-sdk", "call_loop.py", str(SENDER_CODE), str(PHONE_LIST))
    contenders = (
        Contender(OURS, "target-listrak", _sms_target, _written_sms),
        Contender("loop", "loop of single calls", loop, _written_sms, "singer-sdk", slow=True),
        Contender(STAND_IN, "the simulated server by itself", _drain("sms", contacts), _nothing),
    )
    title = (
        f"SMS: {contacts:,} numbers onto a Phone List, two or three calls each, "
        f"{LATENCY_MS:.0f} ms latency, {CONNECTIONS} in flight"
    )
    options = {"messages": 1, "recipients": 1, "latency_ms": LATENCY_MS}
    return Job("sms", title, options, contacts, contenders, lambda path: write_phones(path, contacts))


def members(contacts: int = 500_000) -> Job:
    """Who is on a list: in windows of dates at once, against one page after the other."""

    def reads(way: str) -> Callable[[Place], list[str]]:
        return lambda place: [sys.executable, "-m", "benchmarks.members", place.url, way]

    contenders = (
        Contender(OURS, "target-listrak, read_members_by_date", reads("by-date"), _number),
        Contender("in-order", "target-listrak, page by page", reads("in-order"), _number),
    )
    title = f"Members: {contacts:,} contacts of a list, {LATENCY_MS:.0f} ms latency, 8 in flight"
    options = {"messages": 1, "recipients": contacts, "latency_ms": LATENCY_MS}
    return Job("members", title, options, contacts, contenders)


# --- starting


def startup(plugin: str, option: str) -> Job:
    """Start a plugin to ask it something, against the least that the SDK can start."""
    program = f"{plugin}-listrak"
    empty = [sys.executable, str(HERE / "alternatives" / "empty_plugins.py"), plugin, option]
    contenders = (
        Contender(OURS, program, lambda place: [str(place.programs / program), option], _nothing),
        Contender("empty", f"empty SDK {plugin}", lambda _place: empty, _nothing),
    )
    return Job(f"startup {plugin} {option}", f"{program} {option}", {}, None, contenders)
