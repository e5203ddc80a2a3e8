"""Write an evaluation as Markdown, CSV, LaTeX, HTML and pictures."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.evaluation.html.page import render_page
from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.evaluation.plots.bland_altman import draw_bland_altman
from DSCBrainSegLib.evaluation.plots.box_plots import draw_box_plots
from DSCBrainSegLib.evaluation.plots.dice_plot import draw_dice_by_height
from DSCBrainSegLib.evaluation.plots.figure import draw_comparison
from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.case_tables import case_tables
from DSCBrainSegLib.evaluation.tables.effect_tables import effect_tables
from DSCBrainSegLib.evaluation.tables.height_table import height_tables, ranges_by_method
from DSCBrainSegLib.evaluation.tables.latex import to_latex
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.paper_tables import paper_tables
from DSCBrainSegLib.evaluation.tables.table import (
    MethodSummary,
    build_tables,
    summarise_slices,
    summarise_volumes,
)
from DSCBrainSegLib.perfusion.effect_plot import draw_effects
from DSCBrainSegLib.perfusion.effect_table import effects_to_csv


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write tables, figures of every volume and slice, pictures and report into a folder.

    Parameters
    ----------
    evaluation : Evaluation
    folder : Path
        Exists; gets the files of `result.OUTPUT_NAMES`, and of `result.EFFECT_NAMES` where a case
        has a series with a bolus.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    main, *others = build_tables(evaluation)
    heights = ranges_by_method(evaluation.slices, evaluation.methods)
    others = [*effect_tables(evaluation), *height_tables(heights), *others]
    first = [main, *paper_tables(evaluation)]
    pictures = {
        "figure.png": draw_comparison(evaluation.pictures, evaluation.methods),
        "box-plots.png": draw_box_plots(evaluation.volumes, evaluation.methods),
        "bland-altman.png": draw_bland_altman(evaluation.volumes, evaluation.methods),
        "dice-by-height.png": draw_dice_by_height(heights),
    }
    if evaluation.effects:
        pictures["mask-effect.png"] = draw_effects(evaluation.effects)
    texts = {
        "table.md": to_markdown([*first, *others]),
        "table.tex": to_latex([*first, *others]),
        "per-case.md": to_markdown(case_tables(evaluation), evaluation.statements),
        "report.html": render_page(evaluation, first, others, pictures),
    }
    if evaluation.effects:
        texts["mask-effect.csv"] = effects_to_csv(evaluation.effects)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, picture in pictures.items():
        (folder / name).write_bytes(picture)
    summaries = [
        *(("volumes", row) for row in summarise_volumes(evaluation)),
        *(("slices", row) for row in summarise_slices(evaluation)),
    ]
    _write_csv(folder / "table.csv", [_flat(over, row) for over, row in summaries])
    _write_csv(folder / "per-volume.csv", _as_rows(evaluation.volumes), VolumeFigures)
    _write_csv(folder / "per-slice.csv", _as_rows(evaluation.slices), SliceFigures)


def _flat(over: str, summary: MethodSummary) -> dict:
    row = {
        "over": over,
        "method": summary.method,
        "measured": summary.measured,
        "failed": summary.failed,
    }
    for key, figure in summary.figures.items():
        row |= {f"{key}_n": figure.count, f"{key}_mean": figure.mean, f"{key}_sd": figure.sd}
    return row


def _as_rows(figures: Sequence) -> list[dict]:
    return [dataclasses.asdict(row) for row in figures]


def _write_csv(path: Path, rows: list[dict], kind: type | None = None) -> None:
    """Write rows; the columns are those of the dataclass `kind` or of the first row."""
    columns = [field.name for field in dataclasses.fields(kind)] if kind else list(rows[0])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
