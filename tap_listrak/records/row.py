"""The type of a row: Listrak's JSON object, and the record that it becomes."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
"""A JSON object, for example ``{"listId": 40137, "messageId": 7, "sendDate": "2026-06-30T12:00:00"}``."""
