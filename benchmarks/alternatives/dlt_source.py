"""dlt's REST source, as its documentation teaches to configure one.

    python dlt_source.py API_URL AUTH_URL WORKERS FOLDER [DATABASE]

With a DuckDB file it is a whole run: extract, normalise and load. Without one it is the extract step only;
then it prints how many rows each table got, and the seconds of the step without the program's start, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from typing import Any


def endpoint(path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as dlt has it
    """Describe an endpoint of Listrak's."""
    return {
        "path": path,
        "data_selector": "data",
        "params": {"count": 5000},
        "paginator": {"type": "cursor", "cursor_path": "nextPageCursor", "cursor_param": "cursor"},
        **more,
    }


def child(name: str, path: str, *parents: str) -> dict[str, Any]:
    """Describe what hangs on a message or a link."""
    return {
        "name": name,
        "endpoint": endpoint(path),
        "include_from_parent": list(parents),
        "parallelized": True,
    }


def main() -> None:
    """Do it."""
    api_url, auth_url, workers, folder, *database = sys.argv[1:]
    os.environ["EXTRACT__WORKERS"] = workers
    os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(2 * int(workers))
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    import dlt  # noqa: PLC0415 - it reads the environment when it is imported
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415 - as above

    message = "List/{resources.messages._lists_listId}/Message/{resources.messages.messageId}"
    link = (
        "List/{resources.message_links._messages__lists_listId}"
        "/Message/{resources.message_links._messages_messageId}"
        "/Link/{resources.message_links.linkId}/Clicker"
    )
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{api_url}/email/v1/",
                "auth": {
                    "type": "oauth2_client_credentials",
                    "access_token_url": auth_url,
                    "client_id": "benchmark",
                    "client_secret": "benchmark",
                },
            },
            "resource_defaults": {"write_disposition": "append"},
            "resources": [
                {"name": "lists", "endpoint": endpoint("List")},
                {
                    "name": "messages",
                    "endpoint": endpoint("List/{resources.lists.listId}/Message"),
                    "include_from_parent": ["listId"],
                },
                child("message_activity", f"{message}/Activity", "messageId"),
                child("message_links", f"{message}/Link", "messageId", "_lists_listId"),
                child("message_link_clickers", link, "_messages_messageId", "linkId"),
                {
                    "name": "message_summaries",
                    "endpoint": {
                        "path": f"{message}/Summary",
                        "data_selector": "data",
                        "paginator": {"type": "single_page"},
                    },
                    "include_from_parent": ["messageId"],
                    "parallelized": True,
                },
            ],
        }
    )
    if database:
        destination = dlt.destinations.duckdb(database[0])
        whole = dlt.pipeline("whole", pipelines_dir=folder, destination=destination, dataset_name="tables")
        whole.run(source)
        return
    pipeline = dlt.pipeline("benchmark", pipelines_dir=folder, destination="duckdb", dataset_name="benchmark")
    began = time.perf_counter()
    info = pipeline.extract(source)
    seconds = time.perf_counter() - began
    rows: Counter[str] = Counter()
    for metrics in info.metrics.values():
        for one in metrics:
            for table, figures in one["table_metrics"].items():
                rows[table] += figures.items_count
    print(json.dumps({"rows": rows, "extract_seconds": seconds}))


if __name__ == "__main__":
    main()
