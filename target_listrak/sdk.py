"""The private parts of singer-sdk that the target overrides or reads, and why.

A new version of the SDK may change any of these without notice. `tests/unit/target/test_sdk.py` checks that
each still exists, with the parameters that are relied on. Overridden methods are marked with `override`.

Overridden methods:

- ``Target._process_schema_message``: notes where a stream's records go.
- ``Target._process_record_message``: a record goes to its loader without the SDK's copy, date parsing and
  second validation.
- ``Target._process_batch_message``: records of BATCH files are handled as RECORD messages.
- ``Target._process_state_message``: STATE waits until its rows are confirmed. The SDK never gets it.
- ``Target._process_activate_version_message``: shows that a stream is complete, for `mirror: true`.
- ``Target._handle_termination``: a signal ends the reading loop. The SDK would drain and exit with 0.
- ``PluginBase._validate_config``: checks that a JSON schema cannot express.
- ``GenericSingerReader.process_lines``: lines are read as bytes, many at a time (`input.reader`).

Read:

- ``Target._assert_line_requires``: the reader's check of a message's members.
- ``Target._MAX_RECORD_AGE_IN_MINUTES``: how long rows may wait before they are submitted.
- ``Sink._validator``: the schema validator, where `validate_records` is on.
- ``PluginBase._config``: the settings while they are being validated.

The fast path (`Feed.take_consecutive` and `input.columns`) bypasses the SDK's loop of one message at a time;
`tests/unit/target/test_columns.py` checks that it gives the same results as the slow path.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

__all__ = ["override"]
