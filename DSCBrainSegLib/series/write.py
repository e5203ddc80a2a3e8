"""Write masks and volumes in the format that the file's name asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.series.nifti import write_nifti
from DSCBrainSegLib.series.nifti_forms import NiftiForms
from DSCBrainSegLib.series.nrrd_file import write_nrrd


def write_mask(
    path: Path | str, mask: np.ndarray, affine: np.ndarray, forms: NiftiForms | None = None
) -> None:
    """Write a mask (K, J, I) as uint8 with 1 in the brain.

    Parameters
    ----------
    path : Path
        Ends in .nii, .nii.gz or .nrrd.
    mask : ndarray of bool, shape (K, J, I)
        On the grid of a series.
    affine : ndarray, shape (4, 4)
        Of that series: from index (i, j, k) to LPS+ in mm.
    forms : NiftiForms, optional
        `DSCSeries.nifti_forms` of that series; only NIfTI can repeat them.

    Raises
    ------
    OutputError
        The file's name has another suffix.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> from DSCBrainSegLib import read_series, write_mask
    >>> series = read_series("scan.nii.gz")
    >>> write_mask("bright.nii.gz", series.frames[3] > 500, series.affine)
    """
    mask = np.asarray(mask)
    if mask.ndim != 3:
        raise ValueError(f"mask must have shape (K, J, I), got {mask.shape}")
    name = Path(path).name.lower()
    if name.endswith((".nii", ".nii.gz")):
        write_nifti(path, mask != 0, affine, forms=forms)
    elif name.endswith(".nrrd"):
        write_nrrd(path, mask != 0, affine)
    else:
        raise OutputError(
            f"{path} has no known image suffix; use a name that ends in .nii.gz, .nii or .nrrd."
        )
