"""Progress in a terminal."""

from __future__ import annotations

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
