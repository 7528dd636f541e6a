"""The seed of all tests that draw at random and must do the same again: crashes, faults, the fuzzer."""

from __future__ import annotations

import os

SEED = int(os.environ.get("LISTRAK_SEED", "0"))
"""``LISTRAK_SEED``; 0 in CI."""
