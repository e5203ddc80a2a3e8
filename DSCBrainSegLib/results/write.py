"""Write everything a segmentation leaves behind into one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.dicom_seg.origin import MaskOrigin
from DSCBrainSegLib.dicom_seg.write import require_highdicom
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.pipeline import SegmentationResult

MASK_NAMES = {
    "nii.gz": "mask.nii.gz",
    "nrrd": "mask.nrrd",
    "dcm-seg": "mask.dcm",
    "dcm-labelmap": "mask-labelmap.dcm",
}
"""Formats of a mask, and the names of their files."""

OVERLAY_NAME, FACTS_NAME, REPORT_NAME = "overlay.png", "segment.json", "report.html"


def output_names(mask_formats: str | Sequence[str]) -> list[str]:
    """Return the names of the files that `write_results` makes; a missing package is told now."""
    formats = [mask_formats] if isinstance(mask_formats, str) else list(mask_formats)
    unknown = [name for name in formats if name not in MASK_NAMES]
    if unknown or not formats:
        raise ConfigurationError(
            f"Masks are written as {', '.join(MASK_NAMES)}, not as {(unknown or [''])[0]!r}."
        )
    if any(name.startswith("dcm") for name in formats):
        require_highdicom()
    return [*(MASK_NAMES[name] for name in formats), OVERLAY_NAME, FACTS_NAME, REPORT_NAME]


def write_results(
    result: SegmentationResult,
    folder: str | Path,
    mask_formats: str | Sequence[str] = "nii.gz",
    overwrite: bool = False,
) -> dict:
    """Write mask, overlay picture, figures and report; all of them or none.

    Parameters
    ----------
    result : SegmentationResult
        Of `segment_series`.
    folder : path
        Made if it does not exist.
    mask_formats : str or sequence of str
        Keys of `MASK_NAMES`; DICOM SEG for a DICOM series only.
    overwrite : bool
        Replace results that are in `folder` already.

    Returns
    -------
    dict
        What segment.json holds.

    Raises
    ------
    ConfigurationError
        Unknown format, or DICOM SEG of a series that is not DICOM.
    OutputError
        The folder cannot be written or holds results already.

    Examples
    --------
    >>> from DSCBrainSegLib import segment_series, write_results
    >>> facts = write_results(segment_series("scan.nii.gz", method="otsu"), "results")
    >>> facts["frame"]["number"]
    4
    """
    from DSCBrainSegLib.results.facts import collect_facts
    from DSCBrainSegLib.results.html import render_report
    from DSCBrainSegLib.results.overlay import draw_overlay

    output_names(mask_formats)
    facts = collect_facts(result)
    to_check = {found.slice for found in result.quality.slices_to_check} if result.quality else ()
    overlay = draw_overlay(result.image, result.mask, result.series.affine, to_check)
    with output_folder(Path(folder), overwrite) as work:
        for mask_format in [mask_formats] if isinstance(mask_formats, str) else mask_formats:
            write_mask_file(work, result, mask_format)
        (work / OVERLAY_NAME).write_bytes(overlay)
        (work / FACTS_NAME).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        (work / REPORT_NAME).write_text(render_report(facts, overlay), encoding="utf-8")
    return facts


def write_mask_file(
    folder: Path, result: SegmentationResult, mask_format: str, uid_seed: str | None = None
) -> None:
    """Write the mask alone, in one format of `MASK_NAMES`, under its name there.

    `uid_seed` makes the UIDs of a DICOM SEG the same again, see `dicom_seg.write.make_dicom_seg`.

    Raises
    ------
    ConfigurationError
        DICOM SEG of a series that is not DICOM.
    OSError
        The file cannot be written.
    """
    from DSCBrainSegLib.dicom_seg.write import write_dicom_seg
    from DSCBrainSegLib.series import write_mask

    path = folder / MASK_NAMES[mask_format]
    if not mask_format.startswith("dcm"):
        write_mask(path, result.mask, result.series.affine, result.series.nifti_forms)
        return
    planes = result.series.planes[0] if result.series.planes else []
    write_dicom_seg(
        path,
        result.mask,
        planes,
        mask_origin(result),
        labelmap=mask_format == "dcm-labelmap",
        uid_seed=uid_seed,
    )


def mask_origin(result: SegmentationResult) -> MaskOrigin:
    """Return how the mask came about, for a DICOM SEG."""
    return MaskOrigin(
        "automatic",
        result.method.name,
        result.weights,
        time_point=result.frame.index + 1,
    )
