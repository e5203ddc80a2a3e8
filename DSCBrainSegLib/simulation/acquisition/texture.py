"""Smooth variation of the signal within a tissue."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

STEP = 4
"""Fine pixels between two independent values."""


def draw_texture(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Draw a smooth random factor around 1 over the slice.

    Parameters
    ----------
    rng : numpy.random.Generator
    strength : float
        Relative standard deviation.

    Returns
    -------
    ndarray of float32, shape (N, N), N = `FINE_SIZE`
    """
    from scipy import ndimage

    small = rng.normal(0.0, 1.0, (FINE_SIZE // STEP,) * 2).astype(np.float32)
    small = ndimage.gaussian_filter(small, 1.0)
    small *= strength / max(float(small.std()), 1e-6)
    return 1 + upsample(small)
