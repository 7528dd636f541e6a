"""The Cross Channel and Privacy APIs of the sandbox against the vendor's specifications."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import requests
from vendor_spec import FOLDER

from listrak_api import routes
from listrak_sandbox import app
from listrak_sandbox.config import Config
from listrak_sandbox.cross_channel import EVENTS
from listrak_sandbox.privacy import LIMITS
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

APIS = {"cross_channel": "cross-channel", "privacy": "privacy"}
FILES = {api: FOLDER / f"{name}.json" for api, name in APIS.items()}

pytestmark = pytest.mark.skipif(
    not all(file.is_file() for file in FILES.values()),
    reason="contract not checked: the vendor's specifications are not beside this repository "
    "(shared/listrak-api/cross-channel.json, privacy.json)",
)


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.settings(privacy_limits=False)
        yield running


def spec(api: str) -> dict[str, Any]:
    return dict(json.loads(FILES[api].read_text("utf-8")))


def specified(api: str) -> set[str]:
    found = spec(api)
    base, paths = found.get("basePath", "/crosschannel/v1"), found["paths"]
    return {f"{method.upper()} {base}{path}" for path, methods in paths.items() for method in methods}


def schema_of(api: str, method: str, template: str, status: int) -> dict[str, Any]:
    """The schema of an answer, with the definitions that it refers to; dates as the examples write them."""
    found = spec(api)
    answer = found["paths"][template][method.lower()]["responses"][str(status)]
    if api == "privacy":
        # The one value that may be null, as the specification's own example has it.
        processed = found["definitions"]["ForgetRequest"]["properties"]["processedDate"]
        processed["type"] = ["string", "null"]
        return {**answer["schema"], "definitions": found["definitions"]}
    return {**answer["content"]["application/json"]["schema"], "components": found["components"]}


def call(box: RunningSandbox, api: str, method: str, path: str, body: object = None) -> requests.Response:
    base = {"cross_channel": "crosschannel/v1", "privacy": "privacy"}[api]
    head = {"Authorization": f"Bearer {box.token(api)}"}
    return requests.request(method, f"{box.url}/{base}{path}", json=body, headers=head, timeout=30)


@pytest.mark.parametrize("api", APIS)
def test_every_specified_route_is_served_and_no_other(api: str) -> None:
    _, sandbox = app.build(Config(scale="tiny"))
    assert {route.name for route in sandbox.routes if route.integration == api} == specified(api)


@pytest.mark.parametrize("api", APIS)
def test_every_route_of_the_client_is_specified(api: str) -> None:
    ours = {str(one) for one in vars(routes).values() if isinstance(one, routes.Route) and one.api == api}
    assert ours == specified(api)


def test_answers_about_custom_events_are_as_specified(box: RunningSandbox) -> None:
    event = f"/eventConfigurations/{EVENTS[0].uid}"
    people = [
        {"identifierType": "EmailAddress", "identifierValue": "ada@example.org"},
        {"identifierType": "EmailAddress", "identifierValue": "no address"},
        {"identifierType": "PhoneNumber", "identifierValue": "12"},
    ]
    body = {"events": [{"identifiers": [one], "dataFields": {"cartValue": "1.5"}} for one in people]}
    for method, template, path, sent in (
        ("GET", "/eventConfigurations", "/eventConfigurations", None),
        ("GET", "/eventConfigurations/{eventUID}", event, None),
        ("POST", "/eventConfigurations/{eventUID}/events", f"{event}/events", body),
    ):
        answer = call(box, "cross_channel", method, path, sent)
        assert answer.status_code == 200
        jsonschema.validate(answer.json(), schema_of("cross_channel", method, template, 200))
    assert [group["statusCode"] for group in answer.json()["data"]] == [200, 400]


@pytest.mark.parametrize(
    ("identifier", "fields", "kind"),
    [
        (("PhoneNumber", "12165550101"), {"itemCount": "3", "abandonedAt": "2026-01-02T03:04:05"}, ""),
        (("MobileContactUid", "x"), {"cartValue": None, "colour": "red"}, ""),
        (("MobileContactUid", ""), {}, "InvalidIdentifier"),
        (("PhoneNumber", "12"), {}, "InvalidIdentifier"),
        (("PhoneNumber", "12165550101"), {"itemCount": "three"}, "InvalidDataField"),
        (("PhoneNumber", "12165550101"), {"abandonedAt": "yesterday"}, "InvalidDataField"),
    ],
)
def test_an_event_that_cannot_be_raised_is_refused_by_itself(
    box: RunningSandbox, identifier: tuple[str, str], fields: dict[str, object], kind: str
) -> None:
    person = dict(zip(("identifierType", "identifierValue"), identifier, strict=True))
    body = {"events": [{"identifiers": [person], "dataFields": fields}]}
    path = f"/eventConfigurations/{EVENTS[0].uid}/events"
    answer = call(box, "cross_channel", "POST", path, body)
    assert answer.status_code == 200
    (group,) = answer.json()["data"]
    assert group["statusCode"] == (400 if kind else 200)
    assert kind in answer.text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/eventConfigurations/unknown", None, 404),
        ("/eventConfigurations/unknown/events", {"events": []}, 404),
        (f"/eventConfigurations/{EVENTS[0].uid}/events", {"events": []}, 400),
        (f"/eventConfigurations/{EVENTS[0].uid}/events", {"events": [{"identifiers": []}]}, 400),
        (f"/eventConfigurations/{EVENTS[0].uid}/events", {"event": 1}, 400),
        (
            f"/eventConfigurations/{EVENTS[0].uid}/events",
            {"events": [{"identifiers": [{"identifierType": "Fax", "identifierValue": "1"}]}]},
            400,
        ),
    ],
)
def test_wrong_requests_about_custom_events_are_refused(
    box: RunningSandbox, path: str, body: object, status: int
) -> None:
    answer = call(box, "cross_channel", "GET" if body is None else "POST", path, body)
    assert answer.status_code == status
    assert answer.json()["meta"]["statusCode"] == status


def test_answers_about_requests_to_forget_are_as_specified(box: RunningSandbox) -> None:
    box.settings(forget_seconds=0)
    answer = call(box, "privacy", "POST", "/v1/Forget", {"emailAddress": "ada@example.org"})
    assert answer.status_code == 201
    jsonschema.validate(answer.json(), schema_of("privacy", "POST", "/v1/Forget", 201))
    path = f"/v1/Forget/{answer.json()['resourceId']}"
    answer = call(box, "privacy", "GET", path)
    jsonschema.validate(answer.json(), schema_of("privacy", "GET", "/v1/Forget/{requestId}", 200))
    assert answer.json()["data"]["status"] == "COMPLETE"
    for method, path, body, status in (
        ("POST", "/v1/Forget", {"emailAddress": "", "phoneNumber": None}, 400),
        ("GET", "/v1/Forget/unknown", None, 404),
    ):
        answer = call(box, "privacy", method, path, body)
        assert answer.status_code == status
        template = "/v1/Forget" if method == "POST" else "/v1/Forget/{requestId}"
        jsonschema.validate(answer.json(), schema_of("privacy", method, template, status))


def test_the_limits_of_the_privacy_api_are_kept(box: RunningSandbox) -> None:
    box.settings(privacy_limits=True)
    try:
        statuses = [call(box, "privacy", "GET", "/v1/Forget/x").status_code for _ in range(LIMITS[0][0] + 1)]
    finally:
        box.settings(privacy_limits=False)
    assert statuses == [404] * LIMITS[0][0] + [429]


@pytest.mark.parametrize("api", APIS)
def test_a_paused_integration_gets_nothing(box: RunningSandbox, api: str) -> None:
    token = box.token(api)
    box.settings(integrations={api: {"paused": True}})
    try:
        path = "crosschannel/v1/eventConfigurations" if api == "cross_channel" else "privacy/v1/Forget/x"
        head = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{box.url}/{path}", headers=head, timeout=30).status_code == 401
    finally:
        box.settings(integrations={api: {"paused": False}})
