"""The SDK's standard suite of tests for taps, on a seeded sandbox, with nothing ignored."""

from __future__ import annotations

import atexit

from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_runs import catalog, settings

from listrak_sandbox.testing import running_sandbox
from tap_listrak.tap import TapListrak

_sandbox = running_sandbox(process=True, scale="tiny")
_running = _sandbox.__enter__()  # the suite wants the settings while this module is imported
atexit.register(_sandbox.__exit__, None, None, None)

_settings = settings(_running, profile_fields="all")
# Streams that are not selected by default are tested too.
_everything = catalog(_settings, TapListrak(config=dict(_settings)).streams)

# Enough rows for each stream to meet every kind of row.
TestTap = get_tap_test_class(
    TapListrak, config=_settings, catalog=_everything, suite_config=SuiteConfig(max_records_limit=60)
)
