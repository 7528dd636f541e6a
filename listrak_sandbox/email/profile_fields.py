"""Profile field groups and profile fields: read, create, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.access import list_state
from listrak_sandbox.email.values import DATA_TYPES
from listrak_sandbox.envelope import (
    Answer,
    ApiError,
    created,
    deleted,
    invalid,
    json_answer,
    not_found,
    resource,
    updated,
)
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.store import SUBSCRIBED
from listrak_sandbox.world.calendar import world_time

if TYPE_CHECKING:
    from listrak_sandbox.email.imports import Imports
    from listrak_sandbox.store import ListState

GROUPS = "/List/{listId}/SegmentationFieldGroup"
GROUP = f"{GROUPS}/{{segmentationFieldGroupId}}"
FIELDS = f"{GROUP}/SegmentationField"
FIELD = f"{FIELDS}/{{segmentationFieldId}}"
LONGEST = 8000


class GroupBody(msgspec.Struct, rename="camel"):
    """Body that creates or changes a profile field group."""

    segmentation_field_group_name: str
    position: int


class FieldBody(msgspec.Struct, rename="camel"):
    """Body that creates or changes a profile field."""

    segmentation_field_name: str
    data_type: str
    max_length: int
    position: int


def _group(call: Call, state: ListState) -> dict[str, Any]:
    group = state.groups.get(call.id("segmentationFieldGroupId"))
    if group is None:
        raise not_found("profile field group")
    return group


def _field(call: Call, state: ListState) -> dict[str, Any]:
    group = _group(call, state)
    field = state.fields.get(call.id("segmentationFieldId"))
    if field is None or field["segmentationFieldGroupId"] != group["segmentationFieldGroupId"]:
        raise not_found("profile field")
    return field


def _log(call: Call, state: ListState, **what: object) -> None:
    entry = {"at": text_of(call.now), "route": call.route.name, "listId": state.list_id, **what}
    call.sandbox.store.log.append(entry)


def _name(given: str, name: str, others: list[dict[str, Any]], own: object = None) -> str:
    taken = {str(one[name]).lower() for one in others if one is not own}
    if not given.strip() or given.strip().lower() in taken:
        raise invalid(name, "It must be given and unique.")
    return given.strip()


def _write_group(call: Call) -> Answer:
    state = list_state(call)
    body = call.json(GroupBody)
    own = _group(call, state) if call.route.method == "PUT" else None
    name = _name(
        body.segmentation_field_group_name, "segmentationFieldGroupName", list(state.groups.values()), own
    )
    if own is None:
        if len(state.groups) >= call.sandbox.settings.profile_field_group_limit:
            raise ApiError(400, "ERROR_SEGMENTATION_FIELD_GROUP_LIMIT_MET")
        identifier = call.sandbox.store.next_id("group")
        own = state.groups[identifier] = {"segmentationFieldGroupId": identifier}
    own |= {"segmentationFieldGroupName": name, "position": body.position}
    _log(call, state, **own)
    return (updated if call.route.method == "PUT" else created)(own["segmentationFieldGroupId"])


def _delete_group(call: Call) -> Answer:
    state = list_state(call)
    identifier = int(_group(call, state)["segmentationFieldGroupId"])
    if state.fields_of(identifier):
        raise ApiError(400, "ERROR_RESOURCE_DEPENDENCY", "The profile field group has profile fields.")
    del state.groups[identifier]
    _log(call, state, segmentationFieldGroupId=identifier)
    return deleted()


def _write_field(call: Call) -> Answer:
    state = list_state(call)
    group_id = int(_group(call, state)["segmentationFieldGroupId"])
    own = _field(call, state) if call.route.method == "PUT" else None
    body = call.json(FieldBody)
    name = _name(body.segmentation_field_name, "segmentationFieldName", state.fields_of(group_id), own)
    if body.data_type not in DATA_TYPES:
        raise invalid("dataType", f"Allowed values are {', '.join(DATA_TYPES)}.")
    if not 1 <= body.max_length <= LONGEST:
        raise invalid("maxLength", f"1 to {LONGEST} is expected.")
    if own is None:
        if len(state.fields_of(group_id)) >= call.sandbox.settings.profile_field_limit:
            raise invalid("segmentationFieldGroupId", "The group has its maximum number of profile fields.")
        identifier = call.sandbox.store.next_id("field")
        own = state.fields[identifier] = {"segmentationFieldId": identifier}
    elif own["dataType"] != body.data_type:
        raise invalid("dataType", "The data type of an existing profile field cannot be changed.")
    own |= {
        "segmentationFieldName": name,
        "segmentationFieldGroupId": group_id,
        "dataType": body.data_type,
        "maxLength": body.max_length,
        "position": body.position,
    }
    _log(call, state, **own)
    return (updated if call.route.method == "PUT" else created)(own["segmentationFieldId"])


def _delete_field(call: Call) -> Answer:
    state = list_state(call)
    identifier = int(_field(call, state)["segmentationFieldId"])
    del state.fields[identifier]
    state.version += 1
    _log(call, state, segmentationFieldId=identifier)
    return deleted()


def _clear_values(call: Call, imports: Imports) -> Answer:
    """Clear a field's values of all subscribed contacts; here that is done before the answer is sent."""
    state = list_state(call)
    name = str(_field(call, state)["segmentationFieldName"])
    identifier = int(_field(call, state)["segmentationFieldId"])
    state.cleared[identifier] = world_time(call.now)
    for contact in state.order:
        values = contact.values
        if contact.state == SUBSCRIBED and values.pop(identifier, None) is not None:
            contact.values = values
    state.version += 1
    job = imports.clear(call, state, name)
    _log(call, state, segmentationFieldId=identifier, importFileId=job)
    return json_answer(202, {"status": 202, "resourceId": str(job)})


def routes(imports: Imports) -> list[Route]:
    """Return the routes of profile field groups and profile fields."""

    def groups(call: Call) -> Answer:
        return resource(list(list_state(call).groups.values()))

    def fields(call: Call) -> Answer:
        state = list_state(call)
        return resource(state.fields_of(int(_group(call, state)["segmentationFieldGroupId"])))

    area = frozenset({"List", "Segmentation"})
    return [
        Route("GET", GROUPS, groups, area),
        Route("POST", GROUPS, _write_group, area, body=True),
        Route("GET", GROUP, lambda call: resource(_group(call, list_state(call))), area),
        Route("PUT", GROUP, _write_group, area, body=True),
        Route("DELETE", GROUP, _delete_group, area),
        Route("GET", FIELDS, fields, area),
        Route("POST", FIELDS, _write_field, area, body=True),
        Route("GET", FIELD, lambda call: resource(_field(call, list_state(call))), area),
        Route("PUT", FIELD, _write_field, area, body=True),
        Route("DELETE", FIELD, _delete_field, area),
        Route("DELETE", f"{FIELD}/Values", lambda call: _clear_values(call, imports), area),
    ]
