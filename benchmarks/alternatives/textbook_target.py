"""A target as the SDK's documentation and template teach to write one: a batch sink, a file per batch.

It maps properties to profile fields by name, writes the CSV in memory, posts it, and waits for the import's
end. It does not read what became of each contact, and so does less than this project's target.
"""

from __future__ import annotations

import base64
import csv
import io
import time
from typing import Any

import requests
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink

TIMEOUT = 120
SUCCESS = 201


class ListImportSink(BatchSink):
    """One import file per batch."""

    max_size = 10_000

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own
        super().__init__(*args, **kwargs)
        self.session = requests.Session()
        self.base = f"{self.config['api_url']}/email/v1/List/{self.config['list_id']}"
        token = self.session.post(
            self.config["auth_url"],
            data={
                "grant_type": "client_credentials",
                "client_id": self.config["client_id"],
                "client_secret": self.config["client_secret"],
            },
            timeout=TIMEOUT,
        ).json()
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"
        self.fields = self._fields()

    def _fields(self) -> dict[str, int]:
        """The list's profile fields by name."""
        groups = self.session.get(f"{self.base}/SegmentationFieldGroup", timeout=TIMEOUT).json()["data"]
        return {
            field["segmentationFieldName"].lower().replace(" ", "_"): field["segmentationFieldId"]
            for group in groups
            for field in self.session.get(
                f"{self.base}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField",
                timeout=TIMEOUT,
            ).json()["data"]
        }

    def process_batch(self, context: dict[str, Any]) -> None:
        """Write the batch to a file, upload it, wait for the end."""
        columns = [name for name in self.schema["properties"] if name in self.fields]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        for record in context["records"]:
            values = ("" if record.get(name) is None else record[name] for name in columns)
            writer.writerow([record["email"], *values])
        mappings = [{"fileColumn": 0, "fileColumnType": "Email"}] + [
            {
                "fileColumn": number,
                "fileColumnType": "SegmentationField",
                "segmentationFieldId": self.fields[name],
            }
            for number, name in enumerate(columns, 1)
        ]
        answer = self.session.post(
            f"{self.base}/ListImport",
            json={
                "fileName": f"{self.stream_name}-{context['batch_id']}.csv",
                "fileDelimiter": ",",
                "textQualifier": '"',
                "hasColumnNames": False,
                "importType": "AddSubscribersAndSegmentationData",
                "segmentationImportType": "Update",
                "fileMappings": mappings,
                "fileStream": base64.b64encode(text.getvalue().encode()).decode(),
            },
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        status = f"{self.base}/ListImport/{answer.json()['resourceId']}/Status"
        while not self.session.get(status, timeout=TIMEOUT).json()["data"]["endDate"]:
            time.sleep(1)


class TextbookTarget(Target):
    """The target."""

    name = "target-textbook"
    default_sink_class = ListImportSink
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("auth_url", th.StringType, required=True),
        th.Property("client_id", th.StringType, required=True),
        th.Property("client_secret", th.StringType, required=True, secret=True),
        th.Property("list_id", th.IntegerType, required=True),
    ).to_dict()


if __name__ == "__main__":
    TextbookTarget.cli()
