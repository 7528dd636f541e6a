"""The example dashboard: its figures are those of the marts, and it can be read in a browser."""

from __future__ import annotations

import datetime as dt
import socket
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from browser import CHROMIUM, DRIVER, running_browser

from examples.dashboard import serve, views

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from models_project import Models

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("models")]

ALL_DAYS = 10_000
Row = dict[str, Any]


class Marts:
    """The marts after ten days, and what the views make of them.

    Args:
        database: An open DuckDB file.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database = database
        self.until = self.one("select max(sent_on) from analytics.listrak__sends")
        self.list_ids = [row["list_id"] for row in self.rows("select * from analytics.listrak__lists")]

    def rows(self, query: str, **parameters: object) -> list[Row]:
        """Run a query; gives its rows by column."""
        done = self.database.execute(query, parameters or None)
        names = [column[0] for column in done.description or []]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def one(self, query: str) -> Any:  # noqa: ANN401 - any value
        """Run a query that gives one value."""
        return next(iter(self.rows(query)[0].values()))

    def view(self, view: views.View, days: int = ALL_DAYS, list_id: int | None = None) -> list[Row]:
        """Give what a view shows."""
        return self.rows(view.query("analytics"), days=days, list_id=list_id)

    def mart(self, name: str, day: str = "", days: int = ALL_DAYS, list_id: int | None = None) -> list[Row]:
        """Give the rows of a mart in a period of a list, chosen here and not in SQL."""
        since = self.until - dt.timedelta(days)
        return [
            row
            for row in self.rows(f"from analytics.listrak__{name}")
            if (list_id is None or row["list_id"] == list_id)
            and (not day or (row[day] is not None and since < row[day] <= self.until))
        ]


@pytest.fixture(scope="module")
def marts(after_ten_days: Models) -> Iterator[Marts]:
    with duckdb.connect(str(after_ten_days.file), read_only=True) as database:
        yield Marts(database)


def total(rows: list[Row], name: str) -> float:
    return round(sum(float(row[name] or 0) for row in rows), 2)


@pytest.fixture(params=[None, 0, 1], ids=["all lists", "first list", "second list"])
def list_id(marts: Marts, request: pytest.FixtureRequest) -> int | None:
    return None if request.param is None else marts.list_ids[request.param]


@pytest.mark.parametrize("days", [30, 365])
def test_the_headlines_and_the_days_add_up_to_the_sends_and_orders(
    marts: Marts, days: int, list_id: int | None
) -> None:
    sends = marts.mart("sends", "sent_on", days, list_id)
    orders = [
        row
        for row in marts.mart("engagement_events", "occurred_on", days, list_id)
        if row["event_type"] == "order"
    ]
    current = marts.view(views.HEADLINES, days, list_id)[0]
    assert current["is_current"]
    assert current["delivered"] == len([row for row in sends if not row["bounced"]]) > 0
    assert current["open_rate"] == pytest.approx(
        100 * len([row for row in sends if row["opened"]]) / current["delivered"]
    )
    assert (current["orders"], float(current["revenue"])) == (len(orders), total(orders, "order_total"))
    by_day = marts.view(views.REVENUE, days, list_id)
    assert total(by_day, "revenue") == total(orders, "order_total")
    by_domain = marts.view(views.DELIVERABILITY, days, list_id)
    assert total(by_domain, "sends") == len(sends)
    assert total(by_domain, "bounces") == len([row for row in sends if row["bounced"]])


def test_the_messages_are_those_that_earned_most(marts: Marts, list_id: int | None) -> None:
    shown = [row["revenue"] for row in marts.view(views.MESSAGES, 90, list_id)]
    earned = sorted(
        (float(row["revenue"]) for row in marts.mart("messages", "sent_on", 90, list_id)), reverse=True
    )
    assert shown == earned[:10]
    assert shown[0] > 0


def test_what_lists_gained_is_the_difference_of_their_subscribed_contacts(marts: Marts) -> None:
    since = marts.until - dt.timedelta(90)
    for one in marts.list_ids:
        days = sorted(marts.mart("list_growth_daily", list_id=one), key=lambda row: row["changed_on"])
        before = [row["subscribed"] for row in days if row["changed_on"] <= since]
        after = [row["subscribed"] for row in days if row["changed_on"] <= marts.until]
        shown = marts.view(views.GROWTH, 90, one)
        assert shown[-1]["gained"] == after[-1] - before[-1]


def test_every_subscribed_contact_is_counted_once(marts: Marts, list_id: int | None) -> None:
    shown = marts.view(views.FADING, 30, list_id)
    assert total(shown, "contacts") == total(marts.mart("lists", list_id=list_id), "subscribed") > 0


def test_journeys_of_all_days_are_those_of_their_mart(marts: Marts, list_id: int | None) -> None:
    shown = marts.view(views.JOURNEYS, ALL_DAYS, list_id)
    sent = [row for row in marts.mart("conversations", list_id=list_id) if row["sends"]]
    for name in ("sends", "delivered", "orders", "revenue"):
        assert total(shown, name) == total(sent, name) > 0, name
    rates = {round(row["revenue_per_thousand"] / 1000, 4) for row in shown}
    assert rates == {float(row["revenue_per_delivered"]) for row in sent}


def test_texts_of_all_days_are_those_of_their_mart(marts: Marts) -> None:
    shown = marts.view(views.TEXTS)
    days = marts.mart("sms_lists_daily", "changed_on")
    for change, name in (("joined", "subscribes"), ("left", "unsubscribes"), ("opted out", "opt_outs")):
        assert total([row for row in shown if row["change"] == change], "numbers") == total(days, name)


def test_no_view_shows_an_address(marts: Marts) -> None:
    for view in views.VIEWS:
        assert "@" not in str(marts.view(view)), view.title


def test_a_database_without_marts_is_known(after_ten_days: Models, tmp_path: Path) -> None:
    """Then `make dashboard` makes them first."""
    empty = tmp_path / "empty.duckdb"
    assert not serve.has_marts(empty)
    duckdb.connect(str(empty)).close()
    assert not serve.has_marts(empty)
    assert serve.has_marts(after_ten_days.file)


def test_a_port_in_use_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve.free_port(port) not in {0, port}


MISSING = [
    name
    for name, there in (
        ("chromium", CHROMIUM),
        ("chromedriver", DRIVER),
        (".venv-dashboard", serve.STREAMLIT.exists()),
    )
    if not there
]


DRAWN = """
    const boxes = [...document.querySelectorAll("[data-testid=stVegaLiteChart], [data-testid=stDataFrame]")];
    const empty = document.querySelectorAll("[data-testid=stAlert]").length;
    return boxes.filter(one => one.querySelector("svg, canvas")).length + empty === arguments[0];
