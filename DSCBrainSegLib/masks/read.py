"""Read a mask file of any kind onto the grid of a series."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks.dicom_seg import is_dicom_seg, read_dicom_seg
from DSCBrainSegLib.masks.placing import MaskBlock, place
from DSCBrainSegLib.masks.seg_nrrd import is_seg_nrrd, read_seg_nrrd
from DSCBrainSegLib.masks.values import brain_values
from DSCBrainSegLib.series.image_file import image_kind
from DSCBrainSegLib.series.read import open_series
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.types import DSCSeries


def read_mask(path: Path | str, series: DSCSeries | SeriesSource) -> np.ndarray:
    """Read a mask onto the grid of a series.

    Takes NIfTI, NRRD, Slicer's .seg.nrrd and DICOM SEG. The mask may be cropped, its axes flipped
    or exchanged; its voxels must be those of the series. A soft label is cut at half its value, of
    several segments the one called brain is taken.

    Parameters
    ----------
    path : path
        A file, or a folder that holds nothing but it.
    series : DSCSeries or SeriesSource

    Returns
    -------
    ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        It cannot be read, is no mask, holds several segments and none called brain, or lies on
        another grid.

    Examples
    --------
    >>> mask = read_mask("mask.seg.nrrd", read_series("dsc.nii.gz"))  # doctest: +SKIP
    """
    path = Path(path)
    return place(_blocks(path), series.affine, tuple(series.volume_shape), str(path))


def read_own_mask(path: Path | str) -> MaskBlock:
    """Read a mask of one file on its own grid; errors as in `read_mask`."""
    path = Path(path)
    blocks = _blocks(path)
    if len(blocks) != 1:
        raise SeriesError(
            f"{path} is a DICOM SEG, which has no grid of its own; give NIfTI or NRRD."
        )
    return blocks[0]


def _blocks(path: Path) -> list[MaskBlock]:
    path = _one_file(path)
    if not path.is_file():
        raise SeriesError(f"{path} does not exist; check the path.")
    try:
        kind = image_kind(path)
    except OSError as error:
        raise SeriesError(f"{path} cannot be opened: {error.strerror}.") from error
    if is_dicom_seg(path):
        return read_dicom_seg(path)
    if kind == "nrrd" and is_seg_nrrd(path):
        return [read_seg_nrrd(path)]
    mask = open_series(path)
    if mask.frame_count != 1:
        raise SeriesError(
            f"{path} (T, K, J, I = {(mask.frame_count, *mask.volume_shape)}) is not a mask but has "
            "several time points; export it on the reference frame."
        )
    return [MaskBlock(brain_values(mask.decode(0), str(path)), mask.affine)]


def _one_file(path: Path) -> Path:
    """Return the DICOM SEG that is alone in a folder; any other path as it is."""
    if not path.is_dir():
        return path
    files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    if len(files) != 1:
        raise SeriesError(f"{path} is a folder; give the file of the mask.")
    return files[0]
