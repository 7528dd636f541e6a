"""The settings that tap and target share: their JSON schema, and their checked values.

The schema is plain data, so that this package does not depend on Singer. Both plugins put it into their own
config schema, from which `meltano.yml`, the environment example and the tables of docs/settings.md are
generated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from listrak_api.dates import DEFAULT_TIMEZONE, find_zone
from listrak_api.errors import ConfigurationError
from listrak_api.shared_rate import check_rate_limit_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from listrak_api.routes import Api

DEFAULT_API_URL = "https://api.listrak.com"
DEFAULT_AUTH_URL = "https://auth.listrak.com/OAuth2/Token"
DEFAULT_MAX_CONCURRENCY = 8
DEFAULT_REQUEST_TIMEOUT = 120
DEFAULT_MAX_RETRIES = 9

CREDENTIAL_NAMES: dict[Api, tuple[str, str]] = {
    "email": ("client_id", "client_secret"),
    "sms": ("sms_client_id", "sms_client_secret"),
    "data": ("data_client_id", "data_client_secret"),
    "cross_channel": ("cross_channel_client_id", "cross_channel_client_secret"),
    "privacy": ("privacy_client_id", "privacy_client_secret"),
}
"""The settings that hold the client id and the client secret of each API's integration."""

_HOST = re.compile(r"[A-Za-z0-9_:]([A-Za-z0-9._:-]*[A-Za-z0-9_:])?")
_API_PATH = re.compile(r"/(email|sms|data|crosschannel|privacy)(/v\d+)?/*$")
_INTEGRATION_TYPES: dict[Api, str] = {
    "email": "Email",
    "sms": "SMS",
    "data": "Data",
    "cross_channel": "Cross Channel",
    "privacy": "Privacy",
}


_PUBLISHED_RATES: dict[Api, float] = {"privacy": 0.9}
"""Requests per second below the limits that an API publishes. Privacy: 20 in 10 seconds, 60 a minute."""


def _credentials(api: Api, use: str) -> dict[str, dict[str, Any]]:
    """Describe the two settings of one integration."""
    kind = _INTEGRATION_TYPES[api]
    id_name, secret_name = CREDENTIAL_NAMES[api]
    return {
        id_name: {
            "type": ["string", "null"],
            "title": f"{kind} client ID",
            "description": f"Client ID of the Listrak integration of type {kind}, {use}. Listrak shows it "
            "under Integrations, Integration Management.",
            "secret": True,
            "writeOnly": True,
        },
        secret_name: {
            "type": ["string", "null"],
            "title": f"{kind} client secret",
            "description": f"Client secret that belongs to `{id_name}`. Listrak shows it only once, when the "
            "integration is created.",
            "secret": True,
            "writeOnly": True,
        },
    }


EMAIL_CREDENTIALS = _credentials("email", "for everything about email lists")
"""JSON schema properties of `client_id` and `client_secret`."""

SMS_CREDENTIALS = _credentials("sms", "for everything about phone lists")
"""JSON schema properties of `sms_client_id` and `sms_client_secret`."""

DATA_CREDENTIALS = _credentials("data", "for customers, orders, products, reviews and rating summaries")
"""JSON schema properties of `data_client_id` and `data_client_secret`."""

CROSS_CHANNEL_CREDENTIALS = _credentials("cross_channel", "for custom events")
"""JSON schema properties of `cross_channel_client_id` and `cross_channel_client_secret`."""

PRIVACY_CREDENTIALS = _credentials("privacy", "for requests to forget somebody")
"""JSON schema properties of `privacy_client_id` and `privacy_client_secret`."""

