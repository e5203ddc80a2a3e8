"""Blood volume by numerical integration."""

from __future__ import annotations

import numpy as np

HAEMATOCRIT_RATIO = 0.73
"""(1 - large vessels' haematocrit) / (1 - small vessels'): 0.55 / 0.75. Agent is in the plasma."""

BRAIN_DENSITY_G_PER_ML = 1.04


def integrate(change: np.ndarray, times: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Area under curves by the trapezoidal rule.

    Parameters
    ----------
    change : ndarray, shape (..., T)
        Change of R2* per second.
    times : ndarray, shape (T,)
        In seconds.
    start, stop : int
        Time points ``start <= t < stop``.

    Returns
    -------
    ndarray, shape (...)
        No unit (1/s times s).
    """
    step = np.diff(times[start:stop])
    weights = np.zeros(stop - start)
    weights[:-1] += step / 2
    weights[1:] += step / 2
    return change[..., start:stop] @ weights.astype(change.dtype)


def blood_volume(area: np.ndarray, arterial_area: float) -> np.ndarray:
    """CBV = k_H / rho * (area of tissue) / (area of artery), in mL per 100 g.

    Ostergaard et al. 1996, Magn Reson Med 36:715; k_H `HAEMATOCRIT_RATIO`, rho
    `BRAIN_DENSITY_G_PER_ML`. The scale is nominal: agent changes R2* of blood and of tissue by
    different laws, and an artery rarely fills a voxel.
    """
    return area * (100.0 * HAEMATOCRIT_RATIO / BRAIN_DENSITY_G_PER_ML / arterial_area)
