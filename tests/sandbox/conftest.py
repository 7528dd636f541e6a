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
    """A tiny sandbox that tests only read from."""
    with running_sandbox(scale="tiny") as running:
        yield running


@pytest.fixture(scope="session")
def email(tiny: RunningSandbox) -> Iterator[Api]:
    """The email API of the tiny sandbox that tests only read from."""
    api = Api(tiny, "email")
    yield api
    api.session.close()


@pytest.fixture
def own() -> Iterator[Api]:
    """The email API of a tiny sandbox of the test's own, imports without waiting."""
    with running_sandbox(scale="tiny") as running:
        running.settings(import_seconds=0)
        api = Api(running, "email")
        yield api
        api.session.close()
