"""The page: one box for each view, in the order in which a marketer would read them.

    LISTRAK_DASHBOARD_DATABASE=listrak.duckdb streamlit run app.py

`make dashboard` does that, see serve.py. The address takes `?days=90&list=40137`, to keep a choice.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import altair as alt
import duckdb
import streamlit as st
import views

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

DATABASE = os.environ["LISTRAK_DASHBOARD_DATABASE"]
SCHEMA = os.environ.get("LISTRAK_DASHBOARD_SCHEMA", "analytics")
PERIODS = (30, 90, 365)
TEAL, GREY = "#0f766e", "#94a3b8"
COLORS = [TEAL, "#f59e0b", "#6366f1", "#e11d48", "#0ea5e9", "#84cc16"]
HEIGHT = 250


@st.cache_data(ttl=60, show_spinner=False)
def rows(query: str, **parameters: Any) -> pd.DataFrame:  # noqa: ANN401 - what DuckDB takes
    """Run a query. The file is open for that long only, so that `dbt build` can write to it."""
    with duckdb.connect(DATABASE, read_only=True) as database:
        return database.execute(query, parameters or None).df()


def chosen() -> dict[str, Any]:
    """Ask for the period and the list; what the address says comes first."""
    names: dict[int | None, str] = {None: "All lists"}
    names |= dict(rows(views.LISTS.format(schema=SCHEMA)).itertuples(index=False, name=None))
    asked = st.query_params
    ids = list(names)
    first = next((place for place, one in enumerate(ids) if str(one) == asked.get("list")), 0)
    days = int(asked["days"]) if asked.get("days") in map(str, PERIODS) else 90
    title, period, one_list = st.columns([5, 3, 3], vertical_alignment="bottom")
    title.title("Listrak at a glance", anchor=False)
    with period:
        days = st.segmented_control(
            "Period", PERIODS, default=days, format_func=lambda one: f"{one} days", required=True
        )
    list_id = one_list.selectbox("List", ids, index=first, format_func=names.__getitem__)
    return {"days": days, "list_id": list_id}


def box(place: Any, view: views.View, draw: Callable[..., None], choice: dict[str, Any]) -> None:  # noqa: ANN401
    """Draw a view's frame, heading and content; says so if there is nothing."""
    frame = place.container(border=True, height="stretch")
    frame.markdown(f"**{view.title}**")
    frame.caption(view.unit)
    found = rows(view.query(SCHEMA), **choice)
    if found.empty:
        frame.info("Nothing in this period.")
    else:
        draw(frame, found)


def plot(place: Any, chart: alt.Chart | alt.LayerChart, height: int = HEIGHT) -> None:  # noqa: ANN401
    """Draw a chart that fills the width of its box."""
    plain = chart.properties(height=height).configure_view(strokeWidth=0)
    plain = plain.configure_axis(
        grid=False, domain=False, ticks=False, labelColor="#475569", labelLimit=220, labelPadding=6
    )
    place.altair_chart(plain.configure_legend(orient="top", title=None), width="stretch", theme=None)


def headlines(choice: dict[str, Any]) -> None:
    """Draw the figures of the period, each with its change since the one before."""
    found = rows(views.HEADLINES.query(SCHEMA), **choice)
    current, before = (found[found.is_current == one].iloc[:1].astype(float) for one in (True, False))
    shown = [
        ("Revenue", "revenue", "${:,.0f}", "normal"),
        ("Orders", "orders", "{:,.0f}", "normal"),
        ("Delivered", "delivered", "{:,.0f}", "off"),
        ("Open rate", "open_rate", "{:.1f} %", "normal"),
        ("Click rate", "click_rate", "{:.1f} %", "normal"),
        ("Bounce rate", "bounce_rate", "{:.2f} %", "inverse"),
    ]
    for place, (label, name, form, color) in zip(st.columns(len(shown)), shown, strict=True):
        if current.empty or current[name].isna().all():
            place.metric(label, "none", border=True)
            continue
        now, change = current[name].iloc[0], None
        if not before.empty and before[name].iloc[0] > 0:
            then = before[name].iloc[0]
            change = (
                f"{now - then:+.2f} points" if name.endswith("rate") else f"{100 * (now / then - 1):+.0f} %"
            )
        place.metric(label, form.format(now), change, delta_color=color, border=True)


