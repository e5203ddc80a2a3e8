"""AABL: low-intensity pixels removed within the approximate anatomical brain location.

After Alkhimova, "Automated detection of regions of interest for brain perfusion MR images" (KPI
Science News 2018 no. 5, arXiv 1902.06323). Only its abstract could be read: the steps are its own,
every number is a reading (docs/baselines.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.components import largest_component
from DSCBrainSegLib.methods.baselines.check import check_volume
from DSCBrainSegLib.preprocessing.head import HeadParameters, HeadRegion, find_head
from DSCBrainSegLib.preprocessing.morphology import open_slices


@dataclass(frozen=True)
class AablParameters:
    """How the brain is grown inside its approximate location.

    Parameters
    ----------
    head : HeadParameters
    rim_mm : float
        Thickness of scalp and skull: the approximate location is the head without such a rim.
    median_fraction : float
        The low threshold is this fraction of the location's median intensity.
    opening_mm : float
        Radius of the opening that cuts thin bridges (one pixel of 1.8 mm).
    smallest_seeded_fraction : float
        If the region grown from the seed has less than this fraction of the pixels kept, the seed
        lay in an island and the largest region is taken.
    """

    head: HeadParameters = field(default_factory=HeadParameters)
    rim_mm: float = 8.0
    median_fraction: float = 0.5
    opening_mm: float = 1.8
    smallest_seeded_fraction: float = 0.3


@dataclass(frozen=True)
class AablDiagnostics:
    """What an AABL picture needs.

    Parameters
    ----------
    location : ndarray of bool, shape (K, J, I)
        The approximate anatomical brain location; its edge is the outline to draw.
    thresholds : ndarray of float64, shape (K,)
        Low threshold; NaN where a slice has no location.
    """

    location: np.ndarray
    thresholds: np.ndarray


def segment_with_diagnostics(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    parameters: AablParameters | None = None,
) -> tuple[np.ndarray, AablDiagnostics]:
    """Segment the brain by thresholding and region growing in its approximate location.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame in axial orientation, any intensity scale with air near 0.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    parameters : AablParameters, optional

    Returns
    -------
    mask : ndarray of bool, shape (K, J, I)
        Empty in slices without a head deeper than the rim.
    diagnostics : AablDiagnostics

    Raises
    ------
    ValueError
        The volume is not 3-D or the spacing is unusable.
    """
    volume, pixel_mm = check_volume(volume, spacing)
    parameters = parameters or AablParameters()
    head = find_head(volume, pixel_mm, parameters.head)
    return segment_in_head(volume, head, pixel_mm, parameters)


def segment_in_head(
    volume: np.ndarray,
    head: HeadRegion,
    pixel_mm: tuple[float, float],
    parameters: AablParameters,
) -> tuple[np.ndarray, AablDiagnostics]:
    """`segment_with_diagnostics` for a head that is found already.

    Parameters
    ----------
    volume : ndarray of float32, shape (K, J, I)
    head : HeadRegion
        Of the same volume.
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).
    parameters : AablParameters

    Returns
    -------
    mask : ndarray of bool, shape (K, J, I)
    diagnostics : AablDiagnostics
    """
    from scipy import ndimage

    location = head.depth_mm > parameters.rim_mm
    thresholds = np.full(len(volume), np.nan)
    for k in np.flatnonzero(location.any(axis=(1, 2))):
        thresholds[k] = parameters.median_fraction * np.median(volume[k][location[k]])
    bright = location & (volume >= thresholds[:, None, None])
    kept = open_slices(bright, parameters.opening_mm, pixel_mm)
    mask = np.zeros_like(kept)
    for k in np.flatnonzero(kept.any(axis=(1, 2))):
        grown = _grow(kept[k], location[k], pixel_mm, parameters.smallest_seeded_fraction)
        mask[k] = ndimage.binary_fill_holes(grown)
    return mask, AablDiagnostics(location, thresholds)


def segment(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the mask of `segment_with_diagnostics` (method ``aabl``)."""
    return segment_with_diagnostics(volume, spacing)[0]


def _grow(kept, location, pixel_mm, smallest_fraction) -> np.ndarray:
    """4-connected region of one slice that holds the pixel nearest the location's centroid."""
    from scipy import ndimage

    centre = np.argwhere(location).mean(axis=0)
    pixels = np.argwhere(kept)
    seed = pixels[(((pixels - centre) * pixel_mm) ** 2).sum(axis=1).argmin()]
    parts, _ = ndimage.label(kept)
    region = parts == parts[tuple(seed)]
    if np.count_nonzero(region) < smallest_fraction * len(pixels):
        return largest_component(kept)
    return region
