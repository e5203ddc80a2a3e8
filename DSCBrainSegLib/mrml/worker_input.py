"""A series of the scene into a file that the worker process reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.series.exchange import SUFFIX, write_exchange
from DSCBrainSegLib.series.source import SeriesSource

SERIES_NAME = f"series{SUFFIX}"


def writeForWorker(source: SeriesSource, folder: Path, frames: Sequence[int] | None = None) -> str:
    """Write frames with their times and numbers.

    Parameters
    ----------
    source : SeriesSource
        From `sequence_to_series.openNode`.
    folder : Path
        The job's own temporary folder.
    frames : sequence of int, optional
        Time points counted from 0; all by default, as the choice "auto" needs them.

    Returns
    -------
    str
        The field ``input`` of the worker's request.

    Raises
    ------
    SeriesError
        A frame does not exist or holds no image.
    OutputError
        The folder cannot be written.
    """
    path = Path(folder) / SERIES_NAME
    for _ in write_exchange(path, source, frames):
        pass
    return str(path)
