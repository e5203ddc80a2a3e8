"""Voxel size and volume of a grid, from its affine."""

from __future__ import annotations

import numpy as np


def voxel_spacing(affine: np.ndarray) -> tuple[float, float, float]:
    """Return the voxel size in mm along (k, j, i).

    Parameters
    ----------
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to mm.
    """
    i, j, k = np.linalg.norm(np.asarray(affine)[:3, :3], axis=0)
    return float(k), float(j), float(i)


def voxel_volume_ml(affine: np.ndarray) -> float:
    """Return the volume of one voxel in mL; `affine` (4, 4) leads to mm."""
    return float(abs(np.linalg.det(np.asarray(affine)[:3, :3])) / 1000.0)
