"""Settings out of the environment, where everything is text."""

from __future__ import annotations

from typing import Any

import pytest

from listrak_api.errors import ConfigurationError
from tap_listrak.settings import CONFIG_SCHEMA, values_from_text
from tap_listrak.tap import TapListrak

CREDENTIALS = {"TAP_LISTRAK_CLIENT_ID": "id", "TAP_LISTRAK_CLIENT_SECRET": "secret"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("requests_per_second", "0.5", 0.5),
        ("request_timeout", "120", 120.0),
        ("profile_fields", "none", "none"),
        ("profile_fields", "all", "all"),
        ("profile_fields", '["First Name", 7]', ["First Name", 7]),
        ("activity_refresh_days", "[1, 30]", [1, 30]),
        ("list_ids", '[40137, "Newsletter"]', [40137, "Newsletter"]),
        ("include_test_messages", "true", True),
        ("page_size", "100", 100),
    ],
)
def test_a_variable_is_read_as_the_value_it_stands_for(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    for variable, content in (CREDENTIALS | {f"TAP_LISTRAK_{name.upper()}": text}).items():
        monkeypatch.setenv(variable, content)
    tap = TapListrak(config={}, parse_env_config=True)
    assert tap.config[name] == value


def test_a_number_that_is_none_is_an_error_that_names_the_setting() -> None:
    config: dict[str, Any] = {"request_timeout": "soon"}
    with pytest.raises(ConfigurationError, match="request_timeout must be a number"):
        values_from_text(config, CONFIG_SCHEMA["properties"])
