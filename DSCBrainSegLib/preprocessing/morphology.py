"""Binary morphology on the slices of a volume, with lengths in mm."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.components import largest_component


def open_slices(mask: np.ndarray, radius_mm: float, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Remove from every slice what is thinner than a disc.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
    radius_mm : float
        Radius of the disc. A radius below one pixel acts as one pixel: the 3x3 cross.
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from scipy import ndimage

    return ndimage.binary_opening(mask, _disc(radius_mm, pixel_mm)[None])


def close_slices(mask: np.ndarray, radius_mm: float, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Bridge in every slice gaps that a disc does not fit into; parameters as `open_slices`."""
    from scipy import ndimage

    disc = _disc(radius_mm, pixel_mm)
    # Room for the dilation: without it the erosion would eat from the image's edge.
    rows, columns = disc.shape[0] // 2, disc.shape[1] // 2
    room = np.pad(mask, ((0, 0), (rows, rows), (columns, columns)))
    closed = ndimage.binary_closing(room, disc[None])
    return closed[:, rows : rows + mask.shape[1], columns : columns + mask.shape[2]]


def solid_part(mask: np.ndarray) -> np.ndarray:
    """Keep the largest part of every slice of a mask (K, J, I) and fill its holes."""
    from scipy import ndimage

    filled = [ndimage.binary_fill_holes(largest_component(plane)) for plane in mask]
    return np.stack(filled)


def depth_in_slices(mask: np.ndarray, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Distance in mm from each pixel of a mask to the mask's outside in its slice.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        What lies beyond the image counts as outside.
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).

    Returns
    -------
    ndarray of float32, shape (K, J, I)
        0 outside the mask.
    """
    from scipy import ndimage

    depth = np.zeros(mask.shape, np.float32)
    for plane, out in zip(mask, depth, strict=True):
        if plane.any():
            distance = ndimage.distance_transform_edt(np.pad(plane, 1), sampling=pixel_mm)
            out[:] = distance[1:-1, 1:-1]
    return depth


def _disc(radius_mm: float, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Bool array of odd sides: pixels whose centre lies within the radius of the middle one."""
    radii = [max(1.0, radius_mm / length) for length in pixel_mm]  # in pixels along (j, i)
    half = [int(radius + 1e-6) for radius in radii]
    j, i = np.ogrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
    return (j / radii[0]) ** 2 + (i / radii[1]) ** 2 <= 1 + 1e-6
