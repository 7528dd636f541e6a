"""What the environment says about proxies and certificate authorities, checked before anything is sent.

A mistake there is a mistake of this machine: waiting does not help, and Listrak is not the cause. So it is a
`ConfigurationError` that names the environment variable, never its value, which may hold a password.
"""

from __future__ import annotations

import importlib.util
import os
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import LocationParseError, MaxRetryError
from urllib3.util.ssl_ import create_urllib3_context

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SOCKS = {"socks4", "socks4a", "socks5", "socks5h"}
_SCHEMES = {"http", "https", *_SOCKS}
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_TEMPORARY = {408, 425, 429}
_PROXY_AUTHENTICATION = 407


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment names.

    Attributes:
        variable: The environment variable, as it is written there.
        url: Its address. Never show it: it may hold a password.
    """

    variable: str
    url: str = field(repr=False)

    @property
    def scheme(self) -> str:
        """The scheme of its address, in lower case; `http` where it has none."""
        return _complete(self.url).partition(":")[0].lower()


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for requests to a URL; None without one.

    Raises:
        ConfigurationError: `NO_PROXY` names the URL's host in a form that has no effect.
    """
    proxies = get_environ_proxies(url)
    address = select_proxy(url, proxies)
    if not address:
        return None
    _check_exceptions(url)
    wanted = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
    # Lower case goes before upper case, as in Python's and curl's own reading.
    named = sorted((name for name in os.environ if name.lower() in wanted), key=str.islower, reverse=True)
    for lower in wanted:
        for name in named:
            if name.lower() == lower and os.environ[name] == address:
                return Proxy(name, address)
    return Proxy(wanted[0].upper(), address)  # from the system's settings


def check(urls: Iterable[str]) -> dict[str, Proxy | None]:
    """Check what the environment says about some URLs.

    Args:
        urls: The URLs that will be asked for.

    Returns:
        The proxy of each; None where it has none.

    Raises:
        ConfigurationError: A variable names an invalid file of authorities or an invalid proxy. Its `setting`
            is the variable.
    """
    proxies = {url: proxy_for(url) for url in urls}
    for url, proxy in proxies.items():
        if proxy is not None:
            _check_proxy(proxy)
        if url.lower().startswith("https:") or (proxy is not None and proxy.scheme == "https"):
            _check_authorities()
    return proxies


def authorities_variable() -> str:
    """Return the variable that names the certificate authorities in use; empty if none does."""
    return next((name for name in _AUTHORITIES if os.environ.get(name)), "")


