"""From probabilities to a mask: one brain, no holes."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.components import largest_component

BRAIN_PROBABILITY = 0.5
"""A voxel at least this likely brain belongs to the mask."""


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

    largest = largest_component(mask)
    in_plane = np.zeros((1, 3, 3), dtype=bool)
    in_plane[0] = ndimage.generate_binary_structure(2, 1)
    return ndimage.binary_fill_holes(ndimage.binary_fill_holes(largest, in_plane))
