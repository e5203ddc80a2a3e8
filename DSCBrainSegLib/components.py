"""Connected pieces of a mask."""

from __future__ import annotations

import numpy as np


def largest_component(mask: np.ndarray) -> np.ndarray:
    """Keep the largest face-connected piece of a bool array; an empty mask stays empty."""
    parts, sizes = _pieces(mask)
    return (parts == sizes.argmax()) & (parts > 0)


def major_components(mask: np.ndarray, share: float) -> np.ndarray:
    """Keep the large face-connected pieces of a bool array.

    Parameters
    ----------
    mask : ndarray of bool
    share : float
        Of the largest piece's size that a piece must have to be kept, 0 to 1.

    Returns
    -------
    ndarray of bool, same shape
        An empty mask stays empty.
    """
    parts, sizes = _pieces(mask)
    return (sizes >= max(1.0, share * sizes.max()))[parts]


def solid_parts(mask: np.ndarray, smallest: int) -> np.ndarray:
    """Fill the holes of a bool array and drop face-connected pieces of fewer elements.

    Parameters
    ----------
    mask : ndarray of bool
    smallest : int
        Pixels or voxels a piece must have to be kept.

    Returns
    -------
    ndarray of bool, same shape
    """
    from scipy import ndimage

    parts, sizes = _pieces(ndimage.binary_fill_holes(mask))
    return (sizes >= max(1, smallest))[parts]


def _pieces(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the face-connected pieces from 1; return the numbers and each piece's size.

    What lies outside them has number and size 0.
    """
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=1)
    sizes[0] = 0
    return parts, sizes
