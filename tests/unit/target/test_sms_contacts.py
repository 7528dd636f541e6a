from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from listrak_api.answers import Page
from listrak_api.errors import ConfigurationError, NotFoundError, RequestRefusedError
from target_listrak.channels.sms.contacts import OUTCOMES, SmsContacts, outcome_of
from target_listrak.channels.sms.sender_codes import PhoneList, SenderCode
from target_listrak.channels.sms.standing import State
from target_listrak.outcomes import UNCHANGED, Declined, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_api.routes import Route

SPEC = Path(__file__).parents[3].parent / "shared" / "listrak-api" / "sms.json"
LIST = PhoneList(7, "VIP", active=True)


def refusal(code: str, message: str = "") -> RequestRefusedError:
    return RequestRefusedError("a call was refused", status=400, code=code, message=message)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ERROR_SUBSCRIBED_PHONE_NUMBER", "unchanged"),
        ("ERROR_PHONE_NUMBER_NOT_SUBSCRIBED", "declined not_subscribed"),
        ("ERROR_PHONE_NUMBER_FOUND", "rejected known_number"),
        ("ERROR_PHONE_NUMBER_NOT_FOUND", "declined unknown_number"),
        ("ERROR_UNABLE_TO_LOCATE_RESOURCE", "declined unknown_number"),
        ("ERROR_PHONE_NUMBER_OPTED_OUT", "declined opted_out"),
        ("ERROR_PHONE_NUMBER_BLOCKED", "declined blocked"),
        ("ERROR_BANNED_PHONE_NUMBER", "declined banned"),
        ("ERROR_PHONE_NUMBER_SUSPENDED", "declined suspended"),
        ("ERROR_PENDING_PHONE_NUMBER", "declined pending"),
        ("ERROR_INVALID_PHONE_NUMBER", "rejected bad_phone_number"),
        ("ERROR_INVALID_EMAIL_ADDRESS", "rejected bad_email_address"),
        ("ERROR_BIRTHDAY_FIELD_NULL", "rejected not_a_date"),
        ("ERROR_SEGMENTATION_MAX_LENGTH", "rejected too_long"),
        ("ERROR_INVALID_SEGMENTATION_FIELD_ID", "ends the run"),
        ("ERROR_SEGMENTATION_FIELD_DISABLED", "ends the run"),
        ("ERROR_LIST_INACTIVE", "ends the run"),
        ("ERROR_INVALID_LIST_ID", "ends the run"),
        ("ERROR_SENDER_CODE_DISABLED", "ends the run"),
        ("ERROR_SOMETHING_NEW", "rejected refused"),
        ("", "rejected refused"),
    ],
)
def test_each_code_of_listrak_has_one_meaning(code: str, expected: str) -> None:
    if expected == "ends the run":
        with pytest.raises(ConfigurationError, match=code):
            outcome_of(refusal(code))
        return
    outcome = outcome_of(refusal(code, "some words"))
    if isinstance(outcome, Declined | Rejected):
        assert f"{type(outcome).__name__.lower()} {outcome.code}" == expected
        assert outcome.reason
    else:
        assert outcome is UNCHANGED
        assert expected == "unchanged"


@pytest.mark.skipif(not SPEC.exists(), reason="the vendor's sms.json is not beside the repository")
def test_every_code_that_the_vendor_documents_for_contacts_is_in_the_table() -> None:
    text = json.loads(SPEC.read_text(encoding="utf-8"))["info"]["description"]
    section = text.split("## Contact", 1)[1].split("## ", 1)[0]
    documented = set(re.findall(r"ERROR_[A-Z_]+", section))
    assert len(documented) > 10
    assert documented <= set(OUTCOMES)


