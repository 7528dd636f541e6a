from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_listrak.values.dates import as_date, as_date_time
from target_listrak.values.formats import as_boolean, as_text, formatter
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.numbers import as_number

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TYPES = [
    "Text",
    "Numeric",
    "RadioButton",
    "CheckBox",
    "CommentArea",
    "Date",
    "ContentBlock",
    "Number",
    "Checkbox",
]


@pytest.mark.parametrize(
    ("data_type", "value", "text"),
    [
        ("Text", "as is, with 'quotes' and \"more\"", "as is, with 'quotes' and \"more\""),
        ("Text", " spaces stay ", " spaces stay "),
        ("Text", "two\nlines", "two\nlines"),
        ("Text", True, "true"),
        ("Text", 12345.0, "12345"),
        ("Text", Decimal("12345.0"), "12345"),
        ("Text", 1e22, "10000000000000000000000"),
        ("Text", 1.5e-7, "0.00000015"),
        ("Text", ["red", "blue", None, 3], "red,blue,3"),
        ("Text", dt.date(2026, 6, 30), "2026-06-30"),
        ("Text", None, ""),
        ("Text", " \t\n", ""),
        ("Text", [], ""),
        ("CommentArea", "žluťoučký 🐎", "žluťoučký 🐎"),
        ("Something new", "text", "text"),
        ("Numeric", 5, "5"),
        ("Numeric", "007", "7"),
        ("Numeric", "+5.10", "5.10"),
        ("Numeric", 19.9, "19.90"),
        ("Numeric", Decimal("19.9000"), "19.90"),
        ("Numeric", 0.1 + 0.2, "0.30"),
        ("Numeric", Decimal("2.675"), "2.68"),
        ("Numeric", "-0.001", "0"),
        ("Numeric", "1e3", "1000"),
        ("Numeric", True, "1"),
        ("Numeric", " ", ""),
        ("Number", "2.675", "2.675"),
        ("Number", 1e20, "100000000000000000000"),
        ("Date", "2026-06-30", "06/30/2026"),
        ("Date", "2026-06-30T23:59:59.1234567Z", "06/30/2026"),
        ("Date", "2026-06-30 23:59:59-0400", "06/30/2026"),
        ("Date", "6/3/2026", "06/03/2026"),
        ("Date", "6/3/2026 12:00:00 AM", "06/03/2026"),
        ("Date", dt.datetime(2026, 6, 30, tzinfo=dt.UTC), "06/30/2026"),
        ("Date", dt.date(2026, 6, 30), "06/30/2026"),
        ("Date", "Tue, 30 Jun 2026 10:00:00 +0000", "06/30/2026"),
        ("Date", "30-JUN-2026", "06/30/2026"),
        ("Date", "5 May 2026", "05/05/2026"),
        ("Date", "June 30, 2026", "06/30/2026"),
        ("Date", "Sept. 3, 2026 1:05 PM", "09/03/2026"),
        ("Text", "\u200b", ""),
        ("Text", " \ufeff ", ""),
        ("Date", "0001-01-01T00:00:00", ""),
        ("Date", "0000-00-00", ""),
        ("Date", "0000-00-00 00:00:00", ""),
        ("Text", '="02134"', "02134"),
        ("Text", ' ="say ""hi"""', 'say "hi"'),
        ("Text", '=""', ""),
        ("Text", "'02134", "02134"),
        ("Text", "\u201902134-1234 ", "02134-1234"),
        ("Text", "'90", "'90"),
        ("Text", "'90s", "'90s"),
        ("Text", "'tis", "'tis"),
        ("Text", "='02134'", "='02134'"),
        ("Text", '="a"&"b"', '="a"&"b"'),
        ("Text", "=A1", "=A1"),
        ("Date", "1753-01-01", ""),
        ("Date", "1900-01-01T00:00:00", ""),
        ("Date", "1/1/1900", ""),
        ("Date", "9999-12-31", ""),
        ("Date", "9999-12-31T23:59:59.9999999Z", ""),
        ("Date", "1970-01-01", "01/01/1970"),
        ("Date", "1970-01-01 00:00:00", "01/01/1970"),
        ("Date", "1970-01-01T00:00:01Z", "01/01/1970"),
        ("Date", "1899-12-30", ""),
        ("Date", "1899-12-30T00:00:00Z", ""),
        ("Date", "1/0/1900", ""),
        ("Date", "00/01/1900", ""),
        ("Date", "", ""),
        ("CheckBox", True, "on"),
        ("Checkbox", "No", "off"),
        ("RadioButton", 1, "on"),
        ("CheckBox", Decimal(0), "off"),
        ("CheckBox", "OFF", "off"),
        ("CheckBox", "", ""),
    ],
)
def test_formats_for_each_type(data_type: str, value: object, text: str) -> None:
    assert formatter(data_type, 100)(value) == text


