"""Fill a closed contour on a pixel grid."""

from __future__ import annotations

import numpy as np


def fill_polygon(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Mark the pixels whose centre lies inside a polygon, by the even-odd rule.

    Parameters
    ----------
    corners : ndarray of float, shape (N, 2)
        Row and column of each corner in pixels, pixel centres at whole numbers, in order; the last
        joins the first. Corners may lie outside the image.
    shape : tuple of int
        Rows and columns (J, I).

    Returns
    -------
    ndarray of bool, shape (J, I)
    """
    rows, columns = shape
    y0, x0 = np.asarray(corners, float).T
    y1, x1 = np.roll(y0, -1), np.roll(x0, -1)
    # Each edge crosses the rows between its ends, counted half-open so that a corner counts once.
    first, stop = np.ceil(np.minimum(y0, y1)), np.ceil(np.maximum(y0, y1))
    row = np.arange(rows)[:, None]
    at_row, at_edge = np.nonzero((row >= first) & (row < stop))
    along = (at_row - y0[at_edge]) / (y1 - y0)[at_edge]
    crossing = x0[at_edge] + along * (x1 - x0)[at_edge]
    # Every crossing flips all pixels to its right.
    flips = np.zeros((rows, columns + 1), int)
    column = np.clip(np.ceil(crossing), 0, columns).astype(int)
    np.add.at(flips, (at_row, column), 1)
    return (np.cumsum(flips, axis=1)[:, :columns] % 2).astype(bool)
