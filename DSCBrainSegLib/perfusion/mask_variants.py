"""Masks with one error each: what does which error cost?"""

from __future__ import annotations

import numpy as np

LESION_MARGIN_VOXELS = 2
"""A mask without the lesion leaves out this much around it, as a threshold does."""


def mask_variants(mask: np.ndarray, lesion: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Make masks that are too large, too small, without the lesion, or no mask at all.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        The right one.
    lesion : ndarray of bool, shape (K, J, I), optional

    Returns
    -------
    dict of str to ndarray of bool, shape (K, J, I)
        Voxels are counted in-plane.
    """
    from scipy import ndimage

    cross = ndimage.generate_binary_structure(2, 1)[None]
    made = {}
    for count in (1, 2):
        made[f"grown {count}"] = ndimage.binary_dilation(mask, cross, iterations=count)
    for count in (1, 2):
        made[f"shrunk {count}"] = ndimage.binary_erosion(mask, cross, iterations=count)
    if lesion is not None and lesion.any():
        around = ndimage.binary_dilation(lesion, cross, iterations=LESION_MARGIN_VOXELS)
        made["without lesion"] = mask & ~around
    made["no mask"] = np.ones_like(mask, dtype=bool)
    return made
