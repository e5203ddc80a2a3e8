"""Cheap changes that make a simulated slice a new one each time it is used."""

from __future__ import annotations

import numpy as np

TURN_PROBABILITY = 0.7
TURN_DEG, SCALE_SD, SHIFT_PIXELS = 12.0, 0.06, 5.0
GAMMA_PROBABILITY, GAMMA_SD = 0.5, 0.2
GAIN = (0.8, 1.1)
"""Brightness relative to the scaling that prediction uses."""


def changed(rng: np.random.Generator, planes: np.ndarray, mask: np.ndarray, has_drop: bool):
    """Turn, scale and shift a slice with its neighbours, and change its intensities.

    Parameters
    ----------
    rng : numpy.random.Generator
    planes : ndarray of float32, shape (C, N, N)
        In [0, 1].
    mask : ndarray of uint8, shape (N, N)
    has_drop : bool
        The last plane is the fall of the signal: its intensities stay.

    Returns
    -------
    planes : ndarray of float32, shape (C, N, N)
    mask : ndarray of uint8, shape (N, N)
    """
    images = planes[:-1] if has_drop else planes
    if rng.random() < GAMMA_PROBABILITY:
        images **= np.float32(np.exp(rng.normal(0.0, GAMMA_SD)))
    planes *= np.float32(rng.uniform(*GAIN))
    np.minimum(planes, 1, out=planes)
    if rng.random() >= TURN_PROBABILITY:
        return planes, mask
    from scipy import ndimage

    angle = np.deg2rad(rng.uniform(-TURN_DEG, TURN_DEG))
    scale = np.exp(rng.normal(0.0, SCALE_SD))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(mask.shape) - 1) / 2
    offset = middle + rng.uniform(-SHIFT_PIXELS, SHIFT_PIXELS, 2) - matrix @ middle

    def moved(plane: np.ndarray) -> np.ndarray:
        return ndimage.affine_transform(plane, matrix, offset, order=1)

    turned = np.stack([moved(plane) if plane.any() else plane for plane in planes])
    return turned, (moved(mask.astype(np.float32)) > 0.5).astype(np.uint8)
