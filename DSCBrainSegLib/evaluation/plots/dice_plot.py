"""Dice by height below the top of the brain: where a method is weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from DSCBrainSegLib.display import as_fractions, method_colours, new_figure, to_png
from DSCBrainSegLib.metrics.height import HeightRange

TICKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
_BEYOND_ONE = 1.02
"""The scale goes with the logarithm of this minus Dice: half the error is a step wherever it is."""


def draw_dice_by_height(ranges: Mapping[str, Sequence[HeightRange]]) -> bytes:
    """Draw mean and quartiles of the Dice of slices against their distance below the top.

    Parameters
    ----------
    ranges : mapping of str to sequence of HeightRange
        By method, in the order of the legend; see `tables.height_table.ranges_by_method`. Ranges
        without slices have no point.

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
    colours = method_colours(list(ranges))
    for method, own in ranges.items():
        filled = [each for each in own if each.dice.size]
        if not filled:
            continue
        middles = [(each.low_mm + each.high_mm) / 2 for each in filled]
        means = [each.mean for each in filled]
        quartiles = np.array([np.percentile(each.dice, (25, 75)) for each in filled])
        colour = as_fractions(colours[method])
        panel.fill_between(middles, *quartiles.T, color=colour, alpha=0.1, lw=0)
        panel.plot(middles, means, "o-", color=colour, ms=3.5, lw=1.5, label=method)
    panel.set_xlim(left=0)
    panel.set_yscale("function", functions=(_stretched, _dice))
    panel.set_ylim(0.0, 1.0)
    panel.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    panel.set_xlabel("Below the top of the brain (mm)")
    panel.set_ylabel("Dice on the slice: mean, quartiles")
    panel.grid(color="0.9", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    if panel.lines:
        figure.legend(frameon=False, fontsize=9, loc="outside right upper")
    return to_png(figure)


def _stretched(dice: np.ndarray) -> np.ndarray:
    return -np.log(_BEYOND_ONE - np.minimum(dice, 1.0))


def _dice(stretched: np.ndarray) -> np.ndarray:
    return _BEYOND_ONE - np.exp(-stretched)
