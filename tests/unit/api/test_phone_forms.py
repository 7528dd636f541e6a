"""Numbers in paths and bodies: the form is learned, and a number is known however it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_api.errors import NotFoundError, RequestRefusedError
from listrak_api.phone_forms import NumberForm, number_forms

if TYPE_CHECKING:
    from listrak_api.errors import ListrakError

KNOWN = "12165553000"


def refusal(code: str, status: int = 400) -> ListrakError:
    if status == 404:
        return NotFoundError("not found", code=code)
    return RequestRefusedError("refused", status=status, code=code, message="")


class Listrak:
    """Knows some numbers, and takes them in some forms."""

    def __init__(self, digits: int, error: ListrakError, known: tuple[str, ...] = (KNOWN,)) -> None:
        self.asked: list[str] = []
        self._digits = digits
        self._error = error
        self._known = known

    def look(self, number: str) -> str:
        self.asked.append(number)
        if len(number) != self._digits or f"1{number}"[-11:] not in self._known:
            raise self._error
        return "found"


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("12165553000", ("12165553000", "2165553000")),
        ("2165553000", ("12165553000", "2165553000")),
        ("447700900123", ("447700900123",)),
        ("4477009001", ("14477009001", "4477009001")),
        ("1234567", ("1234567",)),
        ("+12165553000", ("+12165553000",)),
        ("", ("",)),
    ],
)
def test_numbers_of_north_america_have_two_forms_and_others_one(number: str, forms: tuple[str, ...]) -> None:
    assert number_forms(number) == forms


@pytest.mark.parametrize(
    "error",
    [
        refusal("ERROR_UNABLE_TO_LOCATE_RESOURCE", 404),
        refusal("", 404),
        refusal("ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        refusal("ERROR_INVALID_PHONE_NUMBER"),
        refusal("ERROR_PHONE_NUMBER_NOT_FOUND"),
    ],
)
@pytest.mark.parametrize("digits", [10, 11])
def test_the_form_is_learned_with_the_first_number_that_is_found(digits: int, error: ListrakError) -> None:
    listrak, form = Listrak(digits, error), NumberForm("auto")
    with pytest.raises(type(error)):
        form.call("12165553999", listrak.look)
    assert not form.known
    assert listrak.asked == ["12165553999", "2165553999"]
    assert form.call(KNOWN, listrak.look) == "found"
    assert form.known
    listrak.asked.clear()
    with pytest.raises(type(error)):
        form.call("12165553999", listrak.look)
    assert listrak.asked == ["12165553999"[-digits:]]


@pytest.mark.parametrize(("setting", "asked"), [("international", KNOWN), ("national", KNOWN[1:])])
def test_a_form_that_is_set_is_the_only_one_that_is_asked_for(setting: str, asked: str) -> None:
    listrak, form = Listrak(0, refusal("", 404)), NumberForm(setting)
    for number in (KNOWN, KNOWN[1:]):
        with pytest.raises(NotFoundError):
            form.call(number, listrak.look)
    assert listrak.asked == [asked, asked]


def test_a_refusal_for_another_reason_is_no_reason_to_try_another_form() -> None:
    listrak, form = Listrak(10, refusal("ERROR_PHONE_NUMBER_OPTED_OUT")), NumberForm()
    with pytest.raises(RequestRefusedError):
        form.call(KNOWN, listrak.look)
    assert listrak.asked == [KNOWN]
    assert not form.known


def test_the_form_in_which_listrak_wrote_the_number_comes_first() -> None:
    listrak, form = Listrak(10, refusal("", 404)), NumberForm()
    assert form.call(KNOWN, listrak.look, first=KNOWN[1:]) == "found"
    assert listrak.asked == [KNOWN[1:]]