def revenue(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw the revenue of each day, stacked by kind of message."""
    bars = (
        alt.Chart(found)
        .mark_bar()
        .encode(
            x=alt.X("revenue_on:T", title=None),
            y=alt.Y(
                "revenue:Q",
                title=None,
                axis=alt.Axis(format="$,.0f", grid=True, gridColor="#eef2f7", tickCount=5),
            ),
            color=alt.Color("message_kind:N", scale=alt.Scale(range=COLORS)),
            tooltip=["revenue_on", "message_kind", alt.Tooltip("revenue", format="$,.2f"), "orders"],
        )
    )
    plot(place, bars)


def bars(found: pd.DataFrame, name: str, value: str, form: str, **more: Any) -> alt.LayerChart:  # noqa: ANN401
    """Give horizontal bars in the order of the rows, each with its number at its end."""
    room = alt.Scale(domain=[0, 1.18 * max(found[value].max(), 0.01)])
    base = alt.Chart(found).encode(
        x=alt.X(f"{value}:Q", title=None, axis=None, scale=room),
        y=alt.Y(f"{name}:N", title=None, sort=None),
        tooltip=list(found.columns),
    )
    text = base.mark_text(align="left", dx=5, color="#334155").encode(
        text=alt.Text(f"{value}:Q", format=form)
    )
    return base.mark_bar(cornerRadiusEnd=3, size=18, **{"color": TEAL, **more}) + text


def fading(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw how many subscribed contacts are active, and how many no longer."""
    plot(place, bars(found, "engagement", "contacts", ",d"))


def messages(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw the table of the broadcasts that earned most."""
    column = st.column_config
    most = float(found["revenue"].max())
    place.dataframe(
        found,
        hide_index=True,
        width="stretch",
        column_config={
            "subject": column.TextColumn("Subject", width="large"),
            "list_name": "List",
            "sent_on": column.DateColumn("Sent", format="D MMM YYYY"),
            "delivered": column.NumberColumn("Delivered", format="localized"),
            "open_rate": column.NumberColumn("Opens", format="%.1f %%"),
            "click_rate": column.NumberColumn("Clicks", format="%.1f %%"),
            "orders": "Orders",
            "revenue": column.ProgressColumn("Revenue", format="dollar", min_value=0, max_value=most or 1.0),
            "revenue_per_thousand": column.NumberColumn("Per 1,000", format="dollar"),
        },
    )


def growth(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw what each list gained since the period began."""
    lines = (
        alt.Chart(found)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(
            x=alt.X("changed_on:T", title=None),
            y=alt.Y("gained:Q", title=None, axis=alt.Axis(grid=True, gridColor="#eef2f7", tickCount=5)),
            color=alt.Color("list_name:N", scale=alt.Scale(range=COLORS)),
            tooltip=["list_name", "changed_on", "joined", "lost", "gained"],
        )
    )
    plot(place, lines)


def deliverability(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw each domain's bounce rate, with a mark for the period before."""
    mark = (
        alt.Chart(found)
        .mark_tick(color="#0f172a", thickness=2, size=24)
        .encode(x="bounce_rate_before:Q", y=alt.Y("email_domain:N", sort=None))
    )
    plot(place, bars(found, "email_domain", "bounce_rate", ".2f", color="#fda4af") + mark)


def journeys(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw what each conversation earned per 1,000 delivered messages."""
    found["journey"] = found.conversation_name + " · " + found.list_name.fillna("")
    plot(place, bars(found, "journey", "revenue_per_thousand", "$,.0f", color="#6366f1"))


def texts(place: Any, found: pd.DataFrame) -> None:  # noqa: ANN401 - a Streamlit container
    """Draw who joined by text and who left, week by week."""
    kinds = ["joined", "left", "opted out"]
    weeks = (
        alt.Chart(found)
        .mark_bar()
        .encode(
            x=alt.X("week:T", title=None),
            y=alt.Y(
                "numbers:Q",
                title=None,
                axis=alt.Axis(grid=True, gridColor="#eef2f7", tickCount=5, tickMinStep=1),
            ),
            color=alt.Color("change:N", scale=alt.Scale(domain=kinds, range=[TEAL, GREY, "#e11d48"])),
            tooltip=["week", "change", "numbers"],
        )
    )
    plot(place, weeks)


LAYOUT = (
    ((2, views.REVENUE, revenue), (1, views.FADING, fading)),
    ((1, views.MESSAGES, messages),),
    ((1, views.GROWTH, growth), (1, views.DELIVERABILITY, deliverability)),
    ((1, views.JOURNEYS, journeys), (1, views.TEXTS, texts)),
)
"""Rows of boxes: how wide, what is asked, and what draws it."""


def main() -> None:
    """Draw the page."""
    st.set_page_config("Listrak", layout="wide", initial_sidebar_state="collapsed")
    choice = chosen()
    headlines(choice)
    for row in LAYOUT:
        for place, (_, view, draw) in zip(st.columns([one[0] for one in row]), row, strict=True):
            box(place, view, draw, choice)
    st.caption(
        f"Read from the marts in the schema {SCHEMA}. docs/analytics.md says what the data cannot tell."
    )


main()
