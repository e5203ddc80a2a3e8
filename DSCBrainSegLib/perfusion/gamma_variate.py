"""Blood volume from a gamma variate fitted to the first passage."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.perfusion.passage import Passage

FIT_FROM = 0.1
"""Time points before the peak count from this share of the peak on (noise before the rise) ..."""

FIT_TO = 0.3
"""... and after it down to this share: later ones hold the second passage."""

ONSET_STEP = 0.5
"""Onsets are tried every this many time points."""

LARGEST_AREA = 4.0
"""A fitted area of more than this many times the area under the points is refused."""

ALPHA = (0.5, 12.0)
BETA_S = (0.3, 15.0)
"""Limits of shape and time constant; a fit beyond them is no passage."""


def fit_areas(change: np.ndarray, times: np.ndarray, passage: Passage) -> np.ndarray:
    """Area under the gamma variate that fits the first passage of every curve.

    C(t) = A (t - t0)^alpha exp(-(t - t0) / beta) (Thompson et al. 1964, Circ Res 14:502); with t0
    given, the logarithm is linear in ln A, alpha and 1 / beta (Madsen 1992, Phys Med Biol
    37:1597), and t0 is the one, of several tried, that leaves the least error. Points are
    weighted with the square of their height, so that logarithms of noise count little. The area
    is A beta^(alpha + 1) Gamma(alpha + 1): the second passage is not in it.

    Parameters
    ----------
    change : ndarray, shape (N, T)
        Change of R2* per second.
    times : ndarray, shape (T,)
        Evenly spaced, in seconds.
    passage : Passage

    Returns
    -------
    ndarray of float32, shape (N,)
        NaN where the curve is no passage that can be fitted.
    """
    from scipy.special import gammaln

    during = slice(passage.arrival - 1, passage.end)
    curves = np.maximum(np.asarray(change[:, during], np.float32), 0)
    time = np.asarray(times[during], float)
    step = float(time[1] - time[0])
    used = _fitted_points(curves)
    weights = np.where(used, curves, 0) ** 2
    logs = np.log(np.where(used, curves, 1))
    onset = used.argmax(axis=1)
    best = np.full(len(curves), np.inf)
    area = np.full(len(curves), np.nan)
    for back in np.arange(ONSET_STEP, 3.01, ONSET_STEP):
        since = time[None, :] - (time[onset] - back * step)[:, None]
        since = np.maximum(since, 1e-3).astype(np.float32)
        basis = np.stack([np.ones_like(since), np.log(since), -since], axis=2)
        weighted = basis * weights[:, :, None]
        normal = np.einsum("ntp,ntq->npq", weighted, basis, optimize=True)
        right = np.einsum("ntp,nt->np", weighted, logs, optimize=True)
        solved = _solve(normal.astype(float), right.astype(float))
        alpha, rate = solved[:, 1], solved[:, 2]
        fitted = np.exp(np.clip(np.einsum("ntp,np->nt", basis, solved), -50, 50))
        error = (np.where(used, curves - fitted, 0) ** 2).sum(axis=1)
        valid = (alpha > ALPHA[0]) & (alpha < ALPHA[1])
        valid &= (rate > 1 / BETA_S[1]) & (rate < 1 / BETA_S[0])
        better = valid & (error < best)
        best[better] = error[better]
        height, shape, rate = solved[better].T
        log_area = height + gammaln(shape + 1) - (shape + 1) * np.log(rate)
        area[better] = np.exp(np.minimum(log_area, 50))
    points = curves.sum(axis=1) * step
    return np.where(area < LARGEST_AREA * points, area, np.nan).astype(np.float32)


def _fitted_points(curves: np.ndarray) -> np.ndarray:
    """The run of time points around each peak that the first passage rules."""
    count = curves.shape[1]
    peak = curves.argmax(axis=1)
    top = np.take_along_axis(curves, peak[:, None], 1)
    place = np.arange(count)[None, :]
    low_before = (curves < FIT_FROM * top) & (place < peak[:, None])
    low_after = (curves < FIT_TO * top) & (place > peak[:, None])
    first = np.where(low_before, place, -1).max(axis=1) + 1
    last = np.where(low_after, place, count).min(axis=1)
    used = (place >= first[:, None]) & (place < last[:, None]) & (curves > 0)
    return used & (used.sum(axis=1) >= 5)[:, None]


def _solve(normal: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve many systems of three equations; a tiny ridge keeps empty ones solvable."""
    trace = np.einsum("npp->n", normal)
    normal = normal + (1e-9 * trace + 1e-12)[:, None, None] * np.eye(3)
    return np.linalg.solve(normal, right[..., None])[..., 0]
