"""Times of the frames of 3D Slicer's sequences and MultiVolumes, from files and from scenes."""

from __future__ import annotations

import numpy as np

_SECONDS_PER_UNIT = {"": 1e-3, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0, "us": 1e-6}
"""Labels without a unit are milliseconds, as Slicer's importer writes them; a count is no time."""


def sequence_times(
    count: int,
    index_values: str | None,
    frame_labels: str | None,
    label_unit: str | None,
    repetition_time: float | None,
    warnings: list[str],
    step: float | None = None,
) -> np.ndarray:
    """Return the time (T,) of each frame in seconds after the first.

    Parameters
    ----------
    count : int
        Frames T.
    index_values : str or None
        Numbers in seconds, separated by spaces: the index of a sequence.
    frame_labels : str or None
        Numbers separated by commas: the attribute ``MultiVolume.FrameLabels``. They go first, as
        Slicer's importer numbers the index 0, 1, 2, ... and keeps the times in the labels.
    label_unit : str or None
        The attribute ``MultiVolume.FrameIdentifyingDICOMTagUnits``.
    repetition_time : float or None
        In seconds; for frames that are only numbered.
    warnings : list of str
        Gets a sentence where a time had to be assumed.
    step : float, optional
        Seconds between frames that the time axis itself gives.
    """
    if count == 1:
        return np.zeros(1)
    labels, values = _numbers(frame_labels, count), _numbers(index_values, count)
    label_seconds = _SECONDS_PER_UNIT.get((label_unit or "").strip().lower())
    for found, seconds in ((labels, label_seconds), (values, 1.0)):
        if found is None or seconds is None or not np.all(np.diff(found) > 0):
            continue
        # Steps of 1 ms are numbers, not times; steps of 1 s may be either.
        if only_numbered(found) and (seconds < 1.0 or repetition_time):
            continue
        return (found - found[0]) * seconds
    if step:
        return np.arange(count) * step
    if repetition_time:
        warnings.append("The series gives no time of each time point; the repetition time is used.")
        return np.arange(count) * repetition_time
    warnings.append("The series gives no time between time points; 1 s is assumed.")
    return np.arange(count, dtype=float)


def only_numbered(values) -> bool:
    """Say whether values (T,) count the frames: 0, 1, 2, ... or 1, 2, 3, ..."""
    return bool(np.all(np.diff(values) == 1))


def _numbers(text: str | None, count: int) -> np.ndarray | None:
    """Numbers with decimal points between spaces or commas, or with decimal commas."""
    text = str(text).strip()
    for words in (text.replace(",", " ").split(), text.replace(";", " ").replace(",", ".").split()):
        try:
            found = np.array(words, dtype=float)
        except ValueError:
            continue
        if found.shape == (count,) and np.isfinite(found).all():
            return found
    return None
