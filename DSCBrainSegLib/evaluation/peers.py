"""Brain-mask tools of other projects, called the way our own methods are."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.methods import SegmentationMethod

_ADVICE = 'run: pip install "DSCBrainSegLib[peers]"'


def peers() -> list[SegmentationMethod]:
    """Return the peers as methods; their packages are imported when they are called."""
    return [
        SegmentationMethod("dipy", "dipy median_otsu", dipy_median_otsu),
        SegmentationMethod("nilearn", "nilearn compute_epi_mask", nilearn_epi_mask),
    ]


def dipy_median_otsu(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
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
    try:
        from dipy.segment.mask import median_otsu
    except ImportError as error:
        raise MissingPackageError(f"dipy is not installed; {_ADVICE}.") from error
    _, mask = median_otsu(np.asarray(volume, np.float32).T, median_radius=4, numpass=4)
    return mask.T.astype(bool)


def nilearn_epi_mask(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
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
    try:
        from nilearn.masking import compute_epi_mask
    except ImportError as error:
        raise MissingPackageError(f"nilearn is not installed; {_ADVICE}.") from error
    import nibabel

    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    image = nibabel.Nifti1Image(np.asarray(volume, np.float32).T, affine)
    return np.asarray(compute_epi_mask(image).dataobj).T.astype(bool)
