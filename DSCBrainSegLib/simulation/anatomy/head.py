"""A head on a 1 mm grid: tissue labels and the brain mask that belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.components import largest_component
from DSCBrainSegLib.simulation.anatomy.tissue import BRAIN_TISSUES, Tissue

HULL_CLOSING_MM = 8.0
"""Closing radius that takes sulcal CSF into the brain mask (see docs/methods.md)."""

HULL_RIM_MM = 6.0
"""Fluid outside the cortex that still counts, where there is any: a reader sees no border within
fluid that is as bright as brain (docs/methods.md)."""

HULL_SMOOTHING_MM = 1.0
"""Standard deviation of the final smoothing: automatic labels are rough at the voxel scale."""


@dataclass
class Head:
    """Anatomy of one head.

    Parameters
    ----------
    labels : ndarray of uint8, shape (K, J, I)
        `Tissue` values on a 1 mm isotropic grid in LPS order: i to patient left, j to posterior,
        k to superior.
    mask : ndarray of bool, shape (K, J, I)
        Brain mask by the project's convention (`brain_hull`).
    name : str
        Which head it is, for provenance.
    """

    labels: np.ndarray
    mask: np.ndarray
    name: str


def brain_hull(labels: np.ndarray, closing_mm: float = HULL_CLOSING_MM) -> np.ndarray:
    """Brain mask of a label volume: tissue, ventricles, and the sulcal CSF a closing encloses.

    The boundary runs along the outer cortical surface; eyes, dural sinuses and skull stay outside,
    because only CSF (and arteries within it) is added to the tissue, before a slight smoothing.

    Parameters
    ----------
    labels : ndarray of uint8, shape (K, J, I)
        `Tissue` values, 1 mm isotropic.
    closing_mm : float
        Radius of the morphological closing.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from scipy import ndimage

    tissue = np.isin(labels, BRAIN_TISSUES)
    tissue = largest_component(tissue)
    pad = int(np.ceil(closing_mm)) + 2
    padded = np.pad(tissue, pad)
    dilated = ndimage.distance_transform_edt(~padded) <= closing_mm
    closed = ndimage.distance_transform_edt(dilated) > closing_mm
    closed = closed[pad:-pad, pad:-pad, pad:-pad]
    fluid = np.isin(labels, (Tissue.CSF, Tissue.ARTERY))
    hull = tissue | (closed & fluid)
    hull = ndimage.binary_opening(hull, iterations=1) | tissue
    hull |= (ndimage.distance_transform_edt(~hull) <= HULL_RIM_MM) & fluid
    hull = ndimage.binary_fill_holes(hull)
    hull = ndimage.gaussian_filter(hull.astype(np.float32), HULL_SMOOTHING_MM) > 0.5
    return largest_component(hull)
