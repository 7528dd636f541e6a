"""The command line: a user's mistake is a line or two that say what to do, never a stack trace."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError
from singer_sdk.plugin_base import SingerCommand

from listrak_api.errors import ConfigurationError, ListrakError
from listrak_api.masking import install_masking

if TYPE_CHECKING:
    from pathlib import Path

    import click


class ListrakCommand(SingerCommand):
    """The SDK's command, with this project's errors told as what they are."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; exit code 1 after an error. Files that it makes are for their owner only."""
        os.umask(0o077)
        install_masking(logging.getLogger())
        try:
            return super().main(*args, **kwargs)
        except ListrakError as error:
            for line in str(error).splitlines():
                self.logger.error(line)  # noqa: TRY400 - no stack trace for a user's mistake
        except ConfigValidationError as error:
            for line in error.errors:
                self.logger.error(line)  # noqa: TRY400 - as above
        except (MapExpressionError, StreamMapConfigError) as error:
            self.logger.error("The setting stream_maps is wrong: %s", error)  # noqa: TRY400 - as above
        except BrokenPipeError:
            self.logger.error("The loader has closed the pipe: nothing more can be written")  # noqa: TRY400
            # Python would try to flush standard output at exit, and complain.
            sys.stdout = None
        sys.exit(1)

    @classmethod
    def like(cls, command: click.Command, logger: logging.Logger) -> ListrakCommand:
        """Make one of what the SDK has put together."""
        return cls(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            help=command.help,
            logger=logger,
        )


def read_object(text: str, what: str, setting: str) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        text: The text.
        what: What it is, for the error: ``the config file config.json``.
        setting: The option that names it.

    Raises:
        ConfigurationError: It is no JSON, or no object.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"{what} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise ConfigurationError(message, setting=setting) from None
    if not isinstance(value, dict):
        message = f"{what} holds {type(value).__name__}, not an object"
        raise ConfigurationError(message, setting=setting, hint="It begins with { and ends with }.")
    return value


def read_file(path: Path, what: str, setting: str) -> str:
    """Read a file.

    Raises:
        ConfigurationError: There is none, or it cannot be read.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        message = f"{what} cannot be read: {reason}"
        raise ConfigurationError(message, setting=setting) from None
