"""HTML for the page. Everything that is not our own markup is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Html(str):
    """Text that is markup already; anything else is escaped where it goes into markup."""

    __slots__ = ()


STYLE = Html("""
:root { color-scheme: light dark;
  --ground: light-dark(#f6f6f3, #14161a); --card: light-dark(#fff, #1d2026);
  --ink: light-dark(#20242b, #e4e6ea); --soft: light-dark(#6a707b, #979eab);
  --line: light-dark(#e3e3dd, #2e323b); --accent: light-dark(#0b6e5f, #4fc3ae);
  --good: light-dark(#1d7a43, #63c98a); --warn: light-dark(#9a6200, #e5b454);
  --bad: light-dark(#b3261e, #f2867e); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; margin-bottom: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
h1 span { color: var(--accent); }
h2 { font-size: 1rem; margin: 2.25rem 0 .6rem; overflow-wrap: anywhere; }
p { margin: 0; } .soft { color: var(--soft); }
nav { margin-left: auto; display: flex; gap: 1rem; } a { color: var(--accent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem; }
.tile b { display: block; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .9rem; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .85rem; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; } .nowrap { white-space: nowrap; } .wide { min-width: 13rem; }
td { overflow-wrap: break-word; } code, .wide { overflow-wrap: anywhere; }
code { font: .86em ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; }
.chip { display: inline-block; padding: 0 .55em; border-radius: 1em; font-size: .85rem; white-space: nowrap;
  border: 1px solid currentColor; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
nav, .buttons { align-items: center; flex-wrap: wrap; } .buttons { display: flex; gap: .5rem; }
button { font: inherit; font-size: .85rem; color: var(--accent); background: var(--card); cursor: pointer;
  border: 1px solid var(--line); border-radius: .4rem; padding: .1rem .6rem; }
pre { margin: 0; padding: .8rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all;
  font: .86em/1.6 ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; }
summary { cursor: pointer; margin: 2.25rem 0 .6rem; font-weight: 600; } details p { margin-bottom: .6rem; }
@media (max-width: 44rem) {
  main { padding: 1rem .75rem 3rem; } nav { margin-left: 0; } thead { display: none; }
  table, tbody, tr, td { display: block; } tr { border-top: 1px solid var(--line); padding: .4rem 0; }
  tr:first-child { border-top: 0; }
  td { display: flex; justify-content: flex-end; gap: .5rem; border: 0;
    text-align: right; overflow-wrap: anywhere; padding: .1rem .9rem; }
  td::before { content: attr(data-label); color: var(--soft); flex: none; margin-right: auto; }
  td > *, .n, .nowrap { white-space: normal; text-align: right; } .wide { min-width: 0; } }
.none { padding: .8rem .9rem; color: var(--soft); }
""")


def text(value: object) -> Html:
    """Escape a value, unless it is markup. An empty value becomes a dash, whole numbers get thin spaces."""
    if isinstance(value, Html):
        return value
    if value is None or value == "":
        return Html("&ndash;")
    if isinstance(value, int) and not isinstance(value, bool):
        return Html(f"{value:,}".replace(",", "\u202f"))
    return Html(escape(str(value)))


def element(name: str, content: object, css: str = "") -> Html:
    """Create an element with escaped content and, if given, a class."""
    attribute = f' class="{escape(css)}"' if css else ""
    return Html(f"<{name}{attribute}>{text(content)}</{name}>")


def join(parts: Iterable[object], between: str = "") -> Html:
    """Put escaped parts one after the other, with markup between them."""
    return Html(between.join(text(part) for part in parts))


def chip(word: object, tone: str) -> Html:
    """Create a small label; tone is good, warn or bad."""
    return element("span", word, f"chip {tone}")


def link(href: str, content: object) -> Html:
    """Create a link."""
    return Html(f'<a href="{escape(href)}">{text(content)}</a>')


def button(action: str, content: object) -> Html:
    """Create a button that posts to an address of this site."""
    return Html(f'<form method="post" action="{escape(action)}"><button>{text(content)}</button></form>')


def _cell(content: object, css: str, label: str) -> Html:
    """Create a table's cell; on a narrow screen it begins with its column's title."""
    attribute = f' class="{escape(css)}"' if css else ""
    return Html(f'<td{attribute} data-label="{escape(label)}">{text(content)}</td>')


COLUMNS = {"#": "n", "!": "nowrap", "~": "wide"}
"""Marks of columns: numbers, never wrapped, never narrow."""


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], nothing: str) -> Html:
    """Create a table. The first character of a title may set how its column looks: see `COLUMNS`."""
    css = [COLUMNS.get(title[:1], "") for title in titles]
    head = join(element("th", title.lstrip("#!~"), "n" if title[:1] == "#" else "") for title in titles)
    labels = [title.lstrip("#!~") for title in titles]
    lines = [element("tr", join(map(_cell, row, css, labels))) for row in rows]
    if not lines:
        return element("div", element("p", nothing, "none"), "card")
    body = element("tbody", join(lines))
    return element("div", element("table", join([element("thead", element("tr", head)), body])), "card")


def tile(value: object, label: str) -> Html:
    """Create a tile: a figure and what it is."""
    return element("div", join([element("b", value), element("span", label)]), "tile")


def section(title: str, note: str, content: Html) -> Html:
    """Create a section with a title and a short note."""
    heading = join([title, " ", element("span", note, "soft")]) if note else text(title)
    return join([element("h2", heading), content])
