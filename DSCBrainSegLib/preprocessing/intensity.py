"""Scale intensities to the range the network was trained on."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import SeriesError


def scale_intensity(volume: np.ndarray, cap_percentile: float = 99.9) -> np.ndarray:
    """Scale one volume linearly so that its minimum is 0 and its near-maximum is 1.

    The upper end is a percentile over the whole volume, so that a few very bright voxels (vessels,
    an artefact) do not darken the brain; what lies above is clipped to 1.

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
    low = float(volume.min())
    high = float(np.percentile(volume, cap_percentile))
    return low, high if high > low else float(volume.max())


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
