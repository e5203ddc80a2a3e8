"""From a head to the points of a thick, oblique, deformed slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from DSCBrainSegLib.simulation.acquisition.pose import PATCH_GRID, Pose, Scalp
from DSCBrainSegLib.simulation.anatomy.field import GRID_MM
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps, is_soft_scalp
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.pathology.lesion_paint import apply_lesion
from DSCBrainSegLib.simulation.pathology.lesions import Lesion, bloom_rate
from DSCBrainSegLib.simulation.pathology.surgery import metal_field_ppm, swelling_factor
from DSCBrainSegLib.simulation.pathology.warp import (
    atrophy_displacement,
    coarse_points,
    elastic_displacement,
    push_displacement,
    scalp_displacement,
    to_fine,
)
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

SUBSLICE_MM = 2.0


@dataclass
class SampledSlice:
    """Points of one slice: `FINE_SIZE`^2 columns of S sub-slices.

    Parameters
    ----------
    labels : ndarray of uint8, shape (S, N, N)
    brain : ndarray of bool, shape (S, N, N)
    field_ppm : ndarray of float32, shape (S, N, N)
    gradient_ppm_mm : ndarray of float32, shape (3, N, N)
        Field gradient along slice, row and column direction at the middle sub-slice, that of metal
        included.
    metal_ppm : ndarray of float32, shape (S, N, N), or None
        Field of metal alone; not part of `field_ppm`.
    decay_per_s : ndarray of float32, shape (S, N, N), or None
        R2* that blood products add.
    anatomy_gradient_ppm_mm : ndarray of float32, shape (3, N, N), or None
        As `gradient_ppm_mm` without that of metal; None if there is no metal.
    """

    labels: np.ndarray
    brain: np.ndarray
    field_ppm: np.ndarray
    gradient_ppm_mm: np.ndarray
    metal_ppm: np.ndarray | None = None
    decay_per_s: np.ndarray | None = None
    anatomy_gradient_ppm_mm: np.ndarray | None = None


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
    rest = _slice_points(pose, z_mm, field_of_view_mm, thickness_mm, count)
    planes = coarse_points(rest[:, count // 2])
    common = elastic_displacement(maps.labels.shape, pose.elastic, planes)
    common = common + _scalp_part(maps, scalp, lesions, planes + common)
    points = rest + to_fine(common)[:, None]
    flat = points.reshape(3, -1)
    where = _voxels(maps.labels.shape, flat, _dither(count))
    labels, brain = maps.labels.reshape(-1)[where], maps.mask.reshape(-1)[where]
    skin_depth = maps.skin_depth.reshape(-1)[where]
    _fill_scalp(labels, skin_depth, flat, maps, scalp)
    inner = _inner_part(maps, pose, lesions, planes + common)
    if inner is not None:
        _deform_brain(maps, flat, to_fine(inner), count, labels, brain)
    decay = None
    if lesions:
        depth = maps.brain_depth.reshape(-1)[where]
        for lesion in lesions:
            apply_lesion(lesion, flat, labels, brain, depth, skin_depth)
            rate = bloom_rate(lesion, flat)
            if rate is not None:
                decay = rate if decay is None else decay + rate
    shape = points.shape[1:]
    metal = [lesion.surgery.metal for lesion in lesions if lesion.surgery is not None]
    field_ppm, metal_ppm, gradient, anatomy_gradient = _sample_field(
        maps, np.concatenate(metal) if metal else np.zeros((0, 4)), points, pose, thickness_mm
    )
    return SampledSlice(
        labels=labels.reshape(shape),
        brain=brain.reshape(shape),
        field_ppm=field_ppm,
        gradient_ppm_mm=gradient,
        metal_ppm=metal_ppm,
        decay_per_s=None if decay is None else decay.reshape(shape),
        anatomy_gradient_ppm_mm=anatomy_gradient,
    )


def _slice_points(pose, z_mm, field_of_view_mm, thickness_mm, count):
    """Head index of every point of an undeformed head, shape (3, S, N, N)."""
    step = field_of_view_mm / FINE_SIZE
    in_plane = (np.arange(FINE_SIZE) - (FINE_SIZE - 1) / 2) * step
    depth = ((np.arange(count) + 0.5) / count - 0.5) * thickness_mm + z_mm
    matrix = pose.matrix
    base = pose.centre[:, None] + matrix[:, :1] * depth
    return (
        base[:, :, None, None].astype(np.float32)
        + (matrix[:, 1:2] * in_plane).astype(np.float32)[:, None, :, None]
        + (matrix[:, 2:3] * in_plane).astype(np.float32)[:, None, None, :]
    )


@lru_cache(maxsize=8)
def _dither(count: int) -> np.ndarray:
    """Random offsets within a voxel, shape (3, count * N * N): the nearest voxel of a jittered

    point is, on average, linear interpolation; without it, edges show the 1 mm grid.
    """
    offsets = np.random.default_rng(0).random((3, count * FINE_SIZE**2), np.float32)
    return offsets - np.float32(0.5)


def _voxels(shape, points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Flat index of the voxel at each point; points outside take the first one, which is air."""
    index = np.rint(points + offsets).astype(np.int32)
    inside = np.ones(points.shape[1], bool)
    for part, size in zip(index, shape, strict=True):
        inside &= (part >= 0) & (part < size)
    flat = (index[0] * shape[1] + index[1]) * shape[2] + index[2]
    return np.where(inside, flat, 0)


