"""A mask on its own grid, and its voxels' place on the grid of a series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError

TOLERANCE_VOXELS = 0.1
"""Voxels this near to those of the series are the same: headers are rounded."""


@dataclass(frozen=True)
class MaskBlock:
    """Voxels of a mask on a grid of their own: a file, or one slice of a DICOM SEG.

    Parameters
    ----------
    voxels : ndarray of bool, shape (K, J, I)
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to LPS+ in mm; the column of an axis of one voxel may be anything.
    """

    voxels: np.ndarray
    affine: np.ndarray


def place(
    blocks: list[MaskBlock], affine: np.ndarray, shape: tuple[int, int, int], what: str
) -> np.ndarray:
    """Bring a mask onto the grid of a series by position; nothing is interpolated.

    Cropped masks, other orders of slices and flipped or exchanged axes find their place.

    Parameters
    ----------
    blocks : list of MaskBlock
    affine : ndarray, shape (4, 4)
        Of the series: from (i, j, k, 1) to LPS+ in mm.
    shape : tuple of 3 int
        Of the series: (K, J, I).
    what : str
        The file's name, for messages.

    Returns
    -------
    ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        The voxels are not those of the series, or part of the mask lies outside it.
    """
    placed = np.zeros(shape, bool)
    outside = total = 0
    for block in blocks:
        turn, shift = _onto(block, affine, shape, what)
        index = np.argwhere(block.voxels)[:, ::-1] @ turn.T + shift
        inside = ((index >= 0) & (index < np.array(shape[::-1]))).all(axis=1)
        total += len(index)
        outside += int((~inside).sum())
        i, j, k = index[inside].T
        placed[k, j, i] = True
    if outside:
        raise SeriesError(
            f"{what} lies {100 * outside / total:.0f} % outside the series; give the mask of this "
            "series."
        )
    return placed


def _onto(block: MaskBlock, affine: np.ndarray, shape, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the signed permutation (3, 3) and the shift from one index (i, j, k) to the other."""
    counts = np.array(block.voxels.shape[::-1])
    between = np.linalg.inv(affine) @ block.affine
    turn = np.zeros((3, 3), int)
    free = np.ones(3, bool)
    for axis in np.flatnonzero(counts > 1):
        column = between[:3, axis]
        along = int(np.argmax(np.abs(column) * free))
        turn[along, axis] = 1 if column[along] > 0 else -1
        free[along] = False
    for axis in np.flatnonzero(counts == 1):
        turn[int(np.argmax(free)), axis] = 1
        free[int(np.argmax(free))] = False
    shift = np.round(between[:3, 3])
    corners = np.array(np.meshgrid(*[(0, count - 1) for count in counts])).reshape(3, -1)
    apart = between[:3, :3] @ corners + between[:3, 3:] - (turn @ corners + shift[:, None])
    if not np.isfinite(apart).all() or np.abs(apart).max() > TOLERANCE_VOXELS:
        raise SeriesError(_why_not(block, between, shape, what))
    return turn, shift.astype(int)


def _why_not(block: MaskBlock, between: np.ndarray, shape, what: str) -> str:
    lengths = np.linalg.norm(between[:3, :3], axis=0)[np.array(block.voxels.shape[::-1]) > 1]
    if np.abs(lengths - 1).max(initial=0.0) > 0.02 or block.voxels.shape != tuple(shape):
        return (
            f"{what} (K, J, I = {block.voxels.shape}) is not a mask on the series' grid "
            f"{tuple(shape)}; export it on the reference frame."
        )
    return (
        f"{what} has another position or orientation than the series; resample it onto the "
        "reference frame."
    )
