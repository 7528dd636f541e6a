"""The account's custom events (Cross Channel API), and the fields of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.records.schemas import key, text
from tap_listrak.streams.base import ListrakStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.helpers import types

EVENT_UID = key("eventUID", th.StringType, "Unique identifier of the custom event.")
EVENT_NAME = text("eventName", "Name of the custom event.")


class CustomEventConfigurations(ListrakStream):
    """Stream of custom event configurations."""

    name = "custom_event_configurations"
    one_row_per = "custom event of the account"
    note = "Needs the Cross Channel integration."
    route = routes.CUSTOM_EVENTS
    keys = ("eventUID",)
    partition_names = ()
    properties = th.PropertiesList(EVENT_UID, EVENT_NAME)

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:  # noqa: ARG002 - as inherited
        """Return the event's identifier."""
        return {"eventUID": record["eventUID"]}


class CustomEventSchemas(ListrakStream):
    """Stream of custom event schemas."""

    name = "custom_event_schemas"
    one_row_per = "custom event: its fields and their types"
    note = "Needs the Cross Channel integration."
    route = routes.CUSTOM_EVENT
    parent_stream_type = CustomEventConfigurations
    keys = ("eventUID",)
    partition_names = ()
    properties = th.PropertiesList(
        EVENT_UID,
        EVENT_NAME,
        th.Property(
            "eventSchemaAttrs",
            th.ObjectType(additional_properties=th.StringType),
            description="The event's fields: from name to type (String, Int, Double or Date).",
        ),
        th.Property(
            "featureAccess",
            th.ArrayType(th.StringType),
            description="The features that the event is available to, such as Workflow.",
        ),
    )