class OneForm:
    """A stand-in for Listrak that takes numbers in one form only. The sandbox takes both."""

    def __init__(self, refuse: Exception, digits: int) -> None:
        self.asked: list[str] = []
        self._refuse = refuse
        self._digits = digits

    def _check(self, ids: Mapping[str, object]) -> None:
        self.asked.append(str(ids["phoneNumber"]))
        if len(str(ids["phoneNumber"])) != self._digits:
            raise self._refuse

    def get(self, route: Route, ids: Mapping[str, object]) -> dict[str, Any]:  # noqa: ARG002 - the client's shape
        self._check(ids)
        return {"phoneNumber": ids["phoneNumber"]}

    def get_page(
        self,
        route: Route,  # noqa: ARG002
        ids: Mapping[str, object],
        params: object = None,  # noqa: ARG002
        cursor: str | None = None,  # noqa: ARG002
        decoder: object = None,  # noqa: ARG002
    ) -> Page:
        self._check(ids)
        return Page(list(self.rows), None, msgspec.Raw())

    def pause(self, seconds: float) -> bool:  # noqa: ARG002
        return False

    rows: tuple[dict[str, Any], ...] = ()


class FakeRun:
    dry_run = False

    def __init__(self, client: OneForm) -> None:
        self._client = client
        self.connection = self
        self.config: dict[str, Any] = {}

    def session(self, kind: Any, key: object) -> Any:  # noqa: ANN401, ARG002 - the run's shape
        return kind(self)

    def client(self, api: str) -> OneForm:
        assert api == "sms"
        return self._client


def contacts(client: OneForm) -> SmsContacts:
    return SmsContacts(FakeRun(client), SenderCode(1, "48291", "US"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "refuse", [refusal("ERROR_INVALID_PHONE_NUMBER"), NotFoundError("there is no such contact")]
)
def test_the_form_that_listrak_takes_is_found_with_the_first_number_and_kept(refuse: Exception) -> None:
    client = OneForm(refuse, digits=10)
    sms = contacts(client)
    assert sms.read("12165553000") == {"phoneNumber": "2165553000"}
    assert sms.read("12165553001") == {"phoneNumber": "2165553001"}
    assert client.asked == ["12165553000", "2165553000", "2165553001"]


def test_numbers_of_other_countries_have_one_form() -> None:
    client = OneForm(NotFoundError("there is no such contact"), digits=12)
    assert contacts(client).read("447700900123") == {"phoneNumber": "447700900123"}
    assert contacts(OneForm(NotFoundError("no"), digits=3)).read("447700900123") is None


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"subscriptionState": "Subscribed"}, State.SUBSCRIBED),
        ({"subscriptionState": "unsubscribed", "subscribeDate": "2026-01-01T00:00:00"}, State.UNSUBSCRIBED),
        ({"subscriptionState": "Pending"}, State.PENDING),
        ({"subscriptionState": "Subscribed", "pendingDoubleOptIn": True}, State.PENDING),
        ({"subscriptionState": 1, "subscribeDate": "2026-01-01T00:00:00"}, State.SUBSCRIBED),
        (
            {
                "subscriptionState": 2,
                "subscribeDate": "2026-01-01T00:00:00",
                "unsubscribeDate": "2026-02-01T00:00:00",
            },
            State.UNSUBSCRIBED,
        ),
        (
            {
                "subscriptionState": 1,
                "subscribeDate": "2026-03-01T00:00:00",
                "unsubscribeDate": "2026-02-01T00:00:00",
            },
            State.SUBSCRIBED,
        ),
        ({"subscriptionState": None}, State.NEVER),
        (
            {"subscriptionState": "Not Subscribed", "unsubscribeDate": "2026-02-01T00:00:00"},
            State.UNSUBSCRIBED,
        ),
        ({"subscriptionState": "Not Subscribed", "subscribeDate": "2026-02-01T00:00:00"}, State.UNSUBSCRIBED),
        ({"subscriptionState": "NotSubscribed", "subscribeDate": None}, State.NEVER),
        (
            {"subscribeDate": "2026-03-01T00:00:00", "unsubscribeDate": "0001-01-01T00:00:00"},
            State.SUBSCRIBED,
        ),
    ],
)
def test_a_state_is_read_from_its_word_or_else_from_flags_and_dates(
    row: dict[str, Any], state: State
) -> None:
    client = OneForm(NotFoundError("no"), digits=11)
    client.rows = ({"phoneListId": 8, "subscriptionState": "Subscribed"}, {"phoneListId": 7, **row})
    assert contacts(client).state("12165553000", LIST) is state
    client.rows = ()
    assert contacts(client).state("12165553000", LIST) is State.NEVER
