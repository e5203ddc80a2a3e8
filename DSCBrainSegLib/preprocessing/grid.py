"""Bring axial slices onto the network's square grid, and its output back.

Pixel edges are aligned, not pixel centres: the grid covers exactly the square field of view, so
going there and back shifts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ANTIALIAS_FROM_SHRINKAGE = 1.3
"""Slices are smoothed before sampling when pixels grow by more than this factor."""


@dataclass(frozen=True)
class NetworkGrid:
    """The square grid laid over slices of given matrix and pixel size.

    The field of view is padded, centred, to a square in mm; that square has `size` x `size` pixels.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns (J, I) of the slices.
    spacing : tuple of float
        Pixel size in mm along (j, i).
    size : int
        Rows and columns of the network grid.
    """

    shape: tuple[int, int]
    spacing: tuple[float, float]
    size: int = 128

    @property
    def side_mm(self) -> float:
        """Edge length of the padded square field of view in mm."""
        return max(count * step for count, step in zip(self.shape, self.spacing, strict=True))

    @property
    def pixel_mm(self) -> float:
        """Pixel size of the network grid in mm."""
        return self.side_mm / self.size

    def forward(self, volume: np.ndarray) -> np.ndarray:
        """Resample slices (K, J, I) linearly to (K, size, size) float32; padding is 0."""
        self._check(volume, self.shape)
        rows, columns = (self._onto_grid(axis) for axis in (0, 1))
        return _apply(rows, volume, columns)

    def back(self, probabilities: np.ndarray) -> np.ndarray:
        """Resample (K, size, size) linearly back to the slices' own pixels (K, J, I) float32."""
        self._check(probabilities, (self.size, self.size))
        rows, columns = (self._from_grid(axis) for axis in (0, 1))
        return _apply(rows, probabilities, columns)

    def _onto_grid(self, axis: int) -> np.ndarray:
        count, step = self.shape[axis], self.spacing[axis]
        margin = (self.side_mm - count * step) / 2
        centres_mm = (np.arange(self.size) + 0.5) * self.pixel_mm - margin
        weights = _sampling_matrix(count, centres_mm / step - 0.5, self.pixel_mm / step)
        weights[(centres_mm < 0) | (centres_mm > count * step)] = 0
        return weights

    def _from_grid(self, axis: int) -> np.ndarray:
        count, step = self.shape[axis], self.spacing[axis]
        margin = (self.side_mm - count * step) / 2
        centres_mm = (np.arange(count) + 0.5) * step + margin
        positions = centres_mm / self.pixel_mm - 0.5
        return _sampling_matrix(self.size, positions, step / self.pixel_mm)

    def _check(self, array: np.ndarray, plane: tuple[int, int]) -> None:
        if np.ndim(array) != 3 or np.shape(array)[1:] != tuple(plane):
            raise ValueError(f"expected shape (K, {plane[0]}, {plane[1]}), got {np.shape(array)}")


def to_network_grid(
    volume: np.ndarray, spacing: tuple[float, float, float], size: int = 128
) -> tuple[np.ndarray, NetworkGrid]:
    """Bring axial slices onto the network's grid.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        Slices; any matrix, square pixels or not.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    size : int
        Rows and columns of the network grid.

    Returns
    -------
    slices : ndarray of float32, shape (K, size, size)
        Linearly interpolated, smoothed first where pixels grow by more than 1.3; 0 in the padding.
    grid : NetworkGrid
        ``grid.back(probabilities)`` brings (K, size, size) back to (K, J, I).
    """
    grid = NetworkGrid(tuple(np.shape(volume)[1:]), tuple(map(float, spacing[1:])), size)
    return grid.forward(volume), grid


def _apply(rows: np.ndarray, volume: np.ndarray, columns: np.ndarray) -> np.ndarray:
    # Linear sampling is separable: two small products do what a general interpolator does voxel by
    # voxel. Not by `@`, whose library wakes its threads for every slice, which takes longer than
    # computing, and rounds otherwise with another number of threads.
    sampled = np.einsum("nj,kji->kni", rows, np.asarray(volume, dtype=np.float32))
    return np.einsum("kni,mi->knm", sampled, columns)


def _sampling_matrix(count: int, positions: np.ndarray, shrinkage: float) -> np.ndarray:
    """Weights (len(positions), count) that sample `count` pixels at fractional `positions`.

    Positions beyond the outermost pixel centres take the outermost pixel.
    """
    pixels = np.arange(count)
    nearest = np.clip(positions, 0, count - 1)
    weights = np.maximum(0.0, 1.0 - np.abs(nearest[:, None] - pixels))
    if shrinkage > ANTIALIAS_FROM_SHRINKAGE:
        sigma = (shrinkage - 1) / 2
        smoothing = np.exp(-0.5 * ((pixels[:, None] - pixels) / sigma) ** 2)
        weights = weights @ (smoothing / smoothing.sum(axis=1, keepdims=True))
    return weights.astype(np.float32)