CONNECTION_SETTINGS: dict[str, dict[str, Any]] = {
    "api_url": {
        "type": ["string", "null"],
        "title": "API URL",
        "description": "Address of Listrak's API, without the path of the single API (`/email/v1` and so on "
        "are appended). HTTPS, or HTTP to this machine for the sandbox.",
        "default": DEFAULT_API_URL,
    },
    "auth_url": {
        "type": ["string", "null"],
        "title": "Token URL",
        "description": "Address of Listrak's token endpoint, with its path. HTTPS, or HTTP to this machine "
        "for the sandbox.",
        "default": DEFAULT_AUTH_URL,
    },
    "max_concurrency": {
        "type": ["integer", "null"],
        "title": "Requests at once",
        "description": "Maximum number of concurrent requests to each of Listrak's APIs, 1 to 64. More is "
        "faster until Listrak answers 429 (too many requests); the client then slows down by itself.",
        "default": DEFAULT_MAX_CONCURRENCY,
        "minimum": 1,
        "maximum": 64,
    },
    "requests_per_second": {
        "type": ["number", "null"],
        "title": "Requests per second",
        "description": "Maximum number of requests per second, for accounts that other programs use as well. "
        "Fractions are allowed (`0.5` is one request in two seconds). Without a value there is no limit.",
        "exclusiveMinimum": 0,
    },
    "rate_limit_url": {
        "type": ["string", "null"],
        "title": "Shared rate limit",
        "description": "Where processes on one account keep the count for `requests_per_second`, so that all "
        "together stay below it: `sqlite:////path/file` on one machine, `redis://…` or `postgresql://…` on "
        "several. Every process needs the same value of both settings. Each integration has a limit of its "
        "own. Needs the extra `rate-sqlite`, `rate-redis` or `rate-postgres` (docs/scale.md).",
        "secret": True,
        "writeOnly": True,
    },
    "request_timeout": {
        "type": ["number", "null"],
        "title": "Time limit of a request",
        "description": "Seconds that one request may take, from connecting to the last byte of its answer; "
        "uploads get one second more for each 100 kB. A request that takes longer is aborted and, if it "
        "only reads, repeated.",
        "default": DEFAULT_REQUEST_TIMEOUT,
        "exclusiveMinimum": 0,
    },
    "max_retries": {
        "type": ["integer", "null"],
        "title": "Retries",
        "description": "How often a request is repeated after a temporary failure (too many requests, a "
        "server error, a broken connection), 0 to 20, with growing pauses. With the default this takes about "
        "a minute and a half. A write is only repeated if Listrak has certainly not carried it out.",
        "default": DEFAULT_MAX_RETRIES,
        "minimum": 0,
        "maximum": 20,
    },
    "user_agent": {
        "type": ["string", "null"],
        "title": "User agent",
        "description": "The User-Agent header of requests. By default `singer-listrak/` and the version.",
    },
}
"""JSON schema properties of the settings of the connection, which are the same for every integration."""


def timezone_setting(use: str) -> dict[str, dict[str, Any]]:
    """Describe the setting `timezone`, which both plugins have.

    Args:
        use: What the plugin does with it, in one or two sentences.
    """
    return {
        "timezone": {
            "type": ["string", "null"],
            "title": "Time zone",
            "description": f"Time zone (IANA name) of the dates that Listrak writes without an offset. {use} "
            "docs/certainty.md says how to find out which zone an account has.",
            "default": DEFAULT_TIMEZONE,
        }
    }


def zone_from_config(config: Mapping[str, Any]) -> ZoneInfo:
    """Return the time zone that the setting `timezone` names.

    Args:
        config: The plugin's entire config; null, blank and missing mean the default.

    Raises:
        ConfigurationError: There is no such zone; the text names the nearest one.
    """
    setting = "timezone"
    try:
        return find_zone(str(config.get(setting) or "").strip() or DEFAULT_TIMEZONE)
    except LookupError as error:
        what = f"is not the name of a time zone: {error.args[0]}"
        raise _wrong(setting, what, _ZONE_HINT) from None


_ZONE_HINT = f"Set timezone to an IANA name such as {DEFAULT_TIMEZONE} or UTC, or leave it out."


@dataclass(frozen=True)
class ConnectionSettings:
    """Everything a client needs to know, checked.

    Args:
        client_id: The integration's client id.
        client_secret: The integration's client secret.
        api: The API that the integration is for.
        api_url: Base address without trailing slash.
        auth_url: The token endpoint.
        max_concurrency: Requests in flight at once.
        requests_per_second: Hard limit; None for no limit.
        rate_limit_url: Where processes share that limit; empty for this process only.
        request_timeout: Seconds for one attempt, see the setting's text.
        max_retries: Repetitions after temporary failures.
        user_agent: The User-Agent header.

    Raises:
        ConfigurationError: A value is missing, of the wrong type or out of its range.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    api: Api = "email"
    api_url: str = DEFAULT_API_URL
    auth_url: str = DEFAULT_AUTH_URL
    max_concurrency: int = DEFAULT_MAX_CONCURRENCY
    requests_per_second: float | None = None
    rate_limit_url: str = field(default="", repr=False)
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT
    max_retries: int = DEFAULT_MAX_RETRIES
    user_agent: str = ""

    def __post_init__(self) -> None:
        """Check every value."""
        for name, value in zip(self.credential_names, (self.client_id, self.client_secret), strict=True):
            _check_text(name, value)
        object.__setattr__(self, "api_url", _check_url("api_url", self.api_url).rstrip("/"))
        _check_url("auth_url", self.auth_url)
        _check_number("max_concurrency", self.max_concurrency, whole=True, low=1, high=64)
        _check_number("max_retries", self.max_retries, whole=True, low=0, high=20)
        _check_number("request_timeout", self.request_timeout, low=0)
        if self.requests_per_second is not None:
            _check_number("requests_per_second", self.requests_per_second, low=0)
        if self.rate_limit_url != "":
            check_rate_limit_url(self.rate_limit_url)
            if self.requests_per_second is None:
                name, what = "rate_limit_url", "is set, but there is no limit that processes could share"
                raise _wrong(name, what, "Set requests_per_second too, or leave out both.")
        object.__setattr__(
            self, "user_agent", _check_text("user_agent", self.user_agent or _own_user_agent())
        )

    @property
    def credential_names(self) -> tuple[str, str]:
        """The settings that the credentials came from, for error texts."""
        return CREDENTIAL_NAMES[self.api]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], api: Api) -> ConnectionSettings:
        """Take the settings of one API out of a plugin's config.

        Args:
            config: The plugin's entire config; null and missing values mean the default.
            api: Which API's credentials to take.

        Returns:
            The checked settings.

        Raises:
            ConfigurationError: A credential is missing, or a value is wrong.
        """
        id_name, secret_name = CREDENTIAL_NAMES[api]
        values = {name: plain(config[name]) for name in CONNECTION_SETTINGS if config.get(name) is not None}
        published, asked = _PUBLISHED_RATES.get(api), values.get("requests_per_second")
        if published and (asked is None or (isinstance(asked, int | float) and asked > published)):
            values["requests_per_second"] = published
        return cls(config.get(id_name) or "", config.get(secret_name) or "", api, **values)


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a setting's value as JSON means it: the SDK reads the fractions of config files as `Decimal`.

    Args:
        value: The value, however deeply nested.

    Returns:
        The same, with floats for fractions.
    """
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


