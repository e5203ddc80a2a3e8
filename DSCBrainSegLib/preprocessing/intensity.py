"""Scale intensities to the range the network was trained on."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import SeriesError

FLOOR_PERCENTILE = 0.1
"""The lower end: a few voxels below it (16-bit overflow, a damaged voxel) do not brighten the
brain."""

MAGNITUDE_SHARE = 0.95
"""An image with this share of its values above the lower end at 0 or more is a magnitude image."""

SLIGHT = 0.05
"""Negative values down to this share of the upper end are an offset or ringing, not padding."""


def scale_intensity(volume: np.ndarray, cap_percentile: float = 99.9) -> np.ndarray:
    """Scale one volume linearly so that its floor is 0 and its near-maximum is 1.

    Both ends are robust (`intensity_range`), so that a few very bright or very dark voxels
    (vessels, an artefact, overflow) or negative padding do not change the brain; what lies outside
    is clipped.

    Parameters
    ----------
    volume : ndarray, any shape
        Intensities of one frame.
    cap_percentile : float
        Percentile, 0 to 100, that becomes 1; 100 is plain min-max scaling.

    Returns
    -------
    ndarray of float32, same shape
        In [0, 1].

    Raises
    ------
    SeriesError
        The volume holds NaN or infinite values, or all its voxels are equal.
    """
    volume = np.asarray(volume, dtype=np.float32)
    low, high = intensity_range(volume, cap_percentile)
    return np.clip((volume - low) / (high - low), 0.0, 1.0)


def intensity_range(volume: np.ndarray, cap_percentile: float = 99.9) -> tuple[float, float]:
    """Intensities that become 0 and 1, so that a second image can be scaled like a first one.

    The upper end is a percentile over the whole volume. The lower end is one too, or 0 where the
    image is a magnitude image but for padding or a few overflown voxels. In an ordinary image,
    whose darkest voxels are noise near 0, that is its minimum in all but name.

    Parameters
    ----------
    volume : ndarray, any shape
    cap_percentile : float
        As for `scale_intensity`.

    Returns
    -------
    low, high : float

    Raises
    ------
    SeriesError
        The volume holds NaN or infinite values, or all its voxels are equal.
    """
    check_intensities(volume, "The image")
    volume = np.asarray(volume, dtype=np.float32)
    high = float(np.percentile(volume, cap_percentile))
    low = float(np.percentile(volume, FLOOR_PERCENTILE, method="higher"))
    # Magnitude has no negative values: what is there is padding or overflow, however much of it.
    if low < -SLIGHT * high and np.mean(volume[volume > low] >= 0) >= MAGNITUDE_SHARE:
        low = 0.0
    if high > low:
        return low, high
    low, high = float(volume.min()), float(volume.max())
    return (0.0, high) if low < 0 < high else (low, high)


def signal_drop(
    reference: np.ndarray, peak: np.ndarray, cap_percentile: float = 99.9
) -> np.ndarray:
    """How much the signal falls from the reference frame to the bolus peak.

    Parameters
    ----------
    reference, peak : ndarray, same shape
    cap_percentile : float
        The drop is divided by the range that `scale_intensity` gives the reference.

    Returns
    -------
    ndarray of float32, same shape
        max(reference - peak, 0) in units of the reference's range, at most 1.
    """
    reference = np.asarray(reference, dtype=np.float32)
    low, high = intensity_range(reference, cap_percentile)
    fall = reference - np.asarray(peak, dtype=np.float32)
    return np.clip(fall / np.float32(high - low), 0.0, 1.0)


def check_intensities(volume: np.ndarray, what: str) -> None:
    """Raise `SeriesError` about `what` if values are missing, not finite or all the same."""
    volume = np.asarray(volume)
    if volume.size == 0:
        raise SeriesError(f"{what} holds no voxels; check the export.")
    if not np.isfinite(volume).all():
        raise SeriesError(
            f"{what} holds values that are not numbers (NaN or infinite); "
            "export the series again or choose another time point."
        )
    low = volume.min()
    if low == volume.max():
        raise SeriesError(
            f"{what} is empty: every voxel has the value {low:g}; "
            "choose another time point or check the export."
        )
