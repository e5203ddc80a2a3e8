"""Bring a volume of any orientation into one axial orientation, and results back.

Methods always see the same picture: columns run to the patient's left (LPS +x), rows to the back
(+y), slices to the top of the head (+z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.geometry import voxel_spacing

LARGEST_AXIAL_TILT_DEGREES = 45.0
"""Slices tilted less than this against the patient's axial plane are used as they are."""

RESAMPLED_SLICE_SPACING_MM = 3.0
"""Thinnest axial slices made of a sagittal or coronal series.

DSC slices are 3 to 5 mm thick and methods work slice by slice: thinner ones would only take longer.
"""


@dataclass(frozen=True)
class AxialVolume:
    """A volume in axial orientation that knows the way back to the series' own voxels.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        Intensities; i runs to the patient's left, j to the back, k to the top of the head (exactly
        so for a resampled volume, approximately for tilted slices).
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) of `volume` to patient LPS+ in mm.
    original_shape : tuple of int
        Shape (K, J, I) of the series' own volume.
    original_affine : ndarray, shape (4, 4)
        Affine of the series' own volume.
    resampled : bool
        False: voxels were only reordered, the way back is exact. True: they were interpolated.
    """

    volume: np.ndarray
    affine: np.ndarray
    original_shape: tuple[int, int, int]
    original_affine: np.ndarray
    resampled: bool

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size in mm along (k, j, i)."""
        return voxel_spacing(self.affine)

    def back(self, array: np.ndarray) -> np.ndarray:
        """Bring a mask or probabilities on this volume back onto the series' own voxels.

        Parameters
        ----------
        array : ndarray, shape of `volume`
            Bool mask or float probabilities.

        Returns
        -------
        ndarray, shape `original_shape`
            Bool for a bool mask, else float32. Voxels outside the axial volume get 0.
        """
        array = np.asarray(array)
        if array.shape != self.volume.shape:
            raise ValueError(f"array must have shape {self.volume.shape}, got {array.shape}")
        if not self.resampled:
            return _reorder(array, self.affine, self.original_affine)
        values = _interpolate(
            array.astype(np.float32), self.affine, self.original_shape, self.original_affine
        )
        return values >= 0.5 if array.dtype == bool else values


def to_axial(volume: np.ndarray, affine: np.ndarray) -> AxialVolume:
    """Reorder or resample a volume to axial orientation.

    Axial slices, tilted by up to 45 degrees, are only reordered and flipped: the planes stay those
    that were acquired. Sagittal and coronal series are resampled linearly to axial planes with the
    series' in-plane pixel size and slices at least 3 mm apart.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame: slice, row, column.
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.

    Returns
    -------
    AxialVolume

    Raises
    ------
    SeriesError
        The affine does not span space (its voxels have no volume).
    """
    volume = np.asarray(volume)
    affine = np.asarray(affine, dtype=float)
    if volume.ndim != 3:
        raise ValueError(f"volume must be 3-D (K, J, I), got shape {volume.shape}")
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or lengths.min() <= 0:
        raise SeriesError("The image geometry is unusable: a voxel size is zero or not a number.")
    directions = affine[:3, :3] / lengths
    normal = np.cross(directions[:, 0], directions[:, 1])
    if abs(np.linalg.det(directions)) < 1e-3:
        raise SeriesError("The image geometry is unusable: two image axes are parallel.")
    tilt = np.degrees(np.arccos(min(1.0, abs(normal[2]) / np.linalg.norm(normal))))
    if tilt <= LARGEST_AXIAL_TILT_DEGREES + 1e-3:
        target = _reordered_affine(volume.shape, affine, directions)
        return AxialVolume(_reorder(volume, affine, target), target, volume.shape, affine, False)
    target, shape = _axial_box(volume.shape, affine, pixel=float(lengths[:2].min()))
    resampled = _interpolate(volume.astype(np.float32), affine, shape, target)
    return AxialVolume(resampled, target, volume.shape, affine, True)


def _reordered_affine(shape, affine, directions) -> np.ndarray:
    """Affine after swapping in-plane axes and flipping, so that (i, j, k) run nearest (x, y, z)."""
    kept = abs(directions[0, 0] * directions[1, 1])
    swapped = abs(directions[0, 1] * directions[1, 0])
    order = [0, 1, 2] if kept >= swapped else [1, 0, 2]
    counts = np.array(shape[::-1])
    target = np.eye(4)
    target[:3, 3] = affine[:3, 3]
    for axis, source in enumerate(order):
        column = affine[:3, source]
        if directions[axis, source] < 0:
            target[:3, 3] += column * (counts[source] - 1)
            column = -column
        target[:3, axis] = column
    return target


def _reorder(array, from_affine, to_affine) -> np.ndarray:
    """Permute and flip `array` from one affine to another that has the same voxel centres."""
    axes = np.rint(np.linalg.solve(from_affine[:3, :3], to_affine[:3, :3])).astype(int)
    source_of = np.argmax(np.abs(axes), axis=0)  # of each target axis, in (i, j, k)
    permuted = array.transpose([2 - int(source_of[axis]) for axis in (2, 1, 0)])
    flips = tuple(2 - axis for axis in range(3) if axes[source_of[axis], axis] < 0)
    return np.ascontiguousarray(np.flip(permuted, flips))


def _axial_box(shape, affine, pixel) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Affine and shape (K, J, I) of the axial grid that covers all voxels of a volume."""
    limits = [(-0.5, count - 0.5) for count in shape[::-1]]
    corners = np.array(np.meshgrid(*limits)).reshape(3, -1)
    corners = affine[:3, :3] @ corners + affine[:3, 3:]
    low, high = corners.min(axis=1), corners.max(axis=1)
    spacing = np.array([pixel, pixel, max(pixel, RESAMPLED_SLICE_SPACING_MM)])
    counts = np.maximum(1, np.ceil((high - low) / spacing - 1e-6).astype(int))
    target = np.diag([*spacing, 1.0])
    target[:3, 3] = (low + high) / 2 - spacing * (counts - 1) / 2
    i, j, k = (int(count) for count in counts)
    return target, (k, j, i)


def _interpolate(array, from_affine, to_shape, to_affine) -> np.ndarray:
    """Sample float `array` linearly on another grid; beyond its edge lies 0."""
    from scipy import ndimage

    index_map = np.linalg.solve(from_affine, to_affine)  # (i, j, k) target -> source
    reverse = [2, 1, 0]
    matrix = index_map[:3, :3][reverse][:, reverse]
    offset = index_map[:3, 3][reverse]
    # The edge voxels are repeated once, so that their outer halves keep their value and a series of
    # one slice does not fade away from its centre.
    padded = np.pad(array, 1, mode="edge")
    return ndimage.affine_transform(
        padded, matrix, offset + 1, output_shape=to_shape, order=1, mode="constant", cval=0.0
    )
