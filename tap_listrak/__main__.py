"""The console script `tap-listrak`, also ``python -m tap_listrak``."""

from __future__ import annotations

from listrak_singer.start import run


def main() -> None:
    """Run the command line."""
    run("tap_listrak.tap", "TapListrak")


if __name__ == "__main__":
    main()
