"""``python -m listrak_sandbox``: the same as the console script ``listrak-sandbox``."""

from __future__ import annotations

import sys

from listrak_sandbox.cli import main

sys.exit(main())
