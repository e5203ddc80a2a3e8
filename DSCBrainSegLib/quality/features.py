"""What the probabilities and the mask of a volume tell about how good the mask is.

Chosen among 20 candidates by leaving out one head at a time (docs/quality.md).
"""

from __future__ import annotations

import numpy as np

PLANE_FEATURES = ("expected error", "neighbours differ", "empty")
VOLUME_FEATURES = ("expected error", "doubtful planes")

LIKELY_CM2 = 1.0
"""A plane far from the mask is judged, too, if this much brain is expected on it."""

SOFT_CM2 = 2.0
"""Added to areas, so that a plane with a few pixels of brain is not all error."""


def expected_error(
    probabilities: np.ndarray, mask: np.ndarray, pixel_cm2: float, axis=(1, 2)
) -> np.ndarray:
    """1 - Dice that a mask has on average if every voxel is brain with its probability.

    Parameters
    ----------
    probabilities : ndarray of float, shape (K, J, I)
    mask : ndarray of bool, shape (K, J, I)
    pixel_cm2 : float
        Area of a pixel.
    axis : tuple of int
        Over which axes voxels are pooled.

    Returns
    -------
    ndarray of float
        Expected area of error over mask plus expected brain, between 0 and 1.
    """
    wrong = np.where(mask, 1 - probabilities, probabilities).sum(axis=axis, dtype=np.float64)
    total = probabilities.sum(axis=axis, dtype=np.float64) + np.count_nonzero(mask, axis=axis)
    return (wrong * pixel_cm2 + 0.05 * SOFT_CM2) / (total * pixel_cm2 + SOFT_CM2)


def judged_planes(probabilities: np.ndarray, mask: np.ndarray, pixel_cm2: float) -> np.ndarray:
    """Say on which planes (K,) a mask is judged: where it is, beside it, where brain is likely."""
    held = mask.any(axis=(1, 2))
    padded = np.pad(held, 1)
    likely = probabilities.sum(axis=(1, 2)) * pixel_cm2 >= LIKELY_CM2
    return held | padded[:-2] | padded[2:] | likely


def plane_features(
    probabilities: np.ndarray, mask: np.ndarray, pixel_cm2: float
) -> dict[str, np.ndarray]:
    """Features of each plane.

    Parameters
    ----------
    probabilities : ndarray of float, shape (K, J, I)
        Of brain, in axial orientation.
    mask : ndarray of bool, shape (K, J, I)
    pixel_cm2 : float
        Area of a pixel.

    Returns
    -------
    dict of str to ndarray of float, shape (K,)
        ``expected error`` (logarithm), ``neighbours differ`` (logarithm of the larger part in which
        the mask differs from that of the plane below or above), ``empty`` (0 or 1).
    """
    return {
        "expected error": np.log(expected_error(probabilities, mask, pixel_cm2)),
        "neighbours differ": np.log(_neighbours_differ(mask, pixel_cm2) + 0.01),
        "empty": (~mask.any(axis=(1, 2))).astype(float),
    }


def volume_features(
    probabilities: np.ndarray, mask: np.ndarray, pixel_cm2: float, plane_confidence: np.ndarray
) -> dict[str, float]:
    """Features of a volume.

    Parameters
    ----------
    probabilities, mask, pixel_cm2
        As in `plane_features`.
    plane_confidence : ndarray of float, shape (K,)
        Of every plane.

    Returns
    -------
    dict of str to float
        ``expected error`` (logarithm) of all voxels together; ``doubtful planes``, the mean of
        1 - confidence over the mask's area.
    """
    areas = np.count_nonzero(mask, axis=(1, 2))
    doubt = np.average(1 - plane_confidence, weights=areas) if areas.any() else 1.0
    error = expected_error(probabilities, mask, pixel_cm2, axis=(0, 1, 2))
    return {"expected error": float(np.log(error)), "doubtful planes": float(doubt)}


def _neighbours_differ(mask: np.ndarray, pixel_cm2: float) -> np.ndarray:
    differ = np.zeros(len(mask))
    for k in range(len(mask) - 1):
        below, above = mask[k], mask[k + 1]
        total = np.count_nonzero(below) + np.count_nonzero(above)
        part = np.count_nonzero(below ^ above) * pixel_cm2 / (total * pixel_cm2 + SOFT_CM2)
        differ[k], differ[k + 1] = max(differ[k], part), part
    return differ
