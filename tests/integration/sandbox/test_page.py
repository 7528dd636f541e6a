"""The page for people: what it shows is what the APIs say, and nothing on it is taken for markup."""

from __future__ import annotations

import base64
import re
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sandbox_api import Api

from listrak_sandbox import markup
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

NASTY = "<script>alert(\"x\")</script> & 'q'"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as sandbox:
        yield sandbox


@pytest.fixture
def email(running: RunningSandbox) -> Api:
    running.reset()
    return Api(running, "email")


class Page(HTMLParser):
    """A page's tables as texts, its other text, and the elements that were opened."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.answer = requests.get(url, timeout=30)
        assert self.answer.status_code == 200
        self.tables: dict[str, list[list[str]]] = {}
        self.elements: set[str] = set()
        self.words = ""
        self._heading = ""
        self._open: list[str] = []
        self.feed(self.answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag == "meta":
            return
        assert not any(name.startswith("on") for name, _ in attrs)
        self._open.append(tag)
        if tag == "tr":
            self.tables.setdefault(self._heading, []).append([])
        elif tag in ("td", "th"):
            self.tables[self._heading][-1].append("")
        elif tag == "h2":
            self._heading = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "h2" in self._open and "span" not in self._open:
            self._heading += data.strip()
        elif "td" in self._open or "th" in self._open:
            self.tables[self._heading][-1][-1] += data
        elif "style" not in self._open:
            self.words += f"{data} "


def shown(api: Api, path: str = "/") -> Page:
    return Page(api.sandbox.url + path)


def number(text: str) -> int:
    return int(text.replace("\u202f", ""))


def upload(email: Api, name: str, list_id: int) -> None:
    body = {
        "fileDelimiter": ",",
        "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
        "fileName": name,
        "fileStream": base64.b64encode(b"one@example.com\ntwo@example.com\nno address\n").decode(),
        "importType": "AddSubscribers",
        "segmentationImportType": "Update",
        "hasColumnNames": False,
        "textQualifier": '"',
    }
    status, import_id = email.send("POST", f"/List/{list_id}/ListImport", body)
    assert status == 201
    for _ in range(500):
        if email.get(f"/List/{list_id}/ListImport/{import_id}/Status")["data"]["endDate"]:
            return
        time.sleep(0.02)
    message = "The import did not end"
    raise AssertionError(message)


def test_lists_are_shown_with_the_counts_that_the_api_gives(email: Api) -> None:
    lists = email.get("/List")["data"]
    upload(email, "two.csv", lists[0]["listId"])
    rows = shown(email).tables["Email lists"][1:]
    for one, row in zip(lists, rows, strict=True):
        path = f"/List/{one['listId']}/Contact"
        counts = [
            len(list(email.rows(path, subscriptionState=state))) for state in ("Subscribed", "Unsubscribed")
        ]
        assert row[:2] == [one["listName"], str(one["listId"])]
        assert [number(row[2]), number(row[3])] == counts


def test_phone_lists_are_shown_with_the_counts_that_the_api_gives(email: Api) -> None:
    sms = Api(email.sandbox, "sms")
    rows = {row[1]: row for row in shown(email).tables["Phone lists"]}
    for list_id in ("7101", "7104"):
        path = f"/ShortCode/410/PhoneList/{list_id}/Contact"
        assert number(rows[list_id][4]) == len(list(sms.rows(path)))
    assert number(rows["7101"][7]) == len(list(sms.rows("/ShortCode/410/OptOut")))
    assert [rows[one][3] for one in ("7101", "7104", "7301")] == ["active", "inactive", "disabled code"]


def test_imports_are_shown_newest_first_with_their_summaries(email: Api) -> None:
    list_id = email.get("/List")["data"][0]["listId"]
    upload(email, NASTY, list_id)
    page = shown(email)
    row = page.tables["Recent imports"][1]
    assert row[1] == NASTY
    assert row[3:] == ["Completed", "3 processed · 1 invalid email · 2 subscribed"]
    assert "script" not in page.elements
    dates = [one[0] for one in page.tables["Recent imports"][1:]]
    assert dates == sorted(dates, reverse=True)


def test_requests_are_shown_with_status_time_and_misspelt_parameters(email: Api) -> None:
    email.sandbox.forget_requests()
    email.call("GET", "/List", **{NASTY: "x"})
    email.call("GET", "/List/1")
    first, second = shown(email).tables["Recent requests"][1:]
    assert (first[1], first[2]) == ("GET /email/v1/List/{listId}", "404")
    assert (second[1], second[2], second[5]) == ("GET /email/v1/List", "200", NASTY)
    assert re.fullmatch(r"\d+\.\d", second[3])


def test_the_clock_the_seed_and_active_faults_are_shown(email: Api) -> None:
    email.sandbox.set_clock(now="2026-07-04T08:00:00Z", frozen=True)
    email.sandbox.control("POST", "faults", [{"kind": "slow", "route": NASTY}])
    Api(email.sandbox, "data").send("POST", "/Product", [{"sku": "1"}, {"sku": "2"}])
    page = shown(email)
    assert "2026-07-04 08:00:00 UTC, standing still" in page.words
    assert "1 seed" in page.words
    assert page.tables["Faults"][1][:3] == ["slow", "the answer comes late", NASTY]
    assert page.tables["Retail data"][1] == ["Product", "2", "1"]
    assert page.answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_reloading_is_asked_for_in_the_address(email: Api) -> None:
    assert 'http-equiv="refresh" content="3"' in shown(email, "/?refresh=3").answer.text
    for nonsense in ("/", "/?refresh=0", "/?refresh=%22%3E%3Cscript%3E", "/?refresh=-1", "/?refresh=٣"):
        assert "refresh" not in shown(email, nonsense).answer.text.split("<style>")[0]


def test_looking_at_the_page_is_not_a_request_of_the_api(email: Api) -> None:
    email.sandbox.forget_requests()
    shown(email)
    assert email.sandbox.requests()["total"] == 0


@given(st.text())
def test_any_text_comes_out_as_it_went_in(value: str) -> None:
    class Reader(HTMLParser):
        seen = ""

        def handle_data(self, data: str) -> None:
            self.seen += data

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert (tag, attrs) == ("p", [])

    reader = Reader()
    reader.feed(markup.element("p", value))
    reader.close()
    assert reader.seen == (value or "\u2013")
