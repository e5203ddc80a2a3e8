"""What every baseline asks of its input."""

from __future__ import annotations

import numpy as np


def check_volume(
    volume: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the volume as float32 and its pixel size.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame in axial orientation: slice, row, column; any intensity scale.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    volume : ndarray of float32, shape (K, J, I)
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).

    Raises
    ------
    ValueError
        The volume is not 3-D or empty, or the spacing is not three positive lengths.
    """
    volume = np.asarray(volume, np.float32)
    if volume.ndim != 3 or volume.size == 0:
        raise ValueError(f"volume must be 3-D (K, J, I) with voxels, got shape {volume.shape}")
    lengths = [float(length) for length in spacing]
    if len(lengths) != 3 or not all(np.isfinite(x) and x > 0 for x in lengths):
        raise ValueError(f"spacing must be three positive lengths in mm, got {spacing}")
    return volume, (lengths[1], lengths[2])
