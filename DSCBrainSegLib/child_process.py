"""A child process whose output is read in a thread, so that nobody has to wait for it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading

PROBLEM = "error: "
"""What the line begins with in which a program of ours says why it failed."""


class ChildProcess:
    """Run a program with its standard output and error in one pipe.

    Parameters
    ----------
    command : list of str
    environment : dict of str to str
        All its environment variables.
    """

    def __init__(self, command: list[str], environment: dict[str, str]):
        self._command, self._environment = command, environment
        self._process: subprocess.Popen | None = None
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the program.

        Raises
        ------
        OSError
            It does not exist or may not be started.
        """
        # A session of its own keeps the terminal's Ctrl-C away and lets the whole tree be ended:
        # Slicer's Python is a launcher with the real one behind it.
        own_tree = (
            {"creationflags": subprocess.CREATE_NO_WINDOW}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            **own_tree,
        )
        self._pieces = queue.SimpleQueue()
        self._reader = threading.Thread(
            target=_drain, args=(self._process.stdout, self._pieces), daemon=True
        )
        self._reader.start()

    def write(self, data: bytes) -> None:
        """Write to its standard input; an input that is closed already is ignored."""
        with contextlib.suppress(OSError, ValueError):
            while data:
                data = data[self._process.stdin.write(data) :]

    def close_input(self) -> None:
        """Close its standard input; may be called again."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End it with all it has started."""
        if self._process.poll() is not None:
            return
        if os.name == "nt":
            tree = ["taskkill", "/T", "/F", "/PID", str(self._process.pid)]
            subprocess.run(
                tree, capture_output=True, check=False, creationflags=subprocess.CREATE_NO_WINDOW
            )
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def read(self) -> bytes:
        """Return the output that has arrived, b"" if none; does not wait."""
        pieces = []
        with contextlib.suppress(queue.Empty):
            while True:
                pieces.append(self._pieces.get_nowait())
        return b"".join(pieces)

    def code(self) -> int | None:
        """Return the exit code once the program has ended, else None; all output can be read."""
        code = self._process.poll() if self._process else None
        if code is not None:
            self._reader.join(0.2)  # Something it left behind may hold the pipe open.
            self.close_input()
        return code

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long for the program to end and return what `code` returns."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.code()


def _drain(pipe, pieces: queue.SimpleQueue[bytes]) -> None:
    with contextlib.suppress(OSError), pipe:
        while data := pipe.read(65536):
            pieces.put(data)
