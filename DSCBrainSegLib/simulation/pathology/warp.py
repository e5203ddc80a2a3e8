"""Smooth deformations of a head: elastic, thick scalp, mass effect, wide ventricles, atrophy.

Every deformation is a displacement of sampling points: what is seen at p is taken from p + u(p).
They are evaluated on a coarse grid over the middle of the slice and interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.hull import hull_distance, hull_normal
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

COARSE = 24
"""Rows and columns of the coarse grid."""

BOUND_MM = 12.0
"""A push fades over this depth below the hull: the skull does not give way."""

SCALP_START_MM, SCALP_REACH_MM = 4.0, 30.0
"""Stretching begins this far outside the hull, so that the hull stays; tissue beyond the reach
moves outward with the scalp but is not stretched."""

ATROPHY_REACH_MM = 45.0


@dataclass(frozen=True)
class Push:
    """Something that takes up room and drives the tissue around it away.

    The displacement is radial: it grows linearly up to the surface of an ellipsoid, where it is
    `share` of the radius, and falls beyond it with a power of the scaled distance. A power of 2 is
    incompressible tissue without bounds; smaller ones reach further.

    Parameters
    ----------
    centre : tuple of float
        Head index (k, j, i) in mm.
    radius_mm : float
    share : float
        Displacement of the surface over the radius, 0 to 0.6.
    power : float
        1 to 2.
    stretch : tuple of float
        Half axes of the ellipsoid along (k, j, i) over the radius.
    """

    centre: tuple[float, float, float]
    radius_mm: float
    share: float
    power: float = 1.5
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)


def elastic_displacement(shape, elastic: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Random smooth displacement in mm, shape (3, ...), at points (3, ...) of a head of `shape`."""
    from scipy import ndimage

    extent = np.array(shape, np.float32)[:, None, None]
    cells = np.array(elastic.shape[1:], np.float32)[:, None, None] - 1
    where = np.clip(points / extent, 0, 1) * cells
    return np.stack(
        [ndimage.map_coordinates(part, where, order=1, mode="nearest") for part in elastic]
    )


def scalp_displacement(distance: np.ndarray, points: np.ndarray, stretch) -> np.ndarray:
    """Displacement that makes what lies between hull and skin up to `stretch` times as thick.

    Parameters
    ----------
    distance : ndarray
        From `hull.signed_hull_distance`.
    points : ndarray, shape (3, ...)
    stretch : float or ndarray, shape (...)
        At least 0.5.

    Returns
    -------
    ndarray of float32, shape (3, ...)
    """
    height = hull_distance(distance, points) - SCALP_START_MM
    height = np.clip(height, 0.0, SCALP_REACH_MM * stretch)
    return -hull_normal(distance, points) * height * (1.0 - 1.0 / stretch)


def push_displacement(distance: np.ndarray, points: np.ndarray, pushes) -> np.ndarray:
    """Displacement by masses within the skull; zero at the hull and outside it.

    Parameters
    ----------
    distance : ndarray
        From `hull.signed_hull_distance`.
    points : ndarray, shape (3, ...)
    pushes : iterable of Push

    Returns
    -------
    ndarray of float32, shape (3, ...)
        Towards the centre of the mass: tissue seen at a point was nearer to it before.
    """
    depth = -hull_distance(distance, points)
    window = np.clip(depth / BOUND_MM, 0.0, 1.0)
    total = np.zeros(points.shape, np.float32)
    for push in pushes:
        offset = points - np.asarray(push.centre, np.float32)[:, None, None]
        length = np.maximum(np.linalg.norm(offset, axis=0), 1e-3)
        axes = push.radius_mm * np.asarray(push.stretch, np.float32)[:, None, None]
        scaled = np.maximum(np.linalg.norm(offset / axes, axis=0), 1e-3)
        # Length of the radius in this direction, times how far its end has moved.
        surface = length / scaled * push.share
        size = surface * np.where(scaled < 1, scaled, scaled ** np.float32(-push.power))
        total -= offset / length * size * window
    return total


def atrophy_displacement(distance: np.ndarray, points: np.ndarray, shrinkage_mm: float):
    """Displacement of a brain that has withdrawn from its hull by `shrinkage_mm`."""
    depth = np.clip(-hull_distance(distance, points), 0.0, None)
    return (
        hull_normal(distance, points)
        * np.float32(shrinkage_mm)
        * np.clip(1 - depth / ATROPHY_REACH_MM, 0.0, 1.0)
    )


def coarse_points(points: np.ndarray) -> np.ndarray:
    """Every 8th point (3, n, n) of a plane (3, N, N), at the centres of the coarse grid's cells."""
    every = FINE_SIZE // COARSE
    low, high = every // 2 - 1, every // 2
    return (points[:, low::every, low::every] + points[:, high::every, high::every]) / 2


def to_fine(displacement: np.ndarray) -> np.ndarray:
    """Interpolate a coarse displacement (3, n, n) to (3, N, N), slightly smoothed."""
    return upsample(displacement, smoothing=0.6)
