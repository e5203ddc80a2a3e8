"""Take motion out of a series: each measured frame is resampled once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.preprocessing.motion.estimate import estimate_motion
from DSCBrainSegLib.preprocessing.motion.frames import map_frames
from DSCBrainSegLib.preprocessing.motion.types import MotionEstimate, MotionSettings
from DSCBrainSegLib.preprocessing.reference_frame import DEFAULT_FRAME
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

SPLINE_ORDER = 3
"""Cubic B-spline interpolation."""


def apply_motion(
    series: DSCSeries,
    estimate: MotionEstimate,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> DSCSeries:
    """Bring every frame to where the head was in the reference frame.

    Each frame is interpolated once from its measured voxels by cubic B-splines and kept within the
    frame's own range of values, so that no overshoot makes a magnitude negative. Where the head
    moved in from outside the measured volume the nearest measured voxel stands in: a zero there
    would look like a bolus. The reference frame stays as it is.

    Parameters
    ----------
    series : DSCSeries
    estimate : MotionEstimate
        Of this series.
    progress : callable
        Called after every frame.
    cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    DSCSeries
        Frames float32; all else as in `series`.

    Raises
    ------
    ConfigurationError
        The estimate is of another number of frames.
    Cancelled
        `cancelled` returned True.
    """
    count = len(series.frames)
    if len(estimate.parameters) != count:
        raise ConfigurationError(
            f"The motion was estimated for {len(estimate.parameters)} time points, the series has "
            f"{count}; estimate it again."
        )
    to_index = np.linalg.inv(series.affine)
    matrices = to_index @ estimate.matrices @ series.affine
    corrected = np.empty(series.frames.shape, np.float32)

    def work(index, stop):
        if not stop():
            corrected[index] = _resampled(series.frames[index], matrices[index])

    map_frames(work, range(count), "Resampling time points", progress, cancelled)
    return replace(series, frames=corrected, warnings=list(series.warnings))


def correct_motion(
    series: DSCSeries,
    reference: int = DEFAULT_FRAME,
    settings: MotionSettings | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> tuple[DSCSeries, MotionEstimate]:
    """Estimate motion and take it out; parameters and errors as in `estimate_motion`.

    Returns
    -------
    corrected : DSCSeries
        See `apply_motion`.
    estimate : MotionEstimate
    """
    estimate = estimate_motion(series, reference, settings, progress, cancelled)
    return apply_motion(series, estimate, progress, cancelled), estimate


def _resampled(frame: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Frame (K, J, I) seen through `matrix` (4, 4), from (i, j, k, 1) in the result to that in
    the frame."""
    from scipy import ndimage

    frame = np.asarray(frame, np.float32)
    if np.allclose(matrix, np.eye(4), atol=1e-12) or not np.isfinite(frame).all():
        return frame
    turn, shift = matrix[:3, :3][::-1, ::-1], matrix[:3, 3][::-1]
    moved = ndimage.affine_transform(frame, turn, shift, order=SPLINE_ORDER, mode="nearest")
    return np.clip(moved, frame.min(), frame.max())
