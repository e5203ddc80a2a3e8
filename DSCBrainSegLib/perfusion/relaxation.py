"""From signal to the change of the transverse relaxation rate."""

from __future__ import annotations

import numpy as np

SMALLEST_SHARE = 1e-3
"""A signal is taken to be at least this share of its baseline: the logarithm has no end."""


def delta_r2star(signal: np.ndarray, baseline: slice, echo_time: float) -> np.ndarray:
    """Change of R2* by agent: -ln(S(t) / S0) / TE.

    Rosen et al. 1990, Magn Reson Med 14:249; S0 is the mean over the baseline. Proportional to
    the concentration of agent in tissue (OSIPI CAPLEX: change of the transverse relaxation rate,
    delta R2*).

    Parameters
    ----------
    signal : ndarray, shape (N, T)
        Of N voxels.
    baseline : slice
        Time points before the agent, in the steady state.
    echo_time : float
        In seconds.

    Returns
    -------
    ndarray of float32, shape (N, T)
        Per second; 0 where the baseline has no signal.
    """
    signal = np.asarray(signal, np.float32)
    before = signal[:, baseline].mean(axis=1, keepdims=True)
    seen = before > 0
    ratio = signal / np.where(seen, before, np.float32(1))
    np.maximum(ratio, np.float32(SMALLEST_SHARE), out=ratio)
    np.log(ratio, out=ratio)
    ratio *= np.float32(-1.0 / echo_time)
    return np.where(seen, ratio, np.float32(0))


def baseline_noise(change: np.ndarray, baseline: slice) -> np.ndarray:
    """Standard deviation of the baseline of every curve, shape (N,)."""
    count = baseline.stop - baseline.start
    return change[:, baseline].std(axis=1, ddof=1 if count > 1 else 0)
