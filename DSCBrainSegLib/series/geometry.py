"""Where slices lie: their order along the normal, and the affine of a volume."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.planes import Plane

SAME_DIRECTION = 0.9998  # cosine of 1 degree: beyond that two slices are not parallel
SAME_SLICE_MM = 0.1  # positions this close are the same slice
MOVED_SLICES_MM = 0.5  # prospective motion correction below that does not matter
TURNED_SLICES_DEGREES = 0.5
UNEVEN_SPACING = 0.2  # part of the spacing by which one gap may differ before a slice is missing


def slice_normal(orientation) -> np.ndarray:
    """Return the unit normal (3,) of a plane in LPS+ from its six direction cosines.

    The normal is row direction x column direction, so that (column, row, slice) is right-handed.

    Raises
    ------
    SeriesError
        The cosines are not those of two perpendicular directions.
    """
    row, column = np.reshape(np.asarray(orientation, dtype=float), (2, 3))
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > 0.01 or abs(row @ column) > 0.01:
        raise SeriesError("its direction cosines are not two perpendicular unit vectors")
    normal = np.cross(row, column)
    return normal / np.linalg.norm(normal)


def volume_affine(slices: list[Plane], warnings: list[str]) -> np.ndarray:
    """Return the 4x4 affine from index (i, j, k) = (column, row, slice) to LPS+ in mm.

    Parameters
    ----------
    slices : list of Plane
        One plane for each slice of a volume, in order of `slot`.
    warnings : list of str
        Gets a sentence where something had to be assumed.

    Raises
    ------
    SeriesError
        The slices are not evenly spaced.
    """
    first = slices[0]
    row, column = np.reshape(np.asarray(first.orientation, dtype=float), (2, 3))
    positions = np.array([plane.position for plane in slices], dtype=float)
    affine = np.eye(4)
    affine[:3, 0] = row * first.spacing[1]
    affine[:3, 1] = column * first.spacing[0]
    affine[:3, 2] = _slice_step(positions, slices, warnings)
    affine[:3, 3] = positions[0]
    return affine


def warn_of_moved_slices(volumes: list[list[Plane]], warnings: list[str]) -> None:
    """Say by how much the scanner moved and turned the slices between time points."""
    first = np.array([plane.position for plane in volumes[0]])
    start = np.array(volumes[0][0].orientation, dtype=float)
    moved, turned = 0.0, 0.0
    for volume in volumes[1:]:
        positions = np.array([plane.position for plane in volume])
        moved = max(moved, float(np.linalg.norm(positions - first, axis=1).max()))
        turned = max(turned, _angle_degrees(start, np.array(volume[0].orientation, dtype=float)))
    if moved <= MOVED_SLICES_MM and turned <= TURNED_SLICES_DEGREES:
        return
    how = f"moved the slices by up to {moved:.1f} mm"
    if turned > TURNED_SLICES_DEGREES:
        how += f" and turned them by up to {turned:.1f} degrees"
    warnings.append(
        f"The scanner {how} between time points; the place of the first time point is taken for "
        "all."
    )


def _angle_degrees(first: np.ndarray, second: np.ndarray) -> float:
    """Return the larger of the angles between the rows and the columns of two orientations."""
    cosines = [first[:3] @ second[:3], first[3:] @ second[3:]]
    return float(np.degrees(np.arccos(np.clip(min(cosines), -1.0, 1.0))))


def _slice_step(positions: np.ndarray, slices: list[Plane], warnings: list[str]) -> np.ndarray:
    first = slices[0]
    normal = slice_normal(first.orientation)
    if len(slices) == 1:
        size = first.slice_spacing or first.thickness
        warnings.append(
            "The series has a single slice; its thickness is taken "
            + (f"as {size:g} mm." if size else "as 1 mm because the header does not say.")
        )
        return normal * (size or 1.0)
    heights = positions @ normal
    gaps = np.diff(heights)
    # The lower median: with slices missing, the small gaps are the true ones.
    usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])
    worst = int(np.argmax(np.abs(gaps - usual)))
    if abs(gaps[worst] - usual) > UNEVEN_SPACING * usual:
        raise SeriesError(
            f"its slices are not evenly spaced: {gaps[worst]:.2f} mm between slices {worst + 1} "
            f"and {worst + 2}, {usual:.2f} mm elsewhere, so slices are missing or of two stacks"
        )
    step = (positions[-1] - positions[0]) / (len(slices) - 1)
    straight = positions[0] + np.arange(len(slices))[:, None] * step
    error = float(np.max(np.linalg.norm(positions - straight, axis=1)))
    if error > 0.5 * usual:
        raise SeriesError(f"its slices do not form a straight stack (up to {error:.1f} mm off)")
    if error > 0.1:
        warnings.append(
            f"Slice positions are up to {error:.2f} mm off an even stack; the mean step was taken."
        )
    return step
