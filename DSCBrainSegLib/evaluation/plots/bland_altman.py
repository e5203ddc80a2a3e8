"""Bland-Altman plots of the brain volume: mask against reference."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.display import as_fractions, method_colours, new_figure, to_png
from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.metrics.statistics import summarise

LIMIT_SDS = 1.96
"""Of normally distributed differences 95 % lie within so many SD of their mean."""
COLUMNS = 4
LETTERS_PER_INCH = 17
"""Of the caption."""
CAPTION = (
    "Each point is a volume; its mean volume is that of mask and reference. Solid line: mean "
    "difference; dashed: mean ± 1.96 SD."
)


@dataclass(frozen=True)
class Agreement:
    """Limits of agreement (Bland and Altman, Lancet 1986; 327: 307).

    Parameters
    ----------
    count : int
    mean : float
        Mean of mask minus reference in mL.
    low, high : float
        Mean minus and plus 1.96 SD in mL; NaN for fewer than two volumes.
    """

    count: int
    mean: float
    low: float
    high: float


def limits_of_agreement(volumes: Sequence[VolumeFigures], method: str) -> Agreement:
    """Return mean difference and limits of agreement of a method's volumes."""
    summary = summarise([row.volume_error_ml for row in _measured(volumes, method)])
    reach = LIMIT_SDS * summary.sd
    return Agreement(summary.count, summary.mean, summary.mean - reach, summary.mean + reach)


def draw_bland_altman(volumes: Sequence[VolumeFigures], methods: Sequence[str]) -> bytes:
    """Draw the volume error over the mean volume, one panel for each method, at one scale.

    Parameters
    ----------
    volumes : sequence of VolumeFigures
    methods : sequence of str
        In the order of the panels.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    columns = min(COLUMNS, len(methods))
    rows = math.ceil(len(methods) / columns)
    size = (max(4.0, 2.5 * columns + 0.4), 2.6 * rows + 0.5)
    caption = textwrap.fill(CAPTION, int(size[0] * LETTERS_PER_INCH))
    figure = new_figure(size)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    colours = {name: as_fractions(rgb) for name, rgb in method_colours(methods).items()}
    for panel, method in zip(panels, methods, strict=False):
        agreement = limits_of_agreement(volumes, method)
        _draw_panel(panel, _measured(volumes, method), agreement, colours[method])
        panel.set_title(method, fontsize=9, pad=16)
        panel.text(
            0.5, 1.02, _in_words(agreement), transform=panel.transAxes, fontsize=7, ha="center"
        )
    for panel in panels[len(methods) :]:
        panel.set_visible(False)
    figure.supylabel("Mask minus reference (mL)", fontsize=9)
    figure.supxlabel(f"Mean volume (mL)\n{caption}", fontsize=8)
    return to_png(figure)


def _measured(volumes: Sequence[VolumeFigures], method: str) -> list[VolumeFigures]:
    return [row for row in volumes if row.method == method and math.isfinite(row.volume_error_ml)]


def _draw_panel(panel, rows: list[VolumeFigures], agreement: Agreement, colour) -> None:
    means = np.array([(row.mask_ml + row.reference_ml) / 2 for row in rows])
    errors = [row.volume_error_ml for row in rows]
    panel.plot(means, errors, "o", color=colour, ms=3.5, mec="white", mew=0.3)
    panel.axhline(0, color="0.85", linewidth=0.8, zorder=0)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=7, labelbottom=True)
    if agreement.count:
        panel.axhline(agreement.mean, color="0.2", linewidth=1)
    if agreement.count > 1:
        for limit in (agreement.low, agreement.high):
            panel.axhline(limit, color="0.2", linewidth=0.8, linestyle="--")


def _in_words(agreement: Agreement) -> str:
    if not agreement.count:
        return "no volume"
    text = f"{agreement.mean:+.1f} mL"
    if agreement.count > 1:
        text += f" ({agreement.low:+.1f} to {agreement.high:+.1f})"
    return text
