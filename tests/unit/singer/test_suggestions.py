"""What "did you mean" says."""

from __future__ import annotations

import pytest

from listrak_singer.suggestions import did_you_mean, distance, nearest


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("list", "list", 0),
        ("list", "lst", 1),
        ("list", "lits", 1),
        ("list", "lost", 1),
        ("list", "lists", 1),
        ("dryrun", "dry_run", 1),
        ("field", "member", 6),
    ],
)
def test_edits_are_counted_and_a_swap_is_one(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == distance(other, one) == edits


def test_the_nearest_is_the_one_with_the_fewest_edits() -> None:
    known = ["field", "fields", "field_group", "list", "list_from", "dry_run"]
    for word, name in {
        "fieldss": "fields",
        "DryRun": "dry_run",
        "dry-run": "dry_run",
        "lst": "list",
        "list_form": "list_from",
        "field_grp": "field_group",
    }.items():
        assert nearest(word, known) == name, word
    assert nearest("zebra", known) is None
    assert nearest("zebra", []) is None


def test_the_hint_lists_what_there_is() -> None:
    assert did_you_mean("lst", ["list", "email"]) == "Did you mean 'list'? There is: email, list."
    assert did_you_mean("zebra", []) == "There is none."
