"""A real browser, driven by the WebDriver protocol of chromedriver, without a package for it."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
PATIENCE = 30


class Browser:
    """A window without a screen.

    Args:
        url: Of the WebDriver session.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, **body: Any) -> Any:  # noqa: ANN401 - any JSON
        """Send a command, and give its value."""
        sent = body if method == "POST" else None
        answer = requests.request(method, f"{self.url}{path}", json=sent, timeout=PATIENCE)
        assert answer.ok, answer.text[:2000]
        return answer.json()["value"]

    def open(self, address: str) -> None:
        """Go to a page."""
        self.ask("POST", "/url", url=address)

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - what the script returns
        """Run the body of a JavaScript function in the page."""
        return self.ask("POST", "/execute/sync", script=script, args=list(arguments))

    def until(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - as run()
        """Run a script until what it returns is true, and give that."""
        latest = time.monotonic() + PATIENCE
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < latest, self.run("return document.body.innerText")
            time.sleep(0.1)
        return value

    def screenshot(self, file: Path) -> None:
        """Write what the window shows as PNG."""
        file.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))


@contextlib.contextmanager
def running_browser(profile: Path, width: int = 1360, height: int = 1500) -> Iterator[Browser]:
    """Start chromedriver and a window; both end with the block.

    Args:
        profile: Where the browser may write; removed at the end.
        width: Of the window, in pixels.
        height: The same.
    """
    command = [str(DRIVER), "--port=0"]
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += [f"--user-data-dir={profile}", f"--window-size={width},{height}", "--hide-scrollbars"]
    chrome = {"goog:chromeOptions": {"binary": CHROMIUM, "args": options}}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as driver:
        try:
            assert driver.stdout
            port = next(found[1] for line in driver.stdout if (found := re.search(r"on port (\d+)\.", line)))
            root = f"http://127.0.0.1:{port}/session"
            wanted = {"capabilities": {"alwaysMatch": chrome}}
            answer = requests.post(root, json=wanted, timeout=PATIENCE)
            assert answer.ok, answer.text[:2000]
            browser = Browser(f"{root}/{answer.json()['value']['sessionId']}")
            try:
                yield browser
            finally:
                browser.ask("DELETE", "")
        finally:
            os.killpg(driver.pid, signal.SIGKILL)  # the browser as well, if it is still there
            shutil.rmtree(profile, ignore_errors=True)  # scripts that it keeps have what looks like addresses
