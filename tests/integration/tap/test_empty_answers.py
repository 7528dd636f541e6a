"""Answers without any list or sender code: nothing is removed by them, and a run that read nothing fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_api.errors import UnavailableError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.sync import empty_answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

STREAMS = ["lists", "campaigns", "folders", "sender_codes", "phone_lists"]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    monkeypatch.setattr(empty_answers, "PAUSES", (0.0, 0.0, 0.0))
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.mark.parametrize("streams", [STREAMS, ["lists"], ["campaigns"], ["contacts"]])
def test_an_account_that_shows_no_lists_is_an_error_and_removes_nothing(
    tiny: RunningSandbox, extract: Extract, streams: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It was a success with no rows, and every table was emptied by its ACTIVATE_VERSION."""
    tiny.control("POST", "faults", [{"kind": "empty_then_full", "route": "/List", "times": 99}])
    with pytest.raises(UnavailableError, match="no lists"):
        extract(tiny, streams=streams)
    assert "ACTIVATE_VERSION" not in capsys.readouterr().out


def test_lists_that_come_when_they_are_asked_for_again_are_all_there(
    tiny: RunningSandbox, extract: Extract
) -> None:
    whole = extract(tiny, streams=STREAMS)
    faults = [
        {"kind": "empty_then_full", "route": route, "times": 3} for route in ("/List", "GET /ShortCode")
    ]
    tiny.control("POST", "faults", faults)
    assert extract(tiny, streams=STREAMS).records == whole.records


@pytest.mark.parametrize("streams", [STREAMS, ["sender_codes"]])
def test_an_account_that_shows_no_sender_codes_keeps_the_rows_that_were_loaded(
    tiny: RunningSandbox, extract: Extract, streams: list[str]
) -> None:
    tiny.control("POST", "faults", [{"kind": "empty_then_full", "route": "/ShortCode", "times": 99}])
    run = extract(tiny, streams=streams)
    versioned = {one["stream"] for one in run.messages if one["type"] == "ACTIVATE_VERSION"}
    assert versioned == set(streams) - {"sender_codes", "phone_lists"}


@pytest.mark.parametrize("stream", ["conversations", "folders", "events", "sms_opt_outs"])
def test_a_stream_without_a_single_row_removes_none_of_those_that_were_loaded(
    tiny: RunningSandbox, extract: Extract, stream: str
) -> None:
    """An empty answer of status 200 was taken to mean that everything was deleted."""
    route = {"sms_opt_outs": "*/OptOut", "conversations": "*/Conversation", "folders": "*/Folder"}
    whole = extract(tiny, streams=[stream])
    assert whole.records[stream]
    assert "ACTIVATE_VERSION" in whole.types(stream)
    empty = {"kind": "empty_then_full", "route": route.get(stream, "*/Event"), "times": 99}
    tiny.control("POST", "faults", [empty])
    run = extract(tiny, streams=[stream])
    assert not run.records[stream]
    assert "ACTIVATE_VERSION" not in run.types(stream)


def test_imports_that_listrak_has_purged_stay_where_they_were_loaded(
    tiny: RunningSandbox, extract: Extract
) -> None:
    streams = ["list_imports", "list_import_statuses", "list_import_summaries", "list_import_contacts"]
    run = extract(tiny, streams=streams, methods=dict.fromkeys(streams, "FULL_TABLE"))
    for stream in streams:
        assert run.records[stream]
        assert "ACTIVATE_VERSION" not in run.types(stream)
