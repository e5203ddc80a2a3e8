"""Meninges, skull and scalp around a brain, from distance maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.template_space import TemplateGrid, both_sides, smooth_noise
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

CLOSING_MM = 7.0
"""The inner skull does not follow gaps between gyri and lobes narrower than twice this."""

SMOOTHING_MM = 4.0
"""Standard deviation of the smoothing of the inner skull's surface."""

DURA_MM = 1.0
TABLE_MM = 1.7
"""Thickness of the inner and of the outer table of compact bone."""

_STEP = 2

_CISTERNS = (
    # centre and radii in template mm, rotation about x in degrees
    ((0, 6, -22), (14, 13, 8), 0),  # suprasellar
    ((0, -10, -36), (11, 7, 20), -15),  # prepontine
    ((0, -30, -60), (12, 10, 16), 25),  # premedullary
    ((0, -66, -60), (16, 12, 9), 0),  # cisterna magna
)


@dataclass(frozen=True)
class Coverings:
    """Thickness of what covers the brain.

    Parameters
    ----------
    fluid_mm : float
        Subarachnoid fluid over the gyri.
    skull_mm : float
        Mean thickness of the vault.
    scalp_mm : float
        Skin, fat and galea over the vault.
    skin_mm : float
    temporalis_mm : float
        Largest thickness of the temporal muscle.
    noise : ndarray, shape (2, N, N, N)
        Smooth relative variation of skull and scalp thickness.
    """

    fluid_mm: float
    skull_mm: float
    scalp_mm: float
    skin_mm: float
    temporalis_mm: float
    noise: np.ndarray


def draw_coverings(rng: np.random.Generator) -> Coverings:
    """Draw thicknesses over the range of adults (skull 5-9 mm: Lynnerup 2001; scalp 4-8 mm)."""
    return Coverings(
        fluid_mm=float(rng.uniform(1.2, 3.2)),
        skull_mm=float(rng.uniform(5.0, 8.5)),
        scalp_mm=float(rng.uniform(4.0, 8.0)),
        skin_mm=float(rng.uniform(1.2, 2.2)),
        temporalis_mm=float(rng.uniform(5.0, 10.0)),
        noise=rng.normal(0.0, 0.10, (2, 6, 7, 6)),
    )


def distance_to_brain(grid: TemplateGrid, labels: np.ndarray) -> np.ndarray:
    """Signed distance in mm to the closed surface of brain and cisterns, negative inside.

    Parameters
    ----------
    grid : TemplateGrid
    labels : ndarray of uint8, shape (K, J, I)
        AIR outside the brain.

    Returns
    -------
    ndarray of float32, shape (K, J, I)
    """
    from scipy import ndimage

    inside = labels != Tissue.AIR
    for centre, radii, turn in _CISTERNS:
        where, value = grid.ellipsoid(centre, radii, turn)
        inside[where] |= value < 1
    # The foramen magnum and the canal below it.
    where, value = grid.tube([(0, -44, -62), (0, -50, -84)], (13, 11))
    inside[where] |= value < 1
    coarse = inside[::_STEP, ::_STEP, ::_STEP]
    dilated = _signed_distance(coarse) - CLOSING_MM
    closed = _signed_distance(dilated <= 0) + CLOSING_MM
    smooth = ndimage.gaussian_filter(closed, SMOOTHING_MM / _STEP)
    # Where the surface is concave smoothing must not push it into the brain.
    return enlarge(np.minimum(smooth, closed + 1.0), labels.shape)


def head_surface(grid: TemplateGrid, distance: np.ndarray, coverings: Coverings, face):
    """Signed depth in mm below the skin: positive inside the head.

    Parameters
    ----------
    grid : TemplateGrid
    distance : ndarray of float32, shape (K, J, I)
        From `distance_to_brain`.
    coverings : Coverings
    face : ndarray of bool, shape (K, J, I)
        Face, ears and neck.

    Returns
    -------
    ndarray of float32, shape (K, J, I)
    """
    from scipy import ndimage

    _, outer = skull_thickness(grid, coverings)
    outer += scalp_thickness(grid, coverings)
    head = (distance < outer) | face
    coarse = head[::_STEP, ::_STEP, ::_STEP].astype(np.float32)
    rounded = ndimage.gaussian_filter(coarse, 1.2) > 0.5
    return -enlarge(_signed_distance(rounded), head.shape)


def skull_thickness(grid: TemplateGrid, coverings: Coverings) -> tuple[np.ndarray, np.ndarray]:
    """Thickness of the skull, and distance of its outside from the brain, in mm.

    The temporal squama is thin and the occipital protuberance thick.
    """
    thickness = coverings.skull_mm * (1 + smooth_noise(coverings.noise[0], grid.shape))
    for side in both_sides((66, -12, -12)):
        where, value = grid.ellipsoid(side, (34, 44, 34))
        thickness[where] *= 1 - 0.5 * np.clip(1.4 - 1.4 * value, 0, 1)
    where, value = grid.ellipsoid((0, -106, -18), (28, 28, 22))
    thickness[where] *= 1 + 0.6 * np.clip(1 - value, 0, 1)
    np.clip(thickness, 2.0, 14.0, out=thickness)
    return thickness, thickness + np.float32(coverings.fluid_mm + DURA_MM)


