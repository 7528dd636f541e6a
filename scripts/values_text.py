"""Makes the table of docs/values.md from the names that the target knows."""

from __future__ import annotations

from target_listrak.channels.retail.property_names import COMMON_NAMES


def common_names_table() -> str:
    """Give the Markdown table of the common names of retail properties."""
    head = "| Kind | Listrak's property | Common names, without case and separators |\n|---|---|---|\n"
    return head + "".join(
        f"| {model} | `{name.replace('_', '.')}` | {', '.join(f'`{one}`' for one in names)} |\n"
        for model, properties in COMMON_NAMES.items()
        for name, names in properties.items()
    )
