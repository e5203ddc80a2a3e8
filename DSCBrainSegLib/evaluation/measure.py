"""Figures of one method on one case: over the volume and over each slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase
from DSCBrainSegLib.metrics.height import below_top_mm
from DSCBrainSegLib.metrics.overlap import Overlap, overlap

NAN = float("nan")
SUPERIOR = 2
"""Patient axis (x, y, z) of axial slices."""

TIMED_SLICES = 20
"""Times are given for a volume of that many slices, whatever the case has."""


@dataclass(frozen=True)
class VolumeFigures:
    """Agreement of one mask with the reference over the compared slices of a case.

    Parameters
    ----------
    case, method : str
    slices : int
        Compared slices.
    true_positive, false_positive, false_negative, true_negative : int
        Voxels.
    dice, sensitivity, specificity, accuracy, outward_share : float
        From 0 to 1; see `metrics.overlap`.
    lesion_kept : float
        From 0 to 1, see `metrics.lesion`; NaN for a case without a lesion mask.
    hd95_mm, msd_mm : float
        95th percentile and mean of the surface distances; see `metrics.surface`.
    reference_ml, mask_ml : float
        Volumes in mL.
    volume_error_ml, volume_error_percent : float
        Mask minus reference.
    planes : int
        Axial planes the method worked on: the slices of the whole volume, or those made of a
        sagittal or coronal one.
    seconds : float
        Wall time of the segmentation of the whole volume, after an untimed first call.
    seconds_per_20_slices : float
        `seconds` times 20 over `planes`; the matrix stays as it is.
    failure : str
        Why there is no mask; empty if there is one. The other figures are then NaN or 0.
    """

    case: str
    method: str
    slices: int = 0
    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0
    dice: float = NAN
    sensitivity: float = NAN
    specificity: float = NAN
    accuracy: float = NAN
    outward_share: float = NAN
    lesion_kept: float = NAN
    hd95_mm: float = NAN
    msd_mm: float = NAN
    reference_ml: float = NAN
    mask_ml: float = NAN
    volume_error_ml: float = NAN
    volume_error_percent: float = NAN
    planes: int = 0
    seconds: float = NAN
    seconds_per_20_slices: float = NAN
    failure: str = ""


@dataclass(frozen=True)
class SliceFigures:
    """Agreement on one slice that has brain in the reference or in the mask.

    Parameters
    ----------
    case, method : str
    slice_k : int
        Index of the slice in the case's files, from 0.
    position_mm : float
        Where the slice's centre lies along the patient axis nearest to the slice normal (axial:
        towards the head).
    in_reference : bool
        The reference has brain on this slice.
    true_positive, false_positive, false_negative, true_negative : int
        Pixels.
    dice, sensitivity, specificity, accuracy, outward_share : float
        From 0 to 1.
    below_top_mm : float
        How far below the top of the reference's brain, see `metrics.height`; NaN for a slice
        without brain in the reference, and for series that are not axial or cut the vertex off.
    """

    case: str
    method: str
    slice_k: int
    position_mm: float
    in_reference: bool
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    dice: float
    sensitivity: float
    specificity: float
    accuracy: float
    outward_share: float = NAN
    below_top_mm: float = NAN


def measure_volume(
    mask: np.ndarray, loaded: LoadedCase, method: str, planes: int, seconds: float
) -> VolumeFigures:
    """Compare a mask with the reference over all compared slices together.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        On the voxels of the case.
    loaded : LoadedCase
    method : str
        Name of the method.
    planes : int
        Axial planes it worked on, at least 1.
    seconds : float
        How long it took.

    Returns
    -------
    VolumeFigures
    """
    from DSCBrainSegLib.metrics.lesion import lesion_kept
    from DSCBrainSegLib.metrics.surface import surface_distances
    from DSCBrainSegLib.metrics.volume import volume_error

    mask, reference = mask[loaded.compared], loaded.reference[loaded.compared]
    distances = surface_distances(mask, reference, loaded.spacing)
    volume = volume_error(mask, reference, loaded.voxel_volume_ml)
    lesion = None if loaded.lesion is None else loaded.lesion[loaded.compared]
    return VolumeFigures(
        case=loaded.case.name,
        method=method,
        slices=len(reference),
        **_overlap_figures(overlap(mask, reference)),
        lesion_kept=NAN if lesion is None else lesion_kept(mask, lesion, reference),
        hd95_mm=distances.hd95_mm,
        msd_mm=distances.mean_mm,
        reference_ml=volume.reference_ml,
        mask_ml=volume.mask_ml,
        volume_error_ml=volume.ml,
        volume_error_percent=volume.percent,
        planes=planes,
        seconds=seconds,
        seconds_per_20_slices=seconds * TIMED_SLICES / planes,
    )


def measure_slices(mask: np.ndarray, loaded: LoadedCase, method: str) -> list[SliceFigures]:
    """Compare a mask with the reference on each compared slice that has brain in either.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
    loaded : LoadedCase
    method : str

    Returns
    -------
    list of SliceFigures
    """
    positions, axis = _slice_positions(loaded)
    below_top = below_top_mm(loaded.reference, positions if axis == SUPERIOR else positions * NAN)
    figures = []
    for k in range(loaded.compared.start, loaded.compared.stop):
        in_reference = bool(loaded.reference[k].any())
        if not in_reference and not mask[k].any():
            continue
        counts = _overlap_figures(overlap(mask[k], loaded.reference[k]))
        figures.append(
            SliceFigures(
                loaded.case.name,
                method,
                k,
                float(positions[k]),
                in_reference,
                **counts,
                below_top_mm=float(below_top[k]),
            )
        )
    return figures


def _overlap_figures(counts: Overlap) -> dict:
    return {
        **vars(counts),
        "dice": counts.dice,
        "sensitivity": counts.sensitivity,
        "specificity": counts.specificity,
        "accuracy": counts.accuracy,
        "outward_share": counts.outward_share,
    }


def _slice_positions(loaded: LoadedCase) -> tuple[np.ndarray, int]:
    """Position (K,) in mm of the slice centres along the patient axis nearest to the normal."""
    count, rows, columns = loaded.image.shape
    affine = loaded.affine
    axis = int(np.argmax(np.abs(np.cross(affine[:3, 0], affine[:3, 1]))))
    middle = affine[axis, 0] * (columns - 1) / 2 + affine[axis, 1] * (rows - 1) / 2
    return middle + affine[axis, 2] * np.arange(count) + affine[axis, 3], axis
