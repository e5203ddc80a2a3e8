"""Check one subject of a cohort: its images, its ground truth and its privacy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.check_privacy import private_facts, private_header
from DSCBrainSegLib.cohort.ground_truth import SIMULATION, same_reader
from DSCBrainSegLib.cohort.layout import HISTORY_NAME, MASK_NAME, SEGMENTATION_NAME, Subject
from DSCBrainSegLib.cohort.stored import FILES_KEY, current_file, stored_sha256
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.files import file_sha256

USUAL_BRAIN_ML = (150.0, 2200.0)
"""From a few slices of a child to the largest whole brains, with their fluid."""


@dataclass
class Findings:
    """What a subject's check found.

    Parameters
    ----------
    found : list of (str, str)
        Severity and sentence.
    series_key, frame_key : str
        Equal for the same series and for reference frames with the same voxels; empty if unknown.
    """

    found: list[tuple[str, str]] = field(default_factory=list)
    series_key: str = ""
    frame_key: str = ""


def check_subject(subject: Subject) -> Findings:
    """Check one subject; what is found is a sentence, never an exception."""
    series_key = subject.facts.get("series", {}).get("series_uid_sha256")
    findings = Findings(series_key=str(series_key or ""))
    findings.found += _files(subject)
    frame = None
    try:
        frame = _read(subject.frame)
    except SeriesError as error:
        findings.found.append(("error", str(error)))
    else:
        voxels = np.ascontiguousarray(frame.frames[0])
        findings.frame_key = hashlib.sha256(voxels.tobytes()).hexdigest()
    findings.found += _series(subject)
    findings.found += _mask(subject, frame)
    findings.found += _history(subject)
    findings.found += private_facts(subject.facts)
    for path in sorted(subject.folder.rglob("*")):
        if path.is_file():
            findings.found += private_header(path)
    return findings


def _files(subject: Subject) -> Iterator[tuple[str, str]]:
    listed = subject.facts.get(FILES_KEY) or {}
    waiting = {current_file(subject.folder, subject.facts, name).name for name in listed}
    for path in sorted(subject.folder.iterdir()):
        if path.name.startswith(".") and path.name not in waiting:
            yield "warning", f"{path.name} was left by an interrupted write; remove it."
    if (subject.folder / SEGMENTATION_NAME).is_file() and SEGMENTATION_NAME not in listed:
        yield "warning", f"{SEGMENTATION_NAME} is not of the present mask; remove it."
    for name in listed:
        path = current_file(subject.folder, subject.facts, name)
        if not path.is_file():
            yield "error", f"{name} is missing; restore it."
        elif name != MASK_NAME and file_sha256(path) != stored_sha256(subject.facts, name):
            yield "error", f"{name} was changed or damaged after it was saved; restore it."


def _series(subject: Subject) -> Iterator[tuple[str, str]]:
    from DSCBrainSegLib.series import open_series

    if subject.series is None:
        if subject.facts.get("series", {}).get("kept"):
            yield "error", "The series should be kept here but is missing; restore it."
        return
    try:
        open_series(subject.series)
    except SeriesError as error:
        yield "error", str(error)


def _mask(subject: Subject, frame) -> Iterator[tuple[str, str]]:
    from DSCBrainSegLib.masks import read_mask

    history = subject.ground_truth
    if not subject.mask.is_file():
        if history.reader:
            yield "error", f"{MASK_NAME} is missing, although {history.reader} drew it; restore it."
        return
    if not history.reader:
        yield "error", "The mask has no reader; import it with 'dscbrainseg cohort import-mask'."
    if not subject.mask_is_as_saved:
        yield (
            "error",
            "The mask was changed after it was saved, so who drew and confirmed it is not known; "
            "import it with 'dscbrainseg cohort import-mask' or restore it.",
        )
    confirmed_by = history.confirmed_by
    if confirmed_by and confirmed_by != SIMULATION and same_reader(confirmed_by, history.reader):
        yield "error", "The mask was confirmed by the reader who drew it; have another confirm it."
    if frame is None:
        return
    try:
        mask = read_mask(subject.mask, frame)
    except SeriesError as error:
        yield "error", str(error)
        return
    yield from _plausible(mask, frame)


def _plausible(mask: np.ndarray, frame) -> Iterator[tuple[str, str]]:
    if not mask.any() or mask.all():
        yield "error", f"The mask is {'empty' if not mask.any() else 'the whole image'}; draw it."
        return
    volume = mask.sum() * frame.voxel_volume_ml
    low, high = USUAL_BRAIN_ML
    if not low <= volume <= high:
        yield "warning", f"The mask has {volume:.0f} mL, usual are {low:.0f} to {high:.0f}; look."
    image = frame.frames[0].astype(float)
    if image[mask].mean() <= image[~mask].mean():
        yield (
            "warning",
            "The image is darker inside the mask than outside; see whether it is flipped or "
            "inverted.",
        )


def _history(subject: Subject) -> Iterator[tuple[str, str]]:
    folder = subject.folder / HISTORY_NAME
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith("."):
            yield "warning", f"{HISTORY_NAME}/{path.name} was left by an interrupted write; remove."


def _read(path: Path):
    from DSCBrainSegLib.series import read_series

    if not path.is_file():
        raise SeriesError(f"{path.name} is missing; restore it.")
    series = read_series(path)
    if len(series.frames) != 1:
        raise SeriesError(f"{path.name} has {len(series.frames)} time points, not 1; restore it.")
    return series
