"""Distances between the surfaces of a mask and a reference, in mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HD95_PART = 0.95
"""Part of the surface whose distance HD95 does not exceed."""


@dataclass(frozen=True)
class SurfaceDistances:
    """Distance of every surface voxel of one mask to the surface of the other.

    Parameters
    ----------
    mask_to_reference, reference_to_mask : ndarray of float, shape (N,) and (M,)
        In mm, between voxel centres; `inf` towards a surface that does not exist.
    mask_areas, reference_areas : ndarray of float, shape (N,) and (M,)
        Area in mm2 of the voxel faces that make up the surface there: the weight of the distance.
    alike_without_surface : bool
        Neither has a surface and they are equal (both empty, or both fill the image).
    """

    mask_to_reference: np.ndarray
    reference_to_mask: np.ndarray
    mask_areas: np.ndarray
    reference_areas: np.ndarray
    alike_without_surface: bool = False

    @property
    def hd95_mm(self) -> float:
        """Larger of the two directed 95th percentiles in mm, by surface area."""
        return self._worse_direction(HD95_PART)

    @property
    def hausdorff_mm(self) -> float:
        """Largest distance in mm."""
        return self._worse_direction(1.0)

    @property
    def mean_mm(self) -> float:
        """Mean symmetric surface distance in mm: over both surfaces together, by area."""
        if self._undefined:
            return self._without_surface
        distances = np.concatenate([self.mask_to_reference, self.reference_to_mask])
        areas = np.concatenate([self.mask_areas, self.reference_areas])
        return float(np.average(distances, weights=areas))

    @property
    def _undefined(self) -> bool:
        return not self.mask_areas.size or not self.reference_areas.size

    @property
    def _without_surface(self) -> float:
        return 0.0 if self.alike_without_surface else float("inf")

    def _worse_direction(self, part: float) -> float:
        if self._undefined:
            return self._without_surface
        return max(
            _percentile(self.mask_to_reference, self.mask_areas, part),
            _percentile(self.reference_to_mask, self.reference_areas, part),
        )


def surface_distances(
    mask: np.ndarray, reference: np.ndarray, spacing: Sequence[float]
) -> SurfaceDistances:
    """Measure the distances between the surfaces of two masks.

    A surface voxel belongs to the mask and shares a face with one that does not; it counts with the
    area of those faces. Without that weight the flat steps between 5 mm slices would count three
    times as much as the walls. The border of the image is not a surface: a brain cut by the field
    of view, or by the range of slices that is compared, has no boundary there to find.

    Parameters
    ----------
    mask, reference : ndarray of bool, shape (K, J, I) or (J, I)
        On the same voxels.
    spacing : sequence of float
        Voxel size in mm along the axes of the arrays: (k, j, i) or (j, i).

    Returns
    -------
    SurfaceDistances
        Its figures are 0 if both are empty (or both fill the image) and `inf` if only one has a
        surface.

    Raises
    ------
    ValueError
        The shapes differ, or the spacing does not fit them.

    Notes
    -----
    HD95 and the mean are those of Reinke et al. 2024, "Understanding metric-related pitfalls in
    image analysis validation" (Nature Methods 21), with surface elements weighted by area as
    Nikolov et al. 2018 (arXiv 1809.04430) do.
    """
    mask, reference = np.asarray(mask, bool), np.asarray(reference, bool)
    spacing = tuple(float(size) for size in spacing)
    if mask.shape != reference.shape:
        raise ValueError(f"mask {mask.shape} and reference {reference.shape} differ in shape")
    if len(spacing) != mask.ndim or not all(0 < size < np.inf for size in spacing):
        raise ValueError(f"spacing must be {mask.ndim} sizes in mm above 0, got {spacing}")
    mask_area, reference_area = _surface_area(mask, spacing), _surface_area(reference, spacing)
    mask_surface, reference_surface = mask_area > 0, reference_area > 0
    return SurfaceDistances(
        mask_to_reference=_distance_to(reference_surface, spacing)[mask_surface],
        reference_to_mask=_distance_to(mask_surface, spacing)[reference_surface],
        mask_areas=mask_area[mask_surface],
        reference_areas=reference_area[reference_surface],
        alike_without_surface=not mask_surface.any() and bool((mask == reference).all()),
    )


def _surface_area(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Area in mm2 of each mask voxel's faces towards voxels that are not mask."""
    area = np.zeros(mask.shape)
    for axis, size in enumerate(spacing):
        face = np.prod(spacing) / size
        inside = np.moveaxis(mask, axis, 0)
        exposed = np.moveaxis(area, axis, 0)  # a view: adding to it adds to `area`
        exposed[1:] += face * (inside[1:] & ~inside[:-1])
        exposed[:-1] += face * (inside[:-1] & ~inside[1:])
    return area


def _distance_to(surface: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance in mm of every voxel to the nearest surface voxel; inf if there is none."""
    from scipy import ndimage

    if not surface.any():
        return np.full(surface.shape, np.inf)
    return ndimage.distance_transform_edt(~surface, sampling=spacing)


def _percentile(distances: np.ndarray, areas: np.ndarray, part: float) -> float:
    """Smallest distance that at least `part` of the surface area does not exceed."""
    order = np.argsort(distances)
    covered = np.cumsum(areas[order])
    index = np.searchsorted(covered, part * covered[-1] * (1 - 1e-12))
    return float(distances[order][index])
