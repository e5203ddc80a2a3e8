"""The frames of one case: decoded when they are asked for, and kept while there is room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

KEPT_BYTES = 512 * 2**20
"""Choosing the time point and finding the bolus both look at every frame: so much stays decoded."""


class CaseFrames:
    """A series, in its files or in memory, whose frames are read one by one.

    Parameters
    ----------
    source : path or DSCSeries
        Folder or file (DICOM, NIfTI, NRRD), or a series that is read already.
    series_uid : str, optional
        Which series, where the folder holds several.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`; `cancelled` is asked before each frame, too.

    Raises
    ------
    SeriesError
        The headers cannot be read.
    Cancelled
        `cancelled` returned True.
    """

    def __init__(
        self,
        source: str | Path | Sequence[str | Path] | DSCSeries,
        series_uid: str | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ):
        self._cancelled = cancelled
        self._kept: dict[int, np.ndarray] = {}
        self._room = KEPT_BYTES
        if isinstance(source, DSCSeries):
            self._room = 0  # they lie in memory already
            self._read = lambda index: _one_frame(source, index)
            self.frame_count = source.frames.shape[0]
            return
        from DSCBrainSegLib.series import open_series

        opened = open_series(source, series_uid, progress, cancelled)
        self._read = lambda index: opened.read(frames=[index])
        self.frame_count = opened.frame_count

    def series(self, index: int) -> DSCSeries:
        """Return one frame (counted from 0) with its geometry and header facts.

        Raises
        ------
        SeriesError
            The frame cannot be read or holds no image.
        Cancelled
            The user asked to stop.
        """
        check_cancelled(self._cancelled)
        series = self._read(index)
        self._keep(index, series.frames[0])
        return series

    def volume(self, index: int) -> np.ndarray:
        """Return the voxels (K, J, I) of one frame; errors as in `series`."""
        if index in self._kept:
            return self._kept[index]
        return self.series(index).frames[0]

    def _keep(self, index: int, volume: np.ndarray) -> None:
        if index not in self._kept and volume.nbytes <= self._room:
            self._kept[index] = volume
            self._room -= volume.nbytes


def _one_frame(series: DSCSeries, index: int) -> DSCSeries:
    uids = series.sop_instance_uids
    return DSCSeries(
        **{
            **vars(series),
            "frames": series.frames[[index]],
            "times": series.times[[index]],
            "frame_indices": series.frame_indices[[index]],
            "sop_instance_uids": [uids[index]] if uids else [],
            "planes": [series.planes[index]] if series.planes else [],
            "warnings": list(series.warnings),
        }
    )
