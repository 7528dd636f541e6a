"""Settings out of the environment, where everything is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_singer.settings import InvalidSettingsError
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from pathlib import Path

CREDENTIALS = {"TAP_LISTRAK_CLIENT_ID": "id", "TAP_LISTRAK_CLIENT_SECRET": "secret"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("requests_per_second", "0.5", 0.5),
        ("request_timeout", "120", 120.0),
        ("profile_fields", "none", "none"),
        ("profile_fields", "all", "all"),
        ("profile_fields", '["First Name", 7]', ["First Name", 7]),
        ("profile_fields", "First Name, 7", ["First Name", 7]),
        ("activity_refresh_days", "[1, 30]", [1, 30]),
        ("activity_refresh_days", "1,30", [1, 30]),
        ("list_ids", '[40137, "Newsletter"]', [40137, "Newsletter"]),
        ("list_ids", "40137,Newsletter", [40137, "Newsletter"]),
        ("list_ids", "40137", [40137]),
        ("list_ids", "['40137', 'Newsletter']", [40137, "Newsletter"]),  # a list as Meltano exports it
        ("sender_code_ids", '["5"]', [5]),
        ("include_test_messages", "true", True),
        ("include_test_messages", "Off", False),
        ("page_size", "100", 100),
    ],
)
def test_X7_a_variable_is_read_as_the_value_it_stands_for(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    for variable, content in (CREDENTIALS | {f"TAP_LISTRAK_{name.upper()}": text}).items():
        monkeypatch.setenv(variable, content)
    tap = TapListrak(config={}, parse_env_config=True)
    assert tap.config[name] == value
    # The same text out of a config file, as `meltano config set` writes it.
    for variable in (*CREDENTIALS, f"TAP_LISTRAK_{name.upper()}"):
        monkeypatch.delenv(variable)
    assert TapListrak(config={"client_id": "i", "client_secret": "s", name: text}).config[name] == value


@pytest.mark.parametrize("text", ["", "  ", "null"])
@pytest.mark.parametrize(
    "name", ["list_ids", "page_size", "include_test_messages", "stream_maps", "start_date"]
)
def test_X7_a_blank_variable_is_one_that_is_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    for variable, content in (CREDENTIALS | {f"TAP_LISTRAK_{name.upper()}": text}).items():
        monkeypatch.setenv(variable, content)
    whole = TapListrak(config={"client_id": "i", "client_secret": "s"})
    assert TapListrak(config={}, parse_env_config=True).config.get(name) == whole.config.get(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list_ids", "''"),
        ("list_ids", "'410,420'"),
        ("list_ids", "40137,,40274"),
        ("list_ids", "[40137"),
        ("list_ids", "{}"),
        ("message_ids", "five"),
        ("page_size", "many"),
        ("page_size", "1e3"),
        ("page_size", "9" * 5000),
        ("request_timeout", "soon"),
        ("request_timeout", "nan"),
        ("request_timeout", "inf"),
        ("include_test_messages", "y"),
        ("include_test_messages", "maybe"),
        ("stream_maps", "{bad"),
        ("stream_maps", "[1]"),
        ("stream_maps", '{"a": NaN}'),
        ("activity_refresh", "often"),
    ],
)
def test_T22_what_cannot_be_read_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    variable = f"TAP_LISTRAK_{name.upper()}"
    for one, content in (CREDENTIALS | {variable: text}).items():
        monkeypatch.setenv(one, content)
    with pytest.raises(InvalidSettingsError) as caught:
        TapListrak(config={}, parse_env_config=True)
    (line,) = caught.value.errors
    assert variable in line
    assert "\n" not in line
    assert len(line) < 300
    assert "config file" not in line


def test_X13_variables_that_are_set_win_over_dotenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TAP_LISTRAK_CLIENT_ID=file\nTAP_LISTRAK_CLIENT_SECRET=file\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.setenv("TAP_LISTRAK_CLIENT_ID", "set")
    monkeypatch.setenv("TAP_LISTRAK_CLIENT_SECRET", "")  # so that it is put back
    monkeypatch.delenv("TAP_LISTRAK_CLIENT_SECRET")
    tap = TapListrak(config={}, parse_env_config=True)
    assert (tap.config["client_id"], tap.config["client_secret"]) == ("set", "file")
