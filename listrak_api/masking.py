"""Masks secrets, addresses and phone numbers in logs and errors.

What is masked, anywhere in a text: registered secrets and tokens, bearer tokens, email addresses
(also percent-encoded, as in paths), and phone numbers. Ids, dates, times, UUIDs and IP addresses are left
as they are. A phone number of fewer than ten digits cannot be told from an id, and is masked only after a
plus sign or a name such as `phoneNumber`; ids of ten digits and more that could be phone numbers are
masked, because it is better to mask an id than to show a number.
"""

from __future__ import annotations

import logging
import re
import threading
import traceback
from urllib.parse import quote, quote_plus

SECRET = "***"  # noqa: S105 - what replaces a secret
ADDRESS = "<address>"
NUMBER = "<number>"

_SHORTEST_SECRET = 4
_MOST_SECRETS = 64

_STOP = r"""\s@<>"(),:;\[\]{}|\\/?&="""  # what ends an address in a text or a URL
# A match begins at the begin of a run of local-part characters: otherwise matching takes quadratic time.
_EMAIL = re.compile(
    rf"""
    (?: "[^"\r\n]{{1,64}}"                              # a quoted local part,
      | (?<![^{_STOP}]) (?P<quotes>'*+) [^{_STOP}]+? [/?&={{}}|]{{0,64}}  # or one without quotes
      | (?<![^{_STOP}]) '{{1,64}}                         # or one of apostrophes only,
      | [/?&={{}}|]{{1,64}} )
    (?: @ | %(?:25){{0,3}}40 | \\u0040 | &\#64; )       # the sign: plain, percent-encoded, in JSON, in HTML
    (?: \[[^\]\s]{{1,64}}\] | [^{_STOP}']{{1,255}} )    # an address literal, or a domain
    """,
    re.VERBOSE,
)

_BEARER = re.compile(r"\b(Bearer(?:\s|%20|\+)+)[\w.~+/=%-]+", re.IGNORECASE)
# "client_secret: did you mean …" is a hint about a misspelt setting, not a secret.
_NAMED_SECRET = re.compile(
    r"""((?:client_secret|access_token|authorization)["']?\s*[:=]\s*["']?)"""
    r"""(?!Bearer|did you mean )[^\s"'&,}]+""",
    re.IGNORECASE,
)
_NAMED_NUMBER = re.compile(
    r"""(\b(?:(?:phone|mobile)(?:_?number)?|msisdn)["']?\s*[:=]\s*["']?)(?:\+|%2B)?\(?\d[\d\s().-]*""",
    re.IGNORECASE,
)

