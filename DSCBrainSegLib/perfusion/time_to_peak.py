"""Time to peak of the change of R2*."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.perfusion.passage import Passage


def time_to_peak(change: np.ndarray, times: np.ndarray, passage: Passage) -> np.ndarray:
    """When each curve is highest, in seconds after agent arrives in the brain.

    A parabola through the highest time point and its neighbours gives the time between frames.

    Parameters
    ----------
    change : ndarray, shape (N, T)
    times : ndarray, shape (T,)
        Evenly spaced, in seconds.
    passage : Passage

    Returns
    -------
    ndarray of float, shape (N,)
    """
    last = change.shape[1] - 1
    highest = passage.arrival + change[:, passage.arrival : passage.end].argmax(axis=1)
    inner = np.clip(highest, 1, last - 1)
    place = np.arange(len(change))
    before, top, after = (change[place, inner + offset] for offset in (-1, 0, 1))
    bend = before - 2 * top + after
    offset = np.where(bend < 0, (before - after) / (2 * np.minimum(bend, -1e-12)), 0)
    offset = np.where(highest == inner, np.clip(offset, -0.5, 0.5), 0)
    step = float(times[1] - times[0])
    return times[highest] + step * offset - times[passage.arrival]
