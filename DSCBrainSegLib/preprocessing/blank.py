"""Slices that hold no object: constant, or noise without structure."""

from __future__ import annotations

import numpy as np

STRUCTURE_SMOOTHING_MM = 8.0
"""Standard deviation of a Gaussian that wipes out noise and keeps a head."""

SMALLEST_STRUCTURE_RATIO = 0.35
"""Least share of a slice's standard deviation that the smoothing leaves where there is a head.

Smoothing white noise leaves about pixel size / (2 sqrt(pi) smoothing): 0.06 for 1.8 mm pixels, 0.13
for 3.6 mm, twice that if the scanner interpolated the matrix twofold. A head leaves over 0.7.
"""


def blank_slices(volume: np.ndarray, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Tell which slices show nothing but a constant or noise.

    A histogram threshold always cuts noise in two, so the methods ask this first.

    Parameters
    ----------
    volume : ndarray of float, shape (K, J, I)
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).

    Returns
    -------
    ndarray of bool, shape (K,)
    """
    from scipy import ndimage

    sigma = (0.0, *(STRUCTURE_SMOOTHING_MM / length for length in pixel_mm))
    smooth = ndimage.gaussian_filter(volume, sigma)
    before = volume.std(axis=(1, 2), dtype=np.float64)
    after = smooth.std(axis=(1, 2), dtype=np.float64)
    return after <= SMALLEST_STRUCTURE_RATIO * before
