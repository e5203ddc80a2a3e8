"""Correction for agent that leaves the vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_ENHANCEMENT_SD = 1.0
"""A voxel whose mean over the last time points differs from the baseline by more than this many of
its baseline's standard deviations has leaked agent in it (Boxerman et al. 2006)."""

LAST_SHARE = 0.2
"""The last time points: this share of the series."""


@dataclass(frozen=True)
class Leakage:
    """Result of the correction.

    Parameters
    ----------
    corrected : ndarray, shape (N, T)
        Change of R2* without the estimated effect of leaked agent.
    k1 : ndarray, shape (N,)
        Share of the reference curve: relative blood volume. No unit.
    k2 : ndarray, shape (N,)
        Apparent leakage, per second. Positive where leaked agent shortens T1 and raises the
        signal, negative where its effect on T2* prevails.
    reference : ndarray, shape (T,)
        Mean curve of the brain without leakage, per second.
    """

    corrected: np.ndarray
    k1: np.ndarray
    k2: np.ndarray
    reference: np.ndarray


def correct_leakage(
    change: np.ndarray, reference: np.ndarray, times: np.ndarray, start: int = 0
) -> Leakage:
    """Take the effect of leaked agent out of curves.

    Boxerman, Schmainda & Weisskoff 2006, AJNR 27:859: every curve is fitted by
    K1 reference(t) - K2 (integral of reference up to t), and the second term is taken out; the
    first, the vessels' own share, stays.

    Parameters
    ----------
    change : ndarray, shape (N, T)
        Change of R2*.
    reference : ndarray, shape (T,)
        Mean curve of tissue that does not leak, from `reference_curve`.
    times : ndarray, shape (T,)
        In seconds.
    start : int
        Time points before this one, not in the steady state, are not fitted.

    Returns
    -------
    Leakage
    """
    steps = np.diff(times, prepend=times[0])
    before = np.concatenate([reference[:1], reference[:-1]])
    integral = np.cumsum((reference + before) / 2 * steps)
    integral -= integral[start]
    model = np.stack([reference, -integral], axis=1)[start:]
    coefficients = change[:, start:] @ np.linalg.pinv(model).T.astype(change.dtype)
    k1, k2 = coefficients[:, 0], coefficients[:, 1]
    corrected = change + k2[:, None] * integral.astype(change.dtype)
    return Leakage(corrected, k1, k2, reference)


def does_not_leak(change: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Say which voxels end where they began: their signal is back at its baseline.

    Parameters
    ----------
    change : ndarray, shape (N, T)
    noise : ndarray, shape (N,)
        Of the baseline, `relaxation.baseline_noise`.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    last = change[:, -max(3, round(LAST_SHARE * change.shape[1])) :].mean(axis=1)
    return np.abs(last) <= SMALLEST_ENHANCEMENT_SD * noise
