"""The corpus replayed, and the fuzzer let loose for a moment. `make fuzz` gives it as long as one likes.

``LISTRAK_SEED`` (0) draws what it thinks of.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_targets import TARGETS
from seeds import SEED

FOLDER = Path(__file__).parent
CORPUS = sorted((FOLDER / "corpus").glob("*/*"))
RUNS = {"reader": 20_000, "messages": 1_500, "values": 20_000, "people": 5_000}
SECONDS = int(os.environ.get("LISTRAK_FUZZ_SECONDS", "0"))


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_what_is_in_the_corpus_holds(file: Path) -> None:
    TARGETS[file.parent.name](file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzer_thinks_of_holds(name: str, tmp_path: Path) -> None:
    """The same inputs every time: a number of runs from one seed. With a time, other ones each time."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip(
            "atheris, the fuzzer, comes ready-made for Linux on x86-64 only, and is not installed here"
        )
    amount = [f"-max_total_time={SECONDS}"] if SECONDS else [f"-runs={RUNS[name]}", f"-seed={1 + SEED}"]
    done = subprocess.run(
        [sys.executable, FOLDER / "fuzz.py", name, tmp_path, FOLDER / "corpus" / name, *amount,
         "-max_len=2000", "-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS + 240,
    )  # fmt: skip
    crashes = {
        one.name: one.read_bytes()
        for one in tmp_path.glob("*-*")
        if one.name.startswith(("crash", "timeout", "oom"))
    }
    assert done.returncode == 0, f"{done.stderr[-3000:]}\nInput: {crashes}"
    assert "stat::number_of_executed_units" in done.stderr
    # What the fuzzer keeps are inputs, as the corpus is: the scan for leaks would take them for logs.
    for one in tmp_path.iterdir():
        one.unlink()
