"""The custom events of the Cross Channel API and their fields, where its credentials are set."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from listrak_sandbox.cross_channel import EVENTS
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

STREAMS = ["custom_event_configurations", "custom_event_schemas"]
NO_CREDENTIALS = {"cross_channel_client_id": None, "cross_channel_client_secret": None}


@pytest.fixture
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


def test_each_custom_event_comes_with_its_fields(box: RunningSandbox, extract: Extract) -> None:
    run = extract(box, streams=STREAMS)
    assert run.merged("custom_event_configurations") == {
        (one.uid,): {"eventUID": one.uid, "eventName": one.name} for one in EVENTS
    }
    assert run.merged("custom_event_schemas") == {
        (one.uid,): {
            "eventUID": one.uid,
            "eventName": one.name,
            "eventSchemaAttrs": one.fields,
            "featureAccess": ["Workflow"],
        }
        for one in EVENTS
    }
    assert [run.types(name)[-1] for name in STREAMS] == ["ACTIVATE_VERSION"] * 2


def test_the_cross_channel_integration_is_enough(box: RunningSandbox, extract: Extract) -> None:
    other = dict.fromkeys(("client_id", "client_secret", "sms_client_id", "sms_client_secret"))
    run = extract(box, **other)
    assert set(run.records) == set(STREAMS)
    assert {route.split("/")[1] for route in box.requests()["by_route"]} == {"OAuth2", "crosschannel"}


def test_without_its_credentials_custom_events_are_neither_asked_for_nor_warned_of(
    box: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    run = extract(box, streams=["folders", *STREAMS], **NO_CREDENTIALS)
    assert set(run.records) == {"folders"}
    assert not [route for route in box.requests()["by_route"] if "crosschannel" in route]
    told = [one for one in caplog.records if "cross_channel_client_id" in one.getMessage()]
    assert [one.levelno for one in told] == [logging.INFO]


def test_a_custom_event_that_is_deleted_while_the_tap_reads_is_left_out(
    box: RunningSandbox, extract: Extract
) -> None:
    gone = EVENTS[0].uid
    box.control("POST", "faults", [{"kind": "status", "status": 404, "ids": {"eventUID": gone}}])
    run = extract(box, streams=STREAMS)
    assert run.merged("custom_event_schemas").keys() == {(one.uid,) for one in EVENTS[1:]}
