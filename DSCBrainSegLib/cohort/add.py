"""Put a subject into a cohort."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import SAME_GRID_TOLERANCE
from DSCBrainSegLib.cohort.ground_truth import GroundTruth, now
from DSCBrainSegLib.cohort.layout import (
    FRAME_NAME,
    MASK_NAME,
    SERIES_NAME,
    SUBJECT_NAME,
    Cohort,
    Subject,
    check_subject_name,
    write_json,
)
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
from DSCBrainSegLib.series.types import DSCSeries

NOT_KEPT = ("series_instance_uid", "study_instance_uid", "frame_of_reference_uid")
"""Header facts that lead back to a patient's records; a hash stays to tell series apart."""


def add_subject(
    cohort: Cohort,
    name: str,
    series: DSCSeries,
    frame: int | str | None = None,
    mask: np.ndarray | None = None,
    ground_truth: GroundTruth | None = None,
    person: str = "",
    keep_series: bool = True,
    origin: dict | None = None,
) -> Subject:
    """Write one subject's folder, whole or not at all.

    Parameters
    ----------
    cohort : Cohort
    name : str
        The subject's folder; a code, never a patient's name.
    series : DSCSeries
        All frames.
    frame : int, "auto" or None
        Reference time point counted from 0; see `choose_reference_frame`.
    mask : ndarray of bool, shape (K, J, I), optional
        Ground truth on the series' grid.
    ground_truth : GroundTruth, optional
        Who drew it; needed with `mask`.
    person : str
        Whose scan it is, if one person has several; their scans are never split apart.
    keep_series : bool
        Keep all frames, not the reference frame only.
    origin : dict, optional
        Where the series came from, as plain JSON types without identity.

    Returns
    -------
    Subject

    Raises
    ------
    OutputError
        The cohort has that subject, or cannot be written.
    ConfigurationError
        The name cannot be used, or a mask comes without its reader.
    SeriesError
        The mask is not on the series' grid.
    """
    from DSCBrainSegLib.series import write_mask, write_nifti, write_nrrd

    name = check_subject_name(name)
    target = cohort.folder / name
    if target.exists():
        raise OutputError(f"{cohort.folder} has a subject {name} already; choose another name.")
    if mask is not None and (ground_truth is None or not ground_truth.reader):
        raise ConfigurationError(f"{name}: a ground truth needs the name of its reader.")
    if mask is not None and np.shape(mask) != series.volume_shape:
        raise SeriesError(
            f"{name}: the ground truth (K, J, I = {np.shape(mask)}) is not on the grid of the "
            f"series ({series.volume_shape}); resample it."
        )
    frames = series.frames
    reference = choose_reference_frame(len(frames), frame, lambda index: frames[index])
    facts = {
        "subject": name,
        "person": person or name,
        "added_at": now(),
        "frame": {"number": reference.index + 1, "reason": reference.reason},
        "series": _series_facts(series, keep_series),
        "origin": origin or {},
        "ground_truth": (ground_truth or GroundTruth()).to_dict(),
    }
    work = None
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cohort.folder))
        write_nifti(work / FRAME_NAME, series.frames[reference.index], series.affine)
        if keep_series and len(series.frames) > 1:
            write_nrrd(work / SERIES_NAME, series.frames, series.affine, series.times)
        if mask is not None:
            write_mask(work / MASK_NAME, mask, series.affine)
        write_json(work / SUBJECT_NAME, facts)
        work.chmod(0o755)
        work.rename(target)
    except OSError as error:
        raise OutputError(
            f"Cannot write {target}: {error.strerror or error}; check space and permissions."
        ) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
    return Subject(target, facts)


def read_mask_for(series: DSCSeries, path: Path) -> np.ndarray:
    """Read a mask file that lies on a series' grid.

    Returns
    -------
    ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        It cannot be read, has several time points, or lies on another grid.
    """
    from DSCBrainSegLib.series import read_series

    mask = read_series(path)
    same_shape = mask.volume_shape == series.volume_shape
    if len(mask.frames) != 1 or not same_shape:
        raise SeriesError(
            f"{path} (T, K, J, I = {mask.frames.shape}) is not a mask on the series' grid "
            f"{series.volume_shape}; export it on the reference frame."
        )
    if np.abs(mask.affine - series.affine).max() > SAME_GRID_TOLERANCE:
        raise SeriesError(
            f"{path} has another position or orientation than the series; resample it onto the "
            "reference frame."
        )
    return mask.frames[0] > 0


def _series_facts(series: DSCSeries, kept: bool) -> dict:
    uid = str(series.header.get("series_instance_uid") or "")
    header = {key: value for key, value in series.header.items() if key not in NOT_KEPT}
    return {
        "kept": kept and len(series.frames) > 1,
        "time_points": len(series.frames),
        "shape_kji": list(map(int, series.volume_shape)),
        "spacing_kji_mm": [round(step, 5) for step in series.spacing],
        "echo_time_s": series.echo_time,
        "repetition_time_s": series.repetition_time,
        "series_uid_sha256": hashlib.sha256(uid.encode()).hexdigest() if uid else "",
        **header,
    }
