"""Settings that choose what is read: by id or name, and what they leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import extract_from

from listrak_api.errors import ConfigurationError
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

OF_CONVERSATIONS = [
    "conversation_messages",
    "conversation_message_links",
    "conversation_message_link_clickers",
    "conversation_message_activity",
]
OF_MESSAGES = ["messages", "message_links", "message_link_clickers"]


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox, extract: Extract) -> Extraction:
    return extract(tiny)


def values(extraction: Extraction, stream: str, name: str) -> set[Any]:
    return {record[name] for record in extraction.records[stream]}


@pytest.mark.parametrize("form", ["code", "spaced code", "id as text", "id"])
def test_sender_codes_are_chosen_by_code_or_id(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, form: str
) -> None:
    one = whole.records["sender_codes"][0]
    number, code = one["senderCodeId"], str(one["code"])
    wanted = {"code": code, "spaced code": f" {code} ", "id as text": str(number), "id": number}[form]
    chosen = extract(tiny, streams=["sender_codes", "phone_lists"], sender_code_ids=[wanted])
    assert values(chosen, "sender_codes", "senderCodeId") == {number}
    assert values(chosen, "phone_lists", "senderCodeId") == {number}


def test_phone_lists_are_chosen_by_name_or_id(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    names = [record["phoneListName"] for record in whole.records["phone_lists"]]
    one = next(row for row in whole.records["phone_lists"] if names.count(row["phoneListName"]) == 1)
    for wanted in (one["phoneListName"].upper(), one["phoneListId"], str(one["phoneListId"])):
        chosen = extract(tiny, streams=["phone_lists", "phone_list_contacts"], phone_list_ids=[wanted])
        assert values(chosen, "phone_lists", "phoneListId") == {one["phoneListId"]}
        assert values(chosen, "phone_list_contacts", "phoneListId") <= {one["phoneListId"]}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sender_code_ids": ["no such code"]}, ["sender_code_ids", "'no such code'", "410"]),
        ({"phone_list_ids": ["no such list"]}, ["phone_list_ids", "'no such list'", "7101"]),
        ({"conversation_message_ids": [424242]}, ["conversation_message_ids", "424242", "There are: "]),
        ({"link_ids": [7]}, ["link_ids", "message_ids, conversation_ids, conversation_message_ids"]),
    ],
)
def test_what_does_not_exist_is_an_error_before_anything_is_written(
    tiny: RunningSandbox, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        extract_from(tiny, **settings)
    for word in words:
        assert word in str(caught.value)
    assert not capsys.readouterr().out


def test_an_unknown_link_is_an_error_that_names_those_of_the_chosen_messages(
    tiny: RunningSandbox, whole: Extraction
) -> None:
    link = whole.records["message_links"][0]
    with pytest.raises(ConfigurationError, match="424242") as caught:
        extract_from(tiny, streams=OF_MESSAGES, message_ids=[link["messageId"]], link_ids=[424242])
    assert str(link["linkId"]) in str(caught.value)


def test_chosen_messages_of_conversations_are_read_in_full_and_bookmarks_stay(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    one = whole.records["conversation_message_activity"][0]["conversationMessageId"]
    chosen = extract(
        tiny,
        streams=OF_CONVERSATIONS,
        state=whole.state,
        conversation_message_ids=[one],
        start_date="2026-06-01",
    )
    assert values(chosen, "conversation_messages", "messageId") == {one}
    for stream in OF_CONVERSATIONS[1:]:
        expected = {
            key: row for key, row in whole.merged(stream).items() if row["conversationMessageId"] == one
        }
        assert chosen.merged(stream) == expected, stream
    assert chosen.state == whole.state
    assert not [line for line in chosen.messages if line["type"] == "ACTIVATE_VERSION"]


def test_chosen_links_are_read_with_their_clickers_and_bookmarks_stay(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    click = whole.records["message_link_clickers"][0]
    chosen = extract(
        tiny,
        streams=OF_MESSAGES,
        state=whole.state,
        message_ids=[click["messageId"]],
        link_ids=[click["linkId"]],
    )
    assert values(chosen, "message_links", "linkId") == {click["linkId"]}
    expected = {
        key: row
        for key, row in whole.merged("message_link_clickers").items()
        if row["linkId"] == click["linkId"]
    }
    assert chosen.merged("message_link_clickers") == expected
    assert chosen.state == whole.state


def test_links_of_conversations_leave_the_links_of_messages_alone(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    link = whole.records["conversation_message_links"][0]
    chosen = extract(
        tiny,
        streams=[*OF_MESSAGES, *OF_CONVERSATIONS],
        conversation_message_ids=[link["conversationMessageId"]],
        link_ids=[link["linkId"]],
    )
    assert values(chosen, "conversation_message_links", "linkId") == {link["linkId"]}
    for stream in OF_MESSAGES:
        assert chosen.merged(stream) == whole.merged(stream), stream


@pytest.mark.parametrize(
    "case",
    [
        ("conversation_ids", "conversations", "conversationId"),
        ("conversation_message_ids", "conversation_messages", "messageId"),
        ("message_ids", "messages", "messageId"),
        ("phone_list_ids", "phone_lists", "phoneListId"),
        ("sender_code_ids", "sender_codes", "senderCodeId"),
        ("list_ids", "lists", "listId"),
    ],
    ids=lambda case: case[0],
)
def test_a_stream_that_is_selected_alone_has_the_chosen_rows_only(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, case: tuple[str, str, str]
) -> None:
    setting, stream, key = case
    one = whole.records[stream][-1][key]
    chosen = extract(tiny, streams=[stream], **{setting: [one]})
    assert values(chosen, stream, key) == {one}
