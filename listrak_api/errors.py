"""The errors of this package, by what the caller should do.

::

    ListrakError                  the root: catch this to catch them all
    ├── ConfigurationError        a setting is wrong: change it, nothing else helps
    ├── AuthenticationError       Listrak does not accept the integration: final, ask a person
    ├── RequestRefusedError       Listrak understood and said no: the request is at fault, do not repeat it
    │   └── PayloadTooLargeError  the body is over Listrak's limit: send less at once
    ├── NotFoundError             the thing that the request names is not there
    ├── UnavailableError          retries are used up: nothing is wrong with the request, try again later
    ├── LostAnswerError           a write was sent and its answer lost: look before doing it again
    └── PagingError               a collection's paging does not end: what was read is not complete

The text of every error is written for the person who runs the pipeline: one line says what happened, and a
second one, if possible, what to do. It names the route's template, never the filled path, and has no secret,
token, address or phone number.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

__all__ = [
    "AuthenticationError",
    "Cause",
    "ConfigurationError",
    "ListrakError",
    "LostAnswerError",
    "NotFoundError",
    "PagingError",
    "PayloadTooLargeError",
    "RequestRefusedError",
    "UnavailableError",
]


class Cause(Enum):
    """The cause of an error: it decides whether the same run can succeed when it is repeated unchanged."""

    SETTINGS = "settings"
    """Settings or credentials: a person has to change something."""
    DATA = "data"
    """The input, or a request that Listrak refuses: a repetition gives the same error."""
    UNAVAILABLE = "unavailable"
    """Listrak could not be reached, or did not finish in time: a later run can succeed."""


class ListrakError(Exception):
    """The root of everything that this package raises on purpose.

    Args:
        message: What happened, in one line.
        hint: What a person can do about it, in one line; empty if there is nothing to add.

    Attributes:
        message: As given.
        hint: As given.
        cause: The cause of errors of this class.
    """

    cause: ClassVar[Cause] = Cause.DATA

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message and, on a second line, the hint."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigurationError(ListrakError):
    """A setting is missing or wrong. Nothing was sent, or nothing that was sent can work.

    Args:
        message: What is wrong, in one line, naming the setting.
        setting: The setting's name, for example ``api_url``.
        hint: What to write there instead.

    Attributes:
        setting: As given.
    """

    cause = Cause.SETTINGS

    def __init__(self, message: str, *, setting: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class AuthenticationError(ListrakError):
    """Listrak does not accept the integration: its token request, or a new token at its first use.

    Listrak gives one answer for every cause, so the text names them all: client id or secret, paused
    integration, area that was not granted, IP address that is not on the allow list. Final: it is not
    retried.

    Args:
        message: What was refused.
        hint: The causes and the settings to check.
        setting: The setting with the client id, for example ``sms_client_id``.
        areas: The areas that the refused route needs; empty when the token itself was refused.

    Attributes:
        setting: As given.
        areas: As given.
    """

    cause = Cause.SETTINGS

    def __init__(
        self, message: str, *, hint: str = "", setting: str = "", areas: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.setting = setting
        self.areas = areas


class RequestRefusedError(ListrakError):
    """Listrak understood the request and refused it: it was not carried out, and repeating changes nothing.

    Args:
        text: What was refused, in one line.
        status: The HTTP status, for example 400.
        code: Listrak's code, for example ``ERROR_INVALID_PARAMETER``; empty if it gave none.
        message: Listrak's own words, masked; empty if it gave none.
        hint: What a person can do about it.

    Attributes:
        status: As given.
        code: As given.
        message: Listrak's own words, masked.
    """

    def __init__(self, text: str, *, status: int, code: str = "", message: str = "", hint: str = "") -> None:
        super().__init__(text, hint=hint)
        self.text = text
        self.status = status
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Return what was refused, with the code and Listrak's words, and the hint on a second line."""
        reason = ": ".join(part for part in (self.code, self.message) if part)
        line = f"{self.text}: {reason}" if reason else self.text
        return f"{line}\n{self.hint}" if self.hint else line


class PayloadTooLargeError(RequestRefusedError):
    """The body is over Listrak's limit (250 MB), which it answers with 404. Nothing was carried out."""


class NotFoundError(ListrakError):
    """What the request names is not there (404).

    Args:
        message: What was asked for.
        code: Listrak's code; empty if it gave none.
        hint: What a person can do about it.

    Attributes:
        code: As given.
    """

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code

    @property
    def is_listraks(self) -> bool:
        """Whether Listrak says that there is no such thing: a gateway's 404 says nothing about it."""
        return bool(self.code) and self.code != "ERROR_UNKNOWN_ROUTE"


class UnavailableError(ListrakError):
    """Listrak could not be reached, or did not answer usably, and all retries are used up.

    Raised for 429, 5xx, refused or reset connections, timeouts, and bodies that are cut, empty, too large
    or not JSON. A write that ends here was certainly not carried out.

    Args:
        message: The last failure and the number of attempts.
        hint: What a person can do about it.
        status: The last HTTP status; 0 if there was no answer.

    Attributes:
        status: As given.
    """

    cause = Cause.UNAVAILABLE

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class LostAnswerError(ListrakError):
    """A write was sent and its answer was lost or unusable: Listrak may have carried it out or not.

    The client never repeats such a write: look in Listrak first whether it has been carried out.

    Args:
        message: What was sent and how the answer was lost.
        hint: How to find out.
        status: The HTTP status if there was one (5xx, or a 2xx whose body could not be read), else 0.

    Attributes:
        status: As given.
    """

    cause = Cause.UNAVAILABLE

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class PagingError(ListrakError):
    """A collection returned a cursor that it had returned before, or one that cannot be used."""

    cause = Cause.UNAVAILABLE
