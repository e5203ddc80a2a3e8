"""How strongly receive coils see each place of a slice."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.upsampling import FINE_SIZE


def coil_shading(rng: np.random.Generator, ratio: float) -> np.ndarray:
    """Draw a smooth receive sensitivity over the slice plane.

    Parameters
    ----------
    rng : numpy.random.Generator
    ratio : float
        Strongest over weakest sensitivity.

    Returns
    -------
    ndarray of float32, shape (N, N)
        Between 1/ratio and 1.
    """
    axis = np.linspace(-1, 1, FINE_SIZE, dtype=np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij", sparse=True)
    a, b = rng.normal(0.0, 1.0, 2)
    c, d, e = rng.normal(0.0, 0.8, 3)
    # Surface coils are bright near the skin more often than in the middle.
    bowl = rng.normal(0.5, 1.0)
    shape = a * x + b * y + c * x * y + d * x * x + e * y * y + bowl * (x * x + y * y)
    shape = (shape - shape.min()) / (np.ptp(shape) + 1e-6)
    return np.exp((shape - 1.0) * np.log(ratio)).astype(np.float32)


def near_coil(rng: np.random.Generator) -> np.ndarray:
    """Draw the sensitivity of one close coil element: bright over the front or anywhere else.

    Returns
    -------
    ndarray of float32, shape (N, N)
        1 far away, up to 4 at the brightest point.
    """
    axis = np.linspace(-1, 1, FINE_SIZE, dtype=np.float32)
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else rng.normal(-np.pi / 2, 0.3)
    distance, width = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.45)
    row, column = distance * np.sin(angle), distance * np.cos(angle)
    squared = (axis[:, None] - row) ** 2 + (axis[None, :] - column) ** 2
    return 1 + np.float32(rng.uniform(0.5, 3.0)) * np.exp(-0.5 * squared / np.float32(width) ** 2)
