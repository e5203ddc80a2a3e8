"""A series of the scene into a file that the worker process reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.series.source import SeriesSource

FRAME_NAME = "series.npy"


def writeForWorker(source: SeriesSource, folder: Path, frames: Sequence[int] | None = None) -> dict:
    """Write frames as .npy, which needs no package that Slicer lacks, and loses no geometry.

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
    dict
        The fields ``input`` and ``affine`` of the worker's request. Its ``frame`` counts from the
        first frame written.

    Raises
    ------
    SeriesError
        A frame does not exist or holds no image.
    OutputError
        The folder cannot be written.
    """
    series = source.read(frames)
    path = Path(folder) / FRAME_NAME
    try:
        np.save(path, series.frames)
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}; free space in the temporary folder."
        ) from error
    return {"input": str(path), "affine": series.affine.tolist()}
