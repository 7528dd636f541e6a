"""`make soak` for a few days of the sandbox's, so that it works when it is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from soak import Soak

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path


def test_after_disturbed_days_all_adds_up(tmp_path: Path) -> None:
    with running_sandbox(process=True, scale="tiny") as box:
        run = Soak(box, tmp_path, seed=1)
        run.day("quiet", "quiet")
        run.day("passing", "lasting")
        run.day("killed", "passing")
        run.finish()
    assert run.troubles == []
    assert run.counts["faults that struck"] > 0
    assert run.counts["runs that ended well"] > 3
    assert {line.split("  ")[0] for line in run.table().splitlines()} >= {
        "tap: memory (MB)",
        "tap: STATE (bytes)",
        "target: memory (MB)",
        "sandbox: open files",
    }


def test_what_grows_is_noticed(tmp_path: Path) -> None:
    with running_sandbox(scale="tiny") as box:
        run = Soak(box, tmp_path, seed=1)
        for number in range(90):
            run.now += timedelta(days=1)
            run._note("tap: memory (MB)", 60)
            run._note("tap: STATE (bytes)", 3_000 + 50 * number)
        run.check_growth()
    (trouble,) = run.troubles
    assert trouble.startswith("tap: STATE (bytes) grew from")
