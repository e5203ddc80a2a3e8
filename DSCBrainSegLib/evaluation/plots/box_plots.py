"""Dice and HD95 of every volume as box plots, one box for each method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DSCBrainSegLib.display import as_fractions, method_colours, new_figure, to_png
from DSCBrainSegLib.evaluation.measure import VolumeFigures

PANELS = (("dice", "Dice coefficient"), ("hd95_mm", "HD95 (mm)"))
SPREAD = 0.28
"""Half width, in boxes' distances, over which points are spread side by side."""
CAPTION = (
    "Each point is a volume. Box: quartiles and median; whiskers: farthest volume within 1.5 times "
    "the height of the box."
)


def draw_box_plots(volumes: Sequence[VolumeFigures], methods: Sequence[str]) -> bytes:
    """Draw a box and all points of each method, for Dice and for HD95.

    Volumes without a mask and infinite distances (one of the masks is empty) have no point; the
    labels then say how many of how many are shown.

    Parameters
    ----------
    volumes : sequence of VolumeFigures
    methods : sequence of str
        In the order of the boxes.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    width = max(6.4, 2 * (0.9 + 0.62 * len(methods)))
    figure = new_figure((width, 4.0))
    colours = {name: as_fractions(rgb) for name, rgb in method_colours(methods).items()}
    for panel, (key, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        labels = []
        for position, method in enumerate(methods):
            own = [getattr(row, key) for row in volumes if row.method == method]
            values = np.array([value for value in own if np.isfinite(value)])
            labels.append(_label(method, len(values), len(own)))
            if values.size:
                _draw_box(panel, position, values, colours[method])
        panel.set_xticks(range(len(methods)), labels, rotation=35, ha="right", fontsize=8)
        panel.set_xlim(-0.6, len(methods) - 0.4)
        panel.set_ylabel(title)
        if key == "hd95_mm":
            panel.set_ylim(bottom=0)
        panel.grid(axis="y", color="0.9", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(CAPTION, fontsize=7, color="0.25")
    return to_png(figure)


def _label(method: str, shown: int, total: int) -> str:
    return method if shown == total else f"{method}\n({shown} of {total})"


def _draw_box(panel, position: int, values: np.ndarray, colour) -> None:
    panel.boxplot(
        values,
        positions=[position],
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": (*colour, 0.2), "edgecolor": colour},
        medianprops={"color": colour, "linewidth": 2},
        whiskerprops={"color": colour},
        capprops={"color": colour},
        manage_ticks=False,
    )
    sideways = np.zeros(1) if values.size == 1 else np.linspace(-SPREAD, SPREAD, values.size)
    # In the order of the cases, so that a volume has the same place in every box.
    panel.plot(position + sideways, values, "o", color=colour, ms=3, mec="white", mew=0.3)
