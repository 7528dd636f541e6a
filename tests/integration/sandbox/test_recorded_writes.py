"""Recorded (H, M): list imports, the beta route and the Data API, and what each other reading does."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from sandbox_api import Api

LIST = "/List/40137"
TIME_LIMIT = 60


def start(api: Api, text: str, field: int | None = None, **changes: object) -> str:
    """Start an import the way a production client's body does it; give its id."""
    mappings: list[dict[str, object]] = [{"fileColumn": 0, "fileColumnType": "Email"}]
    if field:
        mappings.append(
            {"fileColumn": 1, "fileColumnType": "SegmentationField", "segmentationFieldId": field}
        )
    body = {
        "fileDelimiter": ",",
        "textQualifier": '"',
        "fileMappings": mappings,
        "fileName": "people-20260630.csv",
        "fileStream": base64.b64encode(text.encode()).decode(),
        "hasColumnNames": False,
        "importType": "AddSubscribersAndSegmentationData",
        "segmentationImportType": "Update",
        **changes,
    }
    status, identifier = api.send("POST", f"{LIST}/ListImport", body)
    assert status == 201, identifier
    return identifier


def ended(api: Api, identifier: str) -> dict[str, Any]:
    """Wait for an import's end; give its results by address."""
    path = f"{LIST}/ListImport/{identifier}"
    until = time.monotonic() + TIME_LIMIT
    while not api.get(f"{path}/Status")["data"]["endDate"]:
        assert time.monotonic() < until
    return {row["emailAddress"]: row["importResult"] for row in api.rows(f"{path}/Contact")}


def values(api: Api, email: str) -> dict[int, str]:
    found = api.sandbox.control("GET", "contacts", listId=40137, emailAddress=email)
    return {one["segmentationFieldId"]: one["value"] for one in found["segmentationFieldValues"]}


def test_a_production_body_has_no_default_values_and_3000_rows(own: Api) -> None:
    """M: delimiter ``,``, qualifier ``"``, mappings without ``defaultValue``."""
    text = "\n".join(f'person{number}@example.com,"Bern, {number}"' for number in range(3000))
    results = ended(own, start(own, text, 1016))
    assert len(results) == 3000
    assert set(results.values()) == {"Subscribed"}


@pytest.mark.parametrize(
    ("setting", "word", "counted"),
    [
        ("previously_unsubscribed", "Previously Unsubscribed", "previouslyUnsubscribedCount"),
        ("updated", "Updated", "alreadySubscribedCount"),
    ],
)
def test_who_is_unsubscribed_and_included_was_updated_and_is_still_unsubscribed(
    own: Api, setting: str, word: str, counted: str
) -> None:
    """M: ``includeUnsubscribed`` counts them as previouslyUnsubscribed. Without it they are not updated."""
    own.sandbox.settings(include_unsubscribed_result=setting)
    gone = own.get(f"{LIST}/Contact", subscriptionState="Unsubscribed")["data"][0]["emailAddress"]
    update = {"importType": "UpdateSubscribers", "includeUnsubscribed": True}
    identifier = start(own, f"{gone},Zoë", 1007, **update)
    assert ended(own, identifier) == {gone: word}
    assert own.get(f"{LIST}/ListImport/{identifier}/Summary")["data"][counted] == 1
    assert values(own, gone)[1007] == "Zoë"
    assert own.get(f"{LIST}/Contact/{gone}")["data"]["subscriptionState"] == "Unsubscribed"
    without = {**update, "includeUnsubscribed": False}
    assert ended(own, start(own, f"{gone},Ann", 1007, **without)) == {gone: "Previously Unsubscribed"}
    assert values(own, gone)[1007] == "Zoë"


