"""Write everything a segmentation leaves behind into one folder."""

from __future__ import annotations

import json
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.pipeline import SegmentationResult

MASK_FORMATS = ("nii.gz", "nrrd")


def output_names(mask_format: str) -> list[str]:
    """Return the names of the files that `write_results` makes."""
    if mask_format not in MASK_FORMATS:
        raise ConfigurationError(
            f"Masks are written as {' or '.join(MASK_FORMATS)}, not as {mask_format!r}."
        )
    return [f"mask.{mask_format}", "overlay.png", "segment.json", "report.html"]


def write_results(
    result: SegmentationResult,
    folder: str | Path,
    mask_format: str = "nii.gz",
    overwrite: bool = False,
) -> dict:
    """Write mask, overlay picture, figures and report; all of them or none.

    Parameters
    ----------
    result : SegmentationResult
    folder : path
        Made if it does not exist.
    mask_format : {"nii.gz", "nrrd"}
    overwrite : bool
        Replace results that are in `folder` already.

    Returns
    -------
    dict
        What segment.json holds.

    Raises
    ------
    OutputError
        The folder cannot be written or holds results already.
    """
    from DSCBrainSegLib.report.facts import collect_facts
    from DSCBrainSegLib.report.html import render_report
    from DSCBrainSegLib.report.overlay import draw_overlay
    from DSCBrainSegLib.series import write_mask

    mask_name, overlay_name, facts_name, report_name = output_names(mask_format)
    facts = collect_facts(result)
    to_check = {found.slice for found in result.quality.slices_to_check} if result.quality else ()
    overlay = draw_overlay(result.image, result.mask, result.series.affine, to_check)
    with output_folder(Path(folder), overwrite) as work:
        write_mask(work / mask_name, result.mask, result.series.affine)
        (work / overlay_name).write_bytes(overlay)
        (work / facts_name).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        (work / report_name).write_text(render_report(facts, overlay), encoding="utf-8")
    return facts
