"""Query parameters and bodies as requests carry them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from listrak_api.dates import format_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_api.routes import Route


def encode_body(body: object) -> bytes | None:
    """Encode a request body as JSON; None and bytes stay as they are."""
    if body is None or isinstance(body, bytes):
        return body
    return msgspec.json.encode(body)


def format_query(route: Route, params: Mapping[str, object], paging: Mapping[str, object]) -> dict[str, str]:
    """Format query parameters: booleans, date-times and lists as Listrak expects them; None is left out.

    Raises:
        ValueError: The specifications do not have a parameter of that name; Listrak would ignore it silently.
    """
    unknown = params.keys() - route.query_names
    if unknown:
        message = f"{route} takes no query parameter {', '.join(sorted(unknown))}"
        raise ValueError(message)
    return {name: _text(value) for name, value in {**params, **paging}.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(_text(item) for item in value)
    return str(value)
