"""Estimate rigid head motion: every frame against the reference."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.geometry import rigid_parameters, volume_centre
from DSCBrainSegLib.preprocessing.motion.frames import map_frames
from DSCBrainSegLib.preprocessing.motion.register import (
    FrameRegistration,
    one_thread_each,
    require_simpleitk,
)
from DSCBrainSegLib.preprocessing.motion.types import (
    DOUBTFUL,
    FAILED,
    GOOD,
    MotionEstimate,
    MotionSettings,
)
from DSCBrainSegLib.preprocessing.reference_frame import DEFAULT_FRAME
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

FEWEST_PIXELS = 16
"""Rows and columns that a frame must have."""

LARGEST_SHEAR = 0.01
"""Cosine of the angle between two axes of the grid; rigid motion needs right angles."""


def estimate_motion(
    series: DSCSeries,
    reference: int = DEFAULT_FRAME,
    settings: MotionSettings | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> MotionEstimate:
    """Estimate the head's motion between the frames of a series.

    Every frame is registered to the reference by itself: rigid, six parameters, Mattes mutual
    information of the log images in and around the head, which does not mind that the bolus
    darkens tissues differently and that the first frames are brighter. The result is the same in
    every run and on any number of cores.

    Parameters
    ----------
    series : DSCSeries
        Two frames or more. With fewer than ``settings.fewest_slices`` slices only motion within
        the slice plane is estimated.
    reference : int
        Frame that the others are compared with, from 0; the 4th by default (Alkhimova & Diumin
        2022).
    settings : MotionSettings, optional
    progress : callable
        Called after every frame.
    cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    MotionEstimate

    Raises
    ------
    ConfigurationError
        There is no such frame.
    SeriesError
        There is one frame only, the reference frame shows no head, or the grid is sheared.
    MissingPackageError
        SimpleITK is not installed.
    Cancelled
        `cancelled` returned True.

    Examples
    --------
    >>> estimate = estimate_motion(read_series("perfusion"))  # doctest: +SKIP
    >>> estimate.framewise_displacement.max()  # doctest: +SKIP
    """
    settings = settings or MotionSettings()
    count = len(series.frames)
    _check(series, reference)
    require_simpleitk()
    in_plane = series.volume_shape[0] < settings.fewest_slices
    fixed = np.asarray(series.frames[reference], np.float32)
    head = _compared_voxels(fixed, series.spacing, settings.head_margin_mm)
    register = FrameRegistration(fixed, series.spacing, head, settings, in_plane)

    def work(index, stop):
        frame = series.frames[index]
        if not _has_image(frame):
            return None
        try:
            return register(frame, stop)
        except RuntimeError:  # SimpleITK: the frames have nothing in common
            return None

    others = [index for index in range(count) if index != reference]
    with one_thread_each():
        found = map_frames(work, others, "Registering time points", progress, cancelled)
    centre = volume_centre(series.affine, series.volume_shape)
    axes = _axes(series.affine)
    parameters = np.zeros((count, 6))
    similarity = np.full(count, np.nan)
    states = [GOOD] * count
    for index, result in zip(others, found, strict=True):
        if result is None:
            states[index], similarity[index] = FAILED, 0.0
            continue
        parameters[index] = rigid_parameters(_to_lps(result[0], axes, centre), centre)
        similarity[index] = result[1]
    typical = np.median(similarity[similarity > 0]) if (similarity > 0).any() else 0.0
    for index in others:
        too_far = (np.abs(parameters[index, :3]) > settings.largest_shift_mm).any()
        too_far |= (np.abs(parameters[index, 3:]) > settings.largest_turn_deg).any()
        unlike = similarity[index] < settings.smallest_similarity * typical
        if states[index] == GOOD and (too_far or unlike):
            states[index] = DOUBTFUL
    good = np.flatnonzero([state == GOOD for state in states])
    for column in parameters.T:
        column[:] = np.interp(np.arange(count), good, column[good])
    return MotionEstimate(parameters, centre, reference, tuple(states), similarity, in_plane)


def _check(series: DSCSeries, reference: int) -> None:
    name = f" of {series.source}" if series.source else ""
    count = len(series.frames)
    if not 0 <= reference < count:
        raise ConfigurationError(
            f"Time point {reference + 1} does not exist: the series has {count}; "
            f"choose 1 to {count}."
        )
    if count < 2:
        raise SeriesError(f"The series{name} has one time point only: there is no motion to see.")
    if min(series.volume_shape[1:]) < FEWEST_PIXELS:
        _, rows, columns = series.volume_shape
        raise SeriesError(
            f"The frames{name} have {rows} x {columns} pixels; registration takes at least "
            f"{FEWEST_PIXELS} x {FEWEST_PIXELS}."
        )
    if not _has_image(series.frames[reference]):
        raise SeriesError(
            f"Time point {reference + 1}{name} has no image to compare with (no numbers, or the "
            "same one everywhere); choose another reference (--reference)."
        )
    directions = series.affine[:3, :3] / np.linalg.norm(series.affine[:3, :3], axis=0)
    if np.abs(directions.T @ directions - np.eye(3)).max() > LARGEST_SHEAR:
        raise SeriesError(
            f"The voxel grid{name} is sheared (a tilted gantry?); resample the series to a grid "
            "with right angles first."
        )


def _has_image(frame: np.ndarray) -> bool:
    low, high = float(np.min(frame)), float(np.max(frame))
    return bool(np.isfinite([low, high]).all() and high > low)


def _compared_voxels(volume: np.ndarray, spacing, margin_mm: float) -> np.ndarray:
    """Head and what lies up to `margin_mm` around it within the slices, (K, J, I) bool."""
    from scipy import ndimage

    from DSCBrainSegLib.preprocessing.head import find_head

    head = find_head(volume, spacing[1:]).mask
    if not head.any():
        return np.ones(volume.shape, bool)
    around = [
        ndimage.distance_transform_edt(~plane, sampling=spacing[1:]) <= margin_mm
        if plane.any()
        else plane
        for plane in head
    ]
    return np.stack(around)


def _axes(affine: np.ndarray) -> np.ndarray:
    """Directions (3, 3) of the grid's i, j and k axes as columns, at exactly right angles."""
    left, _, right = np.linalg.svd(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
    return left @ right


def _to_lps(matrix: np.ndarray, axes: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Turn a motion in the frame of the grid into one in LPS mm."""
    in_lps = np.eye(4)
    in_lps[:3, :3] = axes @ matrix[:3, :3] @ axes.T
    in_lps[:3, 3] = axes @ matrix[:3, 3] + centre - in_lps[:3, :3] @ centre
    return in_lps