def proxy_mistake(
    problem: requests.RequestException, url: str, proxy: Proxy, *, worked: bool
) -> ConfigurationError | None:
    """Return the error for a request that failed at the proxy, if waiting does not help.

    Args:
        problem: How it failed.
        url: What was asked for.
        proxy: The proxy.
        worked: Whether a request has succeeded through it before. Then the setting is right, and the failure
            may be temporary.

    Returns:
        The error to raise; None for any other failure.
    """
    if isinstance(problem, requests.exceptions.ProxyError):
        status = _tunnel_status(problem)
        if status and (status // 100 != 4 or status in _TEMPORARY):  # noqa: PLR2004 - 5xx is temporary too
            return None
        return proxy_refusal(url, proxy, status) if status or not worked else None
    if isinstance(problem, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return _wrong(proxy.variable, "is not the address of a proxy")
    return None


def proxy_refusal(url: str, proxy: Proxy, status: int = 0) -> ConfigurationError:
    """Create the error for a proxy that refuses a request, or that cannot be reached.

    Args:
        url: What was asked for.
        proxy: The proxy.
        status: The proxy's status; 0 if it cannot be reached.
    """
    if not status:
        what = (
            "names a proxy that cannot be reached: its host is unknown, or nothing answers there as a proxy"
        )
    elif status == _PROXY_AUTHENTICATION:
        what = "names a proxy that requires a user name and password, or rejects those given (status 407)"
    else:
        what = f"names a proxy that refuses to connect to {_host(url)} (status {status})"
    return _wrong(proxy.variable, what, "or list the host in NO_PROXY if no proxy is needed for it")


def _tunnel_status(problem: requests.RequestException) -> int:
    """Return the status with which a proxy refused to connect; 0 if it did not say one."""
    cause: Any = problem.args[0] if problem.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    found = _TUNNEL.search(str(getattr(reason, "original_error", reason)))
    return int(found[1]) if found else 0


def _wrong(variable: str, what: str, otherwise: str = "or unset it") -> ConfigurationError:
    message = f"the environment variable {variable} {what}: correct it, {otherwise}"
    return ConfigurationError(message, setting=variable)


def _complete(address: str) -> str:
    """Return an address with its scheme: `http` if it has none."""
    return address if "://" in address else f"http://{address}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _check_proxy(proxy: Proxy) -> None:
    if re.search(r"[^!-~]", proxy.url):
        raise _wrong(proxy.variable, "contains a blank, or a character that is not allowed in an address")
    try:
        parts = urllib3.util.parse_url(_complete(proxy.url))
    except (LocationParseError, ValueError):
        raise _wrong(proxy.variable, "is not the address of a proxy, such as http://host:3128") from None
    if (parts.scheme or "") not in _SCHEMES:
        what = f"names a proxy with an unsupported scheme; supported are {', '.join(sorted(_SCHEMES))}"
        raise _wrong(proxy.variable, what)
    beyond = parts.path not in {None, "", "/"} or parts.query is not None or parts.fragment is not None
    if not parts.host or beyond or parts.port == 0:
        what = "is not the address of a proxy, such as http://host:3128"
        raise _wrong(proxy.variable, what, "or unset it; a password's special characters are percent-encoded")
    if parts.scheme in _SOCKS and importlib.util.find_spec("socks") is None:
        what = "names a SOCKS proxy, which needs the package PySocks, and that is not installed"
        raise _wrong(proxy.variable, what, "or install PySocks beside this program")


def _check_exceptions(url: str) -> None:
    """Refuse a `NO_PROXY` that names this URL's host in a form that has no effect."""
    variable = next((name for name in ("no_proxy", "NO_PROXY") if os.environ.get(name)), "")
    host, port = _host(url), urlsplit(url).port
    for entry in re.split(r"[,;\s]+", os.environ.get(variable, "").lower()):
        name, _, rest = entry.rpartition("://")[2].partition("/")[0].partition(":")
        name = name.lstrip("*.")
        if name and (host == name or host.endswith(f".{name}")) and rest in {"", str(port)}:
            what = f"means {host}, but in a form that has no effect"
            raise _wrong(variable, what, "as host names without scheme and asterisk, separated by commas")


def _check_authorities() -> None:
    # requests reads the first one. SSL_CERT_FILE is read by other programs only. It is checked because users
    # who set it rely on it.
    for variable in (authorities_variable(), "SSL_CERT_FILE"):
        if variable and os.environ.get(variable):
            _check_authority(variable, os.environ[variable])
    try:
        create_urllib3_context()
    except OSError:
        variable = "SSLKEYLOGFILE"
        raise _wrong(variable, "names a file that cannot be written") from None


def _check_authority(variable: str, value: str) -> None:
    path = Path(value)
    try:
        if path.is_dir() and variable in _AUTHORITIES:
            if not any(path.iterdir()):
                raise _wrong(variable, "names an empty folder, not certificate authorities")
            return
        if not path.exists():
            raise _wrong(variable, "names a file that does not exist")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
    except ssl.SSLError:
        what = "names a file that is not a bundle of certificate authorities in PEM format"
        raise _wrong(variable, what) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not the name of a file"
        raise _wrong(variable, f"names a file that cannot be read ({reason})") from None
