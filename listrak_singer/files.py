"""Files that the command line names: read in UTF-8, UTF-16 or UTF-32, or refused with a one-line error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from listrak_api.errors import ConfigurationError
from listrak_singer.coercion import kind_of

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["InputFile", "TextFile", "decoded", "read_bytes", "read_object"]


def read_bytes(path: str, what: str, setting: str) -> bytes:
    """Read a file; `-` is standard input.

    Raises:
        ConfigurationError: The file does not exist, or cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except (OSError, ValueError, AttributeError) as error:
        _cannot_be_read(error, what, setting)


def decoded(content: bytes, what: str, setting: str) -> str:
    """Return a file's text: UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises:
        ConfigurationError: The encoding is another one.
    """
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        message = f"{what} cannot be read: it is not a text file in UTF-8"
        raise ConfigurationError(message, setting=setting) from None


def read_object(text: str, what: str, setting: str) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        text: The text.
        what: Its name in errors: `the config file config.json`.
        setting: The option that names it.

    Raises:
        ConfigurationError: It is not JSON, is not an object, or names a member twice.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        message = f"{what} is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise ConfigurationError(message, setting=setting) from None
    except RecursionError:
        message = f"{what} is not valid JSON: it is nested too deeply"
        raise ConfigurationError(message, setting=setting) from None
    except ValueError as error:
        message = f"{what} is not valid JSON: {error}"
        raise ConfigurationError(message, setting=setting) from None
    if not isinstance(value, dict):
        message = f"{what} holds {kind_of(value)}, not an object"
        raise ConfigurationError(message, setting=setting, hint="It begins with { and ends with }.")
    return value


class TextFile(click.ParamType):  # type: ignore[type-arg]  # older versions have none
    """Type of an option that names a text file. The value is its text.

    Args:
        setting: The option's name.
    """

    name = "filename"

    def __init__(self, setting: str) -> None:
        self._setting = setting

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's signature
        """Read the file.

        Raises:
            ConfigurationError: It cannot be read.
        """
        what = f"the {self._setting} file {value}"
        return decoded(read_bytes(value, what, self._setting), what, self._setting)


class InputFile(click.ParamType):  # type: ignore[type-arg]  # as above
    """Type of an option that names a file of Singer messages. The value is the open file, in binary mode."""

    name = "filename"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> IO[bytes]:  # noqa: ARG002 - click's signature
        """Open the file.

        Raises:
            ConfigurationError: It cannot be opened.
        """
        if value == "-":
            return sys.stdin.buffer
        try:
            file = Path(value).open("rb")  # noqa: SIM115 - closed with the command
        except (OSError, ValueError) as error:
            _cannot_be_read(error, f"the input file {value}", "input")
        if ctx is not None:
            ctx.call_on_close(file.close)
        return file


def _cannot_be_read(error: Exception, what: str, setting: str) -> NoReturn:
    reason = getattr(error, "strerror", None) or "it is not a file"
    message = f"{what} cannot be read: {reason}"
    raise ConfigurationError(message, setting=setting) from None


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and infinities: Python reads them, what takes the text afterwards does not."""
    message = f"it holds {constant}, which is no JSON"
    raise ValueError(message)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. A member that occurs twice is an error, because only one of them would be used."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the member {twice!r} occurs twice"
        raise ValueError(message)
    return found
