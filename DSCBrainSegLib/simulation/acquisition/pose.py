"""Shape and position of a head in the scanner, and how its scalp divides: what is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.pathology.warp import Push

ELASTIC_GRID_MM = 32.0
PATCH_GRID = 12

TILT_DEG, STEEP_TILT_DEG, STEEP_TILT_PROBABILITY = 20.0, 35.0, 1 / 7
OFF_CENTRE_PROBABILITY, OFF_CENTRE_MM = 0.08, 45.0
"""In these heads the field of view may cut the brain in plane."""

ATROPHY_PROBABILITY, ATROPHY_MM = 0.2, (1.0, 4.5)
VENTRICLE_PROBABILITY = 0.2
VENTRICLE_SHARE = (-0.2, 0.45)
VENTRICLE_RADIUS_MM, VENTRICLE_STRETCH = 26.0, (0.7, 1.6, 0.8)
"""Ellipsoid about both lateral ventricles, along (k, j, i)."""

STRETCH_PROBABILITY, SCALP_STRETCH = 0.4, (0.8, 2.2)


@dataclass(frozen=True)
class Pose:
    """Shape and position of the head in the scanner.

    Parameters
    ----------
    matrix : ndarray, shape (3, 3)
        From scanner offset (z, y, x) in mm to head index offset (k, j, i): rotation, scaling,
        shear and left-right flip.
    centre : ndarray, shape (3,)
        Head index (k, j, i) at the scanner's centre.
    elastic : ndarray, shape (3, A, B, C)
        Displacement in mm along (k, j, i) on a coarse grid over the head.
    ventricles : Push or None
        Wider (or, with a negative share, narrower) lateral ventricles.
    atrophy_mm : float
        How far the brain has withdrawn from its hull.
    """

    matrix: np.ndarray
    centre: np.ndarray
    elastic: np.ndarray
    ventricles: Push | None = None
    atrophy_mm: float = 0.0


@dataclass(frozen=True)
class Scalp:
    """How the soft tissue outside the skull divides into skin, fat and muscle.

    Parameters
    ----------
    skin_mm, fat_mm : float
        Skin thickness; depth down to which the subcutis is fat.
    marbling : float
        Fraction of the deeper soft tissue that is fatty.
    patches : ndarray, shape (P, P, P)
        Smooth random field in [0, 1] that places the marbling.
    stretch : float
        How much thicker skull and scalp are than in the map.
    """

    skin_mm: float
    fat_mm: float
    marbling: float
    patches: np.ndarray
    stretch: float = 1.0


def draw_pose(rng: np.random.Generator, maps: HeadMaps) -> Pose:
    """Draw head size, shape, tilt, elastic deformation, ventricles and atrophy.

    The largest rotation about the left-right axis (nodding) is 20 degrees, in one head of seven 35;
    the others reach 60 % of it.

    Parameters
    ----------
    rng : numpy.random.Generator
    maps : HeadMaps
    """
    tilt_deg = STEEP_TILT_DEG if rng.random() < STEEP_TILT_PROBABILITY else TILT_DEG
    angles = np.deg2rad(rng.uniform(-1, 1, 3) * np.array([0.6, 0.6, 1.0]) * tilt_deg)
    rotation = _rotation(*angles)
    # Head index per scanner mm: the maps' heads are small beside adult in-vivo brains.
    scale = np.diag(np.exp(rng.normal(-0.05, 0.05, 3)) * np.exp(rng.normal(0.0, 0.06)))
    shear = np.eye(3) + np.triu(rng.normal(0.0, 0.03, (3, 3)), 1)
    if rng.random() < 0.5:
        scale[2, 2] *= -1
    shape = np.array(maps.labels.shape)
    coarse = np.maximum(np.ceil(shape / ELASTIC_GRID_MM).astype(int) + 1, 4)
    amplitude = rng.uniform(0.0, 3.5)
    elastic = rng.normal(0.0, amplitude, (3, *coarse)).astype(np.float32)
    occupied = np.flatnonzero(maps.mask.any(axis=(1, 2)))
    middle = [
        (occupied[0] + occupied[-1]) / 2,
        shape[1] / 2,
        shape[2] / 2,
    ]
    centre = np.array(middle) + rng.normal(0.0, 1.0, 3) * [2.0, 6.0, 5.0]
    matrix = shear @ scale @ rotation
    if rng.random() < OFF_CENTRE_PROBABILITY:
        centre = centre + matrix[:, 1:] @ rng.uniform(-OFF_CENTRE_MM, OFF_CENTRE_MM, 2)
    atrophied = rng.random() < ATROPHY_PROBABILITY
    return Pose(
        matrix=matrix,
        centre=centre,
        elastic=elastic,
        ventricles=_draw_ventricles(rng, maps, atrophied),
        atrophy_mm=float(rng.uniform(*ATROPHY_MM)) if atrophied else 0.0,
    )


def draw_scalp(rng: np.random.Generator) -> Scalp:
    """Draw the soft-tissue composition of the scalp and face."""
    skin = rng.uniform(0.5, 3.0)
    return Scalp(
        skin_mm=float(skin),
        fat_mm=float(skin + rng.uniform(0.0, 8.0)),
        marbling=float(rng.uniform(0.0, 0.5)),
        patches=rng.random((PATCH_GRID,) * 3).astype(np.float32),
        stretch=_log_uniform(rng, *SCALP_STRETCH) if rng.random() < STRETCH_PROBABILITY else 1.0,
    )


def brain_extent_mm(maps: HeadMaps, pose: Pose) -> tuple[float, float]:
    """Lowest and highest scanner z in mm at which the slice plane meets the brain."""
    k, j, i = np.nonzero(maps.mask[::4, ::4, ::4])
    offset = 4.0 * np.stack([k, j, i]) - pose.centre[:, None]
    z = np.linalg.solve(pose.matrix, offset)[0]
    return float(z.min()), float(z.max())


def _draw_ventricles(rng, maps, wide: bool) -> Push | None:
    """Draw a change of the lateral ventricles' width, in an atrophic brain a wider one."""
    voxels = np.argwhere(maps.labels[::4, ::4, ::4] == Tissue.VENTRICLE)
    if len(voxels) == 0 or not (wide or rng.random() < VENTRICLE_PROBABILITY):
        return None
    low, high = VENTRICLE_SHARE
    share = rng.uniform(0.0 if wide else low, high)
    centre = tuple(map(float, 4.0 * voxels.mean(axis=0)))
    return Push(centre, VENTRICLE_RADIUS_MM, float(share), 1.5, VENTRICLE_STRETCH)


def _log_uniform(rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _rotation(about_z, about_y, about_x):
    """Rotation matrix for vectors in (z, y, x) order, angles in radians."""
    cz, sz = np.cos(about_z), np.sin(about_z)
    cy, sy = np.cos(about_y), np.sin(about_y)
    cx, sx = np.cos(about_x), np.sin(about_x)
    turn_z = np.array([[1, 0, 0], [0, cz, sz], [0, -sz, cz]])
    turn_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    turn_x = np.array([[cx, sx, 0], [-sx, cx, 0], [0, 0, 1]])
    return turn_z @ turn_y @ turn_x
