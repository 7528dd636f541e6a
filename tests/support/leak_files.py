"""Finds the files that tests leave, and tells those that a test wrote itself from those that it is about."""

from __future__ import annotations

import gzip
import os
import re
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = {"listrak_api", "tap_listrak", "target_listrak", "singer_sdk"}
"""Packages whose files are looked at, when a test runs them in its own process."""
DATA = re.compile(
    r"""
      .*\.(?:singer|jsonl|parquet|duckdb(?:\.wal)?)            # rejects, tables
    | .*tap-listrak--[\w.-]+[-=]\d+\.(?:json|parquet)(?:\.gz)?  # BATCH files
    | tmp_[0-9a-f_]{36}\.csv                                    # what a killed target-duckdb was loading
    """,
    re.VERBOSE,
)
"""Names of files that hold people's data by their nature. A state is none of them."""
SETTINGS = re.compile(r"meltano\.yml|\.env|(?:tap|target)\.[0-9a-f-]{36}\.config\.json")
"""Names of files that hold a user's settings. Meltano hands them to a plugin in the last, and removes it; a
Meltano that is killed does not."""


class Files:
    """Keeps account of the files that are made while tests run.

    Attributes:
        folders: Folders that outlive a test; they are looked at after each.
    """

    def __init__(self) -> None:
        self.folders: list[Path] = []
        self._by_tests: set[str] = set()
        self._by_us: set[str] = set()
        self._seen: dict[str, tuple[int, int]] = {}
        sys.addaudithook(self._audit)  # there is no way to remove one

    def left(self, *folders: Path) -> Iterator[tuple[Path, bytes, bool]]:
        """Give the files that were left since the last time, with what they hold.

        Args:
            folders: Folders of the test that has ended, beside those that outlive it.

        Returns:
            Path, content (unpacked), and whether it is data by its nature.
        """
        written, self._by_us = self._by_us, set()
        for path in {*written, *self._below(*self.folders, *folders)}:
            if (path in self._by_tests and path not in written) or SETTINGS.fullmatch(Path(path).name):
                continue
            try:
                status = Path(path).stat()
                if self._seen.get(path) == (status.st_size, status.st_mtime_ns):
                    continue
                self._seen[path] = (status.st_size, status.st_mtime_ns)
                content = Path(path).read_bytes()
            except OSError:  # it is gone, or no file
                continue
            yield Path(path), _unpacked(content), bool(DATA.fullmatch(Path(path).name))

    @staticmethod
    def _below(*folders: Path) -> Iterator[str]:
        for folder in folders:
            for place, _, names in os.walk(folder):
                for name in names:
                    path = os.path.join(place, name)  # noqa: PTH118 - thousands of them
                    if not os.path.islink(path):  # noqa: PTH114
                        yield path

    def _audit(self, event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            path, flags = args[0], args[2]
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR):
                self._note(path)
        elif event == "os.rename":
            self._note(args[1])

    def _note(self, path: object) -> None:
        if not isinstance(path, (str, bytes)):
            return
        path = str(Path(os.fsdecode(path)).resolve())
        frame = sys._getframe(2)
        while frame is not None:
            if str(frame.f_globals.get("__name__")).partition(".")[0] in OURS:
                self._by_us.add(path)
                return
            frame = frame.f_back
        self._by_tests.add(path)


def _unpacked(content: bytes) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def watch_folders(files: Files, patch: pytest.MonkeyPatch, temporary: Path) -> None:
    """Learn of all folders that pytest makes, and let what uses the system's folder use one that is watched.

    Args:
        files: Learns of them.
        patch: Undoes it.
        temporary: An empty folder. Its path is short, for sockets, and every user may pass through.
    """
    files.folders.append(temporary)
    patch.setattr(tempfile, "tempdir", str(temporary))
    patch.setenv("TMPDIR", str(temporary))
    make = pytest.TempPathFactory.mktemp

    def noted(factory: pytest.TempPathFactory, *args: str, **options: bool) -> Path:
        folder = make(factory, *args, **options)
        files.folders.append(folder)
        return folder

    patch.setattr(pytest.TempPathFactory, "mktemp", noted)
