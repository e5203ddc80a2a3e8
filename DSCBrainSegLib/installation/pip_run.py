"""Run pip as a child process that reports, can be cancelled, and fails in one sentence."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.errors import MissingPackageError, OutputError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled

RAW_PROGRESS_SINCE = (24, 1)
"""The pip that can print the bytes of a download."""

_NO_CONNECTION = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|"
    "SSLError|Connection(Reset|Refused)?Error|RemoteDisconnected|getaddrinfo failed"
)
_NO_SPACE = re.compile(r"No space left on device|\[Errno 28\]|not enough space on the disk")
_NOT_FOUND = re.compile(r"No matching distribution found for ([^\s;]+)")
_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def install_command(
    python: str,
    target: Path,
    requirements: list[str],
    raw_progress: bool = False,
    exactly: bool = False,
) -> list[str]:
    """Return the command line that installs `requirements` into the folder `target`.

    Only wheels are taken: nobody has a compiler in Slicer. The user's pip settings (mirror, proxy)
    hold. With `exactly` pip adds nothing that they require.
    """
    return [
        python,
        "-m",
        "pip",
        "install",
        "--target",
        str(target),
        "--only-binary",
        ":all:",
        "--progress-bar",
        "raw" if raw_progress else "off",
        *(["--no-deps"] if exactly else []),
        *requirements,
    ]


def install_into(
    target: Path,
    python: str,
    requirements: list[str],
    progress: ProgressCallback,
    cancelled: CancelCallback,
    exactly: bool = False,
) -> None:
    """Install `requirements` into `target`, which does not exist yet; its parent does.

    Parameters and errors as in `runtime.install_folder`.
    """
    version = _pip_version(python, target.parent, cancelled)
    command = install_command(python, target, requirements, version >= RAW_PROGRESS_SINCE, exactly)
    code, lines = _run(command, target.parent, progress, cancelled)
    if code != 0:
        raise _explain(code, lines)


def _pip_version(python: str, folder: Path, cancelled: CancelCallback) -> tuple[int, ...]:
    code, lines = _run([python, "-m", "pip", "--version"], folder, lambda *_: None, cancelled)
    found = re.search(r"^pip (\d+)\.(\d+)", "\n".join(lines), re.MULTILINE)
    if code != 0 or not found:
        raise MissingPackageError(
            f"pip cannot be run with {python}; install pip for it or choose another Python."
        )
    return int(found[1]), int(found[2])


def _run(
    command: list[str], folder: Path, progress: ProgressCallback, cancelled: CancelCallback
) -> tuple[int, list[str]]:
    """Run a command until it ends or is cancelled; return its exit code and output lines.

    Its temporary files go into `folder`, which is touched every second as a sign of life.
    """
    temporary = str(folder)
    child = ChildProcess(
        command,
        {
            "PIP_RETRIES": "2",
            **os.environ,
            # Unpacked beside the target, a package is moved there by renaming; a path in a system's
            # own temporary folder would also be too long for Windows.
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PIP_USER": "0",
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
        },
    )
    try:
        child.start()
    except OSError as error:
        raise MissingPackageError(
            f"{command[0]} cannot be started: {error.strerror or error}."
        ) from error
    output = _Lines(progress)
    try:
        code, touched = None, 0.0
        while code is None:
            check_cancelled(cancelled)
            code = child.wait(0.1)
            output.feed(child.read())
            if time.monotonic() - touched > 1.0:
                os.utime(folder)
                touched = time.monotonic()
    finally:
        child.kill()
        child.wait(5.0)
    return code, output.lines


class _Lines:
    """Cuts pip's output into lines and reports them."""

    def __init__(self, progress: ProgressCallback):
        self.lines: list[str] = []
        self._progress, self._rest = progress, b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            raw = _RAW_PROGRESS.fullmatch(text)
            if raw:
                self._progress(int(raw[1]), int(raw[2]), self.lines[-1] if self.lines else "")
            elif text:
                self.lines.append(text)
                self._progress(0, 0, text)


def _explain(code: int, lines: list[str]) -> Exception:
    """Make one sentence of what pip printed before it failed."""
    text = "\n".join(lines)
    if _NO_SPACE.search(text):
        return OutputError("The disk is full: free some space and install again.")
    if _NO_CONNECTION.search(text):
        return MissingPackageError(
            "The package index cannot be reached: connect to the internet, or set pip's proxy or "
            "mirror (PIP_PROXY, PIP_INDEX_URL), and install again."
        )
    missing = _NOT_FOUND.search(text)
    if missing:
        return MissingPackageError(
            f"The package index has no {missing[1]} for this Python and system; "
            "use a newer pip, or Python 3.10 to 3.13."
        )
    errors = [line for line in lines if line.startswith("ERROR: ")]
    reason = errors[-1].removeprefix("ERROR: ").rstrip(".") if errors else f"exit code {code}"
    return MissingPackageError(f"pip could not install the network library: {reason}.")
