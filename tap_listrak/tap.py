"""The tap: which streams there are, what is checked before they run, and the command line."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.tap_base import CliTestOptionValue

from listrak_api.errors import ConfigurationError
from listrak_api.settings import CREDENTIAL_NAMES
from listrak_singer.cli import ListrakCommand, only_one_more_signal
from listrak_singer.files import read_object
from listrak_singer.settings import CheckedSettings, settings_of_missing_libraries
from tap_listrak.incremental.bookmarks import check_state, format_bookmark, unwrapped
from tap_listrak.sdk import override
from tap_listrak.settings import CONFIG_SCHEMA, Settings
from tap_listrak.sync import known_ids, row_counts, widening
from tap_listrak.sync.context_stream import ContextStream
from tap_listrak.sync.removed_parents import RemovedParentTransform
from tap_listrak.sync.session import TapSession

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk import Stream

    from tap_listrak.streams.base import ListrakStream


_OF_FEW_ACCOUNTS = " and ".join(CREDENTIAL_NAMES["cross_channel"])
"""Credentials of an integration that few accounts have. If they are missing, that is no warning."""


class TapListrak(CheckedSettings, TapSession):
    """Singer tap for Listrak, the email and SMS marketing platform."""

    name = "tap-listrak"
    package_name = "singer-listrak"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    settings_without_effect = settings_of_missing_libraries()

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on as they are
        super().__init__(**kwargs)
        self._check_catalog()

    # --- what the SDK asks for

    @override
    def setup_mapper(self) -> None:
        """Set up stream maps, also for streams that the catalog leaves out.

        The SDK sets up those of the catalog only, and fails when such a stream is read as a parent.
        """
        from tap_listrak.checks.mapping_check import check_stream_maps, explain_failures  # noqa: PLC0415 - only with maps

        known = {name: one.schema["properties"].keys() for name, one in self.streams.items()}
        check_stream_maps(self.config.get("stream_maps"), known)
        super().setup_mapper()
        for stream in self.streams.values():
            if stream.name not in self.mapper.stream_maps:
                self.mapper.register_raw_stream_schema(stream.name, stream.schema, stream.primary_keys)
            maps = self.mapper.stream_maps[stream.name]
            maps[:] = [
                RemovedParentTransform.like(one) if isinstance(one, RemoveRecordTransform) else one
                for one in maps
            ]
            for one in maps:
                explain_failures(stream.name, one)

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams, in the order in which they run: lists, then the others by name.

        Settings that name lists or profile fields are checked when the lists are read. In the SDK's order, by
        name, other streams would be written before a mistake in these settings is found.
        """
        if self._streams is None:
            by_name = super().streams
            self._streams = {"lists": by_name["lists"], **by_name}
        return self._streams

    @override
    def discover_streams(self) -> list[ListrakStream]:
        """Return all streams. Discovery needs no credentials: Listrak's reports have fixed columns."""
        from tap_listrak.streams import STREAMS  # noqa: PLC0415 - not needed for --version and --about

        return [stream(self) for stream in STREAMS]

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Load the state, also in the forms in which Meltano stores it.

        Raises:
            ConfigurationError: It cannot be used; the text says why and what to do.
        """
        inner = unwrapped(state)
        check_state(inner)
        super().load_state(inner)
        for key in (known_ids.STATE_KEY, row_counts.STATE_KEY, widening.STATE_KEY):
            if key in inner:  # the SDK loads bookmarks only
                cast("dict[str, Any]", self.state)[key] = inner[key]

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings: each by its schema, then their combinations. Values are never shown.

        Raises:
            InvalidSettingsError: Values that are invalid by their schema.
            ConfigurationError: Values that contradict each other, or missing credentials.
        """
        errors = super()._validate_config(raise_errors=raise_errors)
        if raise_errors:
            Settings.from_config(self._config)
        return errors

    def _check_catalog(self) -> None:
        """Check what a catalog selects.

        Raises:
            ConfigurationError: A selected stream does not exist, or its schema there lacks a key.
        """
        if self.input_catalog is None:
            return
        from tap_listrak.checks.catalog_check import check_selection  # noqa: PLC0415 - only with a catalog

        check_selection(self.input_catalog, self.streams)

    # --- a run

    def sync_all(self) -> None:  # type: ignore[misc]  # final in the SDK, which has no hook before and after
        """Check what the settings name, and run all streams. The last message is a STATE, after an error too.

        Raises:
            ConfigurationError: A setting names something that does not exist, ``start_date`` is in the
                future, or no stream is selected. Nothing has been written.
            PartlyRefusedError: Listrak refused parts of the account. All else was read and written.
            ReconciliationError: Activity has fewer rows than its summary says, and ``reconcile`` is ``fail``.
            ListrakError: What streams raise otherwise.
        """
        from tap_listrak.output.storage_check import check_storage  # noqa: PLC0415 - as below
        from tap_listrak.preflight import check_names  # noqa: PLC0415 - not needed for --version and --about

        self._log_unavailable_streams()
        chosen = [stream for stream in self.streams.values() if stream.selected]
        if not chosen and not any(one.removed_by_stream_map for one in self._context_streams()):
            # Otherwise the run would read nothing and succeed.
            message = "no stream is selected that can be read"
            hint = "Check `select` in meltano.yml, or `selected` in the catalog."
            raise ConfigurationError(message, setting="catalog", hint=hint)
        if chosen:
            check_storage(self.config)
            _ = self.bookmarks  # checks start_date
            check_names(self)
            widening.warn_of_missing_rows(self)
            self._log_selected_streams(chosen)
        try:
            super().sync_all()
            self.write_state()
        except BrokenPipeError:
            raise
        except BaseException:
            with contextlib.suppress(OSError):
                self.write_last_state()
            raise
        finally:
            self.warnings.log()
            self.request_counts.log_nul_characters()
            self.empty_answers.log_result()
            self.reconciliation.log_result()
            for line in self._closing_lines():
                self.logger.info(line)
        self.refusals.fail_if_any()
        self.reconciliation.fail_if_short()

    def _context_streams(self) -> list[ContextStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, ContextStream)]

    def _log_selected_streams(self, chosen: list[Stream]) -> None:
        from tap_listrak.sync.narrowing import explanation  # noqa: PLC0415 - as above

        self.logger.info("Reading %d streams up to %s", len(chosen), format_bookmark(self.bookmarks.until))
        versioned = [stream for stream in chosen if stream.replication_method == REPLICATION_FULL_TABLE]
        if self.config.get("emit_activate_version_messages") and (line := explanation(versioned)):
            self.logger.info(line)

    def _log_unavailable_streams(self) -> None:
        """Log which selected streams cannot be read, and the settings that they need."""
        lacking: dict[str, list[str]] = defaultdict(list)
        for stream in self.streams.values():
            if isinstance(stream, ContextStream) and stream.missing_settings and stream.mask.get((), True):
                lacking[stream.missing_settings].append(stream.name)
        # Without a catalog every stream is selected, so that is only an information.
        for settings, names in lacking.items():
            asked_for = self.input_catalog and settings != _OF_FEW_ACCOUNTS
            level = logging.WARNING if asked_for else logging.INFO
            are = "are" if " and " in settings else "is"
            self.logger.log(level, "Not read, because %s %s not set: %s", settings, are, ", ".join(names))

    def _closing_lines(self) -> list[str]:
        from tap_listrak.output.report import bookmarks_line, table  # noqa: PLC0415 - as above

        roots = [stream for stream in self._context_streams() if stream.parent_stream_type is None]
        read = [
            stream for root in roots if root.selected or root.active_children for stream in root.subtree()
        ]
        lines = table(read, self.request_counts)
        if "bookmarks" in vars(self) and not self.bookmarks.frozen:
            names = [stream.name for stream in read if stream.selected and stream.has_bookmark]
            line = bookmarks_line(names, self.bookmarks.moved, self.bookmarks.until)
            lines += [line] if line else []
        return lines

    # --- the command line

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once, but not within a line, and write a last STATE."""
        only_one_more_signal()
        if self.output.busy:
            self.output.released = partial(self._handle_termination, signum, frame)
            return
        self.logger.warning(
            "Stopped by %s: the next run reads again what the last STATE does not cover", _signal(signum)
        )
        self.output.flush()
        self.write_last_state()
        sys.exit(128 + signum)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with the option `--shards` and this project's error messages."""
        command = super().get_singer_command()
        text = "Print the shards of the account, one JSON object in each line: shard, settings, catalog."
        command.params.append(
            click.Option(
                ["--shards"], is_flag=True, expose_value=False, help=text, callback=cls._print_shards
            )
        )
        return ListrakCommand.like(command, cls.logger)

    @classmethod
    def _print_shards(cls, ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
        if not wanted:
            return
        from tap_listrak.shards import shards  # noqa: PLC0415 - not needed for --version and --about

        config = ctx.params.get("config", _ConfigInput())
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        for shard in shards(tap):
            click.echo(json.dumps(shard))
        ctx.exit(0)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Print what the credentials may read. The exit code is 1 if an integration may read nothing.

        ``--test=schema`` is handled by the SDK.
        """
        if value != CliTestOptionValue.All.value:
            super().cb_test(ctx, param, value)
            return
        from tap_listrak.checks.connection_test import report  # noqa: PLC0415 - not needed for --version and --about

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
        state: str | None = None,
        catalog: str | None = None,
    ) -> None:
        """Run the tap as the SDK does, with errors that name the file.

        Args:
            about: Print the settings and end.
            about_format: How to print them.
            config: The settings.
            state: The text of the state file.
            catalog: The text of the catalog file.

        Raises:
            ConfigurationError: The state or the catalog is not a JSON object.
        """
        texts = {name: text for name, text in (("state", state), ("catalog", catalog)) if text is not None}
        for name, text in texts.items():
            value = read_object(text, f"the {name} file", name)
            if name == "catalog":
                from tap_listrak.checks.catalog_check import check_catalog  # noqa: PLC0415 - not needed for --about

                check_catalog(value)
        super().invoke(
            about=about,
            about_format=about_format,
            config=config,
            state=io.StringIO(texts["state"]) if "state" in texts else None,
            catalog=io.StringIO(texts["catalog"]) if "catalog" in texts else None,
        )


def _signal(signum: int) -> str:
    return signal.Signals(signum).name
