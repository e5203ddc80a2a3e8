"""Run Qt's event loop in a test, and press keys."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import slicer
from PySide6 import QtCore, QtGui


def wait_until(condition, timeout: float, message: str) -> float:
    """Run the event loop until `condition()`; return the longest turn in seconds.

    The time in which other programs had the processors does not count, nor does collecting garbage
    among what other tests have left.
    """
    gc.freeze()
    try:
        return _run_until(condition, timeout, message)
    finally:
        gc.unfreeze()


def _run_until(condition, timeout: float, message: str) -> float:
    end = time.monotonic() + timeout
    longest = 0.0
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"still waiting after {timeout:g} s {message}".rstrip())
        start, waited = time.monotonic(), _seconds_without_processor()
        slicer.app.processEvents(QtCore.QEventLoop.AllEvents, 20)
        slicer.app.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
        waited = _seconds_without_processor() - waited
        longest = max(longest, time.monotonic() - start - waited)
        time.sleep(0.002)
    return longest


def _seconds_without_processor() -> float:
    """Return how long this thread was ready to run and did not; 0 where the system does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def press(keys: str) -> int:
    """Activate the shortcut of these keys in the main window or a module's panel."""
    wanted = QtGui.QKeySequence(keys)
    found = []
    for top in slicer.app.topLevelWidgets():
        for shortcut in top.findChildren(QtGui.QShortcut):
            if shortcut.key == wanted and shortcut.enabled:
                found.append(shortcut)
    if len(found) == 1:
        found[0].activated.emit()
    elif found:
        found[0].activatedAmbiguously.emit()
    return 1 if len(found) == 1 else 0
