"""What the tests of the tap share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tap_runs import extract_from

if TYPE_CHECKING:
    from tap_runs import Extract


@pytest.fixture(scope="session")
def extract() -> Extract:
    """Runs the tap in this process, on a deep copy of the state."""
    return extract_from
