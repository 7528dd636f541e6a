"""A rate of requests that several processes share: `rate_limit_url` names where its bucket is kept.

The buckets are pyrate-limiter's. There is one for each integration and API address, named by a hash of both,
so that one file or server can hold any number of them.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from listrak_api.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket, Limiter, Rate

__all__ = ["SharedLimiter", "check_rate_limit_url", "rate_of", "shared_limiter_for"]

_SETTING: Final = "rate_limit_url"
_EXAMPLES: Final = (
    "sqlite:////var/lib/listrak/rate.sqlite, redis://host:6379/0 or postgresql://user@host/database"
)
_LIBRARIES: Final = {
    "sqlite": ("rate-sqlite", ("filelock",)),
    "redis": ("rate-redis", ("redis",)),
    "rediss": ("rate-redis", ("redis",)),
    "postgresql": ("rate-postgres", ("psycopg", "psycopg_pool")),
}
"""The extra of the package and the libraries that each kind of address needs."""
_CONNECT_SECONDS: Final = 10.0
_LOCK_POLL_SECONDS: Final = 0.002
"""How often a process checks whether the file is unlocked. A lock is held for about a millisecond."""
_NO_STORE_SECONDS: Final = 10.0
"""How long a run waits for a failing store before it ends."""


class SharedLimiter:
    """pyrate-limiter's limiter on a store that other processes use as well.

    Args:
        limiter: The limiter.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def try_acquire(self, name: str, *, timeout: float) -> bool:
        """Wait for permission to start a request.

        Args:
            name: A label that is stored with the permission.
            timeout: Seconds to wait at most.

        Returns:
            Whether it was given.

        Raises:
            UnavailableError: The store has failed for some seconds. Without it the rate that other processes
                use is unknown, so no request is sent.
        """
        end = time.monotonic() + _NO_STORE_SECONDS
        while True:
            try:
                return bool(self._limiter.try_acquire(name, timeout=timeout))
            except Exception as error:  # noqa: BLE001
                # Each store's library has its own errors, and none of them is needed otherwise.
                if time.monotonic() > end:
                    message = f"{_SETTING}: the shared rate limit cannot be used: {type(error).__name__}"
                    raise UnavailableError(message, hint="Check the file or server that it names.") from None
            time.sleep(0.2)


def check_rate_limit_url(url: object) -> str:
    """Check the address of a store, without connecting to it.

    Raises:
        ConfigurationError: It is not one, or a library that it needs is not installed. The text does not hold
            the address, which may have a password.
    """
    hint = f"Set {_SETTING} to an address such as {_EXAMPLES}, or leave it out."
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        known = parts is not None and parts.scheme in _LIBRARIES and parts.port != -1
    except ValueError:
        known = False
    what = ""
    if not known or parts is None:
        what = "is not a sqlite, redis or postgresql address"
    elif parts.scheme != "sqlite":
        what = "" if parts.hostname else "does not name a host"
    elif parts.netloc or not parts.path.strip("/") or parts.path.endswith("/"):
        what = "does not name a file (an absolute path has four slashes)"
    if what or parts is None:
        raise _wrong(what, hint)
    extra, libraries = _LIBRARIES[parts.scheme]
    if missing := [one for one in libraries if find_spec(one) is None]:
        what = f"needs {' and '.join(missing)}, which is not installed"
        raise _wrong(what, f"Install singer-listrak[{extra}].")
    return str(url)


def rate_of(requests_per_second: float) -> Rate:
    """Return the library's rate; below 1, or with a fraction, requests are spaced evenly."""
    from pyrate_limiter import Rate  # noqa: PLC0415 - hardly anybody sets a limit, and it takes its time

    if requests_per_second == int(requests_per_second):
        return Rate(int(requests_per_second), 1000)
    return Rate(1, max(1, round(1000 / requests_per_second)))


@lru_cache(maxsize=32)
def shared_limiter_for(url: str, api_url: str, client_id: str, requests_per_second: float) -> SharedLimiter:
    """Return the limit that an integration's requests share, and connect to its store.

    Args:
        url: Where the bucket is kept, checked.
        api_url: The address of Listrak's API.
        client_id: The integration.
        requests_per_second: The limit. All processes must have the same one: each checks what all have sent
            against its own.

    Raises:
        ConfigurationError: The store cannot be reached.
    """
    from pyrate_limiter import Limiter  # noqa: PLC0415 - as above

    name = f"listrak_{sha256(f'{api_url} {client_id}'.encode()).hexdigest()[:16]}"
    make = {"sqlite": _sqlite, "postgresql": _postgresql}.get(urlsplit(url).scheme, _redis)
    try:
        bucket = make(url, name, rate_of(requests_per_second))
    except Exception as error:  # noqa: BLE001
        # The libraries' texts hold addresses and user names.
        what = f"names a store that cannot be reached: {type(error).__name__}"
        raise _wrong(
            what, "Check that the file's folder exists, or that the server accepts this user."
        ) from None
    return SharedLimiter(Limiter(bucket, buffer_ms=5))


def _sqlite(url: str, name: str, rate: Rate) -> AbstractBucket:
    from filelock import FileLock  # noqa: PLC0415 - of an extra
    from pyrate_limiter import SQLiteBucket  # noqa: PLC0415

    path = Path(unquote(urlsplit(url).path[1:]))
    # The lock would create the folders of a misspelt path, and two processes would each have a limit.
    path.parent.stat()
    lock = FileLock(f"{path}.lock", poll_interval=_LOCK_POLL_SECONDS)
    with lock, closing(sqlite3.connect(path)) as connection:
        # Readers and the writer do not exclude each other, and a lost last second of the file costs nothing.
        connection.execute("PRAGMA journal_mode=WAL")
    made = SQLiteBucket.init_from_file([rate], name, str(path), use_file_lock=True)
    made.lock = lock  # type: ignore[assignment]  # the library sets a file lock there, too
    return made


def _redis(url: str, name: str, rate: Rate) -> AbstractBucket:
    from pyrate_limiter import RedisBucket  # noqa: PLC0415
    from redis import Redis  # noqa: PLC0415 - of an extra

    client = Redis.from_url(url, socket_timeout=_CONNECT_SECONDS, socket_connect_timeout=_CONNECT_SECONDS)
    made: AbstractBucket = RedisBucket.init([rate], client, name)
    return made


def _postgresql(url: str, name: str, rate: Rate) -> AbstractBucket:
    from psycopg_pool import ConnectionPool  # noqa: PLC0415 - of an extra
    from pyrate_limiter import PostgresBucket  # noqa: PLC0415

    pool = ConnectionPool(url, min_size=1, max_size=4, open=False, timeout=_CONNECT_SECONDS)
    pool.open(wait=True, timeout=_CONNECT_SECONDS)
    return PostgresBucket(pool, name, [rate])


def _wrong(what: str, hint: str) -> ConfigurationError:
    """Create the error for the setting; the address is never shown."""
    return ConfigurationError(f"{_SETTING} {what}", setting=_SETTING, hint=hint)
