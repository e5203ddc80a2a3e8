"""When the agent comes and goes: steady baseline, arrival, first passage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.preprocessing.bolus_peak import FEWEST_FRAMES, find_bolus_peak
from DSCBrainSegLib.preprocessing.reference_frame import find_steady_frames

FEWEST_BASELINE_FRAMES = 3
"""With fewer, noise of the baseline is noise of every later time point."""

END_OF_FALL = 0.2
"""The first passage ends where the mean curve falls by less than this share of its steepest fall:
what follows is the second passage."""


@dataclass(frozen=True)
class Passage:
    """Time points of the first passage, counted from 0.

    Parameters
    ----------
    first : int
        First one of the steady state.
    arrival : int
        First one that is no longer baseline: the baseline is ``first <= t < arrival``.
    peak : int
        Signal of the brain lowest.
    end : int
        First one after the first passage.
    """

    first: int
    arrival: int
    peak: int
    end: int

    @property
    def baseline(self) -> slice:
        """The time points of the baseline."""
        return slice(self.first, self.arrival)


def find_passage(curve: np.ndarray) -> Passage:
    """Find baseline and first passage in the mean signal of the brain.

    The steady state and the last time point before the agent are those of
    `preprocessing.reference_frame.find_steady_frames`; one more time point is kept free before
    the agent where there is room, as arteries are reached before the brain's mean shows it.

    Parameters
    ----------
    curve : ndarray, shape (T,)
        Mean signal in every time point.

    Returns
    -------
    Passage

    Raises
    ------
    SeriesError
        The curve shows no passage, or hardly any baseline before it.
    """
    curve = np.asarray(curve, float)
    found = find_bolus_peak(curve)
    if found is None:
        raise SeriesError(
            f"The mean signal inside the mask shows no passage of contrast agent in "
            f"{len(curve)} time points (at least {FEWEST_FRAMES} are needed); choose the "
            "perfusion series, or another mask."
        )
    first, arrival = find_steady_frames(curve)
    peak = found.frames[int(np.argmin(curve[list(found.frames)]))]
    arrival = min(arrival, peak)
    if arrival - first > FEWEST_BASELINE_FRAMES:
        arrival -= 1
    if arrival - first < FEWEST_BASELINE_FRAMES:
        raise SeriesError(
            f"Only {max(arrival - first, 0)} time points are steady before the contrast agent "
            f"arrives; at least {FEWEST_BASELINE_FRAMES} are needed for perfusion maps."
        )
    return Passage(first, arrival, peak, _end(curve, first, arrival, peak))


def _end(curve: np.ndarray, first: int, arrival: int, peak: int) -> int:
    """First time point after the passage, where the change of R2* has stopped falling."""
    baseline = float(curve[first:arrival].mean())
    change = -np.log(np.clip(curve, 1e-6 * baseline, None) / baseline)
    smooth = np.convolve(np.pad(change, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    fall = -np.diff(smooth[peak:])
    steepest = int(fall.argmax())
    slow = np.flatnonzero(fall[steepest:] < END_OF_FALL * fall[steepest])
    return peak + steepest + int(slow[0]) + 1 if slow.size else len(curve)
