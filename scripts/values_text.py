"""Makes the table of docs/values.md from the names that the target knows."""

from __future__ import annotations

from target_listrak.channels.retail.property_names import COMMON_NAMES
from target_listrak.channels.retail.statuses import STATUS_WORDS


def common_names_table() -> str:
    """Give the Markdown table of the common names of retail properties."""
    head = "| Kind | Listrak's property | Common names, without case and separators |\n|---|---|---|\n"
    return head + "".join(
        f"| {model} | `{name.replace('_', '.')}` | {', '.join(f'`{one}`' for one in names)} |\n"
        for model, properties in COMMON_NAMES.items()
        for name, names in properties.items()
    )


def status_words_table() -> str:
    """Give the Markdown table of the words of shops for the status of an order."""
    by_status: dict[str, list[str]] = {}
    for word, status in STATUS_WORDS.items():
        by_status.setdefault(status, []).append(f"`{word}`")
    head = "| Listrak's status | Words of shops, without case and separators |\n|---|---|\n"
    return head + "".join(f"| `{status}` | {', '.join(words)} |\n" for status, words in by_status.items())
