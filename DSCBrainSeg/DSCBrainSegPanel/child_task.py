"""Run a program to its end without blocking: its lines as they come, then its exit code."""

import qt

from DSCBrainSegLib.child_process import PROBLEM

INTERVAL_MS = 50


class ChildTask:
    """One run of a process.

    Parameters
    ----------
    process : DSCBrainSegLib.worker.runner.Process
        Not started.
    onLine : callable
        Gets each line it prints.
    onEnd : callable
        ``onEnd(code, reason)``: the program's last line that says it tells a problem, else its last
        line; `code` is None after `cancel`. Slicer's launcher may print behind the program's own.
    """

    def __init__(self, process, onLine, onEnd):
        self._process, self._onLine, self._onEnd = process, onLine, onEnd
        self._rest, self._lastLine, self._problem = b"", "", ""
        self._cancelled = False
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL_MS)
        self._timer.connect("timeout()", self._poll)

    def start(self):
        """Start it; OSError if that is impossible."""
        self._process.start()
        self._timer.start()

    def cancel(self):
        """End it with all it has started; `onEnd` follows."""
        self._cancelled = True
        self._process.kill()

    def abandon(self):
        """End it; nothing follows."""
        self._timer.stop()
        self._process.kill()

    def _poll(self):
        code = self._process.code()
        *lines, self._rest = (self._rest + self._process.read()).split(b"\n")
        for line in [*lines, self._rest] if code is not None else lines:
            text = line.decode("utf-8", "replace").strip()
            if text:
                self._lastLine = text
                if text.lower().startswith(PROBLEM):
                    self._problem = text[len(PROBLEM) :]
                self._onLine(text)
        if code is not None:
            self._timer.stop()
            self._onEnd(None if self._cancelled else code, self._problem or self._lastLine)
