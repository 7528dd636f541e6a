"""Runs steps of the Dagster example in the example's own environment, by Dagster's in-process tools.

A test starts it with the interpreter of that environment. It reads steps, one JSON array in each line, and
answers each with a JSON object in a line that begins with `>`.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import dagster as dg
import definitions

ASSETS = {asset.key.to_user_string(): asset for asset in definitions.defs.assets}
INSTANCE = dg.DagsterInstance.get()


def evaluate_sensor(cursor: str | None) -> dict[str, Any]:
    """Evaluate the sensor and carry out what it asks for, as the daemon does."""
    with dg.build_sensor_context(INSTANCE, cursor=cursor, definitions=definitions.defs) as context:
        result = definitions.lists_come_and_go(context)
    for request in result.dynamic_partitions_requests:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            INSTANCE.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        else:
            for key in request.partition_keys:
                INSTANCE.delete_dynamic_partition(request.partitions_def_name, key)
    names = ("email_list", "sender_code")
    return {
        "cursor": result.cursor,
        **{name: sorted(INSTANCE.get_dynamic_partitions(name)) for name in names},
    }


def materialize(asset: str, partition: str | None) -> dict[str, Any]:
    """Materialize a partition; says how it ended, after how many retries and with which metadata."""
    result = dg.materialize([ASSETS[asset]], partition_key=partition, instance=INSTANCE, raise_on_error=False)
    events = result.all_events
    found = result.asset_materializations_for_node(asset) if result.success else []
    metadata = found[0].metadata if found else {}
    return {
        "success": result.success,
        "retries": sum(event.event_type_value == "STEP_UP_FOR_RETRY" for event in events),
        "metadata": {name: value.value for name, value in metadata.items() if hasattr(value, "value")},
        "errors": [str(event.event_specific_data.error) for event in events if event.is_step_failure],
    }


def evaluate_schedule() -> dict[str, Any]:
    """Evaluate the schedule before and after five o'clock; says which runs it asks for."""
    dg.Definitions.validate_loadable(definitions.defs)
    asked: dict[str, list[Any]] = {}
    cursor = None
    for at in ("2026-07-01T04:59:00+00:00", "2026-07-01T05:00:30+00:00", "2026-07-01T05:10:00+00:00"):
        told = dg.evaluate_automation_conditions(
            definitions.defs, INSTANCE, evaluation_time=datetime.fromisoformat(at), cursor=cursor
        )
        cursor = told.cursor
        asked[at[11:16]] = sorted(
            [name, *sorted(told.get_requested_partitions(asset.key) - {None})]
            for name, asset in ASSETS.items()
            if told.get_num_requested(asset.key)
        )
    return asked


def add_partitions(name: str, *keys: str) -> dict[str, Any]:
    """Add partitions by name, where a test is not about the sensor."""
    INSTANCE.add_dynamic_partitions(name, keys)
    return {}


STEPS = {
    "partitions": add_partitions,
    "sensor": evaluate_sensor,
    "materialize": materialize,
    "schedule": evaluate_schedule,
}

for line in sys.stdin:
    name, *arguments = json.loads(line)
    sys.stdout.write(f">{json.dumps(STEPS[name](*arguments))}\n")
    sys.stdout.flush()
