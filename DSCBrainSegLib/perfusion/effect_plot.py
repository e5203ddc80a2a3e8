"""The effect of masks as a picture: which error costs what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DSCBrainSegLib.display import as_fractions, method_colours, new_figure, to_png
from DSCBrainSegLib.perfusion.effect import MaskEffect
from DSCBrainSegLib.perfusion.effect_table import COLUMNS

PANELS = (
    "artery_outside",
    "cbv_shift",
    "plain_outside",
    "plain_cbv_shift",
    "lesion_kept",
    "lesion_rcbv_shift",
    "no_bolus",
)
SPREAD = 0.25
PLOT_DPI = 110


def draw_effects(rows: Sequence[MaskEffect]) -> bytes:
    """Draw every case as a point and the median as a line, a panel for each figure.

    Returns
    -------
    bytes
        A PNG file.
    """
    masks = list(dict.fromkeys(row.mask for row in rows))
    colours = method_colours(masks)
    figure = new_figure((1.9 * len(PANELS) + 1, 0.7 + 0.3 * len(masks)), dpi=PLOT_DPI)
    panels = figure.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
    columns = {column.name: column for column in COLUMNS}
    for panel, name in zip(panels, PANELS, strict=True):
        column = columns[name]
        for place, mask in enumerate(masks):
            values = np.array([getattr(row, name) for row in rows if row.mask == mask], float)
            values = column.factor * values[np.isfinite(values)]
            if not values.size:
                panel.text(0.02, place, "–", va="center", transform=panel.get_yaxis_transform())
                continue
            jitter = np.linspace(-SPREAD, SPREAD, values.size) if values.size > 1 else [0.0]
            panel.plot(
                values, place + np.asarray(jitter), "o", ms=2.2, color=as_fractions(colours[mask])
            )
            middle = float(np.median(values))
            panel.plot([middle, middle], [place - 0.4, place + 0.4], color="#111111", lw=1.8)
        if column.signed:
            panel.axvline(0, color="0.6", lw=0.8, zorder=0)
        panel.set_title(f"{column.heading}\n({column.unit})".replace(", ", ",\n"), fontsize=8)
        panel.tick_params(labelsize=8)
        panel.grid(axis="x", color="0.92", lw=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(masks)), masks)
    panels[0].set_ylim(len(masks) - 0.5, -0.5)
    return to_png(figure)
