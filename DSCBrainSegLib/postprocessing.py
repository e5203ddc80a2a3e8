"""From probabilities to a mask: no pieces beside the brain, no holes."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.components import major_components

BRAIN_PROBABILITY = 0.5
"""A voxel at least this likely brain belongs to the mask."""

PIECE_SHARE = 0.1
"""Pieces from this share of the largest one on are kept.

Eyes and scalp are smaller; a brain whose signal is lost on a whole slice is in larger pieces.
"""


def clean_mask(mask: np.ndarray) -> np.ndarray:
    """Keep the large connected regions and fill the holes inside them.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        Any orientation.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
        The regions (voxels joined by faces) of at least `PIECE_SHARE` of the largest, with holes
        filled in each slice and then in 3-D. An empty mask stays empty.
    """
    from scipy import ndimage

    kept = major_components(mask, PIECE_SHARE)
    in_plane = np.zeros((1, 3, 3), dtype=bool)
    in_plane[0] = ndimage.generate_binary_structure(2, 1)
    return ndimage.binary_fill_holes(ndimage.binary_fill_holes(kept, in_plane))
