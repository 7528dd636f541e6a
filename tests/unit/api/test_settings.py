from __future__ import annotations

from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.errors import ConfigurationError
from listrak_api.settings import (
    CONNECTION_SETTINGS,
    CREDENTIAL_NAMES,
    CROSS_CHANNEL_CREDENTIALS,
    DATA_CREDENTIALS,
    EMAIL_CREDENTIALS,
    PRIVACY_CREDENTIALS,
    SMS_CREDENTIALS,
    ConnectionSettings,
    has_credentials,
    is_loopback,
    timezone_setting,
    zone_from_config,
)

GIVEN = {"client_id": "an id", "client_secret": "a secret"}
ALL = {**EMAIL_CREDENTIALS, **SMS_CREDENTIALS, **DATA_CREDENTIALS, **CONNECTION_SETTINGS}
ALL |= {**CROSS_CHANNEL_CREDENTIALS, **PRIVACY_CREDENTIALS}
ALL |= timezone_setting("They are read in it.")


def settings(**values: Any) -> ConnectionSettings:  # noqa: ANN401 - any wrong value
    return ConnectionSettings.from_config({**GIVEN, **values}, "email")


def test_defaults_are_those_of_the_texts() -> None:
    made = settings()
    for name, schema in CONNECTION_SETTINGS.items():
        if "default" in schema:
            assert getattr(made, name) == schema["default"]
    assert made.requests_per_second is None
    assert made.user_agent.startswith("singer-listrak/")


def test_a_fraction_out_of_a_config_file_is_a_number_like_any_other() -> None:
    """The SDK gives `Decimal` for it, which was refused as no number: `requests_per_second: 0.5`."""
    made = settings(requests_per_second=Decimal("0.5"), request_timeout=Decimal("30.5"))
    assert (made.requests_per_second, made.request_timeout) == (0.5, 30.5)


def test_null_means_the_default() -> None:
    assert settings(**dict.fromkeys(CONNECTION_SETTINGS)) == settings()


@pytest.mark.parametrize("name", ALL)
def test_every_setting_has_a_title_and_a_description_and_is_a_valid_schema(name: str) -> None:
    schema = ALL[name]
    assert schema["title"]
    assert schema["description"].endswith(".")
    jsonschema.Draft202012Validator.check_schema(schema)
    if "default" in schema:
        jsonschema.validate(schema["default"], schema)


def test_every_credential_is_secret_and_little_else() -> None:
    secret = {name for name, schema in ALL.items() if schema.get("secret")}
    # The address of a shared rate limit may hold a password.
    assert secret == {name for names in CREDENTIAL_NAMES.values() for name in names} | {"rate_limit_url"}


def test_credentials_are_taken_by_api_and_shown_nowhere() -> None:
    config = {"sms_client_id": "hidden id", "sms_client_secret": "hidden secret"}
    made = ConnectionSettings.from_config(config, "sms")
    assert (made.client_id, made.client_secret) == ("hidden id", "hidden secret")
    assert made.credential_names == ("sms_client_id", "sms_client_secret")
    assert "hidden" not in repr(made)


@pytest.mark.parametrize(
    ("api", "config", "missing"),
    [
        ("email", {}, "client_id"),
        ("email", {"client_id": "x"}, "client_secret"),
        ("email", {"client_id": "", "client_secret": "y"}, "client_id"),
        ("sms", GIVEN, "sms_client_id"),
        ("data", {"data_client_id": "x", "data_client_secret": None}, "data_client_secret"),
    ],
)
def test_a_missing_credential_is_named(api: Any, config: dict[str, Any], missing: str) -> None:  # noqa: ANN401
    with pytest.raises(ConfigurationError, match=missing) as caught:
        ConnectionSettings.from_config(config, api)
    assert caught.value.setting == missing


def test_credentials_come_in_pairs() -> None:
    assert has_credentials(GIVEN, "email")
    assert not has_credentials(GIVEN, "sms")
    with pytest.raises(ConfigurationError, match="sms_client_secret is missing beside sms_client_id"):
        has_credentials({"sms_client_id": "x"}, "sms")


@pytest.mark.parametrize(
    "url",
    ["https://api.listrak.com", "https://api.listrak.com/", "https://proxy.example:8443/listrak", "http://127.0.0.1:80",
     "http://127.1.2.3", "http://[::1]:8080", "http://localhost:8080/"],
)  # fmt: skip
def test_https_and_this_machine_are_accepted(url: str) -> None:
    assert settings(api_url=url, auth_url=url).api_url == url.rstrip("/")


@pytest.mark.parametrize("name", ["api_url", "auth_url"])
@pytest.mark.parametrize(
    "url",
    ["http://api.listrak.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com",
     "http://0.0.0.0", "ftp://api.listrak.com", "api.listrak.com", "https://", "https:///x", "https://host:port",
     "https://host:99999", "https://user:secret@host", "https://host/?a=b", "https://host/#x", "https://a b",
     "https://[::1", "https://host\n", "https://h\u00f6st", "", 7, True],
)  # fmt: skip
def test_any_other_address_is_refused_by_the_settings_name(name: str, url: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**{name: url})
    assert caught.value.setting == name
    assert name in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_with_an_apis_path_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="appended anyway"):
        settings(api_url="https://api.listrak.com/email/v1")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("max_concurrency", [0, 65, -1, 2.5, "8", True, []]),
        ("max_retries", [-1, 21, 1.5, "1"]),
        ("request_timeout", [0, -1, "60", True, float("nan"), float("inf")]),
        ("requests_per_second", [0, -0.5, "1", float("nan"), float("inf")]),
        ("user_agent", [" x", "a\nb", "\u00fc", 7]),
        ("client_secret", ["secret\n", " secret", "s\u00e9cret", 7]),
    ],
)
def test_values_out_of_range_are_refused_by_the_settings_name(name: str, values: list[object]) -> None:
    for value in values:
        with pytest.raises(ConfigurationError, match=name) as caught:
            settings(**{name: value})
        assert caught.value.setting == name


@given(
    st.sampled_from(sorted(ALL)),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)
def test_any_value_is_taken_or_refused_by_name(name: str, value: object) -> None:
    try:
        settings(**{name: value})
    except ConfigurationError as error:
        assert error.setting == name  # noqa: PT017 - some values are right


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.255.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False),
     ("0.0.0.0", False), ("::", False), ("example.com", False), ("", False)],  # noqa: S104 - not bound to, only judged
)  # fmt: skip
def test_this_machine_is_known(host: str, here: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_loopback(host) is here


def test_the_time_zone_is_eastern_unless_another_is_set() -> None:
    assert [zone_from_config({"timezone": name}).key for name in (None, "", " ")] == ["America/New_York"] * 3
    assert zone_from_config({}).key == "America/New_York"
    assert zone_from_config({"timezone": "America/Chicago"}).key == "America/Chicago"


def test_an_unknown_time_zone_is_an_error_that_names_setting_and_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"timezone is not .* America/Chicago") as caught:
        zone_from_config({"timezone": "America/Chicgo"})
    assert caught.value.setting == "timezone"
