"""Find the passage of the contrast agent in a series and how much the signal falls in it.

Brain shows the bolus, scalp and fluid hardly do: the fall of the signal is a second image of the
same head that tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.preprocessing.intensity import signal_drop

FEWEST_FRAMES = 15
"""A shorter series does not show a baseline and a passage."""

SETTLED_FROM = 3
"""Frames before this one are not at the steady state."""

SMALLEST_FALL = 0.06
"""A passage lowers the mean signal of the head by at least this fraction of the baseline."""

NOISE_FACTOR = 6.0
"""And by at least this many standard deviations of the baseline."""

BRIGHT_QUANTILE = 0.7
"""The curve is the mean over the brightest part of the reference frame: the head."""


@dataclass(frozen=True)
class BolusPeak:
    """Where the signal is lowest.

    Parameters
    ----------
    frames : tuple of int
        The frame of the minimum and its neighbours, counted from 0.
    fall : float
        Fraction of the baseline signal that is lost there.
    """

    frames: tuple[int, ...]
    fall: float


def find_bolus_peak(curve: np.ndarray) -> BolusPeak | None:
    """Find the first passage in a signal-time curve.

    Parameters
    ----------
    curve : ndarray, shape (T,)
        Mean signal of the head in every frame.

    Returns
    -------
    BolusPeak or None
        None if there is no passage: too few frames, no clear fall, or a signal that does not come
        up again, as with drift or a head that moved.
    """
    curve = np.asarray(curve, float)
    if len(curve) < FEWEST_FRAMES or not np.isfinite(curve).all():
        return None
    smooth = _mean_of_three(_median_of_three(curve))
    lowest = SETTLED_FROM + int(smooth[SETTLED_FROM:].argmin())
    before, after = curve[SETTLED_FROM : max(lowest - 4, 0)], smooth[lowest + 1 :]
    if len(before) < 4 or len(after) < 4:
        return None
    baseline = float(np.median(before))
    if baseline <= 0:
        return None
    fall = (baseline - smooth[lowest]) / baseline
    noise = 1.4826 * float(np.median(np.abs(before - baseline))) / baseline
    recovered = (after.max() - smooth[lowest]) / (baseline - smooth[lowest] + 1e-12)
    if fall < max(SMALLEST_FALL, NOISE_FACTOR * noise) or recovered < 0.3:
        return None
    around = range(max(lowest - 1, 0), min(lowest + 2, len(curve)))
    return BolusPeak(tuple(around), float(fall))


def _median_of_three(curve: np.ndarray) -> np.ndarray:
    """Take out a single frame that is unlike its neighbours."""
    padded = np.pad(curve, 1, mode="edge")
    return np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)


def _mean_of_three(curve: np.ndarray) -> np.ndarray:
    return np.convolve(np.pad(curve, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")


def bolus_drop(
    reference: np.ndarray, frame_count: int, read_frame: Callable[[int], np.ndarray]
) -> np.ndarray | None:
    """Compute the fall of the signal from the reference frame to the bolus peak.

    Parameters
    ----------
    reference : ndarray, shape (K, J, I)
    frame_count : int
    read_frame : callable
        ``read_frame(index) -> ndarray (K, J, I)``.

    Returns
    -------
    ndarray of float32, shape (K, J, I), or None
        See `intensity.signal_drop`; None where the series shows no passage.
    """
    if frame_count < FEWEST_FRAMES:
        return None
    head = reference >= np.quantile(reference, BRIGHT_QUANTILE)
    curve = np.array([float(read_frame(index)[head].mean()) for index in range(frame_count)])
    peak = find_bolus_peak(curve)
    if peak is None:
        return None
    lowest = np.mean([read_frame(index) for index in peak.frames], axis=0, dtype=np.float32)
    return signal_drop(reference, lowest)
