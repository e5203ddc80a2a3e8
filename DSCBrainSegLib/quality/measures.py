"""What can be measured on a mask alone, plane by plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.components import largest_component

MM2_PER_CM2 = 100.0
LARGEST_YAW_DEGREES = 30.0
"""A head turned further is not looked for: the plane's long axis is then something else."""

SYMMETRY_PIXEL_MM = 3.0
"""Mirror images are compared on about this pixel size, which is fine enough and quick."""


@dataclass(frozen=True)
class PlaneMeasures:
    """Figures of a mask on each of its axial planes, all of shape (K,).

    Parameters
    ----------
    area_cm2 : ndarray of float
    jump : ndarray of float
        How far the area lies from the mean of the two neighbours' areas, as a fraction of the
        largest area of all planes; 0 where a neighbour is missing or empty.
    asymmetry : ndarray of float
        1 - Dice of the plane's mask and its mirror image across the head's midline, from 0
        (symmetric) to 1; 0 for an empty plane.
    edge_mm : ndarray of float
        Length along which the mask touches the edge of the image.
    holes_cm2 : ndarray of float
        Area the mask encloses without holding it, before cleaning.
    apart_cm2 : ndarray of float
        Area outside the largest piece of the volume, before cleaning.
    kept_apart_cm2 : ndarray of float
        The same after cleaning.
    """

    area_cm2: np.ndarray
    jump: np.ndarray
    asymmetry: np.ndarray
    edge_mm: np.ndarray
    holes_cm2: np.ndarray
    apart_cm2: np.ndarray
    kept_apart_cm2: np.ndarray


def measure_planes(
    mask: np.ndarray, raw: np.ndarray, spacing: tuple[float, float, float]
) -> PlaneMeasures:
    """Measure a mask on each of its planes.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        In axial orientation (`preprocessing.axial`).
    raw : ndarray of bool, shape (K, J, I)
        The same before it was cleaned.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    PlaneMeasures
    """
    from scipy import ndimage

    pixel_cm2 = spacing[1] * spacing[2] / MM2_PER_CM2
    areas = np.count_nonzero(mask, axis=(1, 2)) * pixel_cm2
    holes = [np.count_nonzero(ndimage.binary_fill_holes(plane) & ~plane) for plane in raw]
    rows = mask[:, :, [0, -1]].sum(axis=(1, 2)) * spacing[1]
    columns = mask[:, [0, -1], :].sum(axis=(1, 2)) * spacing[2]
    return PlaneMeasures(
        area_cm2=areas,
        jump=area_jumps(areas),
        asymmetry=asymmetries(mask, spacing),
        edge_mm=rows + columns,
        holes_cm2=np.array(holes) * pixel_cm2,
        apart_cm2=_apart(raw) * pixel_cm2,
        kept_apart_cm2=_apart(mask) * pixel_cm2,
    )


def _apart(mask: np.ndarray) -> np.ndarray:
    return np.count_nonzero(mask & ~largest_component(mask), axis=(1, 2))


def area_jumps(areas: np.ndarray) -> np.ndarray:
    """Distance of each area to the mean of its neighbours', as a fraction of the largest one."""
    jumps = np.zeros(len(areas))
    if len(areas) < 3 or not areas.any():
        return jumps
    before, here, after = areas[:-2], areas[1:-1], areas[2:]
    between = (before > 0) & (after > 0)
    jumps[1:-1] = np.where(between, np.abs(here - (before + after) / 2), 0.0) / areas.max()
    return jumps


def asymmetries(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Compare each plane of a mask with its mirror image; see `PlaneMeasures.asymmetry`.

    The midline's direction is the long axis of all planes together, and it runs through each
    plane's centre, so a head that is turned or tilted is not taken for asymmetric.
    """
    from scipy import ndimage

    steps = [max(1, round(SYMMETRY_PIXEL_MM / step)) for step in spacing[1:]]
    coarse = mask[:, :: steps[0], :: steps[1]]
    pixel = np.array([spacing[1] * steps[0], spacing[2] * steps[1]])
    found = np.zeros(len(mask))
    filled = np.flatnonzero(coarse.any(axis=(1, 2)))
    points = {k: np.argwhere(coarse[k]) * pixel for k in filled}
    centres = {k: where.mean(axis=0) for k, where in points.items()}
    if not points:
        return found
    along = _midline(np.concatenate([points[k] - centres[k] for k in filled]))
    mirror = (2 * np.outer(along, along) - np.eye(2)) * pixel / pixel[:, None]
    for k in filled:
        centre = centres[k] / pixel
        mirrored = ndimage.affine_transform(
            coarse[k].astype(np.float32), mirror, centre - mirror @ centre, order=1
        )
        mirrored = mirrored >= 0.5
        total = np.count_nonzero(coarse[k]) + np.count_nonzero(mirrored)
        found[k] = 1 - 2 * np.count_nonzero(coarse[k] & mirrored) / total
    return found


def _midline(centred: np.ndarray) -> np.ndarray:
    """Direction (row, column) of the midline from points (N, 2) in mm around their centres."""
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = axes[:, -1] if axes[0, -1] >= 0 else -axes[:, -1]
    yaw = np.degrees(np.arctan2(along[1], along[0]))
    return along if abs(yaw) <= LARGEST_YAW_DEGREES else np.array([1.0, 0.0])
