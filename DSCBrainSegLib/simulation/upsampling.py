"""Smooth functions over a slice: computed on a coarse grid, then interpolated linearly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

FINE_SIZE = 192
"""Rows and columns a slice is sampled with before the acquisition matrix is cut out of k-space."""


def upsample(coarse: np.ndarray, smoothing: float = 0.0) -> np.ndarray:
    """Interpolate planes linearly to the fine grid; the outer edges of both grids coincide.

    Parameters
    ----------
    coarse : ndarray, shape (..., n, n)
        `FINE_SIZE` is a multiple of n.
    smoothing : float
        Standard deviation, in coarse pixels, of a Gaussian applied first.

    Returns
    -------
    ndarray of float32, shape (..., N, N)
    """
    matrix = _matrix(coarse.shape[-1], smoothing)
    return matrix @ np.asarray(coarse, np.float32) @ matrix.T


@lru_cache(maxsize=16)
def _matrix(count: int, smoothing: float) -> np.ndarray:
    # Linear interpolation is separable: two small matrix products replace a general interpolator.
    where = (np.arange(FINE_SIZE) + 0.5) * (count / FINE_SIZE) - 0.5
    pixels = np.arange(count)
    weights = np.maximum(0.0, 1.0 - np.abs(np.clip(where, 0, count - 1)[:, None] - pixels[None, :]))
    if smoothing > 0:
        kernel = np.exp(-0.5 * ((pixels[:, None] - pixels) / smoothing) ** 2)
        weights = weights @ (kernel / kernel.sum(axis=1, keepdims=True))
    return weights.astype(np.float32)
