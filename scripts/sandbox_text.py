"""Makes the tables of docs/sandbox.md from the sandbox's own settings and kinds of fault."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import MISSING, fields

from listrak_sandbox.deviations import DEVIATIONS
from listrak_sandbox.fault_kinds import KINDS, TOKEN_ROUTE, Kind
from listrak_sandbox.settings import Settings


def faults_table() -> str:
    """Give the Markdown table of all kinds of fault."""
    head = "| `kind` | What it does | Its own members | Unless told otherwise |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{name}` | {kind.text} | {_parameters(kind)} | {_defaults(kind)} |\n"
        for name, kind in KINDS.items()
    )


def settings_table() -> str:
    """Give the Markdown table of what can be changed while the sandbox runs."""
    # Python 3.13 takes the indentation away by itself, and those before it do not.
    texts = _texts(inspect.getdoc(Settings) or "")
    head = "| Setting | Default | What it says |\n|---|---|---|\n"
    return head + "".join(
        f"| `{one.name}` | {_default(one.default)} | {texts[one.name]} |\n" for one in fields(Settings)
    )


def deviations_table() -> str:
    """Give the Markdown table of what recordings say otherwise than the specifications."""
    head = "| About | Spec says | Recordings show | Seen | The spec's reading |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {one.subject} | {one.spec} | {one.recorded} | {one.evidence} | {one.setting} |\n"
        for one in DEVIATIONS
    )


def _parameters(kind: Kind) -> str:
    return ", ".join(f"`{name}`: {_default(value)}" for name, value in kind.parameters.items())


def _defaults(kind: Kind) -> str:
    where = {TOKEN_ROUTE: "token requests only", "*": "token requests too"}.get(kind.route or "")
    return ", ".join(filter(None, [where, "once" if kind.count == 1 else None]))


def _default(value: object) -> str:
    return "three, see below" if value is MISSING else f"`{json.dumps(value)}`"


def _texts(docstring: str) -> dict[str, str]:
    """Read the part `Attributes` of a docstring: names and texts."""
    part = docstring.split("Attributes:", 1)[1]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", part, re.MULTILINE)
    return {name: re.sub(r"``(.*?)``", r"`\1`", " ".join(text.split())) for name, text in found}