def test_list_imports_are_gone_after_30_days(own: Api) -> None:
    """M: the history is purged. The other reading keeps them for ever."""
    identifier = start(own, "ann@example.com")
    ended(own, identifier)
    path = f"{LIST}/ListImport/{identifier}"
    own.sandbox.set_clock(advance_seconds=29 * 86_400)
    assert own.get(path)["data"]["importFileName"] == "people-20260630.csv"
    own.sandbox.set_clock(advance_seconds=2 * 86_400)
    for part in ("", "/Status", "/Summary", "/Contact"):
        assert own.call("GET", path + part).status_code == 404
    ids = {str(row["importFileId"]) for row in own.rows(f"{LIST}/ListImport")}
    assert identifier not in ids
    assert own.sandbox.expected(list_ids=40137, streams="list_imports")["list_imports"]["count"] == len(ids)
    own.sandbox.settings(imports_kept_days=0)
    assert own.get(path)["data"]
    assert len(list(own.rows(f"{LIST}/ListImport"))) > len(ids) + 20


def test_the_beta_route_queues_a_list_import(own: Api) -> None:
    """M: 201 means queued. What was taken is an import like others, and is applied when it has ended."""
    own.sandbox.settings(beta_seconds=0.5)
    start(own, "ann@example.com,Bern", 1016)
    ann = [
        {"emailAddress": "ann@example.com", "segmentationFieldValues": [
            {"segmentationFieldId": 1016, "value": "Basel"},
        ]}
    ]  # fmt: skip
    status, identifier = own.send("POST", f"{LIST}/Contact/SegmentationField", ann)
    assert status == 201
    assert identifier in {str(row["importFileId"]) for row in own.rows(f"{LIST}/ListImport")}
    first = own.get(f"{LIST}/ListImport/{identifier}/Status")["data"]
    assert (first["status"], first["endDate"]) == ("Queued", None)
    # An import that is made later is carried out before it: nothing promises an order.
    later = start(own, "ann@example.com,Chur", 1016)
    assert ended(own, later) == {"ann@example.com": "Already Subscribed"}
    assert values(own, "ann@example.com")[1016] == "Chur"
    assert ended(own, identifier) == {"ann@example.com": "Updated"}
    assert values(own, "ann@example.com")[1016] == "Basel"


@pytest.fixture
def data(own: Api) -> Api:
    own.sandbox.settings(data_validation="late")
    return Api(own.sandbox, "data")


def test_bad_records_are_taken_and_dropped_without_a_word(data: Api) -> None:
    """H: an unknown status, an empty customer number and nulls nearly everywhere got 201."""
    orders = [
        {"orderNumber": "A", "status": "Lost", "customerNumber": "", "email": None, "items": None},
        {"orderNumber": None, "status": "Shipped"},
        {"orderNumber": "B", "orderTotal": "12.50", "dateEntered": "soon", "items": [
            {"orderNumber": "B", "sku": "S", "quantity": 1.5},
            {"orderNumber": "B"},
            {"orderNumber": "C", "sku": "S"},
        ]},
        {"orderNumber": "D" * 51, "status": "Shipped"},
    ]  # fmt: skip
    assert data.send("POST", "/Order", orders) == (201, None)
    stored = data.sandbox.control("GET", "data", kind="Order")["Order"]
    assert stored["rows"] == {
        "A": {"orderNumber": "A", "customerNumber": "", "email": None, "items": None},
        "B": {"orderNumber": "B", "items": [{"orderNumber": "B", "sku": "S"}]},
    }
    dropped = {one["number"]: one["dropped"] for one in stored["dropped"]}
    assert set(dropped) == {0, 1, 2, 3}
    assert dropped[0] == ["status"]
    assert {"orderTotal", "dateEntered", "items[0].quantity", "items[1]"} <= set(dropped[2])


def test_strictly_nothing_is_taken_with_one_bad_record(data: Api) -> None:
    data.sandbox.settings(data_validation="strict")
    rows = [{"sku": "S"}, {"title": "no sku"}]
    assert data.send("POST", "/Product", rows) == (400, "ERROR_INVALID_PARAMETER")
    assert data.sandbox.control("GET", "data", kind="Product")["Product"]["rows"] == {}


@pytest.mark.parametrize(("form", "resource"), [("null", None), ("text", "null"), ("number", "1")])
def test_the_resource_of_the_data_api_is_null(data: Api, form: str, resource: str | None) -> None:
    """H: null here, the text "null" where a transactional message is sent. Neither is a key or a failure."""
    data.sandbox.settings(data_resource_id=form)
    assert data.send("POST", "/Product", [{"sku": "S"}]) == (201, resource)
