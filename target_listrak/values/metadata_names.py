"""Names of properties that extractors and loaders add to records: nothing that anybody loads on purpose."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_metadata"]

_METADATA: Final = re.compile(
    # Singer, Airbyte, Fivetran, dlt, PeerDB, Hevo, Hudi, Estuary, Rivery, Portable, Databricks
    r"_sdc_|_airbyte_|_ab_cdc_|_ab_source_|_fivetran_|_dlt_|_peerdb_|_hevo_|_hoodie_|_estuary_|_rivery_|_portable_"
    r"|_rescued_data$"
    # Debezium (`__op`, `__ts_ms`), SQL Server, Snowflake, Datastream
    r"|__|metadata\$|_metadata_|datastream_metadata\."
    # dbt snapshots
    r"|dbt_(?:scd_id|updated_at|valid_from|valid_to|change_type|is_deleted)$",
    re.IGNORECASE,
)


def is_metadata(name: str) -> bool:
    """Return whether a property comes from a tool on the way, such as `_sdc_batched_at` or `__op`.

    Such properties differ in every run, whatever the source has; they are no part of what a record tells.
    """
    return _METADATA.match(name) is not None
