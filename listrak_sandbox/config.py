"""What the sandbox is started with: command line options, environment variables, defaults."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCALES = ("tiny", "small", "medium", "large", "enterprise", "fanout", "stream")
"""Sizes of the world; ``tiny`` is for tests that run often, ``fanout`` and ``stream`` for measurements."""

ENVIRONMENT_PREFIX = "LISTRAK_SANDBOX_"


@dataclass(frozen=True)
class Config:
    """How one sandbox was started.

    Attributes:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        seed: Seed of the world; the same seed gives the same world.
        scale: One of `SCALES`.
        latency_ms: Milliseconds that each API answer is delayed.
        token_ttl: Seconds of real time that an access token is valid.
    """

    port: int = 8990
    seed: int = 1
    scale: str = "small"
    latency_ms: float = 0.0
    token_ttl: float = 3599.0


def _not_negative(text: str) -> float:
    number = float(text)
    if number < 0:
        message = f"{text} is below 0"
        raise argparse.ArgumentTypeError(message)
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004  the range of TCP ports
        message = f"{text} is not a TCP port (0 to 65535)"
        raise argparse.ArgumentTypeError(message)
    return number


def parse(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Config:
    """Read options from the command line, else from environment variables, else from the defaults.

    Args:
        arguments: The command line without the program's name.
        environment: Variables to look in; the process's own by default.

    Raises:
        SystemExit: An option is unknown or has an invalid value; argparse has printed which one.
    """
    environment = os.environ if environment is None else environment
    parser = argparse.ArgumentParser(
        prog="listrak-sandbox",
        description="A simulated Listrak on 127.0.0.1: its email, SMS and data APIs with a made-up retailer.",
        epilog=f"Each option has a variable: {ENVIRONMENT_PREFIX}PORT, {ENVIRONMENT_PREFIX}SEED, …",
    )
    default = Config()
    options = (
        ("port", _port, "TCP port on 127.0.0.1; 0 takes a free one"),
        ("seed", int, "seed of the made-up world"),
        ("scale", str, "size of the made-up world"),
        ("latency-ms", _not_negative, "milliseconds that each API answer is delayed"),
        ("token-ttl", _not_negative, "seconds that an access token is valid"),
    )
    for name, kind, text in options:
        variable = ENVIRONMENT_PREFIX + name.upper().replace("-", "_")
        parser.add_argument(
            f"--{name}",
            type=kind,
            # argparse runs text defaults through `type`, so a bad variable is reported like a bad option.
            default=environment.get(variable) or str(getattr(default, name.replace("-", "_"))),
            choices=SCALES if name == "scale" else None,
            help=f"{text} (default %(default)s; or {variable})",
        )
    found = parser.parse_args(list(arguments))
    if found.scale not in SCALES:  # argparse does not check defaults against choices
        parser.error(f"argument --scale: {found.scale!r} is none of {', '.join(SCALES)}")
    return Config(found.port, found.seed, found.scale, found.latency_ms, found.token_ttl)
