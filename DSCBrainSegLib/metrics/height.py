"""Dice of each axial slice by its height: how a mask does at the vertex, the middle, the base."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.metrics.overlap import overlap

HEIGHT_EDGES_MM = (0, 5, 10, 15, 20, 30, 40, 60, 80, 100, 140)
"""Limits of the ranges in mm below the top of the brain: finer where slices change faster."""


@dataclass(frozen=True)
class HeightRange:
    """Slices of one range of heights.

    Parameters
    ----------
    low_mm, high_mm : float
        Below the top of the brain; `low_mm` belongs to the range, `high_mm` to the next.
    count : int
        Slices.
    dice : float
        Mean Dice of these slices; NaN if there are none.
    """

    low_mm: float
    high_mm: float
    count: int
    dice: float


def slices_by_height(
    mask: np.ndarray,
    reference: np.ndarray,
    spacing_mm: float,
    compared: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far below the top of the brain each slice lies, and its Dice.

    The top is the highest slice with brain in the reference, compared or not. Slices without brain
    in the reference have no height and are left out: what a mask adds above the top shows in
    `Overlap.outward_share` and in the surface distances.

    Parameters
    ----------
    mask, reference : ndarray of bool, shape (K, J, I)
        On axial slices, k running to the top of the head (`preprocessing.axial.to_axial`).
    spacing_mm : float
        Between the centres of neighbouring slices.
    compared : ndarray of bool, shape (K,), optional
        Slices to return; all by default.

    Returns
    -------
    below_top_mm, dice : ndarray, shape (N,)
        Of the slices with brain in the reference, in order; `below_top_mm` in 1/1000 mm, so that a
        spacing of 5.0000001 mm does not move a slice into another range.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    mask, reference = np.asarray(mask, bool), np.asarray(reference, bool)
    if mask.shape != reference.shape:
        raise ValueError(f"mask {mask.shape} and reference {reference.shape} differ in shape")
    with_brain = np.flatnonzero(reference.any(axis=(1, 2)))
    chosen = with_brain if compared is None else with_brain[np.asarray(compared)[with_brain]]
    below_top = np.round((with_brain[-1:] - chosen) * float(spacing_mm), 3)
    dice = np.array([overlap(mask[k], reference[k]).dice for k in chosen], float)
    return below_top, dice


def mean_by_height(
    below_top_mm: Sequence[float],
    dice: Sequence[float],
    edges_mm: Sequence[float] = HEIGHT_EDGES_MM,
) -> list[HeightRange]:
    """Return the mean Dice of the slices in each range of heights; every slice counts once.

    Parameters
    ----------
    below_top_mm, dice : sequence of float, same length
        As `slices_by_height` gives them, of any number of volumes one after the other.
    edges_mm : sequence of float
        Limits of the ranges, rising. Slices beyond them are left out.

    Returns
    -------
    list of HeightRange
        One for each pair of neighbouring edges.
    """
    heights, values = np.asarray(below_top_mm, float), np.asarray(dice, float)
    ranges = []
    for low, high in itertools.pairwise(edges_mm):
        own = values[(heights >= low) & (heights < high)]
        mean = float(own.mean()) if own.size else float("nan")
        ranges.append(HeightRange(float(low), float(high), own.size, mean))
    return ranges
