"""Bi-level Otsu thresholding, plain and with post-processing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.methods.baselines.check import check_volume
from DSCBrainSegLib.preprocessing.blank import blank_slices
from DSCBrainSegLib.preprocessing.morphology import open_slices, solid_part
from DSCBrainSegLib.preprocessing.threshold import HISTOGRAM_BINS, otsu_threshold


@dataclass(frozen=True)
class OtsuParameters:
    """How Otsu's threshold is applied.

    Parameters
    ----------
    bins : int
        Bins of the histogram between the smallest and the largest intensity.
    per_volume : bool
        One threshold for all slices instead of one each.
    post_process : bool
        Open, keep the largest part of each slice and fill its holes.
    opening_mm : float
        Radius of the opening (one pixel of 1.8 mm).
    """

    bins: int = HISTOGRAM_BINS
    per_volume: bool = False
    post_process: bool = False
    opening_mm: float = 1.8


@dataclass(frozen=True)
class OtsuDiagnostics:
    """What a threshold picture needs.

    Parameters
    ----------
    thresholds : ndarray of float64, shape (K,)
        Intensity above which a pixel is taken; NaN in blank slices.
    """

    thresholds: np.ndarray


def segment_with_diagnostics(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    parameters: OtsuParameters | None = None,
) -> tuple[np.ndarray, OtsuDiagnostics]:
    """Take the pixels above Otsu's threshold.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame in axial orientation, any intensity scale.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    parameters : OtsuParameters, optional

    Returns
    -------
    mask : ndarray of bool, shape (K, J, I)
        Empty in slices of one value or of noise only.
    diagnostics : OtsuDiagnostics

    Raises
    ------
    ValueError
        The volume is not 3-D or the spacing is unusable.
    """
    volume, pixel_mm = check_volume(volume, spacing)
    parameters = parameters or OtsuParameters()
    shown = np.flatnonzero(~blank_slices(volume, pixel_mm))
    thresholds = np.full(len(volume), np.nan)
    if parameters.per_volume and shown.size:
        thresholds[shown] = otsu_threshold(volume[shown], parameters.bins)
    else:
        for k in shown:
            thresholds[k] = otsu_threshold(volume[k], parameters.bins)
    mask = volume > thresholds[:, None, None]  # nothing is above NaN
    if parameters.post_process:
        mask = solid_part(open_slices(mask, parameters.opening_mm, pixel_mm))
    return mask, OtsuDiagnostics(thresholds)


def segment(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the plain mask of `segment_with_diagnostics` (method ``otsu``)."""
    return segment_with_diagnostics(volume, spacing)[0]


def segment_post_processed(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the post-processed mask of `segment_with_diagnostics` (method ``otsu-post``)."""
    return segment_with_diagnostics(volume, spacing, OtsuParameters(post_process=True))[0]
