"""What the tap overrides or reads of the private parts of singer-sdk, and why.

A new version of the SDK may change any of these without notice. `tests/unit/tap/test_sdk.py` checks that each
still exists, with the parameters that are relied on. Overridden methods are marked with `override`.

Overridden methods:

- ``Stream._sync_records``: a root stream holds the prefetcher while it runs, and closes its descendants.
- ``Stream._sync_children``: contexts of a child share one SCHEMA, one version and one counter.
- ``Stream._sync_batches``: a BATCH file is filled over all contexts.
- ``Stream._generate_schema_messages``: schemas that all loaders accept.
- ``Stream._generate_record_messages``: no column that SCHEMA lacks after flattening.
- ``Stream._write_schema_message``: notes that the stream is open.
- ``Stream._write_activate_version_message``: ACTIVATE_VERSION follows the last record.
- ``Stream._write_starting_replication_value``, ``Stream._increment_stream_state``,
  ``Stream._write_state_message``: bookmarks are those of `tap_listrak.incremental.bookmarks`.
- ``Tap._handle_termination``: a signal ends the run between two lines, with the last STATE.
- ``Tap.sync_all``: final in the SDK, which has no hook before and after a run.
- ``PluginBase._validate_config``, ``PluginBase._env_var_config``: in `listrak_singer.settings`.

Read or set:

- ``Stream._write_record_message``: writes one record through stream maps.
- ``Stream._tap``, ``Stream._mask``, ``Stream._state_manager``, ``Stream._stream_version``,
  ``Stream._initialized_at``.
- ``Tap._streams``: puts lists first.
- ``Tap._state_writer`` and ``StateWriter._last_emitted_state``: a STATE is written again if messages followed
  it.
- ``CustomStreamMap._filter_fn``: the only trace of ``__filter__``.
- ``CustomStreamMap._filter_fn``, ``CustomStreamMap._transform_fn``: wrapped, so that what an expression
  raises at a record is one error.
- ``PluginBase._mapper``: whether a stream map removes a stream, also before there is a mapper.
- ``PluginBase._config`` and ``PluginBase._env_var_prefix``.
- Classes of private modules: ``streams._state.StreamStateManager``, ``helpers._state.StateWriter``,
  ``helpers._batch``, ``helpers._util.utc_now``, ``helpers._classproperty``, ``plugin_base._ConfigInput``.

The fast path of `tap_listrak.records.pages` goes around the SDK's conversion of records altogether;
`tests/integration/tap/test_pages.py` holds its output equal to the SDK's.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

__all__ = ["override"]
