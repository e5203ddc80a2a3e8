"""Write the effect of masks: table, every case, plot; all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.perfusion.effect import MaskEffect

EFFECT_NAMES = ["mask-effect.md", "mask-effect.csv", "mask-effect.png"]


def write_effects(rows: Sequence[MaskEffect], folder: Path, overwrite: bool = False) -> None:
    """Write the table over all cases, the figures of every case and the plot.

    Raises
    ------
    OutputError
        The folder cannot be written or holds results already.
    """
    from DSCBrainSegLib.perfusion.effect_plot import draw_effects
    from DSCBrainSegLib.perfusion.effect_table import effects_to_csv, effects_to_markdown

    table, every, plot = EFFECT_NAMES
    with output_folder(Path(folder), overwrite) as work:
        (work / table).write_text(effects_to_markdown(rows), encoding="utf-8")
        (work / every).write_text(effects_to_csv(rows), encoding="utf-8")
        (work / plot).write_bytes(draw_effects(rows))
