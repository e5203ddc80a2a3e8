"""Save a drawn ground truth and its confirmation; earlier versions are kept.

subject.json is replaced last and in one step, and it holds the hash of the mask it tells of: after
a kill the subject has the old mask with its history or the new one with its own. The new mask waits
under a hidden name meanwhile, where `Subject.mask` finds it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.add import refuse_unfit_mask
from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, GroundTruth, confirm, now
from DSCBrainSegLib.cohort.layout import (
    HISTORY_NAME,
    MASK_NAME,
    SEGMENTATION_NAME,
    SUBJECT_NAME,
    Subject,
)
from DSCBrainSegLib.cohort.stored import FILES_KEY, put_in_place, stored_sha256, waiting_file
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.files import file_sha256, hidden_name, write_json


def save_ground_truth(
    subject: Subject,
    mask: np.ndarray,
    ground_truth: GroundTruth,
    segmentation_file: str | Path | None = None,
) -> Subject:
    """Replace a subject's ground truth, or give it its first one.

    The version before is copied into ``history/<time>/``.

    Parameters
    ----------
    subject : Subject
    mask : ndarray of bool, shape (K, J, I)
        On the reference frame's grid.
    ground_truth : GroundTruth
        From `ground_truth.draw`.
    segmentation_file : path, optional
        The same mask as 3D Slicer's segmentation (.seg.nrrd); it is copied.

    Returns
    -------
    Subject
        As it is stored now.

    Raises
    ------
    ConfigurationError
        The ground truth has no reader.
    SeriesError
        The mask is empty or not on the frame's grid, or the frame cannot be read.
    OutputError
        The folder cannot be written; nothing was changed.
    """
    from DSCBrainSegLib.series import read_series, write_mask

    if not ground_truth.reader:
        raise ConfigurationError("A ground truth needs the name of its reader.")
    frame = read_series(subject.frame)
    refuse_unfit_mask(subject.name, mask, frame.volume_shape)
    now_stored = Subject.read(subject.folder)
    work = hidden_name(subject.folder, "saving")
    try:
        put_in_place(subject.folder, now_stored.facts)
        work.mkdir()
        write_mask(work / MASK_NAME, mask, frame.affine)
        if segmentation_file is not None:
            shutil.copyfile(segmentation_file, work / SEGMENTATION_NAME)
        _keep_version(now_stored)
        return _replace(now_stored, work, ground_truth)
    except OSError as error:
        raise _cannot_write(subject, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def confirm_ground_truth(subject: Subject, reader: str) -> Subject:
    """Record that a second reader agrees with the ground truth that `subject` was read with.

    Parameters
    ----------
    subject : Subject
        As the reader saw it.
    reader : str

    Returns
    -------
    Subject
        As it is stored now.

    Raises
    ------
    ConfigurationError
        Nothing is drawn yet, the reader has no name, or drew it.
    SeriesError
        The mask was changed since it was saved, or since `subject` was read.
    OutputError
        subject.json cannot be written.
    """
    now_stored = Subject.read(subject.folder)
    if not now_stored.mask.is_file():
        raise ConfigurationError(f"{subject.name} has no ground truth to confirm yet; draw it.")
    confirmed = confirm(now_stored.ground_truth, reader)
    seen, there = (stored_sha256(item.facts, MASK_NAME) for item in (subject, now_stored))
    if seen != there or not now_stored.mask_is_as_saved:
        raise SeriesError(
            f"The ground truth of {subject.name} was changed meanwhile; look at it again and "
            "confirm it then."
        )
    facts = {**now_stored.facts, "ground_truth": confirmed.to_dict()}
    try:
        if now_stored.state == CONFIRMED:
            _keep_version(now_stored)
        write_json(subject.folder / SUBJECT_NAME, facts)
    except OSError as error:
        raise _cannot_write(subject, error) from error
    return Subject(subject.folder, facts)


def _replace(subject: Subject, work: Path, ground_truth: GroundTruth) -> Subject:
    folder = subject.folder
    files = dict(subject.facts.get(FILES_KEY) or {})
    files.pop(SEGMENTATION_NAME, None)
    new = {path.name: file_sha256(path) for path in sorted(work.iterdir())}
    facts = {
        **subject.facts,
        "ground_truth": ground_truth.to_dict(),
        FILES_KEY: {**files, **new},
    }
    waiting = {name: waiting_file(folder, name, sha256) for name, sha256 in new.items()}
    try:
        for name, path in waiting.items():
            os.replace(work / name, path)
        write_json(folder / SUBJECT_NAME, facts)
    except OSError:
        for path in waiting.values():
            path.unlink(missing_ok=True)
        raise
    # From here on the new version holds; what cannot be tidied now is by the next save.
    with suppress(OSError):
        put_in_place(folder, facts)
        if SEGMENTATION_NAME not in new:
            (folder / SEGMENTATION_NAME).unlink(missing_ok=True)
    return Subject(folder, facts)


def _keep_version(subject: Subject) -> None:
    """Copy the ground truth as it is into the history, whole or not at all."""
    if not subject.mask.is_file():
        return
    history = subject.folder / HISTORY_NAME
    history.mkdir(exist_ok=True)
    work = hidden_name(history, "version")
    try:
        work.mkdir()
        shutil.copy2(subject.mask, work / MASK_NAME)
        if subject.segmentation is not None:
            shutil.copy2(subject.segmentation, work / SEGMENTATION_NAME)
        shutil.copy2(subject.folder / SUBJECT_NAME, work / SUBJECT_NAME)
        work.rename(_unused(history, now()))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unused(history: Path, time: str) -> Path:
    name = time.replace("+00:00", "Z").replace(":", "")  # Windows refuses colons
    number = 1
    while (path := history / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return path


def _cannot_write(subject: Subject, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot save the ground truth in {subject.folder}: {error.strerror or error}; the one "
        "before still holds. Check space and permissions."
    )
