"""Bi-level threshold of a histogram by Otsu's criterion (IEEE Trans. SMC 1979;9:62)."""

from __future__ import annotations

import numpy as np

HISTOGRAM_BINS = 256


def otsu_threshold(values: np.ndarray, bins: int = HISTOGRAM_BINS) -> float:
    """Find the threshold that separates two classes of values best.

    The histogram spans the values' own minimum and maximum. Otsu's between-class variance is
    computed for a cut after every bin; where several cuts are equally good (empty bins between the
    classes), the middle one is taken.

    Parameters
    ----------
    values : ndarray of float, any shape
        Finite.
    bins : int
        At least 2.

    Returns
    -------
    float
        Upper edge of the lower class's last bin, in the values' unit; values above it belong to the
        upper class. NaN if all values are equal.
    """
    values = np.asarray(values, np.float64).ravel()
    low, high = values.min(), values.max()
    if not low < high:
        return float("nan")
    counts, edges = np.histogram(values, bins, range=(low, high))
    share = counts / values.size
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(share)[:-1]  # share of the lower class for a cut after each bin but the last
    first_moment = np.cumsum(share * centres)
    total_mean = first_moment[-1]
    # Neither class is empty: the first bin holds the minimum, the last the maximum.
    variance = (total_mean * below - first_moment[:-1]) ** 2 / (below * (1 - below))
    best = np.flatnonzero(variance == variance.max())
    return float(edges[best[best.size // 2] + 1])
