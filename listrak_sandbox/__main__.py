"""Lets ``python -m listrak_sandbox`` do what ``listrak-sandbox`` does."""

from __future__ import annotations

import sys

from listrak_sandbox.cli import main

sys.exit(main())
