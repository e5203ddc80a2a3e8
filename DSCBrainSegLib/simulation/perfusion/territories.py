"""Vascular territories: blood reaches some parts of the brain earlier than others."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.acquisition.pose import Pose
from DSCBrainSegLib.simulation.pathology.warp import coarse_points
from DSCBrainSegLib.simulation.perfusion.constants import Supply
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

CELLS = 5
"""Independent values along each axis of the head."""

STENOSIS_PROBABILITY, STENOSIS_DELAY_S = 0.15, (1.5, 4.0)
"""How often, in wide draws, a narrowed artery makes the late territories much later."""


def draw_supplies(rng: np.random.Generator, stenosis_probability: float = 0.0):
    """Draw how early and late territories differ: a tuple of two `Supply`."""
    blood, transit = rng.uniform(0.05, 0.20), rng.uniform(0.0, 0.15)
    delay = rng.uniform(0.2, 1.0)
    if rng.random() < stenosis_probability:
        delay = rng.uniform(*STENOSIS_DELAY_S)
    return (
        Supply(1 + blood, 1 - transit, 0.0),
        Supply(1 - blood, 1 + transit, float(delay)),
    )


def draw_territories(rng: np.random.Generator) -> np.ndarray:
    """Draw the share of late supply over the head: (n, n, n) in [0, 1]."""
    return np.clip(0.5 + 0.4 * rng.normal(size=(CELLS,) * 3), 0.0, 1.0).astype(np.float32)


def late_share(
    territories: np.ndarray, head_shape, pose: Pose, z_mm: float, field_of_view_mm: float
) -> np.ndarray:
    """Share of late supply at every point of a slice's middle plane.

    Parameters
    ----------
    territories : ndarray, shape (n, n, n)
        From `draw_territories`.
    head_shape : tuple of int
        Of the head's maps.
    pose : Pose
        Its smooth deformations are left out: the territories are far larger.
    z_mm, field_of_view_mm : float

    Returns
    -------
    ndarray of float32, shape (N, N)
        In [0, 1].
    """
    from scipy import ndimage

    step = field_of_view_mm / FINE_SIZE
    axis = (np.arange(FINE_SIZE) - (FINE_SIZE - 1) / 2) * step
    offsets = np.stack(np.broadcast_arrays(z_mm, axis[:, None], axis[None, :]))
    offsets = coarse_points(offsets)
    points = pose.centre[:, None, None] + np.tensordot(pose.matrix, offsets, 1)
    extent = np.array(head_shape, float)[:, None, None]
    where = points / extent * (np.array(territories.shape)[:, None, None] - 1)
    return np.clip(
        upsample(ndimage.map_coordinates(territories, where, order=1, mode="nearest"), 0.6), 0, 1
    )
