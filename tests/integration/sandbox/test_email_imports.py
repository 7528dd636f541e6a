"""List imports of the email API: what each kind does to whom, formats, progress, results."""

from __future__ import annotations

import base64
import csv
import io
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_api import Api

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "/List/40137"
CITY, POINTS, WANTS_SMS, NOTES, LAST_ORDER = 1016, 1022, 1028, 1037, 1046
TIME_LIMIT = 60


def column(
    place: int, kind: str = "SegmentationField", field: int | None = None, default: str | None = None
) -> Any:  # noqa: ANN401  a JSON object
    return {
        "fileColumn": place,
        "fileColumnType": kind,
        "segmentationFieldId": field,
        "defaultValue": default,
    }


EMAIL, EXTERNAL = column(0, "Email"), column(1, "ExternalContactID")


def request(text: str | bytes, *columns: Any, **changes: object) -> dict[str, object]:  # noqa: ANN401  JSON objects
    data = text.encode() if isinstance(text, str) else text
    return {
        "fileDelimiter": ",",
        "fileMappings": list(columns) or [EMAIL],
        "fileName": "people.csv",
        "fileStream": base64.b64encode(data).decode(),
        "hasColumnNames": False,
        "importType": "AddSubscribersAndSegmentationData",
        "segmentationImportType": "Update",
        "textQualifier": '"',
        **changes,
    }


def wait(api: Api, identifier: str, list_path: str = LIST) -> dict[str, Any]:
    """Wait for an import's end; give its status, summary and results."""
    path = f"{list_path}/ListImport/{identifier}"
    until = time.monotonic() + TIME_LIMIT
    while not (status := api.get(f"{path}/Status")["data"])["endDate"]:
        assert time.monotonic() < until
    rows = list(api.rows(f"{path}/Contact"))
    results = {row["emailAddress"]: row["importResult"] for row in rows}
    assert len(results) == len(rows), "one row per contact"
    return {**status, "summary": api.get(f"{path}/Summary")["data"], "results": results}


def run(api: Api, text: str | bytes, *columns: Any, **changes: object) -> dict[str, Any]:  # noqa: ANN401  JSON objects
    status, identifier = api.send("POST", f"{LIST}/ListImport", request(text, *columns, **changes))
    assert status == 201, identifier
    return wait(api, identifier)


def values(api: Api, email: str) -> dict[int, str]:
    found = api.sandbox.control("GET", "contacts", listId=40137, emailAddress=email)
    return {one["segmentationFieldId"]: one["value"] for one in found["segmentationFieldValues"]}


def standing(api: Api, email: str) -> str | None:
    try:
        return str(api.sandbox.control("GET", "contacts", listId=40137, emailAddress=email)["standing"])
    except RuntimeError:
        return None


def people(api: Api) -> dict[str, str]:
    special = api.sandbox.control("GET", "contacts", listId=40137)["special"]
    found = {state: email for email, state in special.items()}
    for state in ("Subscribed", "Unsubscribed"):
        row = next(api.rows(f"{LIST}/Contact", subscriptionState=state))
        found[state] = row["emailAddress"]
    return {**found, "Unknown": "new.one@example.com", "Invalid": "not an address"}


