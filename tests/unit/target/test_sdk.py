"""The private parts of the SDK that the target relies on are still there (see `target_listrak.sdk`)."""

from __future__ import annotations

import inspect
import re

import pytest
from singer_sdk import Target
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.sinks import Sink

from target_listrak import sdk
from target_listrak.input.reader import Reader
from target_listrak.target import TargetListrak

METHODS = [
    (Target, TargetListrak, "_process_schema_message", ["self", "message_dict"]),
    (Target, TargetListrak, "_process_record_message", ["self", "message_dict"]),
    (Target, TargetListrak, "_process_batch_message", ["self", "message_dict"]),
    (Target, TargetListrak, "_process_state_message", ["self", "message_dict"]),
    (Target, TargetListrak, "_process_activate_version_message", ["self", "message_dict"]),
    (Target, TargetListrak, "_handle_termination", ["self", "signum", "frame"]),
    (Target, None, "_assert_line_requires", ["self", "message_dict", "requires"]),
    (PluginBase, TargetListrak, "_validate_config", ["self", "raise_errors"]),
    (GenericSingerReader, Reader, "process_lines", ["self", "file_input", "callbacks"]),
]
ATTRIBUTES = [(Sink, "_validator"), (PluginBase, "_config")]


@pytest.mark.parametrize(("owner", "ours", "name", "parameters"), METHODS)
def test_private_methods_have_the_parameters_that_are_relied_on(
    owner: type, ours: type | None, name: str, parameters: list[str]
) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters
    assert ours is None or name in vars(ours)
    assert name in str(sdk.__doc__)


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES)
def test_private_attributes_are_set_by_the_sdk(owner: type, name: str) -> None:
    assert re.search(rf"self\.{name}\b", inspect.getsource(owner))
    assert name in str(sdk.__doc__)


def test_the_age_at_which_rows_are_submitted_is_the_sdk_s() -> None:
    assert isinstance(Target._MAX_RECORD_AGE_IN_MINUTES, int | float)
    assert "_MAX_RECORD_AGE_IN_MINUTES" in str(sdk.__doc__)


def test_every_private_member_of_the_sdk_that_is_overridden_is_listed() -> None:
    inherited = {name for base in TargetListrak.__mro__[1:] for name in vars(base)}
    ours = {name for name in vars(TargetListrak) if name in inherited and re.match(r"_[a-z]", name)}
    ours -= {name for name in ours if name.startswith("_abc_")}
    assert {name for name in ours if name not in str(sdk.__doc__)} == set()
