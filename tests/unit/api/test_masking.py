"""No address, number or secret survives in a text; ids and dates do, as far as they can be told apart."""

from __future__ import annotations

import io
import json
import logging
import string
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from singer_sdk.logging import StructuredFormatter

from listrak_api import masking
from listrak_api.masking import MaskingFilter, install_masking, mask, register_secret

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

AROUND = st.sampled_from(
    [
        "",
        " ",
        "/List/345/Contact/",
        "?emailAddress=",
        "&x=",
        '"',
        "'",
        "<",
        ">",
        "(",
        ")",
        ", ",
        ": ",
        "\n",
        "\t",
        ";",
    ]
)
DIGITS = st.text(string.digits, min_size=4, max_size=4)
AREA = st.integers(201, 989).map(str)
EXCHANGE = st.integers(200, 999).map(str)
SEPARATOR = st.sampled_from(["", " ", "-", ".", "\u2011", "\u00a0"])
ENCODED = st.sampled_from([str, quote, lambda text: quote(text, safe=""), quote_plus])


@pytest.fixture(scope="module", autouse=True)
def _secrets_of_its_own() -> Iterator[None]:
    """Any word is a secret here, and would be one for all tests that follow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "_secrets", {})
        patch.setattr(masking, "_secrets_pattern", None)
        yield


@st.composite
def north_american(draw: st.DrawFn) -> str:
    """Numbers as people in North America write them."""
    area, exchange, rest = draw(AREA), draw(EXCHANGE), draw(DIGITS)
    if draw(st.booleans()):
        area = f"({area})"
    separator = draw(SEPARATOR)
    prefix = draw(st.sampled_from(["", "1", "1-", "1 ", "+1", "+1 "]))
    return f"{prefix}{area}{separator}{exchange}{draw(SEPARATOR)}{rest}"


@st.composite
def international(draw: st.DrawFn) -> str:
    """Numbers of any country, in the international form, grouped in any way."""
    digits = draw(st.text(string.digits, min_size=7, max_size=13))
    country = draw(st.integers(1, 999).map(str))
    text = "+" + country
    for at, digit in enumerate(digits):
        text += (
            draw(st.sampled_from([" ", "-", "."])) + digit
            if at and at % 3 == 0 and draw(st.booleans())
            else digit
        )
    return text


# As Listrak writes numbers: country code and number, no plus sign. Eleven digits from 1 are North America's.
LISTRAK_NUMBER = st.one_of(
    st.builds("1{}{}{}".format, AREA, EXCHANGE, DIGITS),
    st.builds("{}{}{}".format, AREA, EXCHANGE, DIGITS),
    st.builds(
        "{}{}".format,
        st.sampled_from(["44", "49", "33", "52", "353"]),
        st.text(string.digits, min_size=9, max_size=10),
    ),
)


def test_an_address_whose_local_part_is_an_apostrophe_does_not_survive() -> None:
    assert mask("to '@a.example, and ''@b.example") == "to <address>, and <address>"


@given(AROUND, st.emails(), AROUND)
def test_no_address_survives(before: str, address: str, after: str) -> None:
    assert address not in mask(before + address + after)


@given(AROUND, st.emails(), ENCODED, AROUND)
def test_no_address_in_a_url_survives(before: str, address: str, encode: object, after: str) -> None:
    text = encode(address)  # type: ignore[operator]
    assert text not in mask(before + text + after)


@pytest.mark.parametrize(
    "address",
    [
        "o'neil@example.com",
        "jörg@bücher.example",
        "a+b@example.co.uk",
        '"john doe"@example.com',
        "user@[192.0.2.1]",
        "jane%40example.com",
        "jane%2540example.com",
        "jane\\u0040example.com",
        "jane&#64;example.com",
        "x" * 400 + "@example.com",
    ],
)
def test_awkward_addresses_leave_nothing_behind(address: str) -> None:
    masked = mask(f"refused {address} for good")
    assert masked == "refused <address> for good"


@given(AROUND, st.one_of(north_american(), international()), ENCODED, AROUND)
def test_no_number_survives(before: str, number: str, encode: object, after: str) -> None:
    text = encode(number)  # type: ignore[operator]
    masked = mask(before + text + after)
    assert text not in masked
    assert "".join(filter(str.isdigit, number)) not in "".join(filter(str.isdigit, masked))


@given(AROUND, LISTRAK_NUMBER, AROUND)
def test_no_number_as_listrak_writes_it_survives(before: str, number: str, after: str) -> None:
    assert number not in mask(before + number + after)


@pytest.mark.parametrize(
    "number", ["020 7946 0958", "+44 (0)20 7946 0958", "06 12 34 56 78", "(030) 12345678"]
)
def test_national_numbers_of_other_countries_do_not_survive(number: str) -> None:
    assert mask(f"to {number}.") == "to <number>."


def test_a_short_number_is_masked_where_its_name_says_what_it_is() -> None:
    assert mask('"phoneNumber": "1234567", "phoneListId": 1234567') == (
        '"phoneNumber": "<number>", "phoneListId": 1234567'
    )


@given(AROUND, st.integers(0, 1_999_999_999), AROUND)
def test_ids_survive(before: str, identifier: int, after: str) -> None:
    text = f"{before}{identifier}{after}"
    assert mask(text) == text


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), AROUND)  # noqa: DTZ001 - their text is what counts
def test_dates_and_times_survive(moment: datetime, after: str) -> None:
    assume(after not in {"(", ")"})
    for text in (
        moment.isoformat() + after,
        moment.isoformat(" ", "milliseconds").replace(".", ",") + after,
        moment.isoformat() + "Z" + after,
        moment.isoformat() + "+00:00" + after,
        moment.strftime("%m/%d/%Y"),
        moment.strftime("%d.%m.%Y"),
        moment.strftime("%Y%m%d"),
        quote(moment.isoformat(timespec="seconds") + "Z", safe=""),
    ):
        assert mask(text) == text


@given(st.uuids())
def test_uuids_survive(identifier: uuid.UUID) -> None:
    assert mask(f"file {identifier}.csv") == f"file {identifier}.csv"


def test_what_logs_are_made_of_survives() -> None:
    text = (
        "2026-06-30 12:00:00,123 | INFO | GET /email/v1/List/{listId}/Contact: 60000 rows in 12.3456789012 "
        "s, 300 requests, 1782820800.25 s, 127.0.0.1:54321, list 345678, message 12345678, share 0.2000000000"
    )
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.DEF-_~+/=", "Authorization: Bearer ***"),
        ("{'Authorization': 'bearer abc'}", "{'Authorization': 'bearer ***'}"),
        ("grant_type=x&client_secret=abc&y=1", "grant_type=x&client_secret=***&y=1"),
        ("Unknown 'ms_client_secret': did you mean 'x'?", "Unknown 'ms_client_secret': did you mean 'x'?"),
        ("client_secret: did=1", "client_secret: ***"),
        ('{"access_token": "abc", "expires_in": 900}', '{"access_token": "***", "expires_in": 900}'),
    ],
)
def test_tokens_and_secrets_are_known_by_their_place(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(AROUND, st.text(string.printable, min_size=4).filter(str.strip), AROUND)
def test_no_registered_secret_survives(before: str, secret: str, after: str) -> None:
    assume(not set(secret) <= set("*"))
    register_secret(secret)
    for form in (secret, quote(secret, safe=""), quote_plus(secret)):
        assert form not in mask(before + form + after).replace("***", "")


def test_a_text_too_short_for_a_secret_does_not_spoil_every_log() -> None:
    register_secret("", "a")
    assert mask("a banana") == "a banana"


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "@",
        "+",
        "(",
        "0 ",
        "1 ",
        "'",
        '"',
        "=",
        "a@",
        "a'",
        "%40",
        "1.",
        "2026-06-30",
        "phone=",
        "Bearer ",
    ],
)
def test_long_hostile_texts_take_linear_time(piece: str) -> None:
    # Quadratic behaviour would take minutes here and run into the suite's time limit.
    assert mask(piece * 30_000)


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger = logging.getLogger("test masking")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False
    install_masking(logger)
    yield logger, stream
    logger.removeHandler(handler)


PERSON = "jane@example.com"
BANNED = f"{PERSON} is banned"


def fail(message: str) -> None:
    raise ValueError(message)


def test_the_filter_masks_what_children_log_and_drops_nothing(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.getChild("child").warning("no contact %s at %d", "jane@example.com", 345678)
    assert stream.getvalue() == "no contact <address> at 345678\n"


def test_the_filter_masks_tracebacks(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        fail(BANNED)
    except ValueError:
        logger.exception("failed")
    assert "ValueError: <address> is banned" in stream.getvalue()
    assert PERSON not in stream.getvalue()


def test_the_filter_masks_structured_logs(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.handlers[0].setFormatter(StructuredFormatter())
    try:
        fail(PERSON)
    except ValueError:
        logger.exception("failed for %s", "+1 555 123 4567", extra={"contact": "jane@example.com"})
    record = json.loads(stream.getvalue())
    assert record["message"] == "failed for <number>"
    assert record["extra"]["contact"] == "<address>"
    assert record["exception"]["type"] == "ValueError"
    assert record["exception"]["message"] == "<address>"


def test_the_filter_leaves_harmless_records_as_they_are() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "METRIC: %s", ({"value": 3},), None)
    assert MaskingFilter().filter(record)
    assert record.msg == "METRIC: %s"
    assert record.args == {"value": 3}


def test_installing_twice_filters_once(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = log
    install_masking(logger)
    assert len(logger.handlers[0].filters) == 1
