"""Series of a head made of smooth blobs, known at every point: moved exactly, not interpolated."""

import numpy as np

from DSCBrainSegLib.geometry import rigid_matrix, volume_centre
from DSCBrainSegLib.series.types import DSCSeries

RADII_MM = (68.0, 84.0, 75.0)
BLOBS = 120


def turned_affine(spacing, shape, angle_deg=0.0, flip=False):
    """Affine centred on the origin, turned about the left-right axis; `flip` runs slices down."""
    matrix = rigid_matrix([0, 0, 0, angle_deg, angle_deg / 2, 0], np.zeros(3))
    steps = np.array(spacing[::-1]) * [1, 1, -1 if flip else 1]
    affine = matrix.copy()
    affine[:3, :3] = matrix[:3, :3] * steps
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return affine


def head_signal(points, bolus=0.0):
    """Signal at points (N, 3) in LPS mm; `bolus` from 0 to 1 darkens one tissue by half."""
    rng = np.random.default_rng(4)
    places = rng.uniform(-1, 1, (BLOBS, 3)) * np.array(RADII_MM)
    signs = rng.choice([-1.0, 1.0], BLOBS)
    squared = ((points[:, None] - places) ** 2).sum(axis=2)
    grey = 1 / (1 + np.exp(-6 * (np.exp(-squared / (2 * 11.0**2)) * signs).sum(axis=1)))
    radius = np.sqrt(((points / np.array(RADII_MM)) ** 2).sum(axis=1))
    inside = 1 / (1 + np.exp(np.clip((radius - 1) * 40, -50, 50)))
    return inside * (300 * grey * (1 - 0.5 * bolus) + 500 * (1 - grey) * (1 - 0.15 * bolus) + 50)


def moving_series(
    parameters, bolus=None, shape=(15, 48, 42), spacing=(6.5, 4.2, 4.2), noise=6.0, **affine
):
    """Series whose frame t shows the head moved by row t of `parameters` (T, 6)."""
    parameters = np.asarray(parameters, float)
    bolus = np.zeros(len(parameters)) if bolus is None else bolus
    grid = turned_affine(spacing, shape, **affine)
    centre = volume_centre(grid, shape)
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    points = grid @ np.stack([i.ravel(), j.ravel(), k.ravel(), np.ones(i.size)])
    rng = np.random.default_rng(0)
    frames = []
    for row, share in zip(parameters, bolus, strict=True):
        where = np.linalg.inv(rigid_matrix(row, centre)) @ points
        clean = head_signal(where[:3].T, share).reshape(shape)
        real, imaginary = rng.normal(0, noise, (2, *shape))
        frames.append(np.hypot(clean + real, imaginary))
    return DSCSeries(np.array(frames, np.float32), np.arange(len(frames)) * 1.5, grid, 0.03, 1.5)
