"""Lets the fuzzer call one of the functions of `fuzz_targets.py`.

    python tests/fuzz/fuzz.py reader tests/fuzz/corpus/reader -max_total_time=60

The first argument names the function; what follows is libFuzzer's.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["target_listrak", "email_validator"]):
    from fuzz_targets import TARGETS

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