_SPACE = r"(?:[\s.\-+\u2010-\u2015/]|%20|%2D|%2E|%2F|%C2%A0|%E2%80%9[0-5])"
_BRACKET = r"(?:[()]|%28|%29)"
_NUMBER = re.compile(
    rf"""
    (?P<keep>
        # a UUID
        (?<![\w-]) [0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}} (?![\w-])
        # 2026-06-30, perhaps with a time
      | (?<![\d+]) \d{{4}}(?P<iso>[-./])(?:0\d|1[0-2])(?P=iso)[0-3]\d (?!\d)
        (?: (?:[T\s_]|%20){{0,3}} [0-2]\d(?::|%3A)[0-5]\d (?:(?::|%3A)[0-6]\d(?:[.,]\d+)?)? (?!\d) )?
        # 6/30/2026, 30.06.2026
      | (?<![\d+]) [0-3]?\d(?P<local>[-./])[0-3]?\d(?P=local)\d{{4}} (?![\d.-])
        # an IP address
      | (?<![\d.+]) (?:[012]?\d?\d\.){{3}}[012]?\d?\d (?![\d.])
        # 20260630120000
      | (?<![\w.+]) 20\d\d(?:0\d|1[0-2])[0-3]\d[0-2]\d[0-5]\d[0-6]\d (?!\w)
        # Unix time in seconds or milliseconds
      | (?<![\w.+]) 1\d{{9}}(?:\d{{3}})? (?!\w)
    )
  | (?P<phone>
        # +44 (0)20 7946 0958
        (?:\+|%2B|\uff0b) (?:{_SPACE}|{_BRACKET}){{0,2}} \d (?:(?:{_SPACE}|{_BRACKET}){{0,3}}\d){{5,17}}
        # 15551234567
      | (?<![0-9A-Za-z]) (?<!\d[.,]) \d{{10,16}} (?![0-9A-Za-wyz])
        # (555) 123-4567
      | (?<![0-9A-Za-z]) (?<!\d[.,]) (?:1{_SPACE}?)?
        {_BRACKET}? [2-9]\d\d {_BRACKET}? {_SPACE}{{0,2}} \d{{3}} {_SPACE}? \d{{4}} (?!\d)
        # 020 7946 0958
      | (?<![0-9A-Za-z]) (?<!\d[.,:])
        {_BRACKET}? 0\d{{1,4}} {_BRACKET}? (?:{_SPACE}\d{{2,8}}){{1,5}} (?![\d:])
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)

_lock = threading.Lock()
_secrets: dict[str, None] = {}
_secrets_pattern: re.Pattern[str] | None = None


def register_secret(*secrets: str) -> None:
    """Register texts to be masked from now on, percent-encoded or not. Applies to the whole process.

    Args:
        secrets: Client secrets and tokens. Those shorter than four characters are ignored, because masking
            them would make every text unreadable. The latest 64 are kept.
    """
    global _secrets_pattern  # noqa: PLW0603 - one process has one log
    with _lock:
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET:
                _secrets.pop(secret, None)
                _secrets[secret] = None
        while len(_secrets) > _MOST_SECRETS:
            del _secrets[next(iter(_secrets))]
        forms = {form for secret in _secrets for form in (secret, quote(secret, safe=""), quote_plus(secret))}
        longest_first = sorted(forms, key=len, reverse=True)
        _secrets_pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None


def mask(text: str) -> str:
    """Replace secrets, tokens, addresses and phone numbers in a text.

    Args:
        text: Any text.

    Returns:
        The text with `***`, `<address>` and `<number>` in their places; masking it again changes nothing
        more.
    """
    if _secrets_pattern is not None:
        text = _secrets_pattern.sub(SECRET, text)
    text = _BEARER.sub(rf"\1{SECRET}", text)
    text = _NAMED_SECRET.sub(rf"\1{SECRET}", text)
    text = _EMAIL.sub(lambda match: (match["quotes"] or "") + ADDRESS, text)
    text = _NAMED_NUMBER.sub(rf"\1{NUMBER}", text)
    return _NUMBER.sub(lambda match: match[0] if match["keep"] else NUMBER, text)


class MaskingFilter(logging.Filter):
    """Masks log records: the message, strings given as `extra`, and the exception. Drops nothing.

    Put it on handlers: a filter on a logger does not see what the logger's children log. `install_masking`
    does so.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a record in place."""
        message = record.getMessage()
        masked = mask(message)
        if (
            masked != message
        ):  # else it keeps its arguments: the SDK's structured log reads metrics from there
            record.msg, record.args = masked, None
        for name, value in record.__dict__.items():
            if isinstance(value, str) and name not in _OWN_FIELDS:
                record.__dict__[name] = mask(value)
        if record.exc_info and record.exc_info[0] is not None:
            kind, problem, trace = record.exc_info
            record.exc_text = mask("".join(traceback.format_exception(kind, problem, trace)).rstrip("\n"))
            record.exc_info = (kind, _MaskedError(mask(str(problem))), trace)
        return True


MASKING = MaskingFilter()
"""The only instance: adding it twice to a logger or handler has no effect."""


class _MaskedError(Exception):
    """Replaces an exception in a log record, for formatters that print its text themselves."""


_OWN_FIELDS = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) - {"msg"} | {"message"}


def install_masking(*loggers: logging.Logger) -> None:
    """Put a `MaskingFilter` on every handler of the given loggers that has none yet.

    Args:
        loggers: The loggers; without any, the root logger. Call it once the logging is set up.
    """
    for logger in loggers or (logging.getLogger(),):
        for handler in logger.handlers:
            handler.addFilter(MASKING)
