"""The fault matrix: every fault, and the table in `docs/reliability.md` that says what becomes of it.

``LISTRAK_SEED`` (0) draws which calls a fault strikes, where it strikes a share of them.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from seeds import SEED

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
OUTCOMES = {"recovers", "stops", "rejects", "reports", "n/a"}
"""What a cell may say; the last is for a fault that cannot happen there."""
TOKEN = "/OAuth2/Token"
SOME = {"share": 0.4}
"""A share of the calls, so that faults strike all along the run; seeded, so that they are always the same."""
STALLED = {"count": 2, "seconds": 20.0}
RETRIES = 20
"""So many that a share of the calls never strikes one call more often than that."""

LARGE = 1000
"""Bytes of a body that is called large here; as many as are large for Listrak would make the matrix slow."""

Spec = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    Attributes:
        specs: What the sandbox is told.
        settings: Settings of the plugin that the row needs.
        settings_after: Settings of the run after it.
    """

    specs: tuple[Spec, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    settings_after: dict[str, Any] = field(default_factory=dict)

    def start(self, box: RunningSandbox) -> None:
        """Switch it on."""
        specs = [{**one, "seed": one.get("seed", 0) + 1000 * SEED} for one in self.specs]
        box.control("POST", "faults", specs)

    @staticmethod
    def end(box: RunningSandbox) -> int:
        """Switch it off, and say how often it struck."""
        told: list[Spec] = []
        while not told:
            with contextlib.suppress(requests.ConnectionError):  # nobody may be listening yet
                told = box.control("GET", "faults")
        hits = sum(one["hits"] for one in told)
        box.control("DELETE", "faults")
        return hits


def _some(kind: str, **members: Any) -> Fault:  # noqa: ANN401 - members of a fault
    first = {"kind": kind, "count": 1, **members}
    return Fault((first, {"kind": kind, **SOME, **members}), {"max_retries": RETRIES})


def _lasting(kind: str, **members: Any) -> Fault:  # noqa: ANN401 - members of a fault
    return Fault(({"kind": kind, "after": 2, **members},), {"max_retries": 1})


def _statuses(*statuses: int, **members: Any) -> Fault:  # noqa: ANN401 - members of a fault
    first = tuple({"kind": "status", "status": one, "count": 1, **members} for one in statuses)
    # Each 429 halves the pace, which takes its time to recover: a few are enough.
    limit = {"count": 3} if statuses == (429,) else {}
    more = (
        {"kind": "status", "status": one, "share": 0.15, "seed": one, **limit, **members} for one in statuses
    )
    return Fault((*first, *more), {"max_retries": RETRIES})


def _stalled(kind: str, **members: Any) -> Fault:  # noqa: ANN401 - members of a fault
    settings = {"max_retries": RETRIES, "request_timeout": 0.4}
    return Fault(({"kind": kind, **STALLED, **members},), settings)


def reading(method: str | None = None) -> dict[str, Fault]:
    """Give the faults that a read can meet, by their names in the table."""
    only = {"method": method} if method else {}
    return {
        "429 without `Retry-After`": _statuses(429, **only),
        "429 with `Retry-After`": _statuses(429, retry_after=0, **only),
        "500, 502, 503, 504": _statuses(500, 502, 503, 504, **only),
        "503 with a `Retry-After` date": _statuses(503, retry_after=0, retry_after_date=True, **only),
        "nobody listens for a while": Fault(
            ({"kind": "refuse_connections", "seconds": 0.05, "after": 2, **only},),
            {"max_retries": RETRIES, "request_timeout": 1.0},
        ),
        "reset before the answer": _some("reset", **only),
        "reset during the answer": _some("reset_during", **only),
        "body cut off": _some("cut_body", **only),
        "HTML instead of JSON": _some("html", **only),
        "empty 200": _some("empty", **only),
        "slow answers": _some("slow", seconds=0.02, **only),
        "no answer": _stalled("stall", **only),
        "half an answer": _stalled("stall_during", **only),
        "tokens expire midway": Fault(({"kind": "token_expired", "after": 2, **only},)),
        "token endpoint fails for a while": Fault(
            ({"kind": "status", "status": 503, "count": 2, "route": TOKEN},)
        ),
        "no token is given": Fault(({"kind": "token_refused"},)),
        "a good token is refused midway": Fault(
            ({"kind": "token_refused", "route": "*/v1/*", "after": 2, **only},)
        ),
        "500 that lasts": _lasting("status", **only),
        "429 that lasts": _lasting("status", status=429, retry_after=0, **only),
        "HTML that lasts": _lasting("html", **only),
        "resets that last": _lasting("reset", **only),
        "no answer any more": Fault(
            ({"kind": "stall", "after": 2, "seconds": 20.0, **only},),
            {"max_retries": 1, "request_timeout": 0.3},
        ),
        "400 midway": _lasting("status", status=400, error="ERROR_INVALID_PARAMETER", **only),
        "an error in an answer of status 200": _lasting("error_in_success", **only),
        "the body's status is a text": Fault(({"kind": "text_status", **only},)),
        "a cursor is refused midway": Fault(({"kind": "cursor_refused", **only},)),
        "a page names itself as the next": Fault(({"kind": "repeated_page", **only},)),
        "rows that come twice": Fault(({"kind": "duplicate_rows", **only},)),
        "rows that change between pages": Fault(({"kind": "changed_rows", **only},)),
        "Listrak's clock is two days behind": Fault(({"kind": "clock_skew", "seconds": -172_800.0},)),
        "Listrak's clock is ten years ahead": Fault(({"kind": "clock_skew", "seconds": 315_360_000.0},)),
    }


def _writes(kind: str, count: int | None = 1, **members: Any) -> Fault:  # noqa: ANN401 - members of a fault
    settings = {"max_retries": 2} | ({"request_timeout": 0.4} if kind.startswith("stall") else {})
    limit = {} if count is None else {"count": count}
    specs = tuple({"kind": kind, "method": one, **limit, **members} for one in ("POST", "PUT", "DELETE"))
    return Fault(specs, settings)


WRITING = {
    "429": _writes("status", 2, status=429, retry_after=0, route="*/v1/*"),
    "500, not carried out": _writes("status", route="*/v1/*"),
    "500, yet carried out": _writes("refused_then_done", route="*/v1/*"),
    "answer lost": _writes("lost_answer", route="*/v1/*"),
    "answer reset": _writes("lost_answer", reset=True, route="*/v1/*"),
    "reset before the answer": _writes("reset", route="*/v1/*"),
    "body cut off": _writes("cut_body", route="*/v1/*"),
    "HTML instead of JSON": _writes("html", route="*/v1/*"),
    "no answer": _writes("stall", seconds=20.0, route="*/v1/*"),
    "500 that lasts": _writes("status", None, route="*/v1/*"),
    "answers that all are lost": _writes("lost_answer", None, route="*/v1/*"),
    "401 that lasts": _writes("status", None, status=401, route="*/v1/*"),
    "400 that lasts": _writes("status", None, status=400, error="ERROR_INVALID_PARAMETER", route="*/v1/*"),
    "large bodies answered 404": Fault(({"kind": "large_body_404", "bytes": LARGE},)),
    "an import with unknown status words": Fault(({"kind": "import_odd_status"},)),
    "an import that stalls": Fault(
        # It never ends: the run after it must not wait for it.
        ({"kind": "import_stalls", "count": 1},),
        {"import_timeout": 0.2},
        {"wait_for_imports": 0},
    ),
    "an import that fails": Fault(({"kind": "import_fails", "count": 1},)),
}
"""The faults that a write can meet, by their names in the table."""


def table(name: str) -> dict[tuple[str, str], str]:
    """Read a table of the page: what becomes of each fault (first column) in each kind (first row)."""
    lines = PAGE.read_text("utf-8").split(f"<!-- matrix: {name} -->")[1].strip().splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines[: next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    ]
    kinds = [one.strip("`") for one in rows[0][1:]]
    return {(row[0], kind): cell for row in rows[2:] for kind, cell in zip(kinds, row[1:], strict=True)}


def target_faults() -> dict[str, Fault]:
    """Give the rows of the target's table: what its reads and what its writes can meet."""
    reads = {f"reads: {name}": fault for name, fault in reading("GET").items()}
    return reads | {f"writes: {name}": fault for name, fault in WRITING.items()}


def line(message: object) -> bytes:
    """Give a Singer message as a line."""
    return json.dumps(message).encode() + b"\n"
