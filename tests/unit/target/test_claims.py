"""Claims on messages that are sent at most once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from target_listrak.delivery.claims import Claims, SentMessages
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = Declined("unknown_outcome", "it may have been sent")


def claims_of(folder: Path, *, dry_run: bool = False, place: str = "message 1") -> Claims:
    """Claims of a run of its own."""
    run: Any = SimpleNamespace(dry_run=dry_run, config={"sent_path": str(folder / "sent.sqlite")})
    record = SentMessages(run)
    run.session = lambda _: record
    return Claims(run, place, UNKNOWN)


@pytest.mark.parametrize(
    ("went", "then"),
    [
        (ACCEPTED, UNCHANGED),
        (UNKNOWN, UNKNOWN),
        (Rejected("refused", "no"), None),
        (None, UNKNOWN),  # the run ended before it was known
    ],
)
def test_how_a_message_went_decides_in_later_runs(
    tmp_path: Path, went: Outcome | None, then: Outcome | None
) -> None:
    first = claims_of(tmp_path)
    assert first.claim("a") is None
    if went is not None:
        first.end("a", went)
        assert first.known("a") is then
    first.close()
    later = claims_of(tmp_path)
    assert later.known("a") is then
    assert later.claim("a") is then
    assert later.known("b") is None
    later.close()


def test_what_is_under_way_is_not_sent_a_second_time(tmp_path: Path) -> None:
    claims = claims_of(tmp_path)
    assert claims.claim("a") is None
    assert claims.claim("a") is UNCHANGED
    claims.release("a")
    assert claims.claim("a") is None
    claims.close()


def test_a_dry_run_claims_without_a_file(tmp_path: Path) -> None:
    claims = claims_of(tmp_path, dry_run=True)
    assert [claims.claim("a"), claims.claim("a")] == [None, UNCHANGED]
    assert list(tmp_path.iterdir()) == []
    claims.close()
