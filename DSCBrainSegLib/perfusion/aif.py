"""The arterial input: which voxels it is taken from, by a rule that only the mask limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.perfusion.cbv import integrate
from DSCBrainSegLib.perfusion.passage import Passage
from DSCBrainSegLib.perfusion.relaxation import baseline_noise

LARGE_SHARE = 0.10
"""Voxels whose area is among this share of the largest can be arteries ..."""

QUIET_SHARE = 0.75
"""... if their baseline is among this share of the quietest of those, for their peak ..."""

EARLY_SHARE = 0.10
"""... and passes among this share of the earliest of those."""

VOXELS = 20
"""Of what is left, the curves of this many voxels with the highest peak are averaged."""


PLAIN_SHARE = 0.005
"""The plain rule takes this share of the voxels."""


@dataclass(frozen=True)
class ArterialInput:
    """The arterial input function.

    Parameters
    ----------
    voxels : ndarray of int, shape (M,)
        Chosen voxels, among those whose curves were given.
    curve : ndarray, shape (T,)
        Mean change of R2* of them, per second.
    area : float
        Under the curve during the first passage.
    """

    voxels: np.ndarray
    curve: np.ndarray
    area: float


def choose_arterial_input(
    change: np.ndarray, times: np.ndarray, passage: Passage, voxels: int = VOXELS
) -> ArterialInput:
    """Choose arterial voxels: large area, quiet, early, high.

    The criteria are close to those of Mouridsen et al. 2006, Magn Reson Med 55:524 (area,
    regularity, first moment), applied as ranks one after the other instead of by clusters, so that
    the same curves always give the same voxels. Regularity is judged on the baseline alone: over
    the whole curve, an artery's narrow peak is as rough as noise. The highest peaks of what is left
    are those with the least tissue beside the artery. The mask decides what is looked at: what it
    takes in beyond the brain can be chosen.

    Parameters
    ----------
    change : ndarray, shape (N, T)
        Change of R2* of the voxels inside the mask.
    times : ndarray, shape (T,)
        In seconds.
    passage : Passage
    voxels : int
        How many are averaged.

    Returns
    -------
    ArterialInput
    """
    area = integrate(change, times, passage.arrival, passage.end)
    kept = _lowest(np.arange(len(change)), -area, LARGE_SHARE, voxels)
    top = np.maximum(change[kept, passage.arrival : passage.end].max(axis=1), 1e-12)
    noise = baseline_noise(change[kept], passage.baseline)
    kept = _lowest(kept, noise / top, QUIET_SHARE, voxels)
    moment = _first_moment(change[kept], times, passage)
    kept = _lowest(kept, moment, EARLY_SHARE, voxels)
    peak = change[kept, passage.arrival : passage.end].max(axis=1)
    kept = np.sort(kept[np.argsort(-peak, kind="stable")[:voxels]])
    return _average(change, times, passage, kept)


def highest_peaks(change: np.ndarray, times: np.ndarray, passage: Passage) -> ArterialInput:
    """Take the voxels with the highest peaks, whatever their curves look like.

    The plain rule that much software has. It is here to show what a mask costs where nothing else
    keeps voxels outside the brain from being chosen; maps are made with `choose_arterial_input`.
    """
    count = max(1, round(PLAIN_SHARE * len(change)))
    peak = change[:, passage.arrival : passage.end].max(axis=1)
    return _average(change, times, passage, np.sort(np.argsort(-peak, kind="stable")[:count]))


def _average(change, times, passage: Passage, voxels: np.ndarray) -> ArterialInput:
    curve = change[voxels].mean(axis=0, dtype=float)
    area = float(integrate(curve, times, passage.arrival, passage.end))
    return ArterialInput(voxels=voxels, curve=curve, area=area)


def _lowest(kept: np.ndarray, score: np.ndarray, share: float, fewest: int) -> np.ndarray:
    count = max(round(share * len(kept)), min(fewest, len(kept)))
    return kept[np.argsort(score, kind="stable")[:count]]


def _first_moment(change: np.ndarray, times: np.ndarray, passage: Passage) -> np.ndarray:
    during = slice(passage.arrival, passage.end)
    weight = np.maximum(change[:, during], 0)
    return weight @ times[during] / np.maximum(weight.sum(axis=1), 1e-12)
