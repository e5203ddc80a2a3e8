"""Dice by height: how a mask does at the vertex, in the middle and at the base of the brain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HEIGHT_EDGES_MM = (0, 5, 10, 15, 20, 30, 40, 60, 80, 100, 140)
"""Limits of the ranges in mm below the top of the brain: finer where slices change faster."""

CUT_OFF_SHARE = 0.5
"""Where the highest slice of the brain is larger than this share of its largest, the field of view
cuts the vertex off: of a ball of 70 mm, slices more than 20 mm below the top are."""


@dataclass(frozen=True)
class HeightRange:
    """Slices of one range of heights.

    Parameters
    ----------
    low_mm, high_mm : float
        Below the top of the brain; `low_mm` belongs to the range, `high_mm` to the next.
    dice : ndarray of float, shape (N,)
        Of the slices in it.
    """

    low_mm: float
    high_mm: float
    dice: np.ndarray

    @property
    def mean(self) -> float:
        """Mean Dice, every slice counted once; NaN without slices."""
        return float(self.dice.mean()) if self.dice.size else float("nan")


def below_top_mm(reference: np.ndarray, heights_mm: np.ndarray | Sequence[float]) -> np.ndarray:
    """Return how far below the top of the brain each axial slice lies.

    The top is the highest slice with brain in the reference.

    Parameters
    ----------
    reference : ndarray of bool, shape (K, J, I)
        Axial slices, in any order.
    heights_mm : sequence of float, shape (K,)
        Of the slices' centres in mm, towards the head.

    Returns
    -------
    ndarray of float, shape (K,)
        In steps of 1/1000 mm, so that a slice spacing of 4.9999999 mm in a file does not move a
        slice into another range. NaN for slices without brain in the reference (what a mask adds
        above the top shows in `Overlap.outward_share` and in the surface distances), and for all of
        them where the field of view does not reach the vertex (`CUT_OFF_SHARE`).
    """
    heights = np.asarray(heights_mm, float)
    areas = np.count_nonzero(reference, axis=(1, 2))
    below = np.full(heights.shape, np.nan)
    if not areas.any():
        return below
    with_brain = np.flatnonzero(areas)
    top = with_brain[np.argmax(heights[with_brain])]
    if areas[top] <= CUT_OFF_SHARE * areas.max():
        below[with_brain] = np.round(heights[top] - heights[with_brain], 3)
    return below


def dice_by_height(
    below_top: Sequence[float],
    dice: Sequence[float],
    edges_mm: Sequence[float] = HEIGHT_EDGES_MM,
) -> list[HeightRange]:
    """Sort the Dice of slices into ranges of heights.

    Parameters
    ----------
    below_top, dice : sequence of float, same length
        Height of each slice (see `below_top_mm`) and its Dice, of any number of volumes. Slices
        without a height or beyond the edges are left out.
    edges_mm : sequence of float
        Limits of the ranges, rising.

    Returns
    -------
    list of HeightRange
        One for each pair of neighbouring edges.
    """
    heights, values = np.asarray(below_top, float), np.asarray(dice, float)
    return [
        HeightRange(float(low), float(high), values[(heights >= low) & (heights < high)])
        for low, high in itertools.pairwise(edges_mm)
    ]
