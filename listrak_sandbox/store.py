"""What was written through the email API on top of the generated world."""

from __future__ import annotations


class Store:
    """Everything written since the last reset."""

    def close(self) -> None:
        """Stop what is still running."""
