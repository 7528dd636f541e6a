"""What must stand in no log and no file: how secrets, tokens, addresses and numbers look in this suite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_api import masking

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRETS = {
    # The sandbox's own; a client id is as secret as what goes with it.
    "secret": re.compile(rb"sandbox-(?:email|sms|data)(?:-secret)?(?![\w-])"),
    "token": re.compile(rb"sandbox-token-[\w-]{8,}"),
}
PEOPLE = {
    "address": re.compile(
        rb"""[^\s@<>"'(),:;/?&=\[\]{}|\\]{1,64}(?:@|%(?:25)*40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"""
    ),
    # Made-up people have numbers of exchange 555, or British ones that are set aside for fiction. Other runs
    # of ten digits are ids and moments.
    "number": re.compile(
        rb"""(?<![\w.])(?:
            \+?(?:1[ .()-]{0,2})?[2-9]\d\d[ .()-]{0,2}555[ .-]?\d{4}
          | (?:44|0)[ ]?7700[ ]?900\d{3}
          | \+\d{8,15}
        )(?!\w)""",
        re.VERBOSE,
    ),
}
_DATA_LINE = re.compile(rb'\s*\{"type": ?"(?:RECORD|SCHEMA|ACTIVATE_VERSION|BATCH)"')
_SHORTEST = 8
"""Of the credentials that single tests make up, those that are shorter are words such as "wrong"."""
_AROUND = 60


@dataclass(frozen=True)
class Leak:
    """One thing that was seen where it must not be.

    Attributes:
        kind: ``secret``, ``token``, ``address`` or ``number``.
        value: The thing itself; a report shows `excerpt` instead.
        excerpt: What stands around it, with everything of its kind masked.
    """

    kind: str
    value: str
    excerpt: str


def leaks(content: bytes, *, data: bool = False) -> Iterator[Leak]:
    """Look for what must not be seen.

    Args:
        content: What was said or written.
        data: People's data belongs there, as in a table: only secrets and tokens do not. Lines of Singer
            that hold data are known by themselves.
    """
    yield from _secrets(content)
    if not data:
        yield from _found(PEOPLE, _without_data(content))


def _secrets(content: bytes) -> Iterator[Leak]:
    if b"sandbox-" in content:
        yield from _found(SECRETS, content)
    for secret in list(masking._secrets):
        one = secret.encode()
        if (
            len(one) >= _SHORTEST
            and one in content
            and not any(form.search(one) for form in SECRETS.values())
        ):
            yield from _found({"secret": re.compile(re.escape(one))}, content)


def _found(forms: dict[str, re.Pattern[bytes]], content: bytes) -> Iterator[Leak]:
    for kind, form in forms.items():
        for match in form.finditer(content):
            start, end = max(0, match.start() - _AROUND), match.end() + _AROUND
            yield Leak(kind, match[0].decode("utf-8", "replace"), _masked(content[start:end], form))


def _masked(excerpt: bytes, form: re.Pattern[bytes]) -> str:
    for one in (form, *SECRETS.values(), *PEOPLE.values()):
        excerpt = one.sub(lambda match: match[0][:3] + b"***", excerpt)
    return " ".join(excerpt.decode("utf-8", "replace").split())


def _without_data(content: bytes) -> bytes:
    """Give the text without the lines of Singer that hold data: STATE is none of them."""
    if b'{"type"' not in content:
        return content
    return b"\n".join(line for line in content.splitlines() if not _DATA_LINE.match(line))
