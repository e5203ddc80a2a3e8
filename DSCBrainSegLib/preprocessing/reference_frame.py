"""Choose the time point that is segmented.

The first images of a DSC series are brighter than the rest (magnetisation has not settled) and
those during the bolus are darker; the 4th time point lies between for usual protocols
(Alkhimova & Diumin 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError

DEFAULT_FRAME = 3
"""The 4th time point, counted from 0."""

SETTLED_FRACTION = 0.01
"""A signal within this fraction of the baseline counts as steady."""

BOLUS_FRACTION = 0.05
"""A sustained drop by more than this fraction of the baseline is a bolus."""

FEWEST_FRAMES_FOR_AUTO = 8


@dataclass(frozen=True)
class ReferenceFrame:
    """A chosen time point.

    Parameters
    ----------
    index : int
        Counted from 0.
    reason : str
        Why it was chosen, for a person.
    warnings : tuple of str
        What could not be done as asked.
    """

    index: int
    reason: str
    warnings: tuple[str, ...] = ()


def choose_reference_frame(
    frame_count: int,
    frame: int | str | None = None,
    read_frame: Callable[[int], np.ndarray] | None = None,
) -> ReferenceFrame:
    """Choose the time point to segment.

    Parameters
    ----------
    frame_count : int
        Time points of the series.
    frame : int, "auto" or None
        Index counted from 0; ``"auto"``: the 4th time point if the signal is steady there and the
        bolus has not arrived, else the nearest time point of which this holds; None: the 4th time
        point.
    read_frame : callable, optional
        ``read_frame(index)`` returns a volume (K, J, I); needed for ``"auto"`` only, which reads
        every frame once.

    Returns
    -------
    ReferenceFrame

    Raises
    ------
    ConfigurationError
        `frame` is not a time point of the series.
    """
    if frame == "auto":
        return _choose_automatically(frame_count, read_frame)
    if frame is None:
        return _choose_default(frame_count)
    if not 0 <= frame < frame_count:
        raise ConfigurationError(
            f"Time point {frame + 1} does not exist: the series has {frame_count}; "
            f"choose 1 to {frame_count}."
        )
    return ReferenceFrame(frame, "chosen by the user")


def mean_head_signal(frame_count: int, read_frame: Callable[[int], np.ndarray]) -> np.ndarray:
    """Return the mean signal (frame_count,) of each frame inside a rough mask of the head."""
    template = np.asarray(read_frame(min(DEFAULT_FRAME, frame_count - 1)), dtype=np.float32)
    bright = template[template > template.mean()]
    head = template > 0.5 * bright.mean() if bright.size else np.ones(template.shape, dtype=bool)
    return np.array([float(np.mean(read_frame(index)[head])) for index in range(frame_count)])


def find_steady_frames(signal: np.ndarray) -> tuple[int, int]:
    """Find the time points at which the signal is steady and the bolus has not arrived.

    Parameters
    ----------
    signal : ndarray, shape (T,)
        Mean head signal of each frame, T >= 8.

    Returns
    -------
    first, arrival : int
        Steady time points are ``first <= index < arrival``; `arrival` is T where no bolus is seen.
        Both are equal where no time point is steady before the bolus.
    """
    signal = np.asarray(signal, dtype=float)
    count = len(signal)
    # Median of three neighbours: one corrupted frame is neither a bolus nor the end of settling.
    padded = np.concatenate([signal[:1], signal, signal[-1:]])
    smooth = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    lowest = 2 + int(np.argmin(smooth[2:]))
    baseline = float(np.median(signal[1:lowest])) if lowest > 1 else float(signal[0])
    steps = np.diff(signal)
    noise = 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) / np.sqrt(2)
    tolerance = max(SETTLED_FRACTION * abs(baseline), 3 * noise)
    arrival = count
    if baseline - smooth[lowest] > max(BOLUS_FRACTION * abs(baseline), 2 * tolerance):
        before = np.flatnonzero(signal[: lowest + 1] >= baseline - tolerance)
        arrival = int(before[-1]) + 1 if before.size else lowest
    settled = np.abs(signal - baseline) <= tolerance
    for first in range(arrival):
        if settled[first : min(first + 2, arrival)].all():
            return first, arrival
    return arrival, arrival


def _choose_default(frame_count: int) -> ReferenceFrame:
    if frame_count > DEFAULT_FRAME:
        return ReferenceFrame(DEFAULT_FRAME, "the 4th time point")
    points = "1 time point" if frame_count == 1 else f"{frame_count} time points"
    return ReferenceFrame(
        frame_count - 1,
        "the last time point",
        (f"The series has only {points}: the last one was used instead of the 4th.",),
    )


def _choose_automatically(frame_count, read_frame) -> ReferenceFrame:
    if frame_count < FEWEST_FRAMES_FOR_AUTO:
        default = _choose_default(frame_count)
        warning = (
            f"The steady state was not searched for: that takes {FEWEST_FRAMES_FOR_AUTO} time "
            f"points, the series has {frame_count}."
        )
        return ReferenceFrame(default.index, default.reason, (warning, *default.warnings))
    first, arrival = find_steady_frames(mean_head_signal(frame_count, read_frame))
    if first == arrival:
        index = max(0, arrival - 1)
        return ReferenceFrame(
            index,
            "the last time point before the bolus",
            ("The signal does not settle before the bolus arrives; the mask may be worse.",),
        )
    # One frame's distance from the bolus where there is room: its front may already be in a vessel.
    last = arrival - 1 if arrival == frame_count else max(first, arrival - 2)
    index = min(max(DEFAULT_FRAME, first), last)
    steady = f"steady from time point {first + 1}"
    if arrival < frame_count:
        steady += f", bolus at {arrival + 1}"
    return ReferenceFrame(index, steady)
