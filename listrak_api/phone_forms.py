"""The form in which Listrak accepts a phone number: with the country code, or as ten national digits.

Numbers of North America occur in both forms, and paths and bodies need not accept the same one: one account
accepted ten digits in bodies and answered 404 to them in paths. So the form is learned for each place, from
the first number that Listrak finds, unless a setting names it. Numbers of other countries have one form only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from listrak_api.errors import NotFoundError, RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NUMBER_FORMS", "PHONE_PATH_FORM", "NumberForm", "number_forms"]

T = TypeVar("T")

NUMBER_FORMS: Final = ("auto", "international", "national")
"""The values of the settings that name a form."""

_NATIONAL_DIGITS: Final = 10
_NOT_THIS_FORM: Final = frozenset(
    {"ERROR_INVALID_PHONE_NUMBER", "ERROR_PHONE_NUMBER_NOT_FOUND", "ERROR_UNABLE_TO_LOCATE_RESOURCE"}
)
"""Error codes that may only mean that the number has the wrong form."""


def _setting(title: str, where: str) -> dict[str, Any]:
    return {
        "type": ["string", "null"],
        "title": title,
        "description": f"How phone numbers of North America are written {where} of the SMS API: "
        "`international` (11 digits: 1 and the number), `national` (10 digits), or `auto`: the first number "
        "that Listrak knows shows it. Where Listrak answers ERROR_UNABLE_TO_LOCATE_RESOURCE for numbers that "
        "you know are there, set the form, and check that the sender code is the right one.",
        "enum": [*NUMBER_FORMS, None],
        "default": NUMBER_FORMS[0],
    }


PHONE_PATH_FORM: Final = {"phone_path_form": _setting("Phone numbers in paths", "in the paths")}
"""JSON schema property of the setting that both plugins have."""

PHONE_BODY_FORM: Final = {"phone_body_form": _setting("Phone numbers in bodies", "in the bodies")}
"""JSON schema property of the setting for what writes."""


def number_forms(number: str) -> tuple[str, ...]:
    """Return all forms of a number: `14155550100` and `4155550100`, in this order, or the one that it has.

    Args:
        number: Digits, as Listrak writes them or with the country code.
    """
    if not (number.isascii() and number.isdigit()):
        return (number,)
    national = number.removeprefix("1")
    if len(national) != _NATIONAL_DIGITS or len(number) - len(national) not in {0, 1}:
        return (number,)
    return (f"1{national}", national)


class NumberForm:
    """The form of numbers in one place, paths or bodies: set, or learned. Safe from any thread.

    Args:
        form: The setting's value; `auto` or None: to be learned.
    """

    def __init__(self, form: str | None = None) -> None:
        self._index: int | None = {"international": 0, "national": 1}.get(form or "")
        self._proven = False

    @property
    def known(self) -> bool:
        """Whether the form is set or was learned."""
        return self._index is not None

    def explains(self, number: str) -> bool:
        """Return whether its form may be why a number is not found: none was found in this form so far."""
        return len(number_forms(number)) > 1 and not self._proven

    def call(self, number: str, make: Callable[[str], T], first: str = "") -> T:
        """Make a call with the number in the form that Listrak accepts.

        While no form is known, the other form is tried if Listrak does not find or refuses the number. The
        form that works is remembered.

        Args:
            number: The number's digits.
            make: Makes the call with one form of it.
            first: The form to begin with; the international one by default.

        Returns:
            What the call returned.

        Raises:
            NotFoundError: Listrak finds the number in none of its forms.
            RequestRefusedError: Listrak refuses it for another reason, or in every form.
            ListrakError: What else the call raises.
        """
        forms = number_forms(number)
        if len(forms) == 1:
            return make(forms[0])
        if self._index is not None:
            answer = make(forms[self._index])
            self._proven = True
            return answer
        order = sorted(forms, key=lambda form: form != first)
        try:
            answer = make(order[0])
        except (NotFoundError, RequestRefusedError) as error:
            if not isinstance(error, NotFoundError) and error.code not in _NOT_THIS_FORM:
                raise
            answer = make(order[1])
            self._index = forms.index(order[1])
        else:
            self._index = forms.index(order[0])
        self._proven = True
        return answer
