"""Read what an entry holds, without a scene, so that it can be done beside the page."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import TO_DRAW, GroundTruth
from DSCBrainSegLib.cohort.layout import Subject
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks import read_mask
from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback
from DSCBrainSegLib.series import DSCSeries, read_series
from DSCBrainSegLib.web.entries import Entry


@dataclass
class Loaded:
    """The voxels of an entry.

    Parameters
    ----------
    series : DSCSeries
    frame : int
        Time point to begin with, counted from 0.
    subject : Subject or None
        As it was when its files were read.
    masks : dict of str to ndarray of bool, shape (K, J, I)
        By method.
    truth : ndarray of bool, shape (K, J, I), or None
    history : GroundTruth
        Of `truth`.
    """

    series: DSCSeries
    frame: int
    subject: Subject | None = None
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    truth: np.ndarray | None = None
    history: GroundTruth = field(default_factory=GroundTruth)


def load_entry(entry: Entry, progress: ProgressCallback, cancelled: CancelCallback) -> Loaded:
    """Read series, masks and ground truth.

    Raises
    ------
    SeriesError
        A file is missing or damaged, or a mask is not on the series' grid.
    Cancelled
        `cancelled` returned True.
    """
    series = read_series(entry.path, entry.series_uid, progress=progress, cancelled=cancelled)
    frame = choose_reference_frame(series.frame_count, None).index
    number = (entry.facts.get("frame") or {}).get("number")
    if isinstance(number, int) and 1 <= number <= series.frame_count:
        frame = number - 1
    masks = {method: read_mask(path, series) for method, path in entry.masks.items()}
    loaded = Loaded(series, frame, masks=masks)
    if entry.subject is not None:
        _add_subject(loaded, entry.subject)
    elif entry.truth is not None:
        loaded.truth = read_mask(entry.truth, series)
        loaded.history = entry.truth_history()
    return loaded


def _add_subject(loaded: Loaded, subject: Subject) -> None:
    loaded.subject = subject = Subject.read(subject.folder)
    number = (subject.facts.get("frame") or {}).get("number")
    if loaded.series.frame_count == 1:
        loaded.frame = 0
    elif isinstance(number, int) and 1 <= number <= loaded.series.frame_count:
        loaded.frame = number - 1
    if subject.state == TO_DRAW:
        return
    if not subject.mask_is_as_saved:
        raise SeriesError(
            f"The ground truth of {subject.name} was changed by another program; import it with "
            "'dscbrainseg cohort import-mask'."
        )
    loaded.truth = read_mask(subject.mask, loaded.series)
    loaded.history = subject.ground_truth
