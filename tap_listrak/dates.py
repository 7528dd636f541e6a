"""Date-times as records carry them: RFC 3339, so that every loader takes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listrak_api.dates import parse

if TYPE_CHECKING:
    from datetime import datetime

NO_DATE = "0001-01-01T00:00:00Z"
"""How Listrak writes "no date" where it does not allow null."""

_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<offset>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_CENTURIES = ("20", "19")
_MICROSECONDS = 7  # a dot and six digits: more is refused by several databases


def normalise(value: object) -> str | None:
    """Turn a date-time of Listrak's into RFC 3339, keeping its instant and its text as far as possible.

    A missing offset means UTC and is added as ``Z``; more than six decimals are cut; the year 1 means "no
    date".

    Args:
        value: What the API sent.

    Returns:
        The date-time, or None for "no date". A text of another form is returned as it is: nothing is lost.
    """
    if value is None or value == "":
        return None
    text = str(value)
    if text[19:20] == "." and text[10] == "T" and text[:2] in _CENTURIES and text[20:].isdecimal():
        # The form that Listrak's rows have, by the million: no need to look closer.
        return f"{text[:26]}Z"
    match = _FORM.fullmatch(text)
    if match is None:
        return text
    if match["date"] == "0001-01-01":
        return None
    offset = match["offset"] or "Z"
    if len(offset) == 5:  # noqa: PLR2004 - "+0500": RFC 3339 wants the colon
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{match['date']}T{match['time']}{(match['fraction'] or '')[:_MICROSECONDS]}{offset}"


class Normalised(dict[str, "str | None"]):
    """What `normalise` makes of texts, each worked out once: the send dates of a page repeat."""

    def __missing__(self, text: str) -> str | None:
        """Work it out."""
        found = self[text] = normalise(text)
        return found


def moment(value: object) -> datetime | None:
    """Read a date-time as an aware UTC datetime; None if there is none, or none that can be read."""
    if not isinstance(value, str):
        return None
    try:
        return parse(value)
    except ValueError:
        return None