"""
TOO_WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.skipif(
    bool(MISSING), reason=f"not here: {', '.join(MISSING)}; `make dashboard-test` looks at the page"
)
def test_a_browser_shows_every_view(after_ten_days: Models, tmp_path: Path) -> None:
    with duckdb.connect(str(after_ten_days.file), read_only=True) as database:
        marts = Marts(database)
        asked = [
            (days, one, marts.view(views.HEADLINES, days, one)[0])
            for days in (30, 365)
            for one in (marts.list_ids[1], None)
        ]
    with serve.serving(after_ten_days.file) as url, running_browser(tmp_path / "profile") as browser:
        for days, one, current in asked:
            browser.open(f"{url}/?days={days}&list={one}")
            browser.until("return document.body.innerText.includes('Read from the marts')")
            browser.until(DRAWN, len(views.VIEWS) - 1)
            text = browser.run("return document.querySelector('[data-testid=stMain]').innerText")
            assert text.strip().startswith(
                "Listrak at a glance"
            )  # and nothing that the page's code says of itself
            assert [view.title for view in views.VIEWS[1:] if view.title not in text] == []
            assert f"${current['revenue']:,.0f}" in text
            assert f"{current['delivered']:,}" in text
            assert browser.run(TOO_WIDE) == 0
            assert browser.run("return document.querySelectorAll('[data-testid=stException]').length") == 0
