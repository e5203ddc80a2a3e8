"""Packages that some of the worker's commands need beside the network's: a folder for each use.

They come behind all others on the worker's path, so that what Slicer ships stays what is imported
and only what it lacks comes from here.

In a terminal: ``python -m DSCBrainSegLib.installation.extras install NAME | remove | state``.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.installation.runtime import (
    RuntimeState,
    base_folder,
    folder_state,
    install_folder,
    remove_folder,
)
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress


@dataclass(frozen=True)
class Extra:
    """What one use needs.

    Parameters
    ----------
    name : str
        Short: it is part of paths, which are limited on Windows.
    modules : tuple of str
        What is imported.
    requirements : tuple of str
        What pip installs.
    download_mb, disk_mb : int
        With all that they need in turn, measured on Linux.
    exactly : bool
        Nothing is added that the requirements require: of nilearn only data are used.
    """

    name: str
    modules: tuple[str, ...]
    requirements: tuple[str, ...]
    download_mb: int
    disk_mb: int
    exactly: bool = False


EXTRAS = {
    extra.name: extra
    for extra in (
        Extra(
            "report",
            ("matplotlib", "jinja2", "PIL"),
            ("matplotlib>=3.8", "jinja2>=3.1", "pillow>=10"),
            download_mb=40,
            disk_mb=180,
        ),
        Extra(
            "phantom",
            ("nilearn", "nibabel"),
            (
                "nilearn>=0.11",
                "nibabel>=5.2",
                "packaging>=21.0",
                "typing_extensions>=4.6",
                "importlib_resources>=5.12",
            ),
            download_mb=16,
            disk_mb=50,
            exactly=True,
        ),
        Extra("seg", ("highdicom",), ("highdicom>=0.28",), download_mb=60, disk_mb=160),
    )
}


def get_extra(name: str) -> Extra:
    """Return an extra by its name.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    if name not in EXTRAS:
        raise ConfigurationError(f"There is no extra {name!r}; choose from {', '.join(EXTRAS)}.")
    return EXTRAS[name]


def extra_folder(name: str) -> Path:
    """Return the folder of an extra for this version of Python; it may not exist."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return base_folder() / f"{version}-{get_extra(name).name}"


def extra_state(name: str) -> RuntimeState:
    """Look whether an extra can be used, without importing it."""
    extra = get_extra(name)
    if all(importlib.util.find_spec(module) for module in extra.modules):
        return RuntimeState("built-in", extra_folder(name))
    return folder_state(extra_folder(name), list(extra.requirements))


def ready_folders() -> list[Path]:
    """Return the folders that belong at the end of a worker's path."""
    states = [extra_state(name) for name in EXTRAS]
    return [state.folder for state in states if state.status == "ready"]


def install_extra(
    name: str,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    python: str | None = None,
) -> RuntimeState:
    """Install an extra with pip; parameters and errors as in `runtime.install`."""
    state = extra_state(name)
    if not state.usable:
        extra = get_extra(name)
        needed = (extra.download_mb + extra.disk_mb) * 1_000_000
        wanted = list(extra.requirements)
        install_folder(state.folder, wanted, needed, progress, cancelled, python, extra.exactly)
    return extra_state(name)


def remove_extras() -> None:
    """Remove the folders of all extras of this Python.

    Raises
    ------
    OutputError
        A file is in use.
    """
    for name in EXTRAS:
        remove_folder(extra_folder(name))


def main(arguments: list[str] | None = None) -> int:
    """Run ``install NAME``, ``remove`` or ``state`` and return the exit code."""
    import argparse

    from DSCBrainSegLib.child_process import PROBLEM
    from DSCBrainSegLib.errors import DSCBrainSegError

    parser = argparse.ArgumentParser(prog="python -m DSCBrainSegLib.installation.extras")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("install").add_argument("name", choices=list(EXTRAS))
    actions.add_parser("remove")
    actions.add_parser("state")
    given = parser.parse_args(arguments)
    try:
        if given.action == "install":
            install_extra(given.name, lambda done, total, line: total or print(line, flush=True))
        elif given.action == "remove":
            remove_extras()
    except DSCBrainSegError as error:
        print(f"{PROBLEM}{error}", file=sys.stderr)
        return 1
    for name in EXTRAS:
        state = extra_state(name)
        print(f"{name}: {state.status}, {state.size_bytes / 1e9:.2f} GB, {state.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
