from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    import pytest


def test_an_address_in_an_expression_of_a_stream_map_is_masked_where_the_sdk_logs_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    maps = {"contacts": {"__filter__": "emailAddress != 'somebody@example.org'"}}
    tap = TapListrak(config={"client_id": "x", "client_secret": "y", "stream_maps": maps})
    assert tap.streams
    said = [record.getMessage() for record in caplog.records if "filter rule" in record.getMessage()]
    assert said
    assert "somebody@example" not in json.dumps(said)
