"""A series of the scene into a file that the worker process reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import slicer

from DSCBrainSegLib.errors import OutputError
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


def writeMaskFile(mask: np.ndarray, volumeNode, path: Path) -> None:
    """Write a mask (K, J, I) as NRRD on the volume's own voxels, by Slicer's own writer.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    node = slicer.vtkMRMLLabelMapVolumeNode()
    node.CopyOrientation(volumeNode)
    slicer.util.updateVolumeFromArray(node, np.asarray(mask, dtype=np.uint8))
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise OutputError(f"Cannot write {path}; free space in the temporary folder.")
