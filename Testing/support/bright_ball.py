"""A bright ball in a dark volume, for methods that need no network."""

import numpy as np


def ball(shape=(10, 40, 36), spacing=(5.0, 3.0, 3.0), radius_mm=45.0):
    """Bright ball (K, J, I) in a dark volume, off centre so that a flip is seen."""
    centre = np.array(shape) / 2 - 0.5 + np.array([0, 3, -2])
    grids = np.ogrid[tuple(slice(n) for n in shape)]
    squared = sum(((g - c) * step) ** 2 for g, c, step in zip(grids, centre, spacing, strict=True))
    return squared < radius_mm**2