def _scalp_part(maps, scalp, lesions, planes):
    """Coarse displacement of a thick or swollen scalp."""
    stretch = scalp.stretch
    for lesion in lesions:
        if lesion.surgery is not None and lesion.surgery.swelling > 1:
            stretch = stretch * swelling_factor(lesion.surgery, planes)
    if np.isscalar(stretch) and stretch == 1.0:
        return np.float32(0)
    return scalp_displacement(maps.hull_distance, planes, stretch)


def _inner_part(maps, pose, lesions, planes):
    """Coarse displacement within the hull: masses, ventricles, atrophy; None if there is none."""
    pushes = [lesion.push for lesion in lesions if lesion.push is not None]
    if pose.ventricles is not None:
        pushes.append(pose.ventricles)
    inner = push_displacement(maps.hull_distance, planes, pushes) if pushes else None
    if pose.atrophy_mm > 0:
        shrunk = atrophy_displacement(maps.hull_distance, planes, pose.atrophy_mm)
        inner = shrunk if inner is None else inner + shrunk
    return inner


def _deform_brain(maps, flat, displacement, count, labels, brain):
    """Take the tissue within the hull from displaced points; what the brain leaves is fluid, which
    belongs to the mask like the fluid around any brain.
    """
    chosen = np.flatnonzero(brain)
    moved = np.tile(displacement.reshape(3, -1), count)[:, chosen]
    where = _voxels(maps.labels.shape, flat[:, chosen] + moved, _dither(count)[:, chosen])
    kept = maps.mask.reshape(-1)[where]
    labels[chosen] = np.where(kept, maps.labels.reshape(-1)[where], np.uint8(Tissue.CSF))


def _sample_field(maps, metal, points, pose, thickness_mm):
    """Field (S, N, N), that of metal (same shape or None), the gradient of both (3, N, N), and of
    the field without metal where there is metal.

    Evaluated at every second point of the lowest, middle and highest sub-slice.
    """
    from scipy import ndimage

    count = points.shape[1]
    chosen = sorted({0, count // 2, count - 1})
    half = points[:, chosen]
    half = (half[:, :, ::2, ::2] + half[:, :, 1::2, 1::2]) / 2
    where = half / np.float32(GRID_MM)
    field = ndimage.map_coordinates(maps.field_32(), where, order=1, mode="nearest")
    extra = metal_field_ppm(metal, half) if len(metal) else None
    both = field if extra is None else field + extra
    step = float(np.linalg.norm(half[:, 0, 0, 1] - half[:, 0, 0, 0]))
    step /= float(np.linalg.norm(pose.matrix[:, 2]))
    span = thickness_mm * (chosen[-1] - chosen[0]) / count

    def gradient(planes: np.ndarray) -> np.ndarray:
        middle = planes[chosen.index(count // 2)]
        return upsample(np.stack([(planes[-1] - planes[0]) / span, *np.gradient(middle, step)]))

    levels = np.interp(np.arange(count), chosen, np.arange(len(chosen)))
    return (
        _through_slice(upsample(field), levels),
        None if extra is None else _through_slice(upsample(extra), levels),
        gradient(both),
        None if extra is None else gradient(field),
    )


def _through_slice(planes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Interpolate planes (P, N, N) at fractional plane numbers (S,)."""
    lower = np.minimum(np.floor(levels).astype(int), len(planes) - 2)
    share = (levels - lower).astype(np.float32)[:, None, None]
    return planes[lower] * (1 - share) + planes[lower + 1] * share


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
