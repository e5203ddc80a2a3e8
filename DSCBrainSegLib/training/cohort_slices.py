"""The slices of cohort subjects as the network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.cohort.cases import ReferenceCase, load_case
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)


@dataclass(frozen=True)
class SliceSet:
    """Axial slices on the network's grid with their labels.

    Parameters
    ----------
    images : ndarray of float32, shape (N, R, C)
        In [0, 1].
    labels : ndarray of uint8, shape (N, R, C)
        1 in the brain.
    subjects : int
        How many subjects they are from.
    """

    images: np.ndarray
    labels: np.ndarray
    subjects: int

    def __len__(self) -> int:
        return len(self.images)


def load_slices(
    cases: Sequence[ReferenceCase],
    size: int,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> SliceSet:
    """Read cases and bring all their slices onto the network's grid.

    Orientation, intensity scale and grid are those of prediction (`network.predict`): what the
    network learns on is what it will see.

    Parameters
    ----------
    cases : sequence of ReferenceCase
        At least one.
    size : int
        Rows and columns of the network's grid.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    SliceSet

    Raises
    ------
    SeriesError
        A case cannot be read.
    Cancelled
        `cancelled` returned True.
    """
    from DSCBrainSegLib.preprocessing.axial import to_axial
    from DSCBrainSegLib.preprocessing.grid import to_network_grid
    from DSCBrainSegLib.preprocessing.intensity import scale_intensity

    images, labels = [], []
    for number, case in enumerate(cases):
        check_cancelled(cancelled)
        progress(number, len(cases), f"Reading {case.name}")
        loaded = load_case(case)
        axial = to_axial(loaded.image, loaded.affine)
        mask = to_axial(loaded.reference.astype(np.float32), loaded.affine).volume
        slices, grid = to_network_grid(scale_intensity(axial.volume), axial.spacing, size)
        images.append(slices)
        labels.append(grid.forward(mask) >= 0.5)
    progress(len(cases), len(cases), f"{sum(map(len, images))} slices of {len(cases)} subjects")
    return SliceSet(
        np.concatenate(images).astype(np.float32),
        np.concatenate(labels).astype(np.uint8),
        len(cases),
    )
