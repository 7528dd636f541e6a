"""Makes the tables of docs/retail.md from the models that the target checks retail records with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.channels.retail.models import KINDS, Model, Property

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_listrak.channels.retail.models import Kind

TYPES = {
    "text": "text",
    "whole": "whole number (32 bits)",
    "number": "number",
    "yes_no": "true or false",
    "date_time": "time",
    "day": "day",
    "object": "object",
    "objects": "array of objects",
}


def _type(kind: Property) -> str:
    if kind.type == "one_of":
        return "one of " + ", ".join(f"`{choice}`" for choice in kind.choices)
    name = "email address" if kind.is_email else "key" if kind.is_key else TYPES[kind.type]
    return f"{name}, at most {kind.max_length} characters" if kind.max_length else name


def snake(name: str) -> str:
    """Give a property's name as a database column is usually called.

    Args:
        name: The API's name, such as ``customerNumber`` or ``rewardsID``.
    """
    parts = []
    for at, letter in enumerate(name):
        begins = letter.isupper() and at and (name[at - 1].islower() or name[at + 1 : at + 2].islower())
        parts.append(("_" if begins else "") + letter.lower())
    return "".join(parts)


def rows(
    model: Model, path: tuple[str, ...] = (), flat: tuple[str, ...] = (), *, in_array: bool = False
) -> Iterator[tuple[str, str, str]]:
    """Give each property of a model and of the objects inside it.

    Args:
        model: The model.
        path: Names of the objects that it is in.
        flat: What flat columns of it begin with.
        in_array: Whether it is in an array that has no flat form.

    Returns:
        The property's path, its flat column (blank where there is none), its type.
    """
    for name, kind in sorted(model.properties.items(), key=lambda item: item[0].lower()):
        inner = kind.model
        simple = inner is None
        column = "_".join((*flat, snake(name))) if simple and not in_array else ""
        suffix = "[]" if kind.type == "objects" else ""
        required = " **Required.**" if name in model.required else ""
        yield ".".join((*path, name)) + suffix, column, _type(kind) + required
        if inner is None:
            continue
        one_item = model.name == "Order" and name == "items"
        prefix = (*flat, "item" if one_item else snake(name))
        yield from rows(
            inner, (*path, name + suffix), prefix, in_array=in_array or (bool(suffix) and not one_item)
        )


def _section(name: str, kind: Kind) -> str:
    keys = " or, without it, ".join(" and ".join(f"`{one}`" for one in key) for key in kind.keys)
    one_per = f"One record per {keys}."
    if kind.part_of:
        one_per = f"Several records per {keys}: each is a part of the object of kind `{kind.part_of}`."
    lines = [f"\n## `{name}`\n", one_per]
    if kind.needed:
        lines[-1] += f" Needed: {', '.join(f'`{one}`' for one in kind.needed)}."
    if kind.deleted:
        lines[-1] += f" `{kind.deleted}` marks a deleted one."
    lines += ["", "| Property | Flat | Type |", "|---|---|---|"]
    for path, column, type_ in rows(kind.model):
        lines.append(f"| `{path}` | {f'`{column}`' if column else ''} | {type_} |")
    return "\n".join(lines) + "\n"


def tables() -> str:
    """Give a section for each kind."""
    return "".join(_section(name, kind) for name, kind in KINDS.items()) + "\n"
