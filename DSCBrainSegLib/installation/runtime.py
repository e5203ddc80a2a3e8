"""The runtime folder: ONNX Runtime and what else the worker needs, apart from Slicer's Python.

Slicer's own packages are never changed: what it lacks goes into a folder which only the worker
process has on its path. Where the interpreter
has all that is needed already (a virtual environment), no folder is needed.

``python -m DSCBrainSegLib.installation.runtime install | remove | state`` does the same in a
terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.installation.requirements import is_built_in, requirements
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress

VARIABLE = "DSCBRAINSEG_RUNTIME"
"""Environment variable with another place for runtime folders than the user's own."""

DOWNLOAD_MB = 40
"""In Slicer, which brings the large ones; without NumPy and SciPy it is 95 MB."""

DISK_MB = 110
"""What stays; 340 MB without NumPy and SciPy."""

NEEDED_BYTES = 450_000_000
"""Free space an installation takes at most while it runs, downloads included."""

ABANDONED_SECONDS = 60.0
"""An installation that has not touched its folder for so long was killed."""

_MARKER = "complete.json"
_PARTIAL = "dscb-"


@dataclass(frozen=True)
class RuntimeState:
    """Whether the worker can run the network.

    Parameters
    ----------
    status : {"built-in", "ready", "incomplete", "missing"}
        "built-in": this interpreter has all that is needed, without a folder. "ready": the folder
        has. "incomplete": what is there is the rest of an installation that was killed, or of an
        older version of this library: install again.
    folder : Path
        Where it is or would be.
    size_bytes : int
        What it takes on disk; 0 if built-in or missing.
    """

    status: str
    folder: Path
    size_bytes: int = 0

    @property
    def usable(self) -> bool:
        """Nothing has to be installed."""
        return self.status in ("built-in", "ready")


def base_folder(system: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that holds the runtime folders of one user.

    On Windows it is short: ONNX Runtime has files with long paths, and 259 characters are allowed.
    """
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE]).absolute()
    home = Path.home()
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA", home / "AppData" / "Local")) / "DSCBS"
    if system == "darwin":
        return home / "Library" / "Application Support" / "DSCBrainSeg"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "DSCBrainSeg"


def runtime_folder() -> Path:
    """Return the folder for this version of Python; it may not exist."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return base_folder() / f"{python}-onnx"


def runtime_state() -> RuntimeState:
    """Look whether the network can run, without importing anything heavy."""
    folder = runtime_folder()
    if is_built_in():
        return RuntimeState("built-in", folder)
    return folder_state(folder, requirements())


def folder_state(folder: Path, wanted: list[str]) -> RuntimeState:
    """Look whether a folder holds a whole installation of `wanted`, or of more."""
    marker = _read_marker(folder)
    if marker and set(wanted) <= set(marker["requirements"]):
        return RuntimeState("ready", folder, marker["size_bytes"])
    rests = [*([folder] if folder.exists() else []), *_partial_folders(folder.parent)]
    if rests:
        return RuntimeState("incomplete", folder, sum(folder_size(rest) for rest in rests))
    return RuntimeState("missing", folder)


def install(
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    python: str | None = None,
) -> RuntimeState:
    """Install the runtime folder with pip; it appears only when it is complete.

    Downloads about `DOWNLOAD_MB`. Does nothing if `runtime_state` says that nothing is needed.

    Parameters
    ----------
    progress : callable
        Told pip's output line by line as ``progress(0, 0, line)``, downloads in bytes.
    cancelled : callable
        Asked ten times a second; pip is ended at once and what it left is removed.
    python : str, optional
        Interpreter of the worker; this one by default.

    Raises
    ------
    MissingPackageError
        pip cannot be run, finds no connection, or no package that fits.
    OutputError
        The folder cannot be written or the disk is too full.
    Cancelled
        `cancelled` returned True.
    """
    state = runtime_state()
    if state.usable:
        return state
    install_folder(
        state.folder, requirements(), NEEDED_BYTES, progress, cancelled, python, exactly=True
    )
    return runtime_state()


def install_folder(
    folder: Path,
    wanted: list[str],
    needed_bytes: int,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    python: str | None = None,
    exactly: bool = False,
) -> None:
    """Install the requirements `wanted` into a folder, which appears only when it is complete.

    `needed_bytes` is the free space it takes meanwhile; with `exactly` nothing is added that they
    require; all else as in `install`.
    """
    from DSCBrainSegLib.installation.pip_run import install_into

    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent, ABANDONED_SECONDS)
        _check_space(folder.parent, needed_bytes)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder.parent))
        content = partial / "x"
        install_into(content, python or sys.executable, wanted, progress, cancelled, exactly)
        progress(0, 0, "Finishing")
        _write_marker(content, wanted)
        _discard(folder)
        os.replace(content, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot install into {folder.parent}: {reason}; free space there or set {VARIABLE} "
            "to a folder that can be written."
        ) from error
    finally:
        if partial:
            shutil.rmtree(partial, ignore_errors=True)


