"""Clean a mask: one brain, no holes."""

from __future__ import annotations

import numpy as np


def clean_mask(mask: np.ndarray) -> np.ndarray:
    """Keep the largest connected region and fill the holes inside it.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        Any orientation.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
        The largest region (voxels joined by faces), with holes filled in each slice and then in
        3-D. An empty mask stays empty.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if count == 0:
        return np.zeros(mask.shape, dtype=bool)
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    in_plane = np.zeros((1, 3, 3), dtype=bool)
    in_plane[0] = ndimage.generate_binary_structure(2, 1)
    return ndimage.binary_fill_holes(ndimage.binary_fill_holes(largest, in_plane))
