"""The page for people: what it shows is what the APIs say, and nothing on it is taken for markup."""

from __future__ import annotations

import base64
import html
import os
import re
import time
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from browser import CHROMIUM, DRIVER, running_browser
from hypothesis import given
from hypothesis import strategies as st
from sandbox_api import Api

from listrak_sandbox import markup
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.tap import TapListrak
from target_listrak.target import TargetListrak

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


def test_an_import_leads_to_its_rows_and_results(email: Api) -> None:
    list_id = email.get("/List")["data"][0]["listId"]
    upload(email, NASTY, list_id)
    links = re.findall(r'href="(/import/\d+/\d+)"', shown(email).answer.text)
    page = shown(email, links[0])
    assert page.tables["Rows of the file"] == [
        ["Email"],
        ["one@example.com"],
        ["two@example.com"],
        ["no address"],
    ]
    results = dict(page.tables["Results"][1:])
    assert results["one@example.com"] == "Subscribed"
    assert results["no address"] == "Invalid Email"
    assert ["rowCount", "3"] in page.tables[NASTY]
    assert "script" not in page.elements
    for past in links[1:3]:
        assert len(shown(email, past).tables["Results"]) > 2
    assert requests.get(f"{email.sandbox.url}/import/{list_id}/1", timeout=30).status_code == 404


def test_the_buttons_set_the_clock(email: Api) -> None:
    def press(action: str, **headers: str) -> requests.Response:
        address = f"{email.sandbox.url}{action}"
        return requests.post(address, headers=headers, timeout=30, allow_redirects=False)

    email.sandbox.set_clock(now="2026-07-04T08:00:00Z", frozen=False)
    actions = re.findall(r'action="(/clock\?[^"]*)"', shown(email).answer.text)
    assert len(actions) == 4
    assert press("/clock?frozen=true").headers["location"] == "/"
    before = datetime.fromisoformat(email.sandbox.now())
    for action in actions[:3]:
        assert press(action).status_code == 303
    assert datetime.fromisoformat(email.sandbox.now()) - before == timedelta(hours=1, days=8)
    assert "standing still" in shown(email).words
    assert press("/clock?advance=3600", **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert press("/clock?advance=" + "9" * 400).status_code == 303, "a year at most"


def test_requests_are_grouped_by_route(email: Api) -> None:
    email.sandbox.forget_requests()
    for _ in range(3):
        email.call("GET", "/List/1")
    email.call("GET", "/List")
    rows = shown(email).tables["Requests by route"][1:]
    assert [row[:3] for row in rows] == [
        ["GET /email/v1/List/{listId}", "3", "3"],
        ["GET /email/v1/List", "1", "\u2013"],
    ]


def test_the_settings_in_the_box_are_those_that_work_here(email: Api) -> None:
    text = html.unescape(re.findall(r"<pre>(.*?)</pre>", shown(email).answer.text, re.DOTALL)[0])
    settings = dict(line.split("=", 1) for line in text.splitlines())
    assert settings["TAP_LISTRAK_API_URL"] == settings["TARGET_LISTRAK_API_URL"] == email.sandbox.url
    known = {"TAP_LISTRAK": TapListrak, "TARGET_LISTRAK": TargetListrak}
    for name in settings:
        prefix = next(prefix for prefix in known if name.startswith(f"{prefix}_"))
        assert name.removeprefix(f"{prefix}_").lower() in known[prefix].config_jsonschema["properties"], name
    for name in [name for name in settings if name.endswith("CLIENT_ID")]:
        asked = {"client_id": settings[name], "client_secret": settings[name.replace("_ID", "_SECRET")]}
        body = {"grant_type": "client_credentials", **asked}
        answer = requests.post(settings["TAP_LISTRAK_AUTH_URL"], data=body, timeout=30)
        assert answer.json()["access_token"], name


FRAME = '<body style="margin: 0"><iframe style="width: {width}px; height: 3000px; border: 0" srcdoc="{page}">'
"""A browser's window has a least width, a frame has not."""
LOADED = "return document.querySelector('iframe').contentDocument.querySelector('.card') !== null"
TOO_WIDE = """
  const frame = document.querySelector("iframe").contentWindow;
  const wide = [...frame.document.querySelectorAll("html, .card, td, pre, header")]
    .filter(one => one.scrollWidth > one.clientWidth + 1);
  return [frame.innerWidth, wide.map(one => one.outerHTML.slice(0, 80))];
"""


@pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="no chromium and chromedriver here: whether the page fits was not looked at",
)
@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_cut_off(email: Api, tmp_path: Path, width: int) -> None:
    """Pictures of the page are put into the folder LISTRAK_SCREENSHOTS, if it is set."""
    upload(email, f"{'a-long-name-' * 9}.csv", email.get("/List")["data"][0]["listId"])
    email.call("GET", "/List/1/Conversation/2/Message/3/Link/4/Clicker", **{"a" * 60: "x"})
    page = shown(email).answer.text.replace("<details>", "<details open>")
    page = re.sub(r"(_CLIENT_(?:ID|SECRET))=\S+?(?=\s|<)", r"\1=" + "x" * 30, page)
    one_import = shown(email, re.findall(r'"(/import/.*?)"', page)[0]).answer.text.replace(
        "@example", " at example"
    )
    pictures = Path(os.environ.get("LISTRAK_SCREENSHOTS") or tmp_path)
    with running_browser(tmp_path / "profile", width=max(width, 500), height=1100) as browser:
        for name, text in (("sandbox", page), ("sandbox-import", one_import)):
            file = tmp_path / f"{name}.html"
            file.write_text(FRAME.format(width=width, page=html.escape(text)), "utf-8")
            browser.open(file.as_uri())
            browser.until(LOADED)
            browser.screenshot(pictures / f"{name}-{width}.png")
            assert browser.run(TOO_WIDE) == [width, []], name


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
