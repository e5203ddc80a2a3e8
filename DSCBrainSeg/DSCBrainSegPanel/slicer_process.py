"""Programs of the library in Slicer's Python, each in a process of its own.

`ChildProcess` is used rather than QProcess: Slicer's Python is a launcher with the real interpreter
behind it, and QProcess would end the launcher alone.
"""

import os
import shutil
from pathlib import Path

import slicer
from slicer.i18n import tr as _

import DSCBrainSegLib
from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.installation.extras import ready_folders
from DSCBrainSegLib.installation.runtime import VARIABLE, runtime_state
from DSCBrainSegLib.network.engines.options import DEVICE_VARIABLE, ENGINE_VARIABLE
from DSCBrainSegLib.worker.protocol import WorkerEnded

SETTINGS = {ENGINE_VARIABLE: "DSCBrainSeg/Engine", DEVICE_VARIABLE: "DSCBrainSeg/Device"}
"""Choices of the panel that a program takes from its environment, and where they are kept."""

# Slicer's launcher puts its own packages before PYTHONPATH. What the worker needs in other versions
# must come before those, what is only added behind them.
_START = (
    "import os, runpy, sys; sys.path[:0] = sys.argv[1].split(os.pathsep); "
    "sys.path += [path for path in sys.argv[2].split(os.pathsep) if path]; del sys.argv[:3]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def _pythonSlicer() -> str:
    python = shutil.which("PythonSlicer")
    if not python:
        raise WorkerEnded(_("PythonSlicer is not found beside Slicer; install Slicer again."))
    return python


def pipProcess(*arguments: str) -> ChildProcess:
    """Return a process, not started, that runs pip for Slicer's own Python and nothing else."""
    environment = {**slicer.util.startupEnvironment(), "PYTHONUTF8": "1"}
    return ChildProcess([_pythonSlicer(), "-m", "pip", *arguments], environment)


def libraryFolder() -> Path:
    """Return the folder that holds DSCBrainSegLib."""
    return Path(DSCBrainSegLib.__file__).resolve().parents[1]


def libraryProcess(module: str, *arguments: str, extrasFirst: bool = False) -> ChildProcess:
    """Return a process, not started, that runs a module of the library.

    With `extrasFirst` the packages that were installed for single uses go before Slicer's own: they
    were made for each other, and some for a newer version than Slicer's of what both have.

    Raises
    ------
    WorkerEnded
        Slicer's Python is not found.
    """
    python = _pythonSlicer()
    state = runtime_state()
    folders = [state.folder] if state.status == "ready" else []
    first, last = (ready_folders(), []) if extrasFirst else ([], ready_folders())
    paths = os.pathsep.join(str(folder) for folder in (*folders, libraryFolder(), *first))
    # Never an empty argument: Slicer's launcher takes one for a call for its help.
    extras = os.pathsep + os.pathsep.join(map(str, last))
    environment = {
        **slicer.util.startupEnvironment(),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
    }
    if os.environ.get(VARIABLE):
        environment[VARIABLE] = os.environ[VARIABLE]
    for variable, setting in SETTINGS.items():
        chosen = slicer.util.settingsValue(setting, "")
        if chosen:
            environment[variable] = chosen
    return ChildProcess([python, "-c", _START, paths, extras, module, *arguments], environment)
