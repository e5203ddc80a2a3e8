"""A review server in a process of its own, and a page of it in headless Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from places import REPOSITORY, SUPPORT

SLOW_WORKER = SUPPORT / "slow_worker.py"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE_MS = 120_000
"""Of every wait: the tests share two cores with much else."""

STEADY_MS = 700

STEPS = 5
"""Of the mouse from corner to corner of a stroke."""

_WITH_SLOW_WORKER = """
import os
import sys
from pathlib import Path
from DSCBrainSegLib.web.entries import find_entries
from DSCBrainSegLib.web.serve import serve
from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.worker.client import WorkerClient
source, output, worker = map(Path, sys.argv[1:])
runner = WorkerClient(ChildProcess([sys.executable, str(worker)], dict(os.environ)))
tell = lambda line: print(line, flush=True)
serve(find_entries(source), output, open_browser=False, tell=tell, runner=runner)
"""


@contextmanager
def chromium():
    """Headless Chromium; skips where it or the packages are missing."""
    pytest.importorskip("trame_slicer", reason="needs trame-slicer (extra review)")
    pytest.importorskip("playwright", reason="needs playwright (pip install playwright)")
    if CHROMIUM is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In a container Chromium cannot make a sandbox of its own.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def status(address: str, **headers: str) -> int:
    """Return what a request without a cookie is answered; redirections are not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        request = urllib.request.Request(address, headers=headers)
        return urllib.request.build_opener(Stay).open(request, timeout=PATIENCE_MS / 1000).status
    except urllib.error.HTTPError as error:
        return error.code


class Server:
    """``dscbrainseg review`` on a folder."""

    def __init__(self, source: Path, work: Path, *arguments: str, slow_worker: bool = False):
        self.output, self._log = work / "saved", work / f"server-{time.monotonic_ns()}.log"
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "DSCBRAINSEG_REVIEW": str(work / "drafts"),
        }
        if slow_worker:
            command = ["-c", _WITH_SLOW_WORKER, source, self.output, SLOW_WORKER]
        else:
            command = ["-m", "DSCBrainSegLib", "review", source, "-o", self.output, "--no-browser"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command), *arguments],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def link(self) -> str:
        """Return the newest link; waits until there is one."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < end:
            if found := re.findall(r"^Review: (\S+)$", self.text, re.MULTILINE):
                return found[-1]
            assert self.process.poll() is None, self.text
            time.sleep(0.1)
        raise AssertionError(f"The server did not start: {self.text}")

    def interrupt(self) -> str:
        """Press Ctrl-C and return what the server printed."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_MS / 1000)
        return self.text

    def kill(self) -> None:
        """End it with no chance to tidy up."""
        self.process.kill()
        self.process.wait()


class Page:
    """A page of the review."""

    def __init__(self, page, address: str):
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        page.wait_for_selector("#segment")

    def get(self, name: str):
        """Return a variable of the page's state."""
        return self.page.evaluate("name => window.trame.state.get(name)", name)

    def wait(self, condition: str, argument=None) -> None:
        """Wait until a JavaScript expression of ``s`` (state getter) and ``a`` holds."""
        self.page.wait_for_function(
            f"a => {{ const s = name => window.trame.state.get(name); return {condition}; }}",
            arg=argument,
            polling=100,  # a tab in the background draws nothing to wait for
        )

    def open(self, name: str) -> None:
        """Open an entry of the list."""
        self.page.click(f'.entry:has-text("{name}")')
        self.wait("s('opened') && !s('busy') && s('entries')[s('chosen')]?.name === a", name)

    def choose(self, field: str, text: str) -> None:
        """Choose an item of a drop-down list by its title."""
        self.page.click(f".v-input:has(#{field})")
        self.page.click(f'.v-overlay--active .v-list-item-title:text-is("{text}")')

    def segment(self, method: str) -> None:
        """Segment and wait for the mask."""
        self.choose("method", method)
        self.wait("s('method') === a", method)
        self.page.click("#segment")
        self.wait("!s('busy') && s('masks').some(m => m.name === 'Brain (' + a + ')')", method)

    def voxels(self, name: str) -> int:
        """Return the voxel count of a mask."""
        return next(mask["voxels"] for mask in self.get("masks") if mask["name"] == name)

    def effect(self, icon: str) -> None:
        """Press a button of the editor that has the icon: brush, content-cut, undo ..."""
        button = f"#effects button:has(.mdi-{icon})"
        self.page.click(button)
        if icon not in ("undo", "redo"):
            self.page.wait_for_selector(f"{button}.v-btn--active")

    def steady(self, name: str):
        """Return a variable when it has stopped changing."""
        value, seen = None, self.get(name)
        while value != seen:
            value = seen
            self.page.wait_for_timeout(STEADY_MS)
            seen = self.get(name)
        return value

    def wait_voxels(self, name: str, condition: str, argument=None) -> int:
        """Wait until the voxel count ``n`` of a mask fulfils a condition, and return it."""
        self.wait(f"(n => {condition})(s('masks').find(m => m.name === '{name}').voxels)", argument)
        return self.voxels(name)

    def view_box(self) -> dict:
        """Return where the axial view is."""
        return self.page.query_selector("#views .layout-grid-item").bounding_box()

    def stroke(self, *corners: tuple[float, float]) -> None:
        """Drag over the axial view from corner to corner, from 0 to 1 across and down."""
        box, mouse = self.view_box(), self.page.mouse

        def place(x, y):
            return box["x"] + x * box["width"], box["y"] + y * box["height"]

        mouse.move(*place(*corners[0]))
        mouse.down()
        for start, end in pairwise(corners):
            for part in np.linspace(0, 1, STEPS + 1)[1:, np.newaxis]:
                mouse.move(*place(*(np.array(start) * (1 - part) + np.array(end) * part)))
                time.sleep(0.05)
        mouse.up()
