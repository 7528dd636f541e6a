"""One sandbox for all tests of the target; each test begins with the same world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from target_runs import Runs

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def session_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def runs(session_sandbox: RunningSandbox, tmp_path: Path) -> Runs:
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    return Runs(session_sandbox, tmp_path)