def remove() -> None:
    """Remove the runtime folder of this Python and whatever installations left unfinished.

    Raises
    ------
    OutputError
        A file of it is in use.
    """
    folder = runtime_folder()
    remove_folder(folder)
    _sweep(folder.parent, 0.0)


def remove_folder(folder: Path) -> None:
    """Remove an installation; nothing happens if there is none.

    Raises
    ------
    OutputError
        A file of it is in use.
    """
    try:
        _discard(folder)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be removed: {error.strerror or error}; "
            "close the programs that segment and try again."
        ) from error


def worker_environment() -> dict[str, str]:
    """Return the environment variables of a worker process: this process's own, with the path.

    ``PYTHONPATH`` leads to the runtime folder, if there is one, and to this library; what lies in
    the current folder is not imported. Ask again after `install` and `remove`.
    """
    state = runtime_state()
    paths = [str(state.folder)] if state.status == "ready" else []
    paths.append(str(Path(__file__).resolve().parents[2]))
    if os.environ.get("PYTHONPATH"):
        paths.append(os.environ["PYTHONPATH"])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
    }


def folder_size(folder: Path) -> int:
    """Return the bytes of all files in a folder; those that vanish meanwhile count nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return total


def _read_marker(folder: Path) -> dict:
    try:
        return json.loads((folder / _MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write_marker(folder: Path, wanted: list[str]) -> None:
    facts = {"requirements": wanted, "size_bytes": folder_size(folder)}
    (folder / _MARKER).write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _check_space(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise OutputError(
            f"{folder} has {free / 1e9:.1f} GB of free space and the installation needs "
            f"{needed_bytes / 1e9:.1f} GB; free some or set {VARIABLE} to a folder on another disk."
        )


def _partial_folders(base: Path) -> list[Path]:
    return sorted(path for path in base.glob(f"{_PARTIAL}*") if path.is_dir())


def _sweep(base: Path, older_than_seconds: float) -> None:
    """Remove what killed installations left; one that is running touches its folder."""
    for partial in _partial_folders(base):
        try:
            idle = time.time() - partial.stat().st_mtime
        except OSError:
            continue
        if idle >= older_than_seconds:
            shutil.rmtree(partial, ignore_errors=True)


def _discard(folder: Path) -> None:
    """Remove a folder such that a part of it is never taken for the whole."""
    if not folder.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder.parent))
    try:
        os.replace(folder, aside / "x")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run ``install``, ``remove`` or ``state`` and return the exit code."""
    import argparse

    from DSCBrainSegLib.child_process import PROBLEM
    from DSCBrainSegLib.errors import DSCBrainSegError

    parser = argparse.ArgumentParser(prog="python -m DSCBrainSegLib.installation.runtime")
    parser.add_argument("action", choices=("install", "remove", "state"))
    action = parser.parse_args(arguments).action
    try:
        if action == "install":
            install(lambda done, total, line: total or print(line, flush=True))
        elif action == "remove":
            remove()
    except DSCBrainSegError as error:
        print(f"{PROBLEM}{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing was installed.", file=sys.stderr)
        return 130
    state = runtime_state()
    print(f"{state.status}, {state.size_bytes / 1e9:.2f} GB, {state.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
