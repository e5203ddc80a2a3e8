"""Figures and pictures of masks, by the same code as the evaluation's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase
from DSCBrainSegLib.evaluation.axial_case import AxialView
from DSCBrainSegLib.evaluation.measure import NAN, VolumeFigures, measure_volume
from DSCBrainSegLib.evaluation.plots.figure import draw_comparison
from DSCBrainSegLib.evaluation.plots.pictures import PictureRow, picture_levels, planes_at
from DSCBrainSegLib.evaluation.tables.table import VOLUME_COLUMNS
from DSCBrainSegLib.series import DSCSeries

NOT_KNOWN_HERE = ("seconds_per_20_slices", "lesion_kept")
COLUMNS = tuple(column for column in VOLUME_COLUMNS if column.key not in NOT_KNOWN_HERE)
"""What the table shows of a mask."""

LIGHT_BOX_ROWS = 4


def measure_masks(
    series: DSCSeries, reference: np.ndarray, masks: Mapping[str, np.ndarray]
) -> dict[str, VolumeFigures]:
    """Compare masks with a reference over the whole volume.

    Parameters
    ----------
    series : DSCSeries
    reference : ndarray of bool, shape (K, J, I)
    masks : mapping of str to ndarray of bool, shape (K, J, I)
    """
    case = ReferenceCase("series", Path(), Path())
    everything = slice(0, len(reference))
    loaded = LoadedCase(case, series.frames[0], reference, series.affine, everything)
    return {
        name: measure_volume(mask, loaded, name, len(mask), NAN) for name, mask in masks.items()
    }


def draw_light_box(
    image: np.ndarray,
    affine: np.ndarray,
    masks: Mapping[str, np.ndarray],
    reference: np.ndarray | None,
) -> bytes:
    """Draw slices of the upper brain as rows; image, reference and masks as columns.

    Parameters
    ----------
    image : ndarray, shape (K, J, I)
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to LPS+ in mm.
    masks : mapping of str to ndarray of bool, shape (K, J, I)
        By method.
    reference : ndarray of bool, shape (K, J, I), or None

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    view = AxialView(image, affine)
    shown = {name: view.mask(mask) for name, mask in masks.items()}
    truth = None if reference is None else view.mask(reference)
    brain = truth if truth is not None else np.mean(list(shown.values()), axis=0) >= 0.5
    with_brain = np.flatnonzero(brain.any(axis=(1, 2)))
    if not with_brain.size:
        with_brain = np.arange(len(view.image))
    rows = [
        PictureRow(
            "",
            int(view.numbers[k]),
            view.image[k],
            None if truth is None else truth[k],
            view.pixel_mm,
            view.window,
            {name: mask[k] for name, mask in shown.items()},
        )
        for k in dict.fromkeys(planes_at(picture_levels(LIGHT_BOX_ROWS), with_brain))
    ]
    return draw_comparison(rows, list(shown))