def scalp_thickness(grid: TemplateGrid, coverings: Coverings) -> np.ndarray:
    """Thickness of skin, fat and muscle over the skull in mm."""
    thickness = coverings.scalp_mm * (1 + smooth_noise(coverings.noise[1], grid.shape))
    for side in both_sides((64, 20, -14)):
        where, value = grid.ellipsoid(side, (30, 36, 36))
        thickness[where] += coverings.temporalis_mm * np.clip(1.5 - 1.5 * value, 0, 1)
    return np.clip(thickness, 3.0, None, out=thickness)


def paint_scalp(labels: np.ndarray, depth: np.ndarray, coverings: Coverings) -> None:
    """Fill the head with muscle below skin and subcutaneous fat."""
    labels[depth > 0] = Tissue.MUSCLE
    labels[(depth > 0) & (depth < coverings.scalp_mm - 1.2)] = Tissue.FAT
    labels[(depth > 0) & (depth < coverings.skin_mm)] = Tissue.SKIN


def paint_skull(grid: TemplateGrid, labels, distance, depth, coverings: Coverings) -> None:
    """Draw dura and the skull's two tables with marrow between them."""
    thickness, outside = skull_thickness(grid, coverings)
    inner = distance - np.float32(coverings.fluid_mm + DURA_MM)
    bone = (inner >= 0) & (distance < outside) & (depth > coverings.skin_mm)
    labels[bone] = Tissue.CORTICAL_BONE
    labels[bone & (inner > TABLE_MM) & (inner < thickness - TABLE_MM)] = Tissue.MARROW
    labels[(inner < 0) & (inner >= -DURA_MM)] = Tissue.DURA
    labels[inner < -DURA_MM] = Tissue.CSF


def paint_dural_sinuses(grid: TemplateGrid, labels, distance, coverings: Coverings) -> None:
    """Draw falx, superior sagittal, straight, transverse and sigmoid sinus."""
    fluid = labels == Tissue.CSF
    where = grid.box((-6, -112, -14), (6, 84, 100))
    x, y, z = np.abs(grid.x[where]), grid.y[where], grid.z[where]
    # Lower edge of the falx: it follows the corpus callosum at some distance.
    falx = (x < 0.6) & (z > 34 - 0.0075 * (y + 20) ** 2) & (z > -8 - 0.2 * np.maximum(y, 0))
    # Thinner than a voxel: every other voxel in checkerboard order.
    falx &= np.indices(falx.shape).sum(axis=0) % 2 == 0
    labels[where][falx & fluid[where]] = Tissue.DURA
    below = np.float32(coverings.fluid_mm) - distance[where]
    sagittal = (below > -DURA_MM) & (below < 6) & (x < 4.5 * (1 - below / 8))
    sagittal &= (z > 10) | (y < -60)
    labels[where][sagittal] = Tissue.VEIN
    for points, radius in (
        ([(0, -46, 4), (0, -72, 0), (0, -99, -8)], 2.2),  # straight sinus
        ([(2, 8, 15), (2, -24, 15), (1, -40, 8), (0, -46, 4)], 1.3),  # internal cerebral, Galen
    ):
        _paint_vein(grid, labels, points, radius)
    for points in both_sides([(0, -102, -10), (30, -96, -16), (52, -74, -26), (56, -54, -32)]):
        _paint_vein(grid, labels, points, 3.6)
    for points in both_sides([(56, -54, -32), (46, -44, -46), (32, -38, -56), (28, -28, -68)]):
        _paint_vein(grid, labels, points, 3.4)


def enlarge(values: np.ndarray, shape) -> np.ndarray:
    """Interpolate values given at every second voxel to all voxels of `shape`."""
    for axis, size in enumerate(shape):
        values = np.moveaxis(values, axis, 0)
        full = np.empty((size, *values.shape[1:]), np.float32)
        full[::_STEP] = values
        full[1::_STEP] = values[: size // 2]
        full[1 : size - 1 : _STEP] = (full[: size - 2 : _STEP] + full[2::_STEP]) / 2
        values = np.moveaxis(full, 0, axis)
    return np.ascontiguousarray(values)


def _paint_vein(grid: TemplateGrid, labels, points, radius) -> None:
    where, value = grid.tube(points, radius)
    labels[where][value < 1] = Tissue.VEIN


def _signed_distance(inside: np.ndarray) -> np.ndarray:
    """Distance in mm to the surface of a coarse bool array, negative inside."""
    from scipy import ndimage

    outer = ndimage.distance_transform_edt(~inside, sampling=_STEP)
    inner = ndimage.distance_transform_edt(inside, sampling=_STEP)
    return (outer - inner + np.where(inside, _STEP / 2, -_STEP / 2)).astype(np.float32)
