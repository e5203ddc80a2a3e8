"""Write maps, curves, figures and page into one folder."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

import DSCBrainSegLib
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.perfusion.maps import MAPS, PerfusionMaps
from DSCBrainSegLib.series.types import DSCSeries

PAGE, FACTS, CURVES, CURVES_PICTURE = (
    "perfusion.html",
    "perfusion.json",
    "curves.csv",
    "curves.png",
)
ARTERY, WHITE_MATTER = "aif-voxels.nii.gz", "white-matter.nii.gz"
DICOM_FOLDER = "dicom"


def output_names(dicom: bool = False) -> list[str]:
    """Return the names of what `write_perfusion` makes."""
    names = [f"{name}.nii.gz" for name in MAPS]
    names += [ARTERY, WHITE_MATTER, CURVES, CURVES_PICTURE, FACTS, PAGE]
    return names + ([DICOM_FOLDER] if dicom else [])


def write_perfusion(
    maps: PerfusionMaps,
    series: DSCSeries,
    folder: Path,
    motion_corrected: bool = False,
    dicom: bool = False,
    overwrite: bool = False,
) -> dict:
    """Write all results; all of them or none.

    Parameters
    ----------
    maps : PerfusionMaps
        With flow.
    series : DSCSeries
        What they were made of.
    folder : Path
        Made if it does not exist.
    motion_corrected : bool
        Said in the figures.
    dicom : bool
        Also write DICOM Parametric Maps, `parametric_maps.write_parametric_maps`.
    overwrite : bool
        Replace results that are there already.

    Returns
    -------
    dict
        What perfusion.json holds.

    Raises
    ------
    OutputError
        The folder cannot be written or holds results already.
    SeriesError, MissingPackageError
        DICOM was asked for and the series is not DICOM, or highdicom is not installed.
    """
    from DSCBrainSegLib.perfusion.page import render_page
    from DSCBrainSegLib.perfusion.picture import draw_curves
    from DSCBrainSegLib.series import write_mask, write_nifti

    facts = collect_facts(maps, series, motion_corrected)
    image = series.frames[maps.passage.baseline].mean(axis=0)
    curves = draw_curves(maps)
    with output_folder(Path(folder), overwrite) as work:
        for name, values in maps.values.items():
            write_nifti(work / f"{name}.nii.gz", values, series.affine)
        write_mask(work / ARTERY, maps.artery_mask, series.affine)
        write_mask(work / WHITE_MATTER, maps.reference_mask, series.affine)
        (work / CURVES).write_text(curves_to_csv(maps), encoding="utf-8")
        (work / CURVES_PICTURE).write_bytes(curves)
        (work / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        page = render_page(maps, image, series.affine, facts, curves)
        (work / PAGE).write_text(page, encoding="utf-8")
        if dicom:
            from DSCBrainSegLib.perfusion.parametric_maps import write_parametric_maps

            write_parametric_maps(maps, series, work / DICOM_FOLDER)
    return facts


def collect_facts(maps: PerfusionMaps, series: DSCSeries, motion_corrected: bool) -> dict:
    """Return figures and settings as plain JSON types; time points are counted from 1."""
    passage = maps.passage
    return {
        "version": DSCBrainSegLib.__version__,
        "purpose": "A preview for judging masks, not a diagnostic tool.",
        "series": series.description,
        "echo_time_s": series.echo_time,
        "repetition_time_s": series.repetition_time,
        "time_between_frames_s": float(np.diff(maps.times).mean()),
        "frames": len(maps.times),
        "baseline": [passage.first + 1, passage.arrival],
        "first_passage": [passage.arrival + 1, passage.end],
        "peak": passage.peak + 1,
        "artery": {
            "voxels": len(maps.artery.voxels),
            "peak_per_s": float(maps.artery.curve.max()),
            "area": maps.artery.area,
        },
        "white_matter_voxels": int(maps.reference_mask.sum()),
        "mask_voxels": int(maps.mask.sum()),
        "no_bolus_share": float((maps.mask & ~maps.bolus_mask).sum() / maps.mask.sum()),
        "motion_corrected": motion_corrected,
        "maps": {name: MAPS[name]._asdict() for name in maps.values},
        "warnings": [*series.warnings, *maps.warnings],
    }


def curves_to_csv(maps: PerfusionMaps) -> str:
    """Return the mean curves as CSV: seconds, then the change of R2* per second of each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", *(name.replace(" ", "_") for name in maps.curves)])
    for row in zip(maps.times, *maps.curves.values(), strict=True):
        writer.writerow([f"{row[0]:.3f}", *(f"{value:.5f}" for value in row[1:])])
    return text.getvalue()
