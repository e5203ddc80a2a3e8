"""Dice over the height of the brain: where a method is weak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from DSCBrainSegLib.display import as_fractions, method_colours, new_figure, to_png
from DSCBrainSegLib.evaluation.measure import SliceFigures

BIN_COUNT = 10


def relative_heights(slices: Sequence[SliceFigures]) -> dict[tuple[str, int], float]:
    """Place every slice between the lowest and the highest slice with reference brain of its case.

    Parameters
    ----------
    slices : sequence of SliceFigures
        Of any cases and methods.

    Returns
    -------
    dict of (str, int) to float
        By case and slice index k: 0 for the lowest slice with brain in the reference, 1 for the
        highest, 0.5 for an only one; slices without brain in the reference are missing.
    """
    positions: dict[str, dict[int, float]] = defaultdict(dict)
    for row in slices:
        if row.in_reference:
            positions[row.case][row.slice_k] = row.position_mm
    heights = {}
    for case, by_slice in positions.items():
        low, high = min(by_slice.values()), max(by_slice.values())
        for k, position in by_slice.items():
            heights[case, k] = (position - low) / (high - low) if high > low else 0.5
    return heights


def draw_dice_by_slice(slices: Sequence[SliceFigures], methods: Sequence[str]) -> bytes:
    """Draw median and quartiles of the Dice of slices against their height in the brain.

    Parameters
    ----------
    slices : sequence of SliceFigures
    methods : sequence of str
        In the order of the legend.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    figure = new_figure((7.2, 3.4))
    panel = figure.add_subplot()
    heights = relative_heights(slices)
    lowest = 1.0
    for method, rgb in method_colours(methods).items():
        own = [row for row in slices if row.method == method and row.in_reference]
        centres, quartiles = _quartiles_by_height(
            np.array([heights[row.case, row.slice_k] for row in own]),
            np.array([row.dice for row in own]),
        )
        if not centres.size:
            continue
        colour = as_fractions(rgb)
        panel.fill_between(centres, quartiles[0], quartiles[2], color=colour, alpha=0.1, lw=0)
        panel.plot(centres, quartiles[1], "o-", color=colour, ms=3.5, lw=1.5, label=method)
        lowest = min(lowest, float(quartiles[1].min()))
    panel.set_xlim(0, 100)
    panel.set_ylim(max(0.0, np.floor(lowest * 20) / 20 - 0.1), 1.0)
    panel.set_xlabel("Height from the lowest (0 %) to the highest (100 %) compared slice")
    panel.set_ylabel("Dice on the slice: median, quartiles")
    panel.grid(color="0.9", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    if panel.lines:
        figure.legend(frameon=False, fontsize=9, loc="outside right upper")
    return to_png(figure)


def _quartiles_by_height(heights: np.ndarray, dice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres in % (B,) of the bins that hold slices, and their Dice quartiles (3, B)."""
    bins = np.minimum((heights * BIN_COUNT).astype(int), BIN_COUNT - 1)
    filled = np.unique(bins)
    if not filled.size:
        return filled, np.empty((3, 0))
    quartiles = [np.percentile(dice[bins == index], (25, 50, 75)) for index in filled]
    return (filled + 0.5) * 100 / BIN_COUNT, np.transpose(quartiles)
