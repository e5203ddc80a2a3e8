"""How far the volume of a mask is off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VolumeError:
    """Volume of a mask beside that of its reference.

    Parameters
    ----------
    mask_ml, reference_ml : float
        Volumes in mL.
    """

    mask_ml: float
    reference_ml: float

    @property
    def ml(self) -> float:
        """Mask minus reference in mL: above 0 where the mask is too large."""
        return self.mask_ml - self.reference_ml

    @property
    def percent(self) -> float:
        """`ml` in % of the reference; 0 if both are empty, inf if only the reference is."""
        if self.reference_ml == 0:
            return 0.0 if self.mask_ml == 0 else float("inf")
        return 100.0 * (self.ml / self.reference_ml)


def volume_error(mask: np.ndarray, reference: np.ndarray, voxel_volume_ml: float) -> VolumeError:
    """Compare volumes.

    Parameters
    ----------
    mask, reference : ndarray of bool, same shape
    voxel_volume_ml : float
        Volume of one voxel in mL (`DSCSeries.voxel_volume_ml`).

    Returns
    -------
    VolumeError

    Raises
    ------
    ValueError
        The shapes differ.
    """
    mask, reference = np.asarray(mask, bool), np.asarray(reference, bool)
    if mask.shape != reference.shape:
        raise ValueError(f"mask {mask.shape} and reference {reference.shape} differ in shape")
    return VolumeError(
        mask_ml=float(np.count_nonzero(mask)) * voxel_volume_ml,
        reference_ml=float(np.count_nonzero(reference)) * voxel_volume_ml,
    )