@pytest.mark.parametrize(
    ("kind", "include", "results", "after"),
    [
        (
            "AddSubscribers",
            False,
            {
                "Subscribed": "Already Subscribed",
                "Unsubscribed": "Previously Unsubscribed",
                "Unknown": "Subscribed",
                "Banned": "Banned",
                "Suppressed": "Suppressed",
                "Pending": "Pending",
                "Invalid": "Invalid Email",
            },
            {"Unknown": "Subscribed", "Unsubscribed": "Unsubscribed", "Pending": "Pending"},
        ),
        (
            "UpdateSubscribers",
            False,
            {
                "Subscribed": "Updated",
                "Unsubscribed": "Previously Unsubscribed",
                "Unknown": "Skipped",
                "Banned": "Banned",
                "Invalid": "Invalid Email",
            },
            {"Unknown": None, "Unsubscribed": "Unsubscribed"},
        ),
        (
            "UpdateSubscribers",
            True,
            {"Subscribed": "Updated", "Unsubscribed": "Previously Unsubscribed", "Unknown": "Skipped"},
            {"Unknown": None, "Unsubscribed": "Unsubscribed"},
        ),
        (
            "RemoveSubscribers",
            False,
            {
                "Subscribed": "Unsubscribed",
                "Unsubscribed": "Already Unsubscribed",
                "Unknown": "Skipped",
                "Pending": "Skipped",
                "Invalid": "Invalid Email",
            },
            {"Subscribed": "Unsubscribed", "Unsubscribed": "Unsubscribed", "Unknown": None},
        ),
    ],
)
def test_what_each_kind_does_to_whom(
    own: Api,
    kind: str,
    include: bool,  # noqa: FBT001  a parameter of the test
    results: dict[str, str],
    after: dict[str, str | None],
) -> None:
    known = people(own)
    text = "\n".join(known[who] for who in results)
    ended = run(own, text, importType=kind, includeUnsubscribed=include)
    assert ended["results"] == {known[who]: word for who, word in results.items()}
    assert ended["status"] == "Completed"
    for who, state in after.items():
        assert standing(own, known[who]) == state, who
    summary = ended["summary"]
    assert len(summary) == 10
    assert summary["processedCount"] == len(results) == sum(summary.values()) - len(results)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("Update", {CITY: "Bern", NOTES: "note", POINTS: "5"}),
        ("Append", {CITY: "BaselBern", NOTES: "note", POINTS: "5"}),
        ("Overwrite", {CITY: "Bern"}),
    ],
)
def test_kinds_of_update(own: Api, update: str, expected: dict[int, str]) -> None:
    columns = (EMAIL, column(1, field=CITY), column(2, field=NOTES), column(3, field=POINTS))
    run(own, "a@example.com,Basel,note,5\nb@example.com,Basel,note,5", *columns)
    run(own, "a@example.com,Bern,,", *columns, segmentationImportType=update, importType="UpdateSubscribers")
    assert values(own, "a@example.com") == expected
    assert values(own, "b@example.com") == {CITY: "Basel", NOTES: "note", POINTS: "5"}
    # What is not mapped is not touched, whatever the kind.
    run(own, "b@example.com,7", EMAIL, column(1, field=POINTS), segmentationImportType=update)
    assert values(own, "b@example.com") == {CITY: "Basel", NOTES: "note", POINTS: "7"}


def test_add_subscribers_takes_no_profile_values(own: Api) -> None:
    run(own, "a@example.com,Bern", EMAIL, column(1, field=CITY), importType="AddSubscribers")
    assert values(own, "a@example.com") == {}


def test_delimiter_qualifier_names_order_and_defaults(own: Api) -> None:
    text = "﻿Stadt;Mail;Punkte\r\n'Zürich; Süd';x@example.com;\r\n'It''s\r\nBern';y@example.com;3\r\n"
    columns = (column(1, "Email"), column(0, field=CITY), column(2, field=POINTS, default="1"))
    ended = run(own, text, *columns, fileDelimiter=";", textQualifier="'", hasColumnNames=True)
    assert ended["summary"]["subscribedCount"] == 2
    assert values(own, "x@example.com") == {CITY: "Zürich; Süd", POINTS: "1"}
    assert values(own, "y@example.com") == {CITY: "It's\r\nBern", POINTS: "3"}


def test_values_that_do_not_fit_are_left_out_and_the_rest_is_taken(own: Api) -> None:
    columns = (EMAIL, *(column(n, field=f) for n, f in enumerate((POINTS, WANTS_SMS, LAST_ORDER, CITY), 1)))
    text = f"a@example.com,many,perhaps,2026-01-31,{'x' * 61}\nb@example.com,1.25,1,01/31/2026,Bern\n"
    run(own, text, *columns)
    assert values(own, "a@example.com") == {}
    assert values(own, "b@example.com") == {
        POINTS: "1.25",
        WANTS_SMS: "on",
        LAST_ORDER: "01/31/2026",
        CITY: "Bern",
    }
    assert own.sandbox.written()["imports"][0]["ignoredValues"] == 4


def test_bad_rows_are_counted_and_never_stop_the_rest(own: Api) -> None:
    text = (
        b"\n\n,Bern\nshort@example.com\nlong@example.com,Bern,more,and more\n\xff\xfe,x\n"
        b"nul@example.com,\x00\n"
    )
    ended = run(own, text + b"last@example.com,Bern\n", EMAIL, column(1, field=CITY))
    assert ended["summary"]["skippedCount"] == 1
    assert ended["summary"]["invalidEmailCount"] == 1
    for email in ("short@example.com", "long@example.com", "last@example.com"):
        assert standing(own, email) == "Subscribed"


