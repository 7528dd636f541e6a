"""Who is a member, who is named, who is missing: as a plain model says, and whenever a run ends."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from target_listrak.channels.email.membership import Membership

KEYS = st.sampled_from("abcdefgh")


@given(
    before=st.sets(KEYS),
    off=st.sets(KEYS),
    doings=st.lists(st.tuples(st.sampled_from(["seen", "changed"]), KEYS)),
)
def test_missing_is_who_was_on_and_is_neither_named_nor_changed(
    before: set[str], off: set[str], doings: list[tuple[str, str]]
) -> None:
    members = Membership()
    members.add((key, key.upper(), key in before) for key in before | off)
    for what, key in doings:
        if what == "seen":
            members.note_seen(key)
        else:
            members.note_changed(key, key)
    changed = {key for what, key in doings if what == "changed"}
    missing = before - {key for _, key in doings}
    assert members.size == len(before)
    assert members.missing_count == len(missing)
    assert set(members.missing()) == {(key, key.upper()) for key in missing}
    for key in "abcdefgh":
        assert members.says(key, on=True) is (key in before - changed)
        assert members.says(key, on=False) is (key in off - before - changed)
    members.close()


def test_a_run_that_ends_amid_the_removal_says_nothing_of_a_closed_database() -> None:
    """A generator that was begun is closed after the database; what it raises would be a stack trace."""
    members = Membership()
    members.add((f"{number}", f"{number}@example.org", True) for number in range(10))
    missing = members.missing()
    next(missing)
    members.close()
    del missing
    gc.collect()  # an error in it fails the test: warnings are errors
