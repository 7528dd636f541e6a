"""List imports: the files that were loaded into a list, and the result of each contact in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.schemas import EMAIL_ADDRESS, LIST_ID, date_time, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types

    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Step

IMPORT_FILE_ID = key("importFileId", th.IntegerType, "Id of the list import.")


class ListImports(ListrakStream):
    """Stream of list imports."""

    name = "list_imports"
    one_row_per = "import into a list"
    note = (
        "By import date, from the bookmark less the activity window, because an import may run for a long"
        " time."
    )
    route = routes.LIST_IMPORTS
    parent_stream_type = Lists
    keys = ("listId", "importFileId")
    date_key = "importDate"
    incremental = True
    asks_back = True
    purged_by_listrak = True
    properties = th.PropertiesList(
        LIST_ID,
        IMPORT_FILE_ID,
        text("importFileName", "Name of the imported file."),
        date_time("importDate", "When the import was created."),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Ask from the earliest bookmark of the subtree, less the time that an import may run."""
        start = self.with_lookback(self.earliest(context))
        return [self.step((0,), context, {"startDate": start, "endDate": self._tap.settings.end_date})]

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the import's ids."""
        return {"listId": (context or {})["listId"], "importFileId": record["importFileId"]}


class ListImportStatuses(ListrakStream):
    """Stream of list import statuses."""

    name = "list_import_statuses"
    one_row_per = "import: its progress"
    note = "With every import that is requested."
    route = routes.LIST_IMPORT_STATUS
    parent_stream_type = ListImports
    keys = ("listId", "importFileId")
    incremental = True
    purged_by_listrak = True
    properties = th.PropertiesList(
        LIST_ID,
        IMPORT_FILE_ID,
        text("status", "State of the import."),
        date_time("startDate", "When the import started."),
        date_time("endDate", "When the import ended; null as long as it runs."),
    )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the import's ids, and when it ended."""
        return {**(context or {}), "_ended": record.get("endDate")}


class ListImportReport(ListrakStream):
    """A report of an import. It is read until a run has read it after the import's end."""

    parent_stream_type = ListImportStatuses
    incremental = True
    purged_by_listrak = True

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the report unless the import ended before the bookmark less the overlap."""
        ended, since = parse_record_date(context["_ended"]), self.since(context)
        if ended is not None and since is not None and ended < since:
            return []
        return [self.step((0,), context)]


class ListImportSummaries(ListImportReport):
    """Stream of list import summaries."""

    name = "list_import_summaries"
    one_row_per = "import: its counts"
    note = "Until the import has ended."
    route = routes.LIST_IMPORT_SUMMARY
    keys = ("listId", "importFileId")
    properties = th.PropertiesList(
        LIST_ID,
        IMPORT_FILE_ID,
        integer("processedCount", "How many contacts were processed."),
        integer("subscribedCount", "How many were subscribed."),
        integer("unsubscribedCount", "How many were unsubscribed."),
        integer("alreadySubscribedCount", "How many were subscribed before."),
        integer("alreadyUnsubscribedCount", "How many were to be removed and were unsubscribed before."),
        integer(
            "previouslyUnsubscribedCount",
            "How many were to be added and had unsubscribed before: left alone.",
        ),
        integer("bannedCount", "How many are banned."),
        integer("suppressedCount", "How many are on a suppression list."),
        integer("invalidEmailCount", "How many rows have an invalid address."),
        integer("skippedCount", "How many were skipped."),
    )


class ListImportContacts(ListImportReport):
    """Stream of list import contacts."""

    name = "list_import_contacts"
    one_row_per = "contact of an import: its result"
    note = "Until the import has ended."
    route = routes.LIST_IMPORT_CONTACTS
    keys = ("listId", "importFileId", "emailAddress")
    properties = th.PropertiesList(
        LIST_ID,
        IMPORT_FILE_ID,
        EMAIL_ADDRESS,
        text("importResult", "What the import did with the contact."),
    )