def test_of_rows_of_one_contact_the_last_stands_and_one_result_is_given(own: Api) -> None:
    text = "twice@example.com,Basel\nTWICE@example.com,Bern\n"
    ended = run(own, text, EMAIL, column(1, field=CITY))
    assert ended["results"] == {"twice@example.com": "Subscribed"}
    assert values(own, "twice@example.com") == {CITY: "Bern"}


def test_external_ids_are_stored_and_can_find_contacts(own: Api) -> None:
    known = next(row for row in own.rows(f"{LIST}/Contact") if row["externalContactID"])
    run(own, "a@example.com,X-9", EMAIL, EXTERNAL)
    ended = run(
        own,
        f"X-9,Bern\n{known['externalContactID']},Basel\nnobody,Genf\n",
        column(0, "ExternalContactID"),
        column(1, field=CITY),
        importType="UpdateSubscribers",
    )
    assert ended["results"] == {
        "a@example.com": "Updated",
        known["emailAddress"]: "Updated",
        "nobody": "Skipped",
    }
    assert values(own, "a@example.com")[CITY] == "Bern"
    assert values(own, known["emailAddress"])[CITY] == "Basel"


def test_events_are_raised_and_journeys_entered(own: Api) -> None:
    text = "a@example.com,101\nb@example.com,Ordered\nc@example.com,nothing\n"
    run(own, text, EMAIL, column(1, "Event"), triggerJourney=True)
    written = own.sandbox.written()
    assert [(one["emailAddress"], one["eventId"]) for one in written["events"]] == [
        ("a@example.com", 101),
        ("b@example.com", 101),
    ]
    assert written["imports"][0]["enteredJourneys"] == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"fileDelimiter": ""},
        {"fileDelimiter": "||"},
        {"textQualifier": ","},
        {"fileName": " "},
        {"importType": "Subscribe"},
        {"segmentationImportType": "Merge"},
        {"fileMappings": []},
        {"fileMappings": [column(1, field=CITY)]},
        {"fileMappings": [EMAIL, EMAIL]},
        {"fileMappings": [EMAIL, column(1, "Phone")]},
        {"fileMappings": [EMAIL, column(1, field=7)]},
        {"fileMappings": [EMAIL, column(1, field=CITY), column(2, field=CITY)]},
        {"fileMappings": [column(-1, "Email")]},
        {"fileMappings": [EXTERNAL]},
        {"fileStream": "%%%"},
        {"fileStream": None},
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(email: Api, changes: dict[str, object]) -> None:
    found = email.send("POST", f"{LIST}/ListImport", request("a@example.com", EMAIL, **changes))
    assert found == (400, "ERROR_INVALID_PARAMETER")
    assert email.sandbox.written()["imports"] == []


def test_a_file_with_fewer_rows_than_the_account_wants_is_refused(own: Api) -> None:
    own.sandbox.settings(import_minimum_rows=2)
    assert own.send("POST", f"{LIST}/ListImport", request("a@example.com\n"))[0] == 400
    assert run(own, "a@example.com\nb@example.com")["summary"]["subscribedCount"] == 2


def test_an_import_takes_its_time_and_progresses(own: Api) -> None:
    own.sandbox.settings(import_seconds=0.6)
    text = "\n".join(f"p{n}@example.com" for n in range(500))
    _, identifier = own.send("POST", f"{LIST}/ListImport", request(text))
    path = f"{LIST}/ListImport/{identifier}"
    counts = []
    while not (status := own.get(f"{path}/Status")["data"])["endDate"]:
        assert status["status"] in {"Queued", "Processing"}
        counts.append(own.get(f"{path}/Summary")["data"]["processedCount"])
    assert counts == sorted(counts)
    assert any(0 < count < 500 for count in counts)
    listed = [row for row in own.rows(f"{LIST}/ListImport") if row["importFileName"] == "people.csv"]
    assert [row["importFileId"] for row in listed] == [int(identifier)]
    assert own.get(path)["data"] == listed[0]


def test_two_imports_of_one_list_mix(own: Api) -> None:
    own.sandbox.settings(import_seconds=0.4)
    files = ["\n".join(f"{name}{n}@example.com" for n in range(300)) for name in "ab"]
    identifiers = [own.send("POST", f"{LIST}/ListImport", request(text))[1] for text in files]
    for identifier in identifiers:
        wait(own, identifier)
    order = [row["emailAddress"][0] for row in own.rows(f"{LIST}/Contact", startDate="2026-06-30T12:00:00")]
    assert order.count("a") == order.count("b") == 300
    changes = sum(one != two for one, two in pairwise(order))
    assert changes > 50


