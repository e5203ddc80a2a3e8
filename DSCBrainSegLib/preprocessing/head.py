"""The head in each slice: everything inside the skin, where AABL and CUSUM begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.preprocessing.blank import blank_slices
from DSCBrainSegLib.preprocessing.morphology import close_slices, depth_in_slices, solid_part
from DSCBrainSegLib.preprocessing.threshold import otsu_threshold


@dataclass(frozen=True)
class HeadParameters:
    """How the head is found; all of it is a reading.

    Parameters
    ----------
    smoothing_mm : float
        Standard deviation of the Gaussian applied first (0.7 pixels of 1.8 mm).
    otsu_fraction : float
        The head is what is brighter than this fraction of the slice's Otsu threshold. Below 1,
        because muscle and shaded brain are darker than the middle between air and brain.
    closing_mm : float
        Radius of the closing that bridges the dark skull (3 steps of a 3x3 cross at 1.8 mm).
    """

    smoothing_mm: float = 1.3
    otsu_fraction: float = 0.5
    closing_mm: float = 5.0


@dataclass(frozen=True)
class HeadRegion:
    """The head in every slice of a volume.

    Parameters
    ----------
    smoothed : ndarray of float32, shape (K, J, I)
        The volume after smoothing within slices.
    mask : ndarray of bool, shape (K, J, I)
        One solid region per slice; empty in blank slices.
    depth_mm : ndarray of float32, shape (K, J, I)
        Distance to the region's outside, 0 there.
    """

    smoothed: np.ndarray
    mask: np.ndarray
    depth_mm: np.ndarray


def find_head(
    volume: np.ndarray,
    pixel_mm: tuple[float, float],
    parameters: HeadParameters | None = None,
) -> HeadRegion:
    """Find the head in every slice.

    Parameters
    ----------
    volume : ndarray of float, shape (K, J, I)
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).
    parameters : HeadParameters, optional

    Returns
    -------
    HeadRegion
    """
    from scipy import ndimage

    parameters = parameters or HeadParameters()
    sigma = (0.0, *(parameters.smoothing_mm / length for length in pixel_mm))
    smoothed = ndimage.gaussian_filter(volume, sigma)
    bright = np.zeros(volume.shape, bool)
    for k in np.flatnonzero(~blank_slices(volume, pixel_mm)):
        bright[k] = smoothed[k] > parameters.otsu_fraction * otsu_threshold(smoothed[k])
    mask = solid_part(close_slices(bright, parameters.closing_mm, pixel_mm))
    return HeadRegion(smoothed, mask, depth_in_slices(mask, pixel_mm))
