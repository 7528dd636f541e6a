"""Writes docs/destinations.md from the target's own description of its destinations."""

from __future__ import annotations

import json

from target_listrak.config.destination_options import OPTIONS, Option
from target_listrak.config.kind_options import OPTIONS_BY_KIND, REQUIRED

HEAD = """\
# Destinations

The setting `destinations` of `target-listrak` is an object from stream name, or pattern such as
`customers_*`, to a destination: an object with `kind` and options of that kind. A stream's exact name goes
before patterns, a longer pattern before a shorter one. An array of such objects sends the stream to each of
them, in their order. `make generate` writes this page from the code that
checks the setting.

## Kinds and their options

| Kind | Options |
|---|---|
"""

OPTIONS_HEAD = """
## Options

| Option | Values | Default | What it does |
|---|---|---|---|
"""

_TYPES = {str: "text", int: "number", float: "number", bool: "true or false", dict: "object", list: "list"}


def _code(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _values(option: Option) -> str:
    if option.values:
        return ", ".join(_code(value) for value in option.values)
    return ", ".join(dict.fromkeys(_TYPES[kind] for kind in option.types))


def _default(option: Option) -> str:
    return "" if option.default in (None, ()) else _code(option.default)


def _option(kind: str, name: str) -> str:
    return f"**`{name}`**" if name in REQUIRED.get(kind, ()) else f"`{name}`"


def page() -> str:
    """Give the whole page."""
    kinds = [
        f"| `{kind}` | {', '.join(_option(kind, one) for one in options)} |"
        for kind, options in OPTIONS_BY_KIND.items()
    ]
    options = [
        f"| `{name}` | {_values(option)} | {_default(option)} | {option.text} |"
        for name, option in OPTIONS.items()
    ]
    return HEAD + "\n".join(kinds) + "\n\nBold: required.\n" + OPTIONS_HEAD + "\n".join(options) + "\n"
