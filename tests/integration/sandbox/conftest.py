"""Sandboxes and clients for the tests of the email API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def tiny() -> Iterator[RunningSandbox]:
    """A tiny sandbox that tests only read from.

    It answers in UTC, so that dates compare with the world's own; `test_recorded_dates` is about zones.
    """
    with running_sandbox(scale="tiny") as running:
        running.settings(answer_time_zone="UTC")
        yield running


@pytest.fixture(scope="session")
def email(tiny: RunningSandbox) -> Iterator[Api]:
    """The email API of the tiny sandbox that tests only read from."""
    api = Api(tiny, "email")
    yield api
    api.session.close()


@pytest.fixture(scope="session")
def _changing() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


@pytest.fixture
def own(_changing: RunningSandbox) -> Iterator[Api]:
    """The email API of a tiny sandbox that begins anew with the test, imports without waiting, in UTC."""
    _changing.reset(seed=1, scale="tiny")
    _changing.control("DELETE", "faults")
    _changing.settings(import_seconds=0, answer_time_zone="UTC")
    api = Api(_changing, "email")
    yield api
    api.session.close()
