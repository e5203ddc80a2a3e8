"""The table of time points x slices that one way of numbering time makes of a series' planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.geometry import SAME_DIRECTION, SAME_SLICE_MM, slice_normal
from DSCBrainSegLib.series.planes import Plane

MOST_TURNED = np.cos(np.deg2rad(30.0))  # head-following scanners turn the slices less than that
_SAME_PATTERN = 0.2  # part of the slice distance by which the gaps of two time points may differ
_CLAIMED_GAP = 1.5  # largest slice distance, in units of what the header claims
_DENSE_GAP = 0.7  # slices closer than this, in the same units, are of several stacks
_LARGEST_SHIFT = 0.7  # of a stack that moved, in units of its height


@dataclass(frozen=True)
class Layout:
    """Where each of N planes belongs.

    Parameters
    ----------
    times : ndarray of int, shape (N,)
        Time point of each plane, numbered in order of the key's values.
    slots : ndarray of int, shape (N,)
        Slice of each plane, along the slice normal.
    slices : int
        Slices K of a time point.
    cost : int
        Cells of the table that are empty, plus planes that find their cell taken.
    moved : bool
        The slices were numbered within each time point, since they do not lie at the same places
        in all of them.
    """

    times: np.ndarray
    slots: np.ndarray
    slices: int
    cost: int
    moved: bool = False


class Places:
    """Positions and orientations of planes, for trying many numberings of time on them.

    Raises
    ------
    SeriesError
        A plane's direction cosines are not those of two perpendicular directions.
    """

    def __init__(self, planes: list[Plane]):
        self.count = len(planes)
        self._positions = np.array([plane.position for plane in planes], dtype=float)
        self._orientations = np.array([plane.orientation for plane in planes], dtype=float)
        normals = {o: slice_normal(o) for o in {plane.orientation for plane in planes}}
        self._normals = np.array([normals[plane.orientation] for plane in planes])
        thickness = planes[0].thickness or 0.0
        self._tolerance = max(SAME_SLICE_MM, 0.05 * thickness)
        claims = [size for size in (thickness, planes[0].slice_spacing) if size]
        self._claimed_gaps = (min(claims), max(claims)) if claims else None
        fixed = [plane.slot for plane in planes if plane.slot is not None and plane.tile]
        self._fixed = np.array(fixed) if len(fixed) == len(planes) else None
        self.parallel = bool(_alike(self._orientations, self._orientations[0]).all())
        self.comparable = self.parallel or self._fixed is not None
        self._slots, self.slices = self._common_slots()
        self.dense = self._is_dense()

    def common(self, values: list) -> Layout:
        """Return the table where a slice lies at the same place in all time points."""
        times = np.unique(np.array(values), return_inverse=True)[1].ravel()
        cells = len(np.unique(times * self.slices + self._slots))
        cost = len(times) - cells + (int(times.max()) + 1) * self.slices - cells
        return Layout(times, self._slots, self.slices, cost)

    def own(self, values: list) -> Layout | None:
        """Return the table where each time point has places of its own.

        None where that makes no sense: the slices of one time point are not parallel, or the time
        points are not the same stack, only moved.
        """
        if self._fixed is not None:
            return None
        _, first, times = np.unique(np.array(values), return_index=True, return_inverse=True)
        times = times.ravel()
        if not _alike(self._orientations, self._orientations[first][times]).all():
            return None
        heights = np.sum(self._positions * self._normals[first][times], axis=1)
        slots = _ranks(times, heights, self._tolerance)
        counts = np.zeros(len(first), dtype=int)
        np.maximum.at(counts, times, slots + 1)
        slices = int(counts.max())
        if slices < 2 or not self._one_stack(times, slots, heights, counts == slices, slices):
            return None
        cells = len(np.unique(times * slices + slots))
        cost = len(times) - cells + len(first) * slices - cells
        if cost:
            slots = _in_gaps(times, slots, heights, counts, slices)
        return Layout(times, slots, slices, cost, moved=True)

    def _is_dense(self) -> bool:
        """Say whether the places of all planes lie closer than the slices of one stack can."""
        if (
            self._fixed is not None
            or not self.parallel
            or self.slices < 2
            or not self._claimed_gaps
        ):
            return False
        heights = np.full(self.slices, np.inf)
        np.minimum.at(heights, self._slots, self._positions @ self._normals[0])
        return bool(np.diff(heights).min() < _DENSE_GAP * self._claimed_gaps[0])

    def _common_slots(self) -> tuple[np.ndarray, int]:
        if self._fixed is not None:
            return self._fixed, int(self._fixed.max()) + 1
        heights = self._positions @ self._normals[0]
        slots = _ranks(np.zeros(len(heights), dtype=int), heights, self._tolerance)
        return slots, int(slots.max()) + 1

    def _one_stack(self, times, slots, heights, complete, slices) -> bool:
        """Say whether the complete time points have the same even gaps, as wide as claimed."""
        stacks = np.full((len(complete), slices), np.nan)
        stacks[times, slots] = heights
        stacks = stacks[complete]
        gap = float(np.median(np.diff(stacks, axis=1)))
        if self._claimed_gaps:
            if gap > _CLAIMED_GAP * self._claimed_gaps[1]:
                return False  # slices of several excitations at once, not a whole time point
        elif slices < 0.4 * self.slices:
            return False
        if np.ptp(stacks[:, 0]) > _LARGEST_SHIFT * gap * slices:
            return False  # upper and lower parts of one stack
        pattern = stacks - stacks[:, :1]
        return bool(np.abs(pattern - gap * np.arange(slices)).max() <= _SAME_PATTERN * gap)


def check_turns(planes: list[Plane]) -> None:
    """Raise a SeriesError if planes are turned too far for one stack that follows the head."""
    orientations = np.array([plane.orientation for plane in planes], dtype=float)
    if not _alike(orientations, orientations[0], MOST_TURNED).all():
        raise SeriesError("its slices have several orientations (a localiser?)")


def same_orientation(first: tuple, second: tuple) -> bool:
    """Say whether two orientations differ by no more than a scanner that follows the head turns."""
    return bool(_alike(np.array([first]), np.array([second]), MOST_TURNED)[0])


def _alike(first: np.ndarray, second: np.ndarray, least: float = SAME_DIRECTION) -> np.ndarray:
    """Say which of N orientations (N, 6) agree in both directions."""
    product = first * second
    return (product[:, :3].sum(axis=1) > least) & (product[:, 3:].sum(axis=1) > least)


def _ranks(times: np.ndarray, heights: np.ndarray, tolerance: float) -> np.ndarray:
    """Number the places of each time point from below; heights this close are one place."""
    order = np.lexsort((heights, times))
    sorted_times, sorted_heights = times[order], heights[order]
    starts = np.diff(sorted_times, prepend=sorted_times[0] - 1) > 0
    steps = np.diff(sorted_heights, prepend=sorted_heights[0]) > tolerance
    number = np.cumsum(steps | starts)
    ranks = np.empty(len(times), dtype=int)
    ranks[order] = number - np.maximum.accumulate(np.where(starts, number, 0))
    return ranks


def _in_gaps(times, slots, heights, counts, slices: int) -> np.ndarray:
    """Number the slices of incomplete time points by where those of a complete one would lie."""
    slots = slots.copy()
    complete = np.flatnonzero(counts == slices)
    base = np.full(len(counts), np.inf)
    np.minimum.at(base, times, heights)
    gap = np.ptp(heights[times == complete[0]]) / (slices - 1)
    for time in np.flatnonzero(counts < slices):
        own = times == time
        nearest = complete[np.argmin(np.abs(complete - time))]
        for start in (base[nearest], base[time]):
            found = (heights[own] - start) / gap
            ranks = np.round(found).astype(int)
            if (
                np.abs(found - ranks).max() <= _SAME_PATTERN
                and ranks.min() >= 0
                and (ranks.max() < slices)
            ):
                slots[own] = ranks
                break
    return slots
