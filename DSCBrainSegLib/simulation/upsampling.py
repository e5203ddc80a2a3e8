"""Between the grids of a slice: coarse to fine, fine to image, by linear interpolation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

FINE_SIZE = 192
"""Rows and columns a slice is sampled with before the acquisition matrix is cut out of k-space."""

PIXEL_SD = 0.3
"""Standard deviation of a Gaussian as wide as a pixel, in pixels."""


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


def at_pixels(plane: np.ndarray, size: int, smooth: bool = False) -> np.ndarray:
    """Values of a fine plane at the centres of an image's pixels over the same field of view.

    Parameters
    ----------
    plane : ndarray, shape (N, N)
    size : int
        Rows and columns of the image.
    smooth : bool
        Average over a pixel (as a Gaussian) first.

    Returns
    -------
    ndarray, shape (size, size)
    """
    from scipy import ndimage

    if smooth:
        plane = ndimage.gaussian_filter(plane, PIXEL_SD * FINE_SIZE / size)
    where = (np.arange(size) + 0.5) * (FINE_SIZE / size) - 0.5
    grid = np.meshgrid(where, where, indexing="ij")
    return ndimage.map_coordinates(plane, grid, order=1, mode="nearest")


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
