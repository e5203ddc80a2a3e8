"""A volume or a case the way a radiologist looks at it: axial planes, upright."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase

WINDOW_PERCENTILES = (1.0, 99.5)
"""Of the volume's intensities: shown black and white."""


class AxialView:
    """A volume on axial planes.

    Columns run to the patient's left, rows to the back, planes to the top of the head.

    Parameters
    ----------
    image : ndarray, shape (K, J, I)
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.

    Attributes
    ----------
    image : ndarray, shape (K, J, I)
        On the planes.
    numbers : ndarray of int, shape (K,)
        Of each plane from 1: as the files number their slices, or of the planes made of a sagittal
        or coronal series.
    pixel_mm : tuple of float
        Size of a pixel along rows (j) and columns (i).
    window : tuple of float
        Intensities shown black and white, from the whole volume.
    """

    def __init__(self, image: np.ndarray, affine: np.ndarray):
        from DSCBrainSegLib.preprocessing.axial import to_axial

        self._affine = affine
        axial = to_axial(image, affine)
        self.image = axial.volume
        self.numbers = self._slice_numbers(axial, image.shape)
        self.pixel_mm: tuple[float, float] = axial.spacing[1:]
        low, high = np.percentile(axial.volume, WINDOW_PERCENTILES)
        self.window = (float(low), float(high))

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Bring a mask (K, J, I) of the volume onto the planes."""
        from DSCBrainSegLib.preprocessing.axial import to_axial

        return to_axial(mask.astype(np.float32), self._affine).volume >= 0.5

    def _slice_numbers(self, axial, shape: tuple[int, int, int]) -> np.ndarray:
        from DSCBrainSegLib.preprocessing.axial import to_axial

        numbers = np.arange(1, len(axial.volume) + 1)
        if axial.resampled:
            return numbers
        numbered = np.broadcast_to(numbers[:, None, None], shape)
        return to_axial(numbered, self._affine).volume[:, 0, 0]


class AxialCase(AxialView):
    """Image and reference of a case on axial planes, the compared slices only.

    Parameters
    ----------
    loaded : LoadedCase

    Attributes
    ----------
    name : str
    reference : ndarray of bool, shape (K, J, I)
        Empty outside the compared slices.
    planes : ndarray of int
        Indices k of the planes that hold compared voxels, rising.
    """

    def __init__(self, loaded: LoadedCase):
        super().__init__(loaded.image, loaded.affine)
        compared = np.zeros(loaded.reference.shape, bool)
        compared[loaded.compared] = True
        self._compared = super().mask(compared)
        self.name = loaded.case.name
        self.reference = self.mask(loaded.reference)
        self.planes = np.flatnonzero(self._compared.any(axis=(1, 2)))

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Bring a mask (K, J, I) of the case onto the planes; empty outside compared slices."""
        return super().mask(mask) & self._compared
