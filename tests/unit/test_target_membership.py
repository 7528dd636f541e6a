"""Who is a member, who was seen, who has left: as a plain model says, and whenever a run ends."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from target_listrak.membership import Membership

KEYS = st.sampled_from("abcdefgh")


@given(before=st.sets(KEYS), doings=st.lists(st.tuples(st.sampled_from(["seen", "changed"]), KEYS)))
def test_who_left_is_who_was_on_and_neither_seen_nor_changed(
    before: set[str], doings: list[tuple[str, str]]
) -> None:
    members = Membership()
    members.add_members((key, key.upper()) for key in before)
    for what, key in doings:
        if what == "seen":
            members.note_seen(key)
        else:
            members.note_changed(key, key)
    changed = {key for what, key in doings if what == "changed"}
    left = before - {key for _, key in doings}
    assert members.size == len(before)
    assert members.left_count == len(left)
    assert set(members.left()) == {(key, key.upper()) for key in left}
    for key in "abcdefgh":
        assert members.was_on(key) is (None if key in changed else key in before)
    members.close()


def test_a_run_that_ends_amid_those_who_left_says_nothing_of_a_closed_database() -> None:
    """A generator that was begun is closed after the database; what it raises would be a stack trace."""
    members = Membership()
    members.add_members((f"{number}", f"{number}@example.org") for number in range(10))
    left = members.left()
    next(left)
    members.close()
    del left
    gc.collect()  # an error in it fails the test: warnings are errors
