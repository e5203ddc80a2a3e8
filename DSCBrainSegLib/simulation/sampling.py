"""From a head to the points of a thick, oblique, deformed slice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.simulation.field import GRID_MM
from DSCBrainSegLib.simulation.maps import HeadMaps, is_soft_scalp
from DSCBrainSegLib.simulation.pathology import Lesion, apply_lesion
from DSCBrainSegLib.simulation.tissue import Tissue

FINE_SIZE = 192
"""Rows and columns a slice is sampled with before the acquisition matrix is cut out of k-space."""

SUBSLICE_MM = 1.8
ELASTIC_GRID_MM = 32.0
PATCH_GRID = 12


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
    """

    matrix: np.ndarray
    centre: np.ndarray
    elastic: np.ndarray


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
    dura_mm : float
        Thickness of the dark layer at the inner skull.
    """

    skin_mm: float
    fat_mm: float
    marbling: float
    patches: np.ndarray


@dataclass
class SampledSlice:
    """Points of one slice: `FINE_SIZE`^2 columns of S sub-slices.

    Parameters
    ----------
    labels : ndarray of uint8, shape (S, N, N)
    brain : ndarray of bool, shape (S, N, N)
    field_ppm : ndarray of float32, shape (S, N, N)
    gradient_ppm_mm : ndarray of float32, shape (3, N, N)
        Field gradient along slice, row and column direction at the middle sub-slice.
    points : ndarray of float32, shape (3, S, N, N)
        Head index (k, j, i) of each point.
    """

    labels: np.ndarray
    brain: np.ndarray
    field_ppm: np.ndarray
    gradient_ppm_mm: np.ndarray
    points: np.ndarray = field(repr=False)


def draw_pose(rng: np.random.Generator, maps: HeadMaps, tilt_deg: float = 20.0) -> Pose:
    """Draw head size, shape, tilt and elastic deformation.

    Parameters
    ----------
    rng : numpy.random.Generator
    maps : HeadMaps
    tilt_deg : float
        Largest rotation about the left-right axis (nodding); the others reach 60 % of it.
    """
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
    return Pose(matrix=shear @ scale @ rotation, centre=centre, elastic=elastic)


def draw_scalp(rng: np.random.Generator) -> Scalp:
    """Draw the soft-tissue composition of the scalp and face."""
    skin = rng.uniform(0.5, 3.0)
    return Scalp(
        skin_mm=float(skin),
        fat_mm=float(skin + rng.uniform(0.0, 8.0)),
        marbling=float(rng.uniform(0.0, 0.5)),
        patches=rng.random((PATCH_GRID,) * 3).astype(np.float32),
    )


def brain_extent_mm(maps: HeadMaps, pose: Pose) -> tuple[float, float]:
    """Lowest and highest scanner z in mm at which the slice plane meets the brain."""
    k, j, i = np.nonzero(maps.mask[::4, ::4, ::4])
    offset = 4.0 * np.stack([k, j, i]) - pose.centre[:, None]
    z = np.linalg.solve(pose.matrix, offset)[0]
    return float(z.min()), float(z.max())


def sample_slice(
    maps: HeadMaps,
    pose: Pose,
    scalp: Scalp,
    lesions: list[Lesion],
    z_mm: float,
    field_of_view_mm: float,
    thickness_mm: float,
) -> SampledSlice:
    """Sample the head on one slice.

    Parameters
    ----------
    maps, pose, scalp, lesions
        The head and how it is deformed and filled.
    z_mm : float
        Position of the slice's centre along the slice normal.
    field_of_view_mm, thickness_mm : float

    Returns
    -------
    SampledSlice
    """
    count = max(2, round(thickness_mm / SUBSLICE_MM))
    points = _slice_points(maps, pose, z_mm, field_of_view_mm, thickness_mm, count)
    flat = points.reshape(3, -1)
    index = np.rint(flat).astype(np.int32)
    labels = _gather(maps.labels, index)
    brain = _gather(maps.mask, index)
    _fill_scalp(labels, _gather(maps.skin_depth, index), flat, maps, scalp)
    if lesions:
        brain_depth = _gather(maps.brain_depth, index)
        for lesion in lesions:
            apply_lesion(lesion, flat, labels, brain, brain_depth)
    coarse = np.rint(flat / GRID_MM).astype(np.int32)
    field_ppm = _gather(maps.field, coarse).astype(np.float32)
    shape = points.shape[1:]
    middle = coarse.reshape(3, *shape)[:, count // 2].reshape(3, -1)
    in_head = np.stack([_gather(component, middle) for component in maps.gradient])
    along = pose.matrix.T.astype(np.float32) @ in_head.astype(np.float32)
    return SampledSlice(
        labels=labels.reshape(shape),
        brain=brain.reshape(shape),
        field_ppm=field_ppm.reshape(shape),
        gradient_ppm_mm=along.reshape(3, *shape[1:]),
        points=points,
    )


def _slice_points(maps, pose, z_mm, field_of_view_mm, thickness_mm, count):
    """Head index of every point, shape (3, S, N, N), elastic displacement included."""
    step = field_of_view_mm / FINE_SIZE
    in_plane = (np.arange(FINE_SIZE) - (FINE_SIZE - 1) / 2) * step
    depth = ((np.arange(count) + 0.5) / count - 0.5) * thickness_mm + z_mm
    matrix = pose.matrix
    base = pose.centre[:, None] + matrix[:, :1] * depth
    points = (
        base[:, :, None, None]
        + (matrix[:, 1:2] * in_plane)[:, None, :, None]
        + (matrix[:, 2:3] * in_plane)[:, None, None, :]
    ).astype(np.float32)
    return points + _displacement(maps, pose, points[:, count // 2])[:, None]


def _displacement(maps, pose, points):
    """Elastic displacement, shape (3, N, N), evaluated coarsely and interpolated."""
    from scipy import ndimage

    every = 8
    coarse = points[:, every // 2 :: every, every // 2 :: every]
    extent = np.array(maps.labels.shape, np.float32)[:, None, None]
    cells = np.array(pose.elastic.shape[1:], np.float32)[:, None, None] - 1
    where = np.clip(coarse / extent, 0, 1) * cells
    values = [
        ndimage.map_coordinates(part, where, order=1, mode="nearest") for part in pose.elastic
    ]
    return np.stack(
        [
            ndimage.zoom(
                ndimage.gaussian_filter(value, 1.0), every, order=1, mode="nearest", grid_mode=True
            )
            for value in values
        ]
    )


def _gather(volume: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values at integer indices (3, N); outside the volume the value is 0."""
    shape = np.array(volume.shape, np.int32)[:, None]
    inside = ((index >= 0) & (index < shape)).all(axis=0)
    k, j, i = np.clip(index, 0, shape - 1)
    flat = (k * shape[1, 0] + j) * shape[2, 0] + i
    values = volume.reshape(-1)[flat]
    values[~inside] = 0
    return values


