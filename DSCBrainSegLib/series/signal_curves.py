"""Mean signal over time inside and outside a mask: is the bolus in the brain, and nowhere else?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.series.types import DSCSeries


@dataclass(frozen=True)
class SignalCurves:
    """Mean intensity of each frame.

    Parameters
    ----------
    times : ndarray, shape (T,)
        Seconds.
    inside, outside : ndarray, shape (T,)
        Over the voxels of the mask and over all others; NaN where there are none.
    """

    times: np.ndarray
    inside: np.ndarray
    outside: np.ndarray


def signal_curves(series: DSCSeries, mask: np.ndarray) -> SignalCurves:
    """Average the frames of a series inside and outside a mask.

    Parameters
    ----------
    series : DSCSeries
    mask : ndarray of bool, shape (K, J, I)

    Raises
    ------
    ValueError
        The mask has another shape than the series' volumes.
    """
    mask = np.asarray(mask, dtype=bool)
    if mask.shape != tuple(series.volume_shape):
        raise ValueError(f"mask must have shape {series.volume_shape}, got {mask.shape}")

    def means(chosen: np.ndarray) -> np.ndarray:
        if not chosen.any():
            return np.full(len(series.frames), np.nan)
        return np.array([frame[chosen].mean(dtype=float) for frame in series.frames])

    return SignalCurves(series.times, means(mask), means(~mask))
