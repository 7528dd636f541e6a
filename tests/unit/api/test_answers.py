from __future__ import annotations

import base64
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from listrak_api.answers import Answer, UnreadableError, cursor_of, read_answer, read_page, read_resource
from listrak_api.errors import PagingError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4)
DEEP = b'{"status": 200, "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
NO_UTF_8 = b'{"data": ["\xff"]}'
UNREADABLE = [
    b"",
    b" ",
    b"<html></html>",
    b'{"status": 200, "data": [{"a": 1}',
    b"\xff\xfe",
    NO_UTF_8,
    DEEP,
    b"nonsense",
    b"17",
    b'"text"',
]


CURSORS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(ROWS, st.none() | st.just("") | CURSORS.filter(lambda cursor: "?" not in cursor))
def test_a_page_is_its_rows_and_its_cursor(rows: list[dict[str, object]], cursor: str | None) -> None:
    assume(not (cursor or "").lower().startswith("http"))
    body = msgspec.json.encode({"status": 200, "nextPageCursor": cursor, "data": rows})
    page = read_page(body)
    assert page.rows == rows
    assert page.next_cursor == (cursor or None)
    assert msgspec.json.decode(page.raw) == rows


def test_the_rows_bytes_are_kept_as_they_came() -> None:
    rows = b'[ {"b":1.50,  "a":"\\u00e9"} ]'
    page = read_page(b'{"status":200,"data":' + rows + b',"nextPageCursor":null}')
    assert bytes(page.raw) == rows


def test_a_decoder_gives_typed_rows() -> None:
    class Row(msgspec.Struct):
        list_id: int = msgspec.field(name="listId")

    decoder = msgspec.json.Decoder(list[Row])
    assert read_page(b'{"data": [{"listId": 7, "other": 1}]}', decoder).rows == [Row(7)]
    with pytest.raises(UnreadableError):
        read_page(b'{"data": [{"listId": "seven"}]}', decoder)


@given(ROWS, st.booleans())
def test_rows_that_stay_undecoded_are_the_same_bytes(rows: list[dict[str, object]], bare: bool) -> None:  # noqa: FBT001 - hypothesis fills it in
    body = b" " + msgspec.json.encode(rows if bare else {"status": 200, "data": rows})
    page = read_page(body, undecoded=True)
    assert page.rows == []
    assert msgspec.json.decode(page.raw) == rows


def test_rows_that_stay_undecoded_may_hold_any_character() -> None:
    body = '{"status": 200, "data": [{"a": "Jos\u00e9 \U0001f389"}]}'.encode()
    assert msgspec.json.decode(read_page(body, undecoded=True).raw) == [{"a": "Jos\u00e9 \U0001f389"}]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"Sale \ud83d", "Sale \ufffd"),
        (rb"\uDE00 \ud83d\ude00\uD83D\uD83D\uDE00", "\ufffd \U0001f600\ufffd\U0001f600"),
        (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("undecoded", [False, True])
def test_half_a_character_and_a_byte_order_mark_stop_nobody(
    sent: bytes, read: str, mark: bytes, *, undecoded: bool
) -> None:
    """One subject line that was cut within an emoji ended every run: asked for again, it came the same."""
    page = read_page(mark + b'{"status": 200, "data": [{"a": "%s"}]}' % sent, undecoded=undecoded)
    assert msgspec.json.decode(page.raw) == [{"a": read}]
    if not undecoded:
        assert page.rows == [{"a": read}]
    assert read_resource(mark + b'{"status": 200, "data": {"a": "%s"}}' % sent) == {"a": read}


def test_a_null_among_rows_is_no_row_and_a_text_is_no_page() -> None:
    assert read_page(b'{"status": 200, "data": [null, {"a": 1}, null]}').rows == [{"a": 1}]
    with pytest.raises(UnreadableError):
        read_page(b'{"status": 200, "data": ["a"]}')


def test_no_rows_may_be_null_or_a_bare_array() -> None:
    assert read_page(b'{"status": 200, "data": null}').rows == []
    assert bytes(read_page(b'{"status": 200, "data": null}').raw) == b"[]"
    assert read_page(b'[{"a": 1}]').rows == [{"a": 1}]


@pytest.mark.parametrize("body", [*UNREADABLE, b"{}", b'{"status": 200}', b'{"data": {}}', b'{"data": 7}'])
def test_what_is_no_page_is_unreadable_and_never_empty(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_page(body)
    with pytest.raises(UnreadableError):
        read_page(body, undecoded=True)


@given(JSON)
def test_a_resource_is_the_envelopes_data(value: object) -> None:
    body = msgspec.json.encode({"status": 200, "data": value})
    assert read_resource(body, collection=True) == value


def test_a_resource_may_come_bare_or_as_an_array_of_one() -> None:
    assert read_resource(b'{"phoneListId": 7, "status": "Active"}') == {"phoneListId": 7, "status": "Active"}
    assert read_resource(b'{"status": 200, "data": [{"phoneListId": 7}]}') == {"phoneListId": 7}
    assert read_resource(b'{"status": 200, "data": [{"a": 7}]}', collection=True) == [{"a": 7}]


@pytest.mark.parametrize(
    "body", [*UNREADABLE, b"{}", b'{"status": 200}', b'{"status": 200, "nextPageCursor": null}']
)
def test_what_is_no_resource_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_resource(body)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (201, b'{"status": 201, "resourceId": "77"}', Answer(201, "77")),
        (201, b'{"status": 201, "resourceId": 77}', Answer(201, "77")),
        (200, b'{"status": 200}', Answer(200)),
        (200, b'{"status": 200, "resourceId": null, "data": {"a": 1}}', Answer(200, None, {"a": 1})),
        (204, b"", Answer(204)),
    ],
)
def test_an_answer_to_a_write(status: int, body: bytes, answer: Answer) -> None:
    assert read_answer(status, body) == answer


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_write_without_a_readable_answer_is_not_taken_for_done(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_answer(201, body)


@given(
    CURSORS,
    st.sampled_from(["https://api.listrak.com/email/v1/List/1/Contact?", "/email/v1/List?a=b&", "?x&"]),
)
def test_a_cursor_in_a_uri_is_its_query_parameter(cursor: str, base: str) -> None:
    assert cursor_of(f"{base}cursor={quote(cursor, safe='')}&count=5") == cursor
    assert cursor_of(f"{base}Cursor={quote(cursor, safe='')}") == cursor


@given(st.binary(min_size=1))
def test_any_base64_is_taken_as_it_is(data: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        cursor = encode(data).decode()
        assert cursor_of(cursor) == cursor
        assert cursor_of(f"https://x.example/List?cursor={cursor}") == cursor


@pytest.mark.parametrize("value", [None, "", "https://x.example/List?cursor=", "?cursor="])
def test_no_cursor_ends_the_collection(value: object) -> None:
    assert cursor_of(value) is None


def test_a_number_is_a_cursor_too() -> None:
    assert cursor_of(17) == "17"


@pytest.mark.parametrize("value", ["https://x.example/List", "https://x.example/List?page=2"])
def test_a_next_page_that_cannot_be_asked_for_is_an_error(value: str) -> None:
    with pytest.raises(PagingError, match="without a cursor"):
        cursor_of(value)
