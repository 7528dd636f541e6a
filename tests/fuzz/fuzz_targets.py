"""What must hold whatever bytes come in, as functions that a coverage-guided fuzzer calls. (`fuzz.py`).

What it finds goes into the corpus, which `test_fuzz_targets.py` replays with every run of the tests.
"""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import io
import logging
import re
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import phonenumbers

from listrak_singer.cli import error_lines
from target_listrak.input.reader import InputError, Reader
from target_listrak.input.unreadable import unreadable
from target_listrak.target import TargetListrak
from target_listrak.values import addresses, formats, phones
from target_listrak.values.invalid_value import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TYPES = ("Text", "Numeric", "Number", "Date", "CheckBox", "RadioButton", "CommentArea", "ContentBlock", "New")
COUNTRIES = ("US", *sorted(phonenumbers.SUPPORTED_REGIONS))
KINDS = ("SCHEMA", "RECORD", "STATE", "BATCH", "ACTIVATE_VERSION")

_JSON_TROUBLE = (
    r"JSON is malformed: (utf-16|[a-zA-Z ,.:'\"{}\[\]`$-])*\(byte \d+\)"
    r"|Input data was truncated|nested too deeply"
    r"|(Integer value|Number) out of range( - at `[$\[\].]*`)?"
    r"|(Invalid|invalid) UTF-8[a-zA-Z -]*"
    r"|'utf-8' codec can't decode bytes? (0x[0-9a-f]{2} )?in position [\d-]+: [a-z -]+"
)
_INPUT_ERROR = re.compile(
    r"Line \d+ of the input: "
    rf"((no valid JSON|the input ends in the middle of this line) \(({_JSON_TROUBLE})\)|no JSON object"
    r"|not UTF-8: the file looks like UTF-16. Save it as UTF-8"
    r"|a message of an unknown type( \([A-Z_]{1,30}\))?|a message lacks [a-z_]+(, [a-z_]+)*)"
)
"""All that an error of the reader may say: nothing in it comes from the line, but for a type's name."""


def lines_of(data: bytes) -> list[bytes]:
    """Split as a file is: only line feeds end a line."""
    return data.removesuffix(b"\n").split(b"\n") if data else []


def reader(data: bytes) -> None:
    """Bytes as Singer input: each line is a message, blank, or ends the reading with an error that quotes
    nothing."""
    one = Reader()
    callbacks = dict.fromkeys(KINDS, lambda message: one.assert_line_requires(message, {"stream"}))
    lines = lines_of(data)
    try:
        counts = one.process_lines(io.BytesIO(data), callbacks)
    except InputError as error:
        said = error.message
    else:
        first = [line.removeprefix(codecs.BOM_UTF8) for line in lines[:1]]
        blank = sum(not line.strip() for line in first + lines[1:])
        assert one.line_number == len(lines)
        assert counts.total() + blank == len(lines)
        return
    assert 1 <= one.line_number <= len(lines)
    assert f"Line {one.line_number} " in said
    assert _INPUT_ERROR.fullmatch(said), "an error of another form"


def messages(data: bytes) -> None:
    """Bytes as the target's input, without a destination: it ends well with every row in the tallies, or with
    an error that its main function explains in a line."""
    if b"manifest" in data:
        return  # it would read any file of this machine
    with contextlib.redirect_stdout(io.StringIO()), _quiet():
        try:
            target = TargetListrak(config={"destinations": {}, "unmapped_streams": "skip"})
            target.listen(io.BytesIO(data))
        except Exception as error:
            if error_lines(error) is None:
                raise
            return
    lines = [line for line in data.removeprefix(codecs.BOM_UTF8).split(b"\n") if line.strip()]
    records = sum(map(_is_record, lines))
    tallies = target.run.tallies.values()
    assert sum(one.read for one in tallies) == records
    assert all(one.read == one.confirmed for one in tallies)


def _is_record(line: bytes) -> bool:
    """Whether a line is a RECORD message, also where its record cannot be used."""
    try:
        return bool(_DECIMALS.decode(line)["type"] == "RECORD")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        return unreadable(line, error) is not None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def value_from(data: bytes) -> Any:  # noqa: ANN401 - any value that a record can hold
    """Make a value: the first byte says how, as JSON (also from a BATCH file), as text, or as Parquet has."""
    how, rest = data[:1], data[1:]
    if how == b"f":
        return struct.unpack("<d", rest[:8].ljust(8, b"\0"))[0]
    if how == b"d":
        with contextlib.suppress(ValueError):
            return dt.datetime.fromisoformat(rest.decode("ascii", "replace"))
    if how == b"j":
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
            return msgspec.json.decode(rest) if rest[-1:] == b" " else _DECIMALS.decode(rest)
    return rest.decode("utf-8", "surrogateescape")


_DECIMALS = msgspec.json.Decoder(float_hook=Decimal)
_said: dict[str, set[str]] = {}


_WORDINGS = {"bad_email_address": 25, "bad_phone_number": 15, "not_a_date": 6}
"""Codes whose reasons name one of many causes."""


def check_reason(bad: InvalidValue) -> None:
    """Check that a reason says nothing of the value: a code has one wording or two, lengths left out."""
    assert re.fullmatch("[a-z_]+", bad.code)
    wording = re.sub(r"has \d+ characters", "has so many characters", bad.reason)
    wording = re.sub(r"field holds \d+", "field holds so many", wording)
    wording = re.sub(r"\(U\+[0-9A-F]{4,6}\)", "(U+0000)", wording)
    known = _said.setdefault(bad.code, set())
    known.add(wording)
    most = _WORDINGS.get(bad.code, 2)
    assert len(known) <= most, f"{bad.code} has more wordings than any code has"


def formatted(data: bytes) -> None:
    """A field's type, its length and a value: a sendable text that formats to itself, or a reason."""
    if len(data) < 3:
        return
    kind, limit = TYPES[data[0] % len(TYPES)], data[1] % 64 or None
    format_value = formats.formatter(kind, limit)
    answer = format_value(value_from(data[2:]))
    if isinstance(answer, InvalidValue):
        check_reason(answer)
        return
    assert isinstance(answer, str)
    answer.encode()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", answer)
    if limit and kind not in {"Date", "CheckBox", "RadioButton"}:
        assert len(answer) <= limit
    assert format_value(answer) == answer


def people(data: bytes) -> None:
    """Addresses and numbers: one form for all spellings, the library's answer, or a reason."""
    if len(data) < 2:
        return
    given = value_from(data[1:])
    address = addresses.parse(given)
    if isinstance(address, InvalidValue):
        check_reason(address)
    else:
        assert addresses.parse(address.sent) == address
        assert addresses.comparison_key(address.sent) == address.key
    if isinstance(given, str):
        assert addresses.comparison_key(given) == addresses.comparison_key(given.strip())
        if given.strip():
            assert address == addresses.parse_with_care(given.strip())

    country = COUNTRIES[data[0] % len(COUNTRIES)]
    digits = phones.canonical(given, country)
    if isinstance(digits, InvalidValue):
        check_reason(digits)
    else:
        assert re.fullmatch("[1-9][0-9]{2,16}", digits)
        assert phones.canonical("+" + digits, country) == digits
        assert phones.from_listrak("+" + digits, country) == digits
    if isinstance(given, str):
        assert isinstance(phones.from_listrak(given, country), str)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": reader,
    "messages": messages,
    "values": formatted,
    "people": people,
}
