"""Phone numbers as the SMS API reads and writes them. Inside the sandbox: digits with the country code."""

from __future__ import annotations

import re

from listrak_sandbox.envelope import ApiError

_NORTH_AMERICAN = re.compile(r"1?([2-9]\d{2}[2-9]\d{6})")
_INTERNATIONAL = re.compile(r"[2-9]\d{7,14}")
# Line numbers 0100 to 0199 of exchange 555 are set aside for fiction: no real person is ever in the world.
_AREAS = [
    area
    for area in range(201, 990)
    if area // 10 % 10 != 9 and area % 100 != 11 and area != 555  # noqa: PLR2004
]
_LINES = 100
CAPACITY = len(_AREAS) * _LINES
"""How many different North American numbers there are for made-up people."""
_STRIDE = 7919  # a prime that does not divide CAPACITY: consecutive persons get dissimilar numbers


def made_up(person: int) -> str:
    """Return the number of a made-up person, digits with the country code; now and then a British one."""
    if person % 97 == 13:  # noqa: PLR2004  any residue will do
        return f"447700900{person // 97 % 1000:03}"
    area, line = divmod(person * _STRIDE % CAPACITY, _LINES)
    return f"1{_AREAS[area]}55501{line:02}"


def parse(text: str | None, form: str = "any") -> str:
    """Read a number: 10 digits are North American, otherwise the country code comes first; digits only.

    Args:
        text: The number.
        form: ``any``; ``e164``, North American numbers have the country code as well; or ``national``, they
            have 10 digits.

    Raises:
        ApiError: 400 ERROR_INVALID_PHONE_NUMBER.
    """
    text = text or ""
    ten = len(text) == 10  # noqa: PLR2004  digits of a North American number
    if text.isascii() and not (form == "e164" and ten) and not (form == "national" and text[:1] == "1"):
        if found := _NORTH_AMERICAN.fullmatch(text):
            return f"1{found[1]}"
        if _INTERNATIONAL.fullmatch(text) and not ten:
            return text
    raise ApiError(400, "ERROR_INVALID_PHONE_NUMBER", "The phone number is in an invalid format.")


def written(number: str, form: str) -> str:
    """Write a number as the setting ``sms_phone_form`` says: ``e164`` or ``national``."""
    return number[1:] if form == "national" and _NORTH_AMERICAN.fullmatch(number) else number
