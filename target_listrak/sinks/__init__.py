"""The kinds of destination, and the loader of each."""

from __future__ import annotations

from target_listrak.sinks.base import Loader
from target_listrak.sinks.email import EmailListLoader, EmailUnsubscribeLoader, ProfileFieldsLoader

__all__ = ["LOADERS"]

LOADERS: dict[str, type[Loader]] = {
    kind: loader
    for loader in (
        EmailListLoader,
        EmailUnsubscribeLoader,
        ProfileFieldsLoader,
    )
    for kind in loader.kinds
}
"""From kind of destination to the class that loads it."""
