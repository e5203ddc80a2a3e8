"""CUSUM filter for boundary pixels.

After Alkhimova & Krenevych, "Brain tissues segmentation on MR perfusion images using CUSUM filter
for boundary pixels" (arXiv 1907.03865). Only its abstract could be read: the principle is its own,
every number is a reading (docs/baselines.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.methods.baselines.aabl import AablParameters
from DSCBrainSegLib.methods.baselines.aabl import segment_in_head as segment_aabl_in_head
from DSCBrainSegLib.methods.baselines.check import check_volume
from DSCBrainSegLib.methods.baselines.cusum_levels import LevelParameters, Levels, measure_levels
from DSCBrainSegLib.methods.baselines.cusum_tracker import (
    ClosingParameters,
    Sampler,
    StepParameters,
    Track,
    follow_boundary,
)
from DSCBrainSegLib.methods.baselines.polygon import fill_polygon
from DSCBrainSegLib.preprocessing.head import find_head
from DSCBrainSegLib.preprocessing.morphology import close_slices, open_slices, solid_part

CASCADE = (
    StepParameters(1.8, 0.25, 0.15, 0.4, 0.2),
    StepParameters(1.8, 0.40, 0.05, 0.4, 0.2),
    StepParameters(1.8, 0.15, 0.15, 0.4, 0.5),
    StepParameters(0.9, 0.15, 0.05, 0.4, 0.2),
)
"""Parameter sets in the order they are tried, until one closes the contour."""


@dataclass(frozen=True)
class CusumParameters:
    """How the brain's boundary is followed.

    Parameters
    ----------
    cascade : tuple of StepParameters
    levels : LevelParameters
    closing : ClosingParameters
    smoothing_radius_mm : float
        Radius of the closing and the opening of the filled contour (one pixel of 1.8 mm).
    fall_back : AablParameters
        Of the AABL mask taken where no set closes; its `head` also finds the head for the tracker.
    """

    cascade: tuple[StepParameters, ...] = CASCADE
    levels: LevelParameters = field(default_factory=LevelParameters)
    closing: ClosingParameters = field(default_factory=ClosingParameters)
    smoothing_radius_mm: float = 1.8
    fall_back: AablParameters = field(default_factory=AablParameters)


@dataclass(frozen=True)
class SliceTrack:
    """What the tracker did in one slice.

    Parameters
    ----------
    parameter_set : int or None
        Index in the cascade of the set that closed; None if none did.
    path, change_points : ndarray of float, shape (N, 2) and (M, 2)
        Row and column in pixels (pixel centres at whole numbers) of every position and of the
        boundary points: of the set that closed, or of the last one tried. Empty in a slice without
        a head.
    levels : Levels or None
        Signal inside and outside that were told apart.
    fell_back : bool
        The slice shows the AABL mask because no set closed.
    """

    parameter_set: int | None = None
    path: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    change_points: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    levels: Levels | None = None
    fell_back: bool = False


@dataclass(frozen=True)
class CusumDiagnostics:
    """What a CUSUM picture needs.

    Parameters
    ----------
    slices : tuple of SliceTrack
        One per slice.
    """

    slices: tuple[SliceTrack, ...]

    @property
    def fallback_slices(self) -> tuple[int, ...]:
        """Indices k of the slices that show the AABL mask."""
        return tuple(k for k, track in enumerate(self.slices) if track.fell_back)


def segment_with_diagnostics(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    parameters: CusumParameters | None = None,
) -> tuple[np.ndarray, CusumDiagnostics]:
    """Segment the brain by following its boundary in each slice.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame in axial orientation, any intensity scale with air near 0.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    parameters : CusumParameters, optional

    Returns
    -------
    mask : ndarray of bool, shape (K, J, I)
        Empty in slices without a head.
    diagnostics : CusumDiagnostics

    Raises
    ------
    ValueError
        The volume is not 3-D or the spacing is unusable.

    Notes
    -----
    The tracker is plain Python; 20 slices of 128 x 128 pixels take about 0.2 s in all.
    """
    volume, pixel_mm = check_volume(volume, spacing)
    parameters = parameters or CusumParameters()
    head = find_head(volume, pixel_mm, parameters.fall_back.head)
    fall_back, _ = segment_aabl_in_head(volume, head, pixel_mm, parameters.fall_back)
    filled = np.zeros(volume.shape, bool)
    tracks = []
    for k, image in enumerate(head.smoothed):
        track = SliceTrack()
        if head.mask[k].any():
            track = _track_slice(image, head.mask[k], head.depth_mm[k], pixel_mm, parameters)
        if track.parameter_set is not None:
            filled[k] = fill_polygon(track.change_points, image.shape)
        tracks.append(track)
    smooth = close_slices(filled, parameters.smoothing_radius_mm, pixel_mm)
    mask = solid_part(open_slices(smooth, parameters.smoothing_radius_mm, pixel_mm))
    for k in (k for k, track in enumerate(tracks) if track.fell_back):
        mask[k] = fall_back[k]
    return mask, CusumDiagnostics(tuple(tracks))


def segment(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the mask of `segment_with_diagnostics` (method ``cusum``)."""
    return segment_with_diagnostics(volume, spacing)[0]


def _track_slice(image, head, depth_mm, pixel_mm, parameters: CusumParameters) -> SliceTrack:
    """Try the cascade on one slice (J, I) that has a head."""
    levels = measure_levels(image, head, depth_mm, parameters.levels)
    if levels is None:
        return SliceTrack(fell_back=True)
    size_mm = np.array(pixel_mm)
    row, column = np.argwhere(head).mean(axis=0) * size_mm
    reach_mm = float(np.hypot(*(np.array(image.shape) * size_mm)))
    sample = Sampler(image, pixel_mm, ceiling=levels.inside)
    for index, step in enumerate(parameters.cascade):
        track = follow_boundary(sample, levels, (column, row), reach_mm, step, parameters.closing)
        if track.closed:
            return _in_pixels(track, size_mm, levels, parameter_set=index)
    return _in_pixels(track, size_mm, levels, fell_back=True)


def _in_pixels(track: Track, size_mm: np.ndarray, levels: Levels, **outcome) -> SliceTrack:
    """Change (x, y) in mm to (row, column) in pixels."""
    path, change_points = (
        positions[:, ::-1] / size_mm for positions in (track.path_mm, track.change_points_mm)
    )
    return SliceTrack(path=path, change_points=change_points, levels=levels, **outcome)
