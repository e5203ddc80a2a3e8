"""Write a corrected series with its motion table, figures and picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError
from DSCBrainSegLib.geometry import CONVENTION, PARAMETER_NAMES
from DSCBrainSegLib.preprocessing.motion.picture import draw_motion
from DSCBrainSegLib.preprocessing.motion.table import write_motion_table
from DSCBrainSegLib.preprocessing.motion.types import (
    WARN_ABOVE_MM,
    MotionEstimate,
    motion_warnings,
)
from DSCBrainSegLib.series.types import DSCSeries

SERIES_NAMES = {"nii": "corrected.nii.gz", "nrrd": "corrected.seq.nrrd"}
"""By format. Not DICOM: the files would be a new series of the patient's, whose header is not
kept."""

SIDECAR_NAME = "corrected.json"


def output_names(series_format: str) -> list[str]:
    """Names of the files `write_correction` makes."""
    names = [_series_name(series_format), "motion.csv", "motion.json", "motion.png"]
    return [*names, SIDECAR_NAME] if series_format == "nii" else names


def write_correction(
    corrected: DSCSeries,
    estimate: MotionEstimate,
    folder: Path,
    series_format: str = "nii",
    threshold_mm: float = WARN_ABOVE_MM,
    overwrite: bool = False,
) -> dict:
    """Write the corrected series, motion.csv, motion.json and motion.png, all or none.

    Parameters
    ----------
    corrected : DSCSeries
    estimate : MotionEstimate
    folder : Path
        Made if it does not exist.
    series_format : {"nii", "nrrd"}
    threshold_mm : float
        Motion above this draws a warning.
    overwrite : bool
        Replace results that are in the folder already.

    Returns
    -------
    dict
        What motion.json says: plain JSON types, no one's identity. Its ``warnings`` say so if
        there is no picture for want of matplotlib.

    Raises
    ------
    ConfigurationError
        Unknown format.
    OutputError
        The folder cannot be written, or holds results and `overwrite` is False.
    """
    from DSCBrainSegLib.files import output_folder
    from DSCBrainSegLib.series import write_nifti, write_nrrd

    name = _series_name(series_format)
    warnings = [*corrected.warnings, *motion_warnings(estimate, threshold_mm)]
    picture = None
    try:
        picture = draw_motion(estimate, corrected.times, threshold_mm)
    except MissingPackageError as error:
        warnings.append(f"There is no picture of the motion: {error}")
    facts = _facts(corrected, estimate, threshold_mm, warnings)
    with output_folder(Path(folder), overwrite) as work:
        if series_format == "nii":
            step = float(np.median(np.diff(corrected.times)))
            write_nifti(
                work / name, corrected.frames, corrected.affine, step, corrected.nifti_forms
            )
            sidecar = {
                "EchoTime": corrected.echo_time,
                "RepetitionTime": corrected.repetition_time,
                "SeriesDescription": corrected.description,
            }
            _write_json(work / SIDECAR_NAME, {key: sidecar[key] for key in sidecar if sidecar[key]})
        else:
            write_nrrd(work / name, corrected.frames, corrected.affine, corrected.times)
        write_motion_table(work / "motion.csv", estimate, corrected.times)
        _write_json(work / "motion.json", facts)
        if picture is not None:
            (work / "motion.png").write_bytes(picture)
    return facts


def _series_name(series_format: str) -> str:
    if series_format not in SERIES_NAMES:
        raise ConfigurationError(
            f"There is no format {series_format!r}; choose from {', '.join(SERIES_NAMES)}."
        )
    return SERIES_NAMES[series_format]


def _facts(corrected, estimate: MotionEstimate, threshold_mm: float, warnings: list[str]) -> dict:
    framewise, displacement = estimate.framewise_displacement, estimate.displacement
    return {
        "reference_frame": estimate.reference + 1,
        "frames": len(estimate.parameters),
        "convention": CONVENTION,
        "centre_lps_mm": [round(float(value), 4) for value in estimate.centre],
        "columns": list(PARAMETER_NAMES),
        "largest_framewise_displacement_mm": round(float(framewise.max()), 4),
        "mean_framewise_displacement_mm": round(float(framewise[1:].mean()), 4),
        "largest_displacement_mm": round(float(displacement.max()), 4),
        "threshold_mm": float(threshold_mm),
        "frames_above_threshold": [
            int(index) + 1
            for index in np.flatnonzero(np.maximum(framewise, displacement) > threshold_mm)
        ],
        "interpolation": "cubic B-spline, once",
        "warnings": warnings,
    }


def _write_json(path: Path, facts: dict) -> None:
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
