"""Lists in words: short enough to read, and never empty."""

from __future__ import annotations

import pytest

from listrak_singer.wording import enumerated


@pytest.mark.parametrize(
    ("things", "text"),
    [
        ([], "none"),
        ([7], "7"),
        ([7, "b"], "7, b"),
        ([1, 2, 3], "1, 2, 3"),
        ([1, 2, 3, 4, 5], "1, 2, 3 and 2 more"),
    ],
)
def test_a_long_list_names_the_first_and_counts_the_others(things: list[object], text: str) -> None:
    assert enumerated(things, 3) == text
