"""What the SDK logs about itself goes to DEBUG, by the file that logs it (see `listrak_singer.logs`)."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path

import pytest
import singer_sdk.metrics
from singer_sdk import Stream, Target
from singer_sdk.logging import ConsoleFormatter, StructuredFormatter
from singer_sdk.plugin_base import PluginBase

from listrak_singer.logs import METRIC, REPEATED, SdkLogFilter

SDK_FILE = inspect.getfile(PluginBase)


def passes(
    record: logging.LogRecord,
    formatter: type[logging.Formatter] = ConsoleFormatter,
    level: int = logging.NOTSET,
) -> bool:
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(formatter())
    return SdkLogFilter(handler).filter(record)


def line(
    text: str, *, file: str = SDK_FILE, level: int = logging.INFO, function: str = "somewhere"
) -> logging.LogRecord:
    return logging.LogRecord("tap-quiet", level, file, 1, text, (), None, function)


@pytest.fixture(autouse=True)
def level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "level", logging.INFO)
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)


def test_lines_of_the_sdk_about_itself_are_at_debug() -> None:
    record = line("Parsing env var for settings config...")
    assert not passes(record)
    assert record.levelno == logging.DEBUG


@pytest.mark.parametrize(
    "record",
    [
        line("tap-listrak v1", function=PluginBase.print_version.__name__),
        line("something is amiss", level=logging.WARNING),
        line("ours", file=__file__),
    ],
    ids=["the versions", "a warning", "a line of the project"],
)
def test_what_a_person_can_use_stays(record: logging.LogRecord) -> None:
    assert passes(record)


def test_at_debug_they_are_written_unless_the_handler_takes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "level", logging.DEBUG)
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]
    assert passes(line("chatter"))
    assert not passes(line("chatter"), level=logging.INFO)


def test_metrics_are_at_debug_where_a_person_reads_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not passes(line(METRIC, file=singer_sdk.metrics.__file__))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", "/project")
    assert not passes(line(METRIC, file=singer_sdk.metrics.__file__), StructuredFormatter)


@pytest.mark.parametrize(
    "environment", [{}, {"MELTANO_PROJECT_ROOT": "/x", "MELTANO_CLI_LOG_FORMAT": "json"}]
)
def test_metrics_are_at_info_where_programs_read_the_log(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert passes(line(METRIC, file=singer_sdk.metrics.__file__), StructuredFormatter)


def test_an_error_that_is_reported_in_full_is_not_repeated_by_the_sdk() -> None:
    source = "".join(
        Path(inspect.getfile(owner)).read_text("utf-8") for owner in (Stream, Target, PluginBase)
    )
    for text in REPEATED:
        assert text in source
        assert not passes(line(text, level=logging.ERROR))


def test_the_sdk_still_logs_metrics_with_the_text_that_is_relied_on() -> None:
    assert METRIC in inspect.getsource(singer_sdk.metrics.log)
