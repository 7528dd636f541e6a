"""A load of many rows: imports that Listrak takes (larger ones are a 404), bounded memory, books that close.

``LISTRAK_LOAD_ROWS`` says how many (100,000); a million takes a minute or two.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from target_runs import Runs, schema

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = int(os.environ.get("LISTRAK_LOAD_ROWS", "100000"))
MOST_MEMORY_KIB = 250 * 1024


def messages() -> Iterator[str]:
    """Every tenth row comes a second time, every thousandth has no address."""
    yield json.dumps(schema("people", "email", "First Name", "City"))
    for number in range(ROWS):
        address = "" if number % 1000 == 0 else f"person{number - (number % 10 == 9)}@example.com"
        row = {"email": address, "First Name": f"Ann {number}", "City": 'Zürich, "Old" Town'}
        yield json.dumps({"type": "RECORD", "stream": "people", "record": row})
        if number % 20_000 == 0:
            yield json.dumps({"type": "STATE", "value": {"row": number}})
    yield json.dumps({"type": "STATE", "value": {"row": ROWS}})


def peak_kib(pid: int) -> int:
    """The largest resident size so far. (wait4 counts what the parent held at the fork.)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def test_many_rows_are_loaded_in_bounded_memory_and_all_accounted_for(tmp_path: Path) -> None:
    with running_sandbox(process=True, scale="tiny") as sandbox:
        sandbox.settings(import_seconds=0.0)
        runs = Runs(sandbox, tmp_path)
        fields = {"First Name": "First Name", "City": "City"}
        config = runs.config({"people": {"kind": "email_list", "list": "Newsletter", "fields": fields}})
        (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
        script = str(Path(sys.executable).with_name("target-listrak"))
        with (
            (tmp_path / "err.log").open("wb") as errors,
            (tmp_path / "out").open("wb") as out,
            subprocess.Popen(
                [script, "--config", str(tmp_path / "config.json")],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
            ) as target,
        ):
            assert target.stdin is not None
            for line in messages():
                target.stdin.write(line.encode() + b"\n")
            target.stdin.close()
            peak = 0
            while target.poll() is None:
                peak = max(peak, peak_kib(target.pid))
                time.sleep(0.05)
        log = (tmp_path / "err.log").read_text("utf-8")
        assert target.returncode == 0, log[-2000:]
        imports = sandbox.written()["imports"]

    missing, merged = ROWS // 1000, ROWS // 10
    assert 0 < peak <= MOST_MEMORY_KIB
    assert sum(one["summary"]["processedCount"] for one in imports) >= ROWS - missing - merged
    (row,) = re.findall(r"people +email_list: Newsletter +(.*)", log)
    figures = [int(one.replace(",", "")) for one in row.split()]
    read, accepted, unchanged, declined, rejected, again, open_rows = figures
    assert (read, rejected, open_rows) == (ROWS, missing, 0)
    assert read == accepted + unchanged + declined + rejected + again
    assert json.loads((tmp_path / "out").read_text().splitlines()[-1]) == {"row": ROWS}
