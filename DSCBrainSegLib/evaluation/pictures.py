"""Slices for the comparison figure: chosen before any method has run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase

LOWEST_LEVEL = 0.45
HIGHEST_LEVEL = 0.85
"""Range of the pictured slices between the lowest (0) and the highest (1) slice with brain.

The source paper's Fig. 2 shows slices above the eyes.
"""

WINDOW_PERCENTILES = (1.0, 99.5)
"""Of the volume's intensities: shown black and white."""


@dataclass
class PictureRow:
    """One slice with the masks of all methods, the way a radiologist looks at it.

    Parameters
    ----------
    case : str
    slice_number : int
        Counted from 1: of the files, or of axial planes made of a sagittal or coronal series.
    image : ndarray, shape (J, I)
        Rows run to the patient's back, columns to the patient's left.
    reference : ndarray of bool, shape (J, I)
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
    reference: np.ndarray
    pixel_mm: tuple[float, float]
    window: tuple[float, float]
    masks: dict[str, np.ndarray] = field(default_factory=dict)


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
    levels = np.linspace(LOWEST_LEVEL, HIGHEST_LEVEL, row_count)
    return [(int(case), float(level)) for case, level in zip(cases, levels, strict=True)]


class CasePictures:
    """Takes the planned slices out of one case and its masks.

    Parameters
    ----------
    loaded : LoadedCase
    levels : list of float
        As `plan_pictures` gives them.
    """

    def __init__(self, loaded: LoadedCase, levels: list[float]):
        self._affine = loaded.affine
        self.rows: list[PictureRow] = []
        self._slices: list[int] = []
        compared = np.zeros_like(loaded.reference)
        compared[loaded.compared] = loaded.reference[loaded.compared]
        reference = self._axial_mask(compared)
        with_brain = np.flatnonzero(reference.any(axis=(1, 2)))
        if not levels or not with_brain.size:
            return
        axial = self._axial(loaded.image)
        numbers = self._slice_numbers(axial, loaded.image.shape)
        low, high = np.percentile(axial.volume, WINDOW_PERCENTILES)
        for level in levels:
            k = int(with_brain[round(level * (with_brain.size - 1))])
            self._slices.append(k)
            self.rows.append(
                PictureRow(
                    loaded.case.name,
                    int(numbers[k]),
                    axial.volume[k],
                    reference[k],
                    axial.spacing[1:],
                    (float(low), float(high)),
                )
            )

    def add(self, method: str, mask: np.ndarray) -> None:
        """Take the slices of a method's mask (K, J, I)."""
        if self.rows:
            axial = self._axial_mask(mask)
            for row, k in zip(self.rows, self._slices, strict=True):
                row.masks[method] = axial[k]

    def _axial(self, volume: np.ndarray):
        from DSCBrainSegLib.preprocessing.axial import to_axial

        return to_axial(volume, self._affine)

    def _axial_mask(self, mask: np.ndarray) -> np.ndarray:
        return self._axial(mask.astype(np.float32)).volume >= 0.5

    def _slice_numbers(self, axial, shape: tuple[int, int, int]) -> np.ndarray:
        """Number each axial slice from 1, as the files do where the slices are theirs."""
        numbers = np.arange(1, len(axial.volume) + 1)
        if axial.resampled:
            return numbers
        numbered = np.broadcast_to(numbers[:, None, None], shape)
        return self._axial(numbered).volume[:, 0, 0]
