"""The tap: which streams there are, what is checked before they run, and the command line."""

from __future__ import annotations

import difflib
import io
import signal
import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.tap_base import CliTestOptionValue

from listrak_api.errors import ConfigurationError
from tap_listrak.bookmarks import check_state
from tap_listrak.cli import ListrakCommand, read_file, read_object
from tap_listrak.settings import CONFIG_SCHEMA, Settings, unknown_settings, values_from_text
from tap_listrak.shared import SharedTap

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk import Stream

    from tap_listrak.streams.base import ListrakStream


class TapListrak(SharedTap):
    """Singer tap for Listrak, the email and SMS marketing platform."""

    name = "tap-listrak"
    package_name = "singer-listrak"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on as they are
        super().__init__(**kwargs)
        self._check_catalog()

    # --- what the SDK asks for

    def setup_mapper(self) -> None:
        """Set up stream maps, also for streams that the catalog leaves out: parents of others among them.

        The SDK knows those of the catalog only, and fails when a parent is read for the sake of its children.
        """
        super().setup_mapper()
        for stream in self.streams.values():
            if stream.name not in self.mapper.stream_maps:
                self.mapper.register_raw_stream_schema(stream.name, stream.schema, stream.primary_keys)

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams, in the order in which they run: lists, then the others by name.

        Settings that name lists or profile fields are checked when the lists are there. Run by name alone, as
        the SDK does, other streams would be written before a slip in them is found.
        """
        if self._streams is None:
            by_name = super().streams
            self._streams = {"lists": by_name["lists"], **by_name}
        return self._streams

    def discover_streams(self) -> list[ListrakStream]:
        """Return all streams. Discovery needs no credentials: Listrak's reports have fixed columns."""
        from tap_listrak.streams import STREAMS  # noqa: PLC0415 - not needed for --version and --about

        return [stream(self) for stream in STREAMS]

    def load_state(self, state: dict[str, Any]) -> None:
        """Take in the state.

        Raises:
            ConfigurationError: It cannot be used; the text says why and what to do.
        """
        check_state(state)
        super().load_state(state)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings: by their schema, then together. The values of secrets are never shown.

        Raises:
            ConfigValidationError: Values that their schema does not allow.
            ConfigurationError: Values that do not fit together, or credentials that are missing.
        """
        values_from_text(self._config, self.config_jsonschema["properties"])
        errors = [_without_secret(error) for error in super()._validate_config(raise_errors=False)]
        for line in unknown_settings(self._config, self.config_jsonschema["properties"]):
            self.logger.warning(line)
        if raise_errors:
            if errors:
                message = "Config validation failed"
                raise ConfigValidationError(message, errors=errors, schema=self.config_jsonschema)
            Settings.from_config(self._config)
        return errors

    def _check_catalog(self) -> None:
        names = self.streams.keys()
        for entry in self.input_catalog.streams if self.input_catalog else ():
            if entry.metadata.root.selected and entry.tap_stream_id not in names:
                near = difflib.get_close_matches(entry.tap_stream_id, names, n=1)
                message = f"the catalog selects a stream that does not exist: {entry.tap_stream_id!r}"
                hint = (f"Did you mean {near[0]!r}? " if near else "") + f"There are: {', '.join(names)}."
                raise ConfigurationError(message, setting="catalog", hint=hint)

    # --- the command line

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once, but between two lines, with the last state: what was read after it is read again."""
        # Meltano passes on the signal that its whole process group has got already: that changes nothing, the
        # end is near in any case. A second Ctrl-C ends the process at once.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self.output.busy:
            self.output.released = partial(self._handle_termination, signum, frame)
            return
        self.logger.warning(
            "Stopped by %s: what is not covered by the last state is read again", _signal(signum)
        )
        self.output.flush()
        if not self.config.get("batch_config"):
            self.state_writer.write_state(self.state)
        sys.exit(128 + signum)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with this project's way of telling errors."""
        return ListrakCommand.like(super().get_singer_command(), cls.logger)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the config files as the SDK does, with errors that name the file.

        Raises:
            ConfigurationError: A file is not there, or is no JSON object.
        """
        for path in value:
            if path != "ENV":
                what = f"the config file {path}"
                read_object(read_file(Path(path), what, "config"), what, "config")
        return super().cb_config(ctx, param, value)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Say what the credentials may read; exit code 1 if nothing. ``--test=schema`` is the SDK's."""
        if value != CliTestOptionValue.All.value:
            super().cb_test(ctx, param, value)
            return
        from tap_listrak.access import report  # noqa: PLC0415 - not needed for --version and --about

        config = ctx.params.get("config", _ConfigInput())
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        ctx.exit(0 if report(tap, click.echo) else 1)

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run as the SDK does, with errors that name the file.

        Raises:
            ConfigurationError: The state or the catalog is no JSON object.
        """
        files = {"state": state, "catalog": catalog}
        texts = {name: file.read() for name, file in files.items() if file is not None}
        for name, text in texts.items():
            value = read_object(text, f"the {name} file", name)
            if name == "catalog":
                from tap_listrak.catalogs import check_catalog  # noqa: PLC0415 - not needed for --about

                check_catalog(value)
        super().invoke(
            about=about,
            about_format=about_format,
            config=config,
            state=io.StringIO(texts["state"]) if "state" in texts else None,
            catalog=io.StringIO(texts["catalog"]) if "catalog" in texts else None,
        )


def _without_secret(error: str) -> str:
    """Return a validation error without the value if the setting is a secret."""
    for name, part in CONFIG_SCHEMA["properties"].items():
        if part.get("secret") and error.endswith(f"in config[{name!r}]"):
            return f"{name} must be a text"
    return error


def _signal(signum: int) -> str:
    return signal.Signals(signum).name


main = TapListrak.cli


if __name__ == "__main__":
    main()
