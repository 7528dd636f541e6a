"""Routes and parameters of the sandbox against the vendor's specifications."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from vendor_spec import APIS, needs_specs, operations

from listrak_sandbox import app
from listrak_sandbox.config import Config

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Route

pytestmark = needs_specs

LEFT_OUT = {
    "sends something to people that neither tap nor target sends": (
        "POST /email/v1/List/{listId}/Message",
        "POST /email/v1/List/{listId}/SavedMessage/{savedMessageId}/Message",
        "POST /email/v1/List/{listId}/TransactionalMessage/{transactionalMessageId}/Resend/{resendKey}",
        "POST /sms/v1/ShortCode/{senderCodeId}/Broadcast/Immediate",
    ),
    "changes the account's set-up, which the target leaves to people": (
        "POST /email/v1/Content",
        "PUT /email/v1/Content/{contentId}",
        "POST /email/v1/Folder",
        "PUT /email/v1/Folder/{folderId}",
        "PUT /email/v1/List/{listId}",
        "DELETE /email/v1/List/{listId}",
        "POST /email/v1/List/{listId}/Campaign",
        "PUT /email/v1/List/{listId}/Campaign/{campaignId}",
        "DELETE /email/v1/List/{listId}/Campaign/{campaignId}",
        "PUT /email/v1/List/{listId}/Event/{eventId}",
        "PUT /email/v1/List/{listId}/EventGroup/{eventGroupId}",
        "DELETE /email/v1/List/{listId}/EventGroup/{eventGroupId}",
        "POST /email/v1/List/{listId}/SavedMessage",
        "PUT /email/v1/List/{listId}/SavedMessage/{savedMessageId}",
    ),
}


@pytest.fixture(scope="module")
def served() -> dict[str, Route]:
    _, sandbox = app.build(Config(scale="tiny"))
    return {route.name: route for route in sandbox.routes if route.integration in APIS}


@pytest.fixture(scope="module")
def specified() -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": one for api in APIS for (method, path), one in operations(api).items()}


def test_every_served_route_is_specified(served: dict[str, Route], specified: dict[str, Any]) -> None:
    assert sorted(served.keys() - specified.keys()) == []


def test_every_specified_route_is_served_or_left_out_for_a_reason(
    served: dict[str, Route], specified: dict[str, Any]
) -> None:
    left_out = {name for names in LEFT_OUT.values() for name in names}
    assert sorted(specified.keys() - served.keys() - left_out) == []
    assert sorted(left_out & served.keys()) == []
    assert sorted(left_out - specified.keys()) == []


def test_query_parameters_are_the_specified_ones(served: dict[str, Route], specified: dict[str, Any]) -> None:
    wrong = {}
    for name, route in served.items():
        found = {one["name"] for one in specified[name].get("parameters", ()) if one["in"] == "query"}
        if found != route.known_params():
            wrong[name] = sorted(found ^ route.known_params())
    assert wrong == {}


def test_areas_are_the_specified_ones_where_it_names_any(
    served: dict[str, Route], specified: dict[str, Any]
) -> None:
    wrong = {}
    for name, route in served.items():
        found = {
            area for one in specified[name].get("security", ()) for areas in one.values() for area in areas
        }
        if found and found != route.areas:
            wrong[name] = (sorted(found), sorted(route.areas))
    assert wrong == {}


def test_bodies_are_taken_where_they_are_specified(
    served: dict[str, Route], specified: dict[str, Any]
) -> None:
    with_body = {
        name for name in served if any(one["in"] == "body" for one in specified[name].get("parameters", ()))
    }
    assert {name for name, route in served.items() if route.body} == with_body


def test_paged_is_what_takes_a_cursor(served: dict[str, Route], specified: dict[str, Any]) -> None:
    by_kind: dict[bool, set[str]] = defaultdict(set)
    for name, route in served.items():
        by_kind[route.paged].add(name)
    takes_cursor = {
        name
        for name in served
        if any(one["name"] == "cursor" for one in specified[name].get("parameters", ()))
    }
    assert by_kind[True] == takes_cursor
