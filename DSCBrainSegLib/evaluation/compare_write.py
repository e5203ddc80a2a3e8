"""Write every method's mask of one series, a picture, and a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from DSCBrainSegLib.case_loop import Outcome
from DSCBrainSegLib.evaluation.axial_case import AxialView
from DSCBrainSegLib.evaluation.compare import Comparison
from DSCBrainSegLib.evaluation.plots.figure import draw_comparison
from DSCBrainSegLib.evaluation.plots.pictures import PictureRow, picture_levels, planes_at
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.methods import list_methods

PICTURE_ROWS = 4
PICTURE_NAME = "compare.png"
TABLE_NAME = "compare.md"
FACTS_NAME = "compare.json"
SMALLEST_AREA = 0.25
"""Of the largest plane's: with less a plane below the brain may be neck and face."""
SHARED_FACTS = ("frame", "geometry", "series", "versions")
"""Of segment.json: what does not depend on the method."""


def mask_name(method: str, mask_format: str) -> str:
    """Return the file name of a method's mask."""
    return f"mask-{method}.{mask_format}"


def comparison_names(mask_format: str) -> list[str]:
    """Return the names of all files that `write_comparison` can make."""
    masks = [mask_name(method.name, mask_format) for method in list_methods()]
    return [PICTURE_NAME, TABLE_NAME, FACTS_NAME, *masks]


def write_comparison(
    comparison: Comparison,
    folder: str | Path,
    mask_format: str = "nii.gz",
    overwrite: bool = False,
) -> dict:
    """Write masks, picture and table; all of them or none.

    An earlier mask of a method that failed this time is removed when overwriting: beside the new
    results it would be taken for one of them.

    Parameters
    ----------
    comparison : Comparison
    folder : path
        Made if it does not exist.
    mask_format : {"nii.gz", "nrrd"}
    overwrite : bool
        Replace results that are in `folder` already.

    Returns
    -------
    dict
        What compare.json holds.

    Raises
    ------
    OutputError
        The folder cannot be written or holds results already.
    MissingPackageError
        matplotlib is not installed.
    """
    from DSCBrainSegLib.files import output_folder, refuse_existing
    from DSCBrainSegLib.series import write_mask

    folder = Path(folder)
    facts = comparison_facts(comparison)
    picture = draw_methods(comparison)
    refuse_existing(folder, comparison_names(mask_format), overwrite)
    with output_folder(folder, overwrite) as work:
        for attempt in comparison.done:
            path = work / mask_name(attempt.method.name, mask_format)
            series = attempt.result.series
            write_mask(path, attempt.result.mask, series.affine, series.nifti_forms)
        (work / PICTURE_NAME).write_bytes(picture)
        table = to_markdown([comparison_table(comparison)])
        (work / TABLE_NAME).write_text(table, encoding="utf-8")
        (work / FACTS_NAME).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    for attempt in comparison.attempts:
        if attempt.result is None:
            (folder / mask_name(attempt.method.name, mask_format)).unlink(missing_ok=True)
    return facts


def comparison_facts(comparison: Comparison) -> dict:
    """Return what compare.json holds, without patient identity."""
    from DSCBrainSegLib.results.facts import collect_facts

    shared = collect_facts(comparison.done[0].result)
    return {
        "compared_with": comparison.chosen,
        "methods": [_attempt_facts(comparison, attempt) for attempt in comparison.attempts],
        **{key: shared[key] for key in SHARED_FACTS},
    }


def comparison_table(comparison: Comparison) -> Table:
    """Return volume, time and Dice with the chosen method for each method."""
    rows = []
    shared = _shared_warnings(comparison)
    for attempt in comparison.attempts:
        if attempt.result is None:
            texts = ("–", "–", "–", attempt.failure)
        else:
            dice = comparison.dice_to_chosen(attempt)
            texts = (
                f"{attempt.result.volume_ml:.0f}",
                f"{attempt.seconds:.2f}",
                "–" if dice is None else f"{dice:.4f}",
                " ".join(line for line in attempt.result.warnings if line not in shared),
            )
        rows.append([Cell(attempt.method.name), *map(Cell, texts)])
    result = comparison.done[0].result
    return Table(
        f"Methods on time point {result.frame.index + 1}",
        ["Method", "Volume (mL)", "Time (s)", f"Dice with {comparison.chosen}", "Note"],
        rows,
        " ".join(
            [
                "Dice says how alike two masks are, not which is right: there is no reference. "
                "Time: the method alone, after one untimed call.",
                *shared,
            ]
        ),
    )


def draw_methods(comparison: Comparison) -> bytes:
    """Draw slices of the upper brain as rows, the image and every method's mask as columns.

    Which planes hold brain is what at least half of the masks agree on.

    Returns
    -------
    bytes
        A PNG file.
    """
    first = comparison.done[0].result
    view = AxialView(first.image, first.series.affine)
    masks = {attempt.method.name: view.mask(attempt.result.mask) for attempt in comparison.done}
    areas = np.count_nonzero(np.mean(list(masks.values()), axis=0) >= 0.5, axis=(1, 2))
    with_brain = np.flatnonzero(areas >= max(1.0, SMALLEST_AREA * areas.max()))
    if not with_brain.size:
        with_brain = np.arange(len(view.image))
    rows = [
        PictureRow(
            "",
            int(view.numbers[k]),
            view.image[k],
            None,
            view.pixel_mm,
            view.window,
            {name: mask[k] for name, mask in masks.items()},
        )
        for k in dict.fromkeys(planes_at(picture_levels(PICTURE_ROWS), with_brain))
    ]
    titles = {attempt.method.name: _title(attempt) for attempt in comparison.attempts}
    return draw_comparison(rows, list(titles), titles)


def _shared_warnings(comparison: Comparison) -> list[str]:
    """Return what is said of the series, by every method."""
    first, *others = (attempt.result.warnings for attempt in comparison.done)
    return [line for line in first if all(line in each for each in others)]


def _title(attempt: Outcome) -> str:
    if attempt.result is None:
        return f"{attempt.method.name}\nfailed"
    return f"{attempt.method.name}\n{attempt.result.volume_ml:.0f} mL, {attempt.seconds:.2f} s"


def _attempt_facts(comparison: Comparison, attempt: Outcome) -> dict:
    facts = {"method": attempt.method.name, "failure": attempt.failure}
    if attempt.result is None:
        return facts
    dice = comparison.dice_to_chosen(attempt)
    return {
        **facts,
        "volume_ml": round(attempt.result.volume_ml, 2),
        "seconds": round(attempt.seconds, 4),
        "dice": None if dice is None else round(dice, 4),
        "weights": attempt.result.weights,
        "warnings": list(attempt.result.warnings),
    }