def _fill_scalp(labels, skin_depth, points, maps, scalp):
    """Split soft tissue into skin, subcutaneous fat and marbled muscle, in place."""
    from scipy import ndimage

    soft = np.flatnonzero(is_soft_scalp(labels))
    if soft.size == 0:
        return
    depth = skin_depth[soft]
    value = np.full(soft.size, Tissue.MUSCLE, np.uint8)
    extent = np.array(maps.labels.shape, np.float32)[:, None]
    where = points[:, soft] / extent * (PATCH_GRID - 1)
    patch = ndimage.map_coordinates(scalp.patches, where, order=1, mode="nearest")
    thickness = scalp.fat_mm * (0.6 + 0.8 * patch)
    value[(depth <= thickness) | (patch < scalp.marbling)] = Tissue.FAT
    value[depth <= scalp.skin_mm] = Tissue.SKIN
    labels[soft] = value


def _rotation(about_z, about_y, about_x):
    """Rotation matrix for vectors in (z, y, x) order, angles in radians."""
    cz, sz = np.cos(about_z), np.sin(about_z)
    cy, sy = np.cos(about_y), np.sin(about_y)
    cx, sx = np.cos(about_x), np.sin(about_x)
    turn_z = np.array([[1, 0, 0], [0, cz, sz], [0, -sz, cz]])
    turn_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    turn_x = np.array([[cx, sx, 0], [-sx, cx, 0], [0, 0, 1]])
    return turn_z @ turn_y @ turn_x
