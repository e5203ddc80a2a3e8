"""Run Qt's event loop in a test, and press keys."""

from __future__ import annotations

import time

import slicer
from PySide6 import QtCore, QtGui


def wait_until(condition, timeout: float, message: str) -> float:
    """Run the event loop until `condition()`; return the longest turn in seconds."""
    end = time.monotonic() + timeout
    longest = 0.0
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"still waiting after {timeout:g} s {message}".rstrip())
        start = time.monotonic()
        slicer.app.processEvents(QtCore.QEventLoop.AllEvents, 20)
        slicer.app.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
        longest = max(longest, time.monotonic() - start)
        time.sleep(0.002)
    return longest


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
