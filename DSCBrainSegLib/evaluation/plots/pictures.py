"""Slices for the comparison figure: chosen before any method has run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.evaluation.axial_case import AxialCase

LOWEST_LEVEL = 0.45
HIGHEST_LEVEL = 0.85
"""Range of the pictured slices between the lowest (0) and the highest (1) slice with brain.

The source paper's Fig. 2 shows slices above the eyes.
"""


@dataclass
class PictureRow:
    """One slice with the masks of all methods, the way a radiologist looks at it.

    Parameters
    ----------
    case : str
        Empty for one that needs no name.
    slice_number : int
        Counted from 1: of the files, or of axial planes made of a sagittal or coronal series.
    image : ndarray, shape (J, I)
        Rows run to the patient's back, columns to the patient's left.
    reference : ndarray of bool, shape (J, I), or None
        None where there is no reference to compare with.
    pixel_mm : tuple of float
        Size of a pixel along rows (j) and columns (i).
    window : tuple of float
        Intensities shown black and white, from the whole volume.
    masks : dict of str to ndarray of bool, shape (J, I)
        By method; a method that failed is missing.
    """

    case: str
    slice_number: int
    image: np.ndarray
    reference: np.ndarray | None
    pixel_mm: tuple[float, float]
    window: tuple[float, float]
    masks: dict[str, np.ndarray] = field(default_factory=dict)


def picture_levels(row_count: int) -> list[float]:
    """Spread slices evenly over the upper part of the brain.

    Parameters
    ----------
    row_count : int
        At least 1.

    Returns
    -------
    list of float
        From 0 (lowest slice with brain) to 1.
    """
    return np.linspace(LOWEST_LEVEL, HIGHEST_LEVEL, row_count).tolist()


def planes_at(levels: list[float], with_brain: np.ndarray) -> list[int]:
    """Return the planes at those levels of the rising indices of planes with brain."""
    return [int(with_brain[round(level * (with_brain.size - 1))]) for level in levels]


def plan_pictures(case_count: int, row_count: int) -> list[tuple[int, float]]:
    """Spread the rows of the figure evenly over the cases and the upper part of the brain.

    Neither images nor results enter, so that the figure shows no favourites.

    Parameters
    ----------
    case_count, row_count : int
        At least 1.

    Returns
    -------
    list of (int, float)
        Index of the case, and level of the slice from 0 (lowest slice with brain) to 1.
    """
    cases = np.rint(np.linspace(0, case_count - 1, row_count)).astype(int)
    return [
        (int(case), level) for case, level in zip(cases, picture_levels(row_count), strict=True)
    ]


class CasePictures:
    """Takes the planned slices out of one case and its masks.

    Parameters
    ----------
    axial : AxialCase
    levels : list of float
        As `plan_pictures` gives them.
    """

    def __init__(self, axial: AxialCase, levels: list[float]):
        with_brain = np.flatnonzero(axial.reference.any(axis=(1, 2)))
        self._planes = planes_at(levels, with_brain) if with_brain.size else []
        self.rows = [
            PictureRow(
                axial.name,
                int(axial.numbers[k]),
                axial.image[k],
                axial.reference[k],
                axial.pixel_mm,
                axial.window,
            )
            for k in self._planes
        ]

    def add(self, method: str, mask: np.ndarray) -> None:
        """Take the slices of a method's mask (K, J, I) on the axial planes."""
        for row, k in zip(self.rows, self._planes, strict=True):
            row.masks[method] = mask[k]