@pytest.mark.parametrize(("outcome", "word"), [("fail", "Failed"), ("stall", "Processing")])
def test_an_import_can_be_made_to_fail_or_stall_halfway(own: Api, outcome: str, word: str) -> None:
    own.sandbox.settings(import_outcome=outcome)
    text = "\n".join(f"p{n}@example.com" for n in range(100))
    _, identifier = own.send("POST", f"{LIST}/ListImport", request(text))
    path = f"{LIST}/ListImport/{identifier}"
    until = time.monotonic() + TIME_LIMIT
    while own.get(f"{path}/Summary")["data"]["processedCount"] < 50:
        assert time.monotonic() < until
    for _ in range(20):
        status = own.get(f"{path}/Status")["data"]
    assert status["status"] == word
    assert (status["endDate"] is None) is (outcome == "stall")
    assert own.get(f"{path}/Summary")["data"]["processedCount"] < 100


def test_the_word_for_a_good_end_can_be_another(own: Api) -> None:
    own.sandbox.settings(import_end_word="Imported")
    assert run(own, "a@example.com")["status"] == "Imported"


def beta(*contacts: tuple[str, dict[int, str]]) -> list[dict[str, object]]:
    return [
        {
            "emailAddress": email,
            "segmentationFieldValues": [{"segmentationFieldId": f, "value": v} for f, v in given.items()],
        }
        for email, given in contacts
    ]


def test_the_beta_route_updates_known_contacts_by_imports(own: Api) -> None:
    run(own, "a@example.com\nb@example.com")
    body = beta(
        ("a@example.com", {CITY: 'Bern, "Süd"', POINTS: "3"}),
        ("b@example.com", {WANTS_SMS: "on"}),
        ("nobody@example.com", {WANTS_SMS: "on"}),
    )
    status, identifiers = own.send("POST", f"{LIST}/Contact/SegmentationField", body)
    assert status == 201
    found = [wait(own, one)["results"] for one in identifiers.split(",")]
    assert found == [
        {"a@example.com": "Updated"},
        {"b@example.com": "Updated", "nobody@example.com": "Skipped"},
    ]
    assert values(own, "a@example.com") == {CITY: 'Bern, "Süd"', POINTS: "3"}
    assert standing(own, "nobody@example.com") is None


def test_the_beta_route_can_be_missing(own: Api) -> None:
    own.sandbox.settings(beta_route=False)
    found = own.send("POST", f"{LIST}/Contact/SegmentationField", beta(("a@example.com", {CITY: "Bern"})))
    assert found == (400, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE")


@pytest.mark.parametrize("body", [[], beta(("a@example.com", {})), beta(("a@example.com", {7: "x"}))])
def test_the_beta_route_refuses_what_it_cannot_do(email: Api, body: list[dict[str, object]]) -> None:
    assert email.send("POST", f"{LIST}/Contact/SegmentationField", body) == (400, "ERROR_INVALID_PARAMETER")


@pytest.fixture(scope="module")
def playground() -> Iterator[Api]:
    """A sandbox that many examples of one test write to."""
    with running_sandbox(scale="tiny") as running:
        running.settings(import_seconds=0)
        api = Api(running, "email")
        yield api
        api.session.close()


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a@example.com", "b@example.com", "", "x"]), CELLS, CELLS), max_size=8
    )
)
@settings(max_examples=40, deadline=None)
def test_any_file_that_a_csv_writer_makes_ends_and_adds_up(
    playground: Api, rows: list[tuple[str, str, str]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    columns = (EMAIL, column(1, field=NOTES), column(2, field=POINTS))
    body = request(text.getvalue(), *columns, importType="UpdateSubscribers")
    body["fileMappings"] = list(columns)
    status, identifier = playground.send("POST", "/List/40137/ListImport", body)
    if not rows:
        assert status == 400
        return
    ended = wait(playground, identifier)
    summary = ended["summary"]
    addresses = {email_ for email_, _, _ in rows if email_}
    assert set(ended["results"]) == addresses
    assert summary["processedCount"] == len(addresses) + sum(not email_ for email_, _, _ in rows)