@pytest.mark.parametrize(
    ("data_type", "value", "code"),
    [
        ("Text", {"a": 1}, "not_a_text"),
        ("Text", [[1]], "not_a_text"),
        ("Text", [{"a": 1}], "not_a_text"),
        ("Text", "nul\x00", "control_character"),
        ("Text", "\ud83d", "control_character"),
        ("Text", "Jos\ufffd", "lost_characters"),
        ("Text", "O\x92Neil", "lost_characters"),
        ("Text", "\x80 5", "lost_characters"),
        ("Text", ["Jos\ufffd"], "lost_characters"),
        ("Text", '="Jos\ufffd"', "lost_characters"),
        ("Text", '="#N/A"', "no_value"),
        ("Date", "1970-01-01T00:00:00Z", "not_a_date"),
        ("Date", "1969-12-31T19:00:00-05:00", "not_a_date"),
        ("Text", float("nan"), "not_a_number"),
        ("Text", "x" * 101, "too_long"),
        ("Text", Decimal("1e999999"), "number_too_large"),
        ("Numeric", "1,234.56", "not_a_number"),
        ("Numeric", "$5", "not_a_number"),
        ("Numeric", "١٢", "not_a_number"),
        ("Numeric", "1_000", "not_a_number"),
        ("Numeric", "Infinity", "not_a_number"),
        ("Numeric", float("inf"), "not_a_number"),
        pytest.param("Numeric", 10**5000, "number_too_large", id="Numeric-huge"),
        ("Numeric", "1e-9999", "number_too_large"),
        ("Numeric", [5], "not_a_number"),
        ("Date", "30/06/2026", "not_a_date"),
        ("Date", "2026-02-30", "not_a_date"),
        ("Date", "2026-06-30 or so", "not_a_date"),
        ("Date", "6/3/26", "not_a_date"),
        ("Date", 20260630, "not_a_date"),
        ("CheckBox", "maybe", "not_a_boolean"),
        ("CheckBox", 2, "not_a_boolean"),
        ("CheckBox", [True], "not_a_boolean"),
    ],
)
def test_refuses_what_does_not_fit(data_type: str, value: object, code: str) -> None:
    answer = formatter(data_type, 100)(value)
    assert isinstance(answer, InvalidValue)
    assert answer.code == code


def test_a_length_limits_texts_and_numbers_but_not_forms_that_no_limit_can_shorten() -> None:
    assert isinstance(formatter("Text", 3)("four"), InvalidValue)
    assert isinstance(formatter("Numeric", 3)(12345), InvalidValue)
    assert formatter("Date", 3)("2026-06-30") == "06/30/2026"
    assert formatter("CheckBox", 1)("yes") == "on"
    assert formatter("Text", 0)("x" * 10_000) == "x" * 10_000


@given(st.sampled_from(TYPES), st.none() | st.integers(0, 30), JSON_VALUES)
def test_whatever_comes_in_a_sendable_text_or_a_reason_comes_out(
    data_type: str, max_length: int | None, value: object
) -> None:
    answer = formatter(data_type, max_length)(value)
    if isinstance(answer, InvalidValue):
        assert answer.code
        assert answer.reason
    else:
        answer.encode("utf-8")
        if max_length and data_type not in {"Date", "CheckBox", "Checkbox", "RadioButton"}:
            assert len(answer) <= max_length
        shapes = {
            "Numeric": r"(-?\d+(\.\d\d)?)?",
            "Number": r"(-?\d+(\.\d+)?)?",
            "Date": r"(\d\d/\d\d/\d{4})?",
            "CheckBox": r"(on|off)?",
            "Checkbox": r"(on|off)?",
            "RadioButton": r"(on|off)?",
        }
        assert re.fullmatch(shapes.get(data_type, r"(?s).*"), answer)


