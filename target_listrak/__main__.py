"""The console script `target-listrak`, also ``python -m target_listrak``."""

from __future__ import annotations

from listrak_singer.start import run


def main() -> None:
    """Run the command line."""
    run("target_listrak.target", "TargetListrak")


if __name__ == "__main__":
    main()
