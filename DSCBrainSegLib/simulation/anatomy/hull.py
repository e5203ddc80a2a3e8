"""Signed distance to the brain's hull on a coarse grid: depth, height and normals anywhere."""

from __future__ import annotations

import numpy as np

STEP_MM = 4
MARGIN_MM = 40
"""The grid reaches this far beyond the head's own grid on every side."""


def signed_hull_distance(mask: np.ndarray) -> np.ndarray:
    """Compute the distance to the brain mask's surface, positive outside, on a 4 mm grid.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        Brain mask, 1 mm.

    Returns
    -------
    ndarray of float32, shape about (K, J, I) / 4 plus the margin
        In mm.
    """
    from scipy import ndimage

    pad = MARGIN_MM // STEP_MM
    share = ndimage.uniform_filter(mask.astype(np.float32), STEP_MM)[
        ::STEP_MM, ::STEP_MM, ::STEP_MM
    ]
    coarse = np.pad(share > 0.5, pad)
    outside = ndimage.distance_transform_edt(~coarse)
    inside = ndimage.distance_transform_edt(coarse)
    signed = STEP_MM * (np.where(coarse, 0.5 - inside, outside - 0.5)).astype(np.float32)
    return ndimage.gaussian_filter(signed, 0.7)


def hull_distance(distance: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Interpolate the signed distance at points, in mm, positive outside the hull.

    Parameters
    ----------
    distance : ndarray
        From `signed_hull_distance`.
    points : ndarray, shape (3, ...)
        Head index (k, j, i).

    Returns
    -------
    ndarray of float32, shape (...)
    """
    from scipy import ndimage

    where = (np.asarray(points, np.float32) + MARGIN_MM) / STEP_MM
    return ndimage.map_coordinates(distance, where, order=1, mode="nearest")


def hull_normal(distance: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Outward unit normal of the hull's parallel surface through each point, shape (3, ...)."""
    points = np.asarray(points, np.float32)
    gradient = []
    for axis in range(3):
        step = np.zeros((3,) + (1,) * (points.ndim - 1), np.float32)
        step[axis] = STEP_MM
        gradient.append(
            hull_distance(distance, points + step) - hull_distance(distance, points - step)
        )
    normal = np.stack(gradient)
    return normal / np.maximum(np.linalg.norm(normal, axis=0), 1e-3)
