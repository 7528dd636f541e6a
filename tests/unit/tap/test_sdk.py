"""The private parts of the SDK that the tap relies on are still there (see `tap_listrak.sdk`)."""

from __future__ import annotations

import inspect
import re

import pytest
from singer_sdk import Stream, Tap
from singer_sdk.helpers import _batch, _classproperty, _state, _util
from singer_sdk.mapper import CustomStreamMap
from singer_sdk.plugin_base import PluginBase, _ConfigInput
from singer_sdk.streams._state import StreamStateManager

from listrak_singer.settings import CheckedSettings
from tap_listrak import sdk
from tap_listrak.sync.context_stream import ContextStream
from tap_listrak.tap import TapListrak

METHODS = [
    (Stream, ContextStream, "_sync_records", ["self", "context", "write_messages"]),
    (Stream, ContextStream, "_sync_children", ["self", "child_context"]),
    (Stream, ContextStream, "_sync_batches", ["self", "batch_config", "context"]),
    (Stream, ContextStream, "_generate_schema_messages", ["self"]),
    (Stream, ContextStream, "_generate_record_messages", ["self", "record"]),
    (Stream, ContextStream, "_write_schema_message", ["self"]),
    (Stream, ContextStream, "_write_activate_version_message", ["self", "full_table_version"]),
    (Stream, ContextStream, "_write_starting_replication_value", ["self", "context"]),
    (Stream, ContextStream, "_increment_stream_state", ["self", "latest_record", "context"]),
    (Stream, ContextStream, "_write_state_message", ["self"]),
    (Stream, None, "_write_record_message", ["self", "record"]),
    (Tap, TapListrak, "_handle_termination", ["self", "signum", "frame"]),
    (Tap, TapListrak, "sync_all", ["self"]),
    (PluginBase, CheckedSettings, "_validate_config", ["self", "raise_errors"]),
]
ATTRIBUTES = [
    (Stream, "_tap"),
    (Stream, "_mask"),
    (Stream, "_state_manager"),
    (Stream, "_stream_version"),
    (Stream, "_initialized_at"),
    (Tap, "_streams"),
    (Tap, "_state_writer"),
    (_state.StateWriter, "_last_emitted_state"),
    (CustomStreamMap, "_filter_fn"),
    (CustomStreamMap, "_transform_fn"),
    (PluginBase, "_config"),
    (PluginBase, "_mapper"),
]


@pytest.mark.parametrize(("owner", "ours", "name", "parameters"), METHODS)
def test_private_methods_have_the_parameters_that_are_relied_on(
    owner: type, ours: type | None, name: str, parameters: list[str]
) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters
    assert ours is None or name in vars(ours)
    assert name in str(sdk.__doc__)


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES)
def test_private_attributes_are_set_by_the_sdk(owner: type, name: str) -> None:
    classes = [one for one in owner.__mro__ if one.__module__.startswith("singer_sdk")]
    source = "".join(map(inspect.getsource, classes))
    assert re.search(rf"self\.{name}\b", source)
    assert name in str(sdk.__doc__)


def test_private_modules_have_the_classes_that_are_relied_on() -> None:
    assert all((_ConfigInput, StreamStateManager, _batch.SDKBatchMessage, _batch.BatchFileFormat))
    assert callable(_util.utc_now)
    assert callable(_classproperty.classproperty)
    assert isinstance(inspect.getattr_static(PluginBase, "_env_var_prefix"), _classproperty.classproperty)
    assert isinstance(inspect.getattr_static(PluginBase, "_env_var_config"), _classproperty.classproperty)
