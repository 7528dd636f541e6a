"""The scale `enterprise`: many lists and sender codes of skewed sizes, made as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def enterprise() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="enterprise") as running:
        yield running


def test_60_lists_of_skewed_sizes(enterprise: RunningSandbox) -> None:
    email = Api(enterprise, "email")
    lists = list(email.rows("/List"))
    assert len({one["listId"] for one in lists}) == len({one["listName"] for one in lists}) == 60
    assert enterprise.sandbox is not None
    shapes = [one.shape for one in enterprise.sandbox.world.lists.values()]
    first, rest = shapes[0].contacts, sum(shape.contacts for shape in shapes[1:])
    assert first > 50 * shapes[-1].contacts
    assert 0.2 < first / (first + rest) < 0.3
    messages = [
        message["messageId"]
        for one in lists[::20]
        for message in email.rows(f"/List/{one['listId']}/Message")
    ]
    assert len(set(messages)) == len(messages) > 100


def test_12_sender_codes_with_phone_lists_of_their_own(enterprise: RunningSandbox) -> None:
    sms = Api(enterprise, "sms")
    codes = [one["shortCodeId"] for one in sms.rows("/ShortCode")]
    assert len(set(codes)) == 12
    phone_lists = [
        (code, one["phoneListId"]) for code in codes for one in sms.rows(f"/ShortCode/{code}/PhoneList")
    ]
    assert {code for code, _ in phone_lists} == set(codes)
    assert len({one for _, one in phone_lists}) == len(phone_lists)
    first, last = (
        sum(1 for _ in sms.rows(f"/ShortCode/{code}/PhoneList/{phone_list}/Contact"))
        for code, phone_list in (phone_lists[0], phone_lists[-1])
    )
    assert first > 10 * last > 0