@given(st.sampled_from(TYPES), JSON_VALUES)
def test_what_was_formatted_formats_to_itself(data_type: str, value: object) -> None:
    """A value read back from Listrak by the tap can be sent again unchanged."""
    format_value = formatter(data_type, None)
    answer = format_value(value)
    if not isinstance(answer, InvalidValue):
        assert format_value(answer) == answer


@given(st.sampled_from(TYPES), st.text(st.characters()))
def test_a_reason_never_repeats_the_value(data_type: str, value: str) -> None:
    answer = formatter(data_type, 8)(f"§{value}§ a person's value")
    assert isinstance(answer, InvalidValue)
    assert "§" not in answer.reason + answer.code
    assert "person" not in answer.reason + answer.code


@given(st.text(st.characters()))
def test_a_text_that_is_accepted_survives_a_quoted_file(value: str) -> None:
    text = formatter("Text", None)(value)
    if not isinstance(text, InvalidValue):
        assert text in {value, ""}
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL).writerow([text])
        assert next(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [text]


@given(st.decimals(min_value=-(10**10), max_value=10**10, allow_nan=False, places=4))
def test_a_number_is_the_same_whichever_reader_gave_it(number: Decimal) -> None:
    """Decoders give float or Decimal for the same JSON text."""
    as_json = format(number, "f")
    readings = [number, as_json, json.loads(as_json), msgspec.json.decode(as_json.encode(), type=Decimal)]
    assert len({formatter("Number", None)(reading) for reading in readings}) == 1
    sent = formatter("Numeric", None)(number)
    assert isinstance(sent, str)
    assert abs(Decimal(sent) - number) <= Decimal("0.005")


def test_a_value_that_is_no_date_has_the_reason_that_helps() -> None:
    reasons = {
        "1990-02-30": "no such day",
        "2026-01-01 25:00": "no such day or time",
        "02/30/1990": "no such day",
        "30/02/1990": "no such day",
        "5/12/81": "four digits",
        "13/05/1981": "set date_order",
        "soon": "expected a date",
        20260630: "expected a date",
    }
    for value, words in reasons.items():
        read = as_date_time(value)
        assert isinstance(read, InvalidValue), value
        assert words in read.reason, value


@given(st.dates(min_value=dt.date(1, 1, 2)), st.times(), st.sampled_from(["", "Z", "+02:00", "-0400"]))
def test_a_date_is_the_day_that_is_written_whatever_the_zone(
    day: dt.date, time: dt.time, offset: str
) -> None:
    assert as_date(f"{day.isoformat()}T{time.isoformat()}{offset}") == day
    assert as_date(dt.datetime.combine(day, time)) == day
    assert as_date(f"{day.month}/{day.day}/{day.year:04}") == day


@given(st.booleans(), st.sampled_from([str.upper, str.lower, str.title]))
def test_booleans_are_read_in_any_case(flag: bool, case: object) -> None:  # noqa: FBT001  a drawn value, no switch
    for yes, no in [("true", "false"), ("yes", "no"), ("on", "off"), ("y", "n"), ("t", "f"), ("1", "0")]:
        assert as_boolean(case(yes if flag else no)) is flag  # type: ignore[operator]


@given(st.integers(-(10**39), 10**39))
def test_whole_numbers_are_exact(number: int) -> None:
    assert as_number(number) == as_number(str(number)) == number


@given(st.text(st.sampled_from("='\"#[ \u2019\ufffd0123a-&"), max_size=9))
def test_a_text_is_formatted_alike_by_the_quick_check_and_by_the_whole_one(text: str) -> None:
    assert formatter("Text", 100)(text) == as_text(text)


@given(st.text(st.characters(exclude_characters='"\ufffd', exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_what_a_spreadsheet_wraps_is_unwrapped(text: str) -> None:
    assert as_text(f'="{text}"') in {as_text(text), text if text.strip() else ""}
