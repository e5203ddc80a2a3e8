"""Put a subject into a cohort."""

from __future__ import annotations

import errno
import hashlib
import shutil
import unicodedata
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import GroundTruth, now
from DSCBrainSegLib.cohort.identity import refuse_identity
from DSCBrainSegLib.cohort.layout import (
    FRAME_NAME,
    LESION_NAME,
    MASK_NAME,
    SERIES_NAME,
    SUBJECT_NAME,
    Cohort,
    Subject,
    check_subject_name,
)
from DSCBrainSegLib.cohort.stored import FILES_KEY
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.files import file_sha256, hidden_name, write_json
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
    lesion: np.ndarray | None = None,
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
        Whose scan it is, as a code, if one person has several; they are never split apart.
    keep_series : bool
        Keep all frames, not the reference frame only.
    origin : dict, optional
        Where the series came from, as plain JSON types without identity.
    lesion : ndarray of bool, shape (K, J, I), optional
        Mask of the lesion on the series' grid; one that is empty is not written.

    Returns
    -------
    Subject

    Raises
    ------
    OutputError
        The cohort has that subject, or cannot be written.
    ConfigurationError
        A code cannot be used or tells who the patient is (`refuse_identity`), or a mask comes
        without its reader.
    SeriesError
        The mask is empty or not on the series' grid.
    """
    name = check_subject_name(name)
    person = check_subject_name(person or name)
    if series.source is not None and Path(series.source).exists():
        refuse_identity((name, person), Path(series.source))
    _refuse_known(cohort, name)
    if (mask is not None) != (ground_truth is not None and bool(ground_truth.reader)):
        raise ConfigurationError(f"{name}: a mask and the name of its reader belong together.")
    if mask is not None:
        refuse_unfit_mask(name, mask, series.volume_shape)
    frames = series.frames
    reference = choose_reference_frame(len(frames), frame, lambda index: frames[index])
    keep_series = keep_series and len(frames) > 1
    facts = {
        "subject": name,
        "person": person,
        "added_at": now(),
        "frame": {
            "number": int(series.frame_indices[reference.index]) + 1,
            "reason": reference.reason,
        },
        "series": _series_facts(series, keep_series),
        "origin": origin or {},
        "ground_truth": (ground_truth or GroundTruth()).to_dict(),
    }
    target = cohort.folder / name
    work = hidden_name(cohort.folder, name)
    try:
        work.mkdir()
        _write_images(work, series, reference.index, mask, keep_series, lesion)
        facts[FILES_KEY] = {path.name: file_sha256(path) for path in sorted(work.iterdir())}
        write_json(work / SUBJECT_NAME, facts)
        work.rename(target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise _known(cohort, name) from error
        raise OutputError(
            f"Cannot write {target}: {error.strerror or error}; check space and permissions."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Subject(target, facts)


def refuse_unfit_mask(name: str, mask: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise `SeriesError` if a subject's mask is empty or not of shape (K, J, I)."""
    if np.shape(mask) != tuple(shape):
        raise SeriesError(
            f"{name}: the ground truth (K, J, I = {np.shape(mask)}) is not on the grid of the "
            f"images ({tuple(shape)}); resample it."
        )
    if not np.any(mask):
        raise SeriesError(f"{name}: the ground truth is empty; draw it first.")


def _refuse_known(cohort: Cohort, name: str) -> None:
    """Refuse a name that is taken, also on file systems that ignore case or accents' coding."""
    wanted = name.casefold()
    if any(
        unicodedata.normalize("NFC", path.name).casefold() == wanted
        for path in cohort.folder.iterdir()
    ):
        raise _known(cohort, name)


def _known(cohort: Cohort, name: str) -> OutputError:
    return OutputError(f"{cohort.folder} has a subject {name} already; choose another code.")


def _write_images(
    folder: Path, series: DSCSeries, index: int, mask, keep_series: bool, lesion
) -> None:
    from DSCBrainSegLib.series import write_mask, write_nifti, write_nrrd

    write_nifti(folder / FRAME_NAME, series.frames[index], series.affine)
    if keep_series:
        write_nrrd(folder / SERIES_NAME, series.frames, series.affine, series.times)
    if mask is not None:
        write_mask(folder / MASK_NAME, mask, series.affine)
    if lesion is not None and lesion.any():
        write_mask(folder / LESION_NAME, lesion, series.affine)


def _series_facts(series: DSCSeries, kept: bool) -> dict:
    uid = str(series.header.get("series_instance_uid") or "")
    header = {key: value for key, value in series.header.items() if key not in NOT_KEPT}
    return {
        **header,
        "kept": kept,
        "time_points": int(series.frame_count),
        "shape_kji": list(map(int, series.volume_shape)),
        "spacing_kji_mm": [round(float(step), 5) for step in series.spacing],
        "echo_time_s": series.echo_time,
        "repetition_time_s": series.repetition_time,
        "series_uid_sha256": hashlib.sha256(uid.encode()).hexdigest() if uid else "",
    }
