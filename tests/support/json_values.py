"""JSON values of any kind, and documents that somebody has altered."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(document: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Give the way to each member of a JSON document, at any depth."""
    members = list(document.items()) if isinstance(document, dict) else []
    members += list(enumerate(document)) if isinstance(document, list) else []
    found = [(*above, name) for name, _ in members]
    return found + [place for name, member in members for place in places(member, (*above, name))]


odd_values = values | st.sampled_from(
    [
        10**400,
        -1,
        1e308,
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00",
        "2026-13-45",
        "\0",
        "x" * 5000,
    ]
)


@st.composite
def altered(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """A document with some members left out, replaced, or put where others were."""
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        all_places = places(made)
        if not all_places:
            break
        *way, last = draw(st.sampled_from(all_places))
        parent = made
        for name in way:
            parent = parent[name]
        if draw(st.booleans()):
            parent[last] = draw(odd_values)
        else:
            del parent[last]
    return made
