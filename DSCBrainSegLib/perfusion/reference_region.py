"""Normal-appearing white matter, to which blood volume is related."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import SeriesError

ERODED_VOXELS = 2
"""The outer voxels of the mask, with fluid and cortex in them, do not count."""

SMOOTHING_VOXELS = 1.0
"""In-plane Gaussian (standard deviation) before voxels are chosen: what is chosen by a noisy value
is biased by that noise, and white matter lies together."""

WITHIN = 0.25
"""White matter lies within this share of the commonest blood volume ..."""

SIGNAL_WITHIN = 0.25
"""... and of its median signal before the bolus: fluid is brighter, blood products
are darker."""

LEAKAGE_SD = 2.0
"""Voxels whose leakage is further from the median than this many standard deviations are out."""

FEWEST_VOXELS = 30


def find_white_matter(
    mask: np.ndarray, area: np.ndarray, leakage: np.ndarray, baseline: np.ndarray
) -> np.ndarray:
    """Find normal-appearing white matter: the commonest blood volume inside the brain.

    White matter is the largest tissue of even blood volume, so its value is the mode; grey matter
    mixes with fluid in nearly every voxel and spreads. Leaky voxels do not count.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
    area : ndarray, shape (K, J, I)
        Corrected area of the first passage.
    leakage : ndarray, shape (K, J, I)
        K2 of the leakage correction.
    baseline : ndarray, shape (K, J, I)
        Signal before the bolus.

    Returns
    -------
    ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        Too few voxels are alike.
    """
    from scipy import ndimage

    inner = ndimage.binary_erosion(
        mask, np.ones((1, 3, 3), bool), iterations=ERODED_VOXELS, border_value=0
    )
    smooth = _smooth(area, mask)
    values = smooth[inner]
    if values.size < FEWEST_VOXELS:
        raise _too_small()
    middle = _mode(values)
    chosen = inner & (np.abs(smooth - middle) <= WITHIN * middle)
    median = np.median(leakage[inner])
    spread = 1.4826 * np.median(np.abs(leakage[inner] - median))
    chosen &= np.abs(leakage - median) <= LEAKAGE_SD * spread
    if not chosen.any():
        raise _too_small()
    usual = np.median(baseline[chosen])
    chosen &= np.abs(baseline - usual) <= SIGNAL_WITHIN * usual
    # Single voxels in a cortical ribbon that happen to have the value are no white matter.
    chosen = ndimage.binary_opening(chosen, np.ones((1, 2, 2), bool))
    if chosen.sum() < FEWEST_VOXELS:
        raise _too_small()
    return chosen


def _smooth(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    sigma = (0, SMOOTHING_VOXELS, SMOOTHING_VOXELS)
    weight = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    filled = ndimage.gaussian_filter(np.where(mask, values, 0).astype(np.float32), sigma)
    return filled / np.maximum(weight, 1e-3)


def _mode(values: np.ndarray) -> float:
    """Commonest value above the lowest tenth's level, by a smoothed histogram."""
    from scipy import ndimage

    high = float(np.percentile(values, 95))
    counts, edges = np.histogram(values, bins=100, range=(0.0, max(high, 1e-6)))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 3)
    # Fluid has a mode of its own near 0.
    smooth[: len(smooth) // 8] = 0
    best = int(smooth.argmax())
    return float((edges[best] + edges[best + 1]) / 2)


def _too_small() -> SeriesError:
    return SeriesError(
        "No white matter was found inside the mask to relate blood volume to; give a region of "
        "your own (--reference-region) or check the mask."
    )
