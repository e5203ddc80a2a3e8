"""Random mirror images and rotations, as in the source paper."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.training.config import TrainingConfig


def augment(
    image: np.ndarray, labels: np.ndarray, rng: np.random.Generator, config: TrainingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror and rotate one slice and its labels alike.

    The image is rotated with `scipy.ndimage.rotate`, spline order 3, and clipped to its range
    [0, 1], which splines overshoot; labels take the nearest pixel. What comes in from outside the
    slice is 0.

    Parameters
    ----------
    image : ndarray of float32, shape (R, C)
        In [0, 1].
    labels : ndarray of uint8, shape (R, C)
    rng : numpy.random.Generator
    config : TrainingConfig

    Returns
    -------
    image, labels : ndarray
        Of the same shapes and kinds.
    """
    from scipy import ndimage

    flipped = rng.random() < config.flip_probability
    angle = rng.uniform(-config.rotation_degrees, config.rotation_degrees)
    if flipped:
        image, labels = image[:, ::-1], labels[:, ::-1]
    if angle:
        image = ndimage.rotate(image, angle, reshape=False, order=config.rotation_order)
        image = np.clip(image, 0.0, 1.0)
        labels = ndimage.rotate(labels, angle, reshape=False, order=0)
    return image, labels
