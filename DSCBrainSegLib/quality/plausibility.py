"""What is unusual about a mask, in sentences; needs no probabilities and no calibration.

The limits for one plane are what about 1 in 100 planes of true brain masks exceed: 160 volumes
simulated from label maps 13-16, ``python Testing/benchmarks/calibrate_quality.py`` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.quality.measures import PlaneMeasures

PLAUSIBLE_BRAIN_ML = (100.0, 2200.0)
"""Volumes outside draw a warning; the lower end leaves room for a few slices only."""

SMALLEST_VIEW_MM = 100.0
"""A human head does not fit into a field of view below this."""

JUMP_PER_MM = 0.012
"""Largest `PlaneMeasures.jump` for each mm between planes."""

LARGEST_ASYMMETRY = 0.35
"""Of a plane whose area is at least `SIZEABLE` of the largest."""

LARGEST_MEAN_ASYMMETRY = 0.15
"""Of all planes, weighted by area."""

SIZEABLE = 0.4
"""Planes smaller than this share of the largest one are asymmetric in a tilted head."""

HOLE_SHARE = 0.05
"""Holes and pieces apart from the brain up to this share of the mask are usual; true masks have
none."""

TOUCHING_MM = 10.0
"""A mask that touches the edge of the image along less than this is not mentioned."""

END_SHARE = 0.5
"""The brain is said to be cut off where an outermost plane holds this share of the largest area."""


@dataclass(frozen=True)
class Doubt:
    """Why a plane should be looked at.

    Parameters
    ----------
    plane : int
        Index k from 0 of the axial planes.
    reason : str
        One sentence.
    """

    plane: int
    reason: str


def doubtful_planes(
    measures: PlaneMeasures, spacing: tuple[float, float, float], cleaned: bool
) -> list[Doubt]:
    """List what is unusual on single planes.

    Parameters
    ----------
    measures : PlaneMeasures
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    cleaned : bool
        Holes were filled, so they are in the mask.

    Returns
    -------
    list of Doubt
        In the order of the planes; a plane can have several.
    """
    areas = measures.area_cm2
    largest = areas.max(initial=0.0)
    found = []
    for plane, area in enumerate(areas):
        beside = measures.jump[max(plane - 1, 0) : plane + 2].max()
        if JUMP_PER_MM * spacing[0] < measures.jump[plane] == beside:
            found.append(
                Doubt(
                    plane,
                    f"Its area ({area:.0f} cm²) lies {measures.jump[plane] * largest:.0f} cm² from "
                    "what its neighbours suggest.",
                )
            )
        if area >= SIZEABLE * largest > 0 and measures.asymmetry[plane] > LARGEST_ASYMMETRY:
            percent = 100 * measures.asymmetry[plane]
            found.append(Doubt(plane, f"Left and right differ by {percent:.0f} %."))
        holes, apart = measures.holes_cm2[plane], measures.apart_cm2[plane]
        if holes > HOLE_SHARE * max(area, 1.0):
            done = "were filled" if cleaned else "are in the mask"
            found.append(Doubt(plane, f"Holes of {holes:.1f} cm² {done}."))
        if apart > HOLE_SHARE * max(area, 1.0):
            done = "are in the mask" if measures.kept_apart_cm2[plane] else "were dropped"
            found.append(
                Doubt(plane, f"Pieces of {apart:.1f} cm² apart from the largest one {done}.")
            )
    return found


def impossible(
    measures: PlaneMeasures, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> str:
    """Say why this cannot be the brain of a person, whatever a calibration says; "" where it can.

    Parameters
    ----------
    measures : PlaneMeasures
    shape : tuple of int
        Axial planes (K, J, I).
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    """
    view = [count * step for count, step in zip(shape[1:], spacing[1:], strict=True)]
    if max(view) < SMALLEST_VIEW_MM:
        return (
            f"The field of view of {view[1]:.0f} x {view[0]:.0f} mm is too small for a human head, "
            "so no confidence is given: check the voxel size."
        )
    volume = float(measures.area_cm2.sum()) * spacing[0] / 10
    if volume > PLAUSIBLE_BRAIN_ML[1]:
        return f"No brain has {volume:.0f} mL, so no confidence is given: check the voxel size."
    return ""


def unusual_volume(
    measures: PlaneMeasures,
    spacing: tuple[float, float, float],
    cleaned: bool,
    slices: np.ndarray | None = None,
) -> list[str]:
    """List what is unusual about the mask as a whole.

    Parameters
    ----------
    measures : PlaneMeasures
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    cleaned : bool
        As in `doubtful_planes`.
    slices : ndarray of int, shape (K,), optional
        Number of each plane as people count. None for planes that were made of a sagittal or
        coronal series: their edges are not those of the scan, so nothing is said of them.

    Returns
    -------
    list of str
        One sentence each.
    """
    areas = measures.area_cm2
    to_ml = spacing[0] / 10
    volume = float(areas.sum()) * to_ml
    found = []
    smallest, largest = PLAUSIBLE_BRAIN_ML
    if len(areas) > 1 and not smallest <= volume <= largest:
        found.append(
            f"The mask measures {volume:.0f} mL, which is unusual for a brain: look at it."
        )
    for what, per_plane, done in (
        ("Holes", measures.holes_cm2, "they were filled" if cleaned else "they were left open"),
        (
            "Pieces apart from the largest one",
            measures.apart_cm2,
            "they are in the mask" if measures.kept_apart_cm2.any() else "they were dropped",
        ),
    ):
        share = float(per_plane.sum()) * to_ml
        if share > HOLE_SHARE * volume:
            found.append(f"{what} measure {share:.0f} mL; {done}.")
    asymmetry = float(np.average(measures.asymmetry, weights=areas)) if volume else 0.0
    if asymmetry > LARGEST_MEAN_ASYMMETRY:
        found.append(
            f"Left and right of the mask differ by {100 * asymmetry:.0f} %, which is unusual: part "
            "of the brain may be missing."
        )
    if slices is None:
        return found
    touching = np.flatnonzero(measures.edge_mm >= TOUCHING_MM)
    if touching.size:
        found.append(
            f"The mask touches the edge of the image on {name_slices(slices[touching])}: brain may "
            "lie outside it or be wrapped around."
        )
    return found + _cut_off(areas, slices)


def _cut_off(areas: np.ndarray, slices: np.ndarray) -> list[str]:
    """Say where the scan ends within the brain."""
    ends = {"lowest": 0, "highest": len(areas) - 1} if len(areas) > 1 else {}
    return [
        f"The {name} slice ({slices[plane]}) still holds {areas[plane]:.0f} cm² of the mask: the "
        "scan covers only part of the brain."
        for name, plane in ends.items()
        if areas[plane] > END_SHARE * areas.max()
    ]


def name_slices(numbers: Iterable[int], what: str = "slice") -> str:
    """Name slices by their numbers: 'slice 3', 'slices 3 to 7', 'slices 3, 5 and 9'."""
    numbers = sorted(int(number) for number in numbers)
    if len(numbers) == 1:
        return f"{what} {numbers[0]}"
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{what}s {numbers[0]} to {numbers[-1]}"
    return f"{what}s {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
