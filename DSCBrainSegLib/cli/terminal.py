"""Progress in a terminal, and silence from libraries that talk at start-up."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from DSCBrainSegLib.progress import ProgressCallback, no_progress


@contextmanager
def terminal_progress(wanted: bool = True) -> Iterator[ProgressCallback]:
    """Show a progress bar on standard error while the block runs, if that is a terminal.

    Parameters
    ----------
    wanted : bool
        False shows nothing.

    Yields
    ------
    callable
        A `ProgressCallback`.
    """
    if not wanted or not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=1)

        def show(done: int, total: int, message: str) -> None:
            bar.update(task, completed=done, total=max(total, 1), description=message)

        yield show


@contextmanager
def quiet_start() -> Iterator[None]:
    """Keep native libraries' messages off standard error while they load.

    TensorFlow prints its build options from C++ before any setting of its own is read, so the file
    descriptor itself is turned away for the moment.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
