"""Cells as spreadsheets, exports and people write them, each with whom it means.

A strategy gives a cell and the keys of whoever wrote it: one, or more where the cell holds more.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("LISTRAK_CELL_EXAMPLES", "200"))
"""How many cells a property is tried on; 20,000 in a night run."""

INVISIBLE = (
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202c",
    "\u2060",
    "\u200d",
    "\u180e",
)
BLANKS = (" ", "\xa0", "\t", "\u2003", "\u3000", "\u202f", "\r\n")


class Cell(NamedTuple):
    """A cell and whom it means.

    Attributes:
        text: What the source holds.
        meant: The keys of the people whom its writer meant.
    """

    text: object
    meant: frozenset[str]


def full_width(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


_NUMBERS = st.from_regex(r"(?!\d(\d)\1{8})[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)
_PHONE_FORMS = (
    "{n}", "{a}-{b}-{c}", "({a}) {b}-{c}", "{a}.{b}.{c}", "{a} {b} {c}", "1{n}", "1-{a}-{b}-{c}", "+1{n}",
    "+1 ({a}) {b}-{c}", "tel:+1{n}", "tel:{n}", "001{n}", "0111{n}", "{n}.0", "{n}.00",
    "1{n}.0", "+1{n}.0", "{n},0",
    "'{n}", "'+1{n}", '="{n}"', '"{n}"', "{n},", "{n};", "{n}.", "{d}.{e}E9", "{d}.{e}E+09",
    "{n}E0", "{n}e+00",
    "{n} x12", "{n}x12", "{n} ext. 12", "{n};ext=12", "{n} #12", "{n}#12", "{n}, 12",
    "{n} extension 123",
    "Mobile: {n}", "{n} (home)", "call {a}-{b}-{c}", "00{n}", "0{n}", "+{n}", "{b}-{c}", "{n}0", "{n}\u00b2",
    "{a}-{b}-{c}/0199", "{d},{n[1]}{n[2]}{n[3]},{n[4]}{n[5]}{n[6]},{n[7]}{n[8]}{n[9]}",
)  # fmt: skip


def _phone(number: str, form: str) -> Cell:
    parts = {"a": number[:3], "b": number[3:6], "c": number[6:], "d": number[0], "e": number[1:]}
    return Cell(form.format(n=number, **parts), frozenset({"1" + number}))


def _lost_digits(number: str, places: int) -> Cell:
    return Cell(f"{int(number):.{places}E}", frozenset({"1" + number}))


def _two(one: Cell, other: Cell, between: str) -> Cell:
    return Cell(f"{one.text}{between}{other.text}", one.meant | other.meant)


def _around(cell: Cell, before: str, after: str, *, wide: bool) -> Cell:
    text = str(cell.text)
    return Cell(before + (full_width(text) if wide else text) + after, cell.meant)


_MARKS = st.sampled_from(["", "", "", *INVISIBLE, *BLANKS])
_PLAIN_NUMBERS = st.builds(_phone, _NUMBERS, st.sampled_from(["{n}", "({a}) {b}-{c}", "+1{n}"]))

phone_cells: st.SearchStrategy[Cell] = st.one_of(
    st.builds(
        _around,
        st.builds(_phone, _NUMBERS, st.sampled_from(_PHONE_FORMS)),
        _MARKS,
        _MARKS,
        wide=st.booleans(),
    ),
    st.builds(_lost_digits, _NUMBERS, st.integers(0, 10)),
    st.builds(
        _two,
        _PLAIN_NUMBERS,
        _PLAIN_NUMBERS,
        st.sampled_from([" ", ", ", ";", " / ", "/", "\n", " or ", "&", "\u200b"]),
    ),
    st.builds(lambda number: Cell(float(number), frozenset({"1" + number})), _NUMBERS),
    st.builds(lambda number: Cell(int(number), frozenset({"1" + number})), _NUMBERS),
    st.builds(lambda number: Cell(number, frozenset()), st.text(max_size=20)),
)
"""Cells with numbers of the United States."""

_ADDRESSES = st.from_regex(
    r"[a-z]{2,8}([._+\-][a-z0-9]{2,8})?@[a-z]{2,8}\.example\.(com|org)", fullmatch=True
)
_ADDRESS_FORMS = (
    "{a}", "{u}", "mailto:{a}", "MAILTO:{a}", "mailto:{a}?subject=Hi", "<{a}>", "Ann <{a}>",
    '"Lee, Ann" <{a}>', "Ann <{a}",
    "Ann Lee<{a}>", "'{a}'", '"{a}"', "'{a}", '="{a}"', "{a},", "{a}.", "{a};", ",{a}", "{l}@@{d}",
    "{l} @{d}",
    "{l}@ {d}", "{l}(at){d}", "{l} [at] {d}", "{l} at {d}", "{l}{d}", "{a} (old)", "Ann {a}", "{l}%40{d}",
    "{a}/",
    "{a}\u2026", "=HYPERLINK({a})", "{l}.@{d}", "?{a}", "{a}?", "*{a}", "\u2018{a}\u2019",
)  # fmt: skip


def _address(address: str, form: str) -> Cell:
    local, _, domain = address.partition("@")
    return Cell(form.format(a=address, u=address.upper(), l=local, d=domain), frozenset({address}))


def _inside(address: str, mark: str, place: int) -> Cell:
    place %= len(address) + 1
    return Cell(address[:place] + mark + address[place:], frozenset({address}))


_PLAIN_ADDRESSES = st.builds(_address, _ADDRESSES, st.sampled_from(["{a}", "Ann <{a}>"]))

address_cells: st.SearchStrategy[Cell] = st.one_of(
    st.builds(
        _around,
        st.builds(_address, _ADDRESSES, st.sampled_from(_ADDRESS_FORMS)),
        _MARKS,
        _MARKS,
        wide=st.booleans(),
    ),
    st.builds(
        _inside, _ADDRESSES, st.sampled_from([*INVISIBLE, *BLANKS, "\x00", "\ufffd"]), st.integers(0, 100)
    ),
    st.builds(
        _two,
        _PLAIN_ADDRESSES,
        _PLAIN_ADDRESSES,
        st.sampled_from([" ", ", ", ";", "/", "\n", " and ", "|", "\u200b", ""]),
    ),
    st.builds(lambda text: Cell(text, frozenset()), st.text(max_size=20)),
)
"""Cells with addresses."""