def has_credentials(config: Mapping[str, Any], api: Api) -> bool:
    """Return whether a config is meant to use one of the APIs.

    Args:
        config: The plugin's entire config.
        api: The API.

    Returns:
        True if both credentials are there, False if neither is.

    Raises:
        ConfigurationError: Only one of the two is there.
    """
    names = CREDENTIAL_NAMES[api]
    given = [name for name in names if config.get(name)]
    if len(given) == 1:
        missing = names[1] if given[0] == names[0] else names[0]
        hint = f"The two belong together: set both for the {_INTEGRATION_TYPES[api]} API, or neither."
        raise _wrong(missing, f"is missing beside {given[0]}", hint)
    return bool(given)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def _own_user_agent() -> str:
    try:
        return f"singer-listrak/{version('singer-listrak')}"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "singer-listrak"


def _wrong(name: str, what: str, hint: str) -> ConfigurationError:
    """Create the error for a setting. The value is never shown: it may be a secret."""
    return ConfigurationError(f"{name} {what}", setting=name, hint=hint)


def _check_text(name: str, value: object) -> str:
    """Raise ConfigurationError for what is not a string, is empty, or cannot stand in a header."""
    if not isinstance(value, str) or not value.strip():
        kind = next((_INTEGRATION_TYPES[api] for api, both in CREDENTIAL_NAMES.items() if name in both), None)
        where = f" It is in Listrak, at the API integration of type {kind}." if kind else ""
        raise _wrong(name, "is missing or empty", f"Set {name} to a string.{where}")
    if value != value.strip() or not value.isprintable() or not value.isascii():
        what = "starts or ends with a blank, or contains a line break or a character that is not ASCII"
        raise _wrong(name, what, "It was probably copied together with other characters: set it again.")
    return value


def _check_url(name: str, value: object) -> str:
    """Raise ConfigurationError for an incomplete URL, and for plain HTTP to any other machine."""
    example = DEFAULT_API_URL if name == "api_url" else DEFAULT_AUTH_URL
    hint = f"Set {name} to a complete address such as {example}, or leave it out."
    if not isinstance(value, str) or re.search(r"[^!-~]", value):
        raise _wrong(name, "is not a URL", hint)
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise _wrong(name, "is not a URL", hint) from None
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(host):
        raise _wrong(name, "is not an http or https URL with a host", hint)
    if parts.username is not None or parts.query or parts.fragment:
        raise _wrong(name, "contains more than a host and a path", hint)
    if name == "api_url" and _API_PATH.search(parts.path):
        raise _wrong(name, "ends with the path of a single API, which is appended anyway", hint)
    if parts.scheme == "http" and not is_loopback(host):
        what = "uses plain HTTP, which would send tokens and addresses unencrypted"
        way = f"Set {name} to an https address; http is accepted for this machine only (the sandbox)."
        raise _wrong(name, what, way)
    return value


def _check_number(name: str, value: object, *, low: float, high: float = 1e9, whole: bool = False) -> None:
    """Raise ConfigurationError for no number or one out of range; only whole numbers may equal `low`."""
    kinds = (int,) if whole else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if not fits or not (low <= value <= high if whole else low < value <= high):  # type: ignore[operator]
        bounds = f"a whole number from {low:g} to {high:g}" if whole else f"a number above {low:g}"
        raise _wrong(name, f"must be {bounds}", f"Set {name} to such a value, or leave it out.")
