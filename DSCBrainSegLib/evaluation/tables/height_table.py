"""Mean Dice of slices by their height below the top of the brain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from DSCBrainSegLib.evaluation.measure import SliceFigures
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.metrics.height import HeightRange, dice_by_height

DIGITS = 3

NOTE = (
    "Mean Dice of the slices with brain in the reference, each slice counted once, by the distance "
    "of the slice's centre below the highest slice with brain in the reference, the lower limit "
    "included; volumes that cut the vertex off are left out. n: slices. Best of each range in "
    "bold, among the methods with the most slices."
)


def ranges_by_method(
    slices: Sequence[SliceFigures], methods: Sequence[str]
) -> dict[str, list[HeightRange]]:
    """Sort the Dice of slices into ranges of heights, by method.

    Parameters
    ----------
    slices : sequence of SliceFigures
        Those without a height are left out; see `SliceFigures.below_top_mm`.
    methods : sequence of str
    """
    found = {}
    for method in methods:
        own = [row for row in slices if row.method == method]
        found[method] = dice_by_height([row.below_top_mm for row in own], [row.dice for row in own])
    return found


def height_tables(
    ranges: Mapping[str, Sequence[HeightRange]], title: str = "By height below the top of the brain"
) -> list[Table]:
    """Return the table of mean Dice by height, one column for each method.

    Parameters
    ----------
    ranges : mapping of str to sequence of HeightRange
        By method; see `ranges_by_method`.
    title : str

    Returns
    -------
    list of Table
        None if no slice has a height, as in sagittal series; else one.
    """
    rows = []
    for own in zip(*ranges.values(), strict=True):
        most = max(each.dice.size for each in own)
        if not most:
            continue
        means = [round(each.mean, DIGITS) for each in own]
        competing = [mean for mean, each in zip(means, own, strict=True) if each.dice.size == most]
        cells = [
            Cell(_text(mean, each, most), len(own) > 1 and mean == max(competing))
            for mean, each in zip(means, own, strict=True)
        ]
        rows.append([Cell(f"{own[0].low_mm:g} to {own[0].high_mm:g}"), Cell(f"{most}"), *cells])
    return [Table(title, ["mm", "n", *ranges], rows, NOTE)] if rows else []


def _text(mean: float, each: HeightRange, most: int) -> str:
    if not each.dice.size:
        return "–"
    text = f"{mean:.{DIGITS}f}"
    return text if each.dice.size == most else f"{text} (n = {each.dice.size})"
