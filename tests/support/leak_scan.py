"""A plugin of this test suite: after every test, all that was logged, said or left is looked through.

A secret, token, address or number in there is an error of that test. What a test may show because it is about
nothing else, it names::

    @pytest.mark.may_show("ann@example.org", why="…")

Looked at are what pytest captured (log, standard output, standard error), what tests took out of its hands
(``capsys``, ``contextlib.redirect_stdout``), what child processes said, and the files that were left.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from leak_children import Overheard, overhearing
from leak_files import Files, watch_folders
from leak_words import Leak, leaks

if TYPE_CHECKING:
    from collections.abc import Generator

MOST_SHOWN = 10

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""The ids of other programs' runs. The first groups of some of them have only digits, as phone numbers."""


class Scan:
    """What was found since the last test's end."""

    def __init__(self) -> None:
        self.files = Files()
        self.children: list[Overheard] = []
        self._found: list[tuple[str, Leak]] = []

    def hear(self, place: str, content: str | bytes, *, data: bool = False) -> None:
        """Look through something that was said.

        Args:
            place: Where, for a report.
            content: What.
            data: People's data belongs there.
        """
        content = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        content = _UUID.sub(b"<uuid>", content)
        self._found += [(place, leak) for leak in leaks(content, data=data)]

    def end(self, *folders: Path) -> list[tuple[str, Leak]]:
        """Look through what is left at a test's end, and give all that was found since the last one's."""
        for child in self.children:
            for place, content in child.said():
                self.hear(place, content)
        self.children[:] = [child for child in self.children if child.returncode is None]
        for path, content, data in self.files.left(*folders):
            self.hear(f"file {path.name}", content, data=data)
        found, self._found = self._found, []
        return found


_running: list[Scan] = []
_undo = contextlib.ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "may_show(*texts, why): what the test shows on purpose; see leak_scan")


@pytest.fixture(scope="session", autouse=True)
def _scan(tmp_path_factory: pytest.TempPathFactory) -> None:
    # A fixture, so that this is done where tests run: not in the process that only hands them out. It ends
    # later than a fixture would, so that the last test's report still has it.
    tmp_path_factory.getbasetemp()  # where it is, is settled while the system's folder is still the usual one
    temporary = Path(tempfile.mkdtemp(prefix="leaks-")).resolve()
    temporary.chmod(0o711)
    _undo.callback(shutil.rmtree, temporary, ignore_errors=True)
    scan = Scan()
    scan.children = _undo.enter_context(overhearing())
    patch = _undo.enter_context(pytest.MonkeyPatch.context())
    watch_folders(scan.files, patch, temporary)
    _listen(scan, patch)
    _running.append(scan)


def pytest_sessionfinish() -> None:
    """Put everything back."""
    _running.clear()
    _undo.close()


def _listen(scan: Scan, patch: pytest.MonkeyPatch) -> None:
    """Hear what tests take out of pytest's hands."""
    read = pytest.CaptureFixture.readouterr

    def readouterr(fixture: pytest.CaptureFixture[Any]) -> Any:  # noqa: ANN401 - pytest's own
        said = read(fixture)
        scan.hear("standard output", said.out)
        scan.hear("standard error", said.err)
        return said

    patch.setattr(pytest.CaptureFixture, "readouterr", readouterr)
    for kind in (contextlib.redirect_stdout, contextlib.redirect_stderr):
        _hear_redirected(scan, patch, kind)


def _hear_redirected(scan: Scan, patch: pytest.MonkeyPatch, kind: type[Any]) -> None:
    enter, leave = kind.__enter__, kind.__exit__
    targets: list[Any] = []

    def entered(redirection: object) -> object:
        targets.append(enter(redirection))
        return targets[-1]

    def left(redirection: object, *error: object) -> object:
        target = targets.pop()
        if isinstance(target, io.StringIO):
            scan.hear(kind.__name__, target.getvalue())
        elif isinstance(getattr(target, "buffer", None), io.BytesIO):
            target.flush()
            scan.hear(kind.__name__, target.buffer.getvalue())
        return leave(redirection, *error)

    patch.setattr(kind, "__enter__", entered)
    patch.setattr(kind, "__exit__", left)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look through everything once a test's fixtures are torn down; what is found is an error of the test."""
    report = yield
    if call.when != "teardown" or not _running:
        return report
    scan = _running[0]
    for name, content in report.sections:
        scan.hear(name, content)
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder in scan.files.folders:
        scan.files.folders.remove(folder)
    shown = {text for mark in item.iter_markers("may_show") for text in mark.args}
    found = [
        (place, leak) for place, leak in scan.end(*([folder] if folder else [])) if leak.value not in shown
    ]
    if found:
        lines = [f"{leak.kind} in {place}: … {leak.excerpt} …" for place, leak in found]
        lines = list(dict.fromkeys(lines))
        more = [f"and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else []
        report.outcome = "failed"
        report.longrepr = "\n".join(["What nobody may see was shown or left:", *lines[:MOST_SHOWN], *more])
        report.sections = []  # they would show it once more
    return report
