"""Judge the mask of one volume."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.postprocessing import BRAIN_PROBABILITY, clean_mask
from DSCBrainSegLib.preprocessing.axial import AxialVolume
from DSCBrainSegLib.quality.confidence import GOOD_VOLUME_DICE, Calibration
from DSCBrainSegLib.quality.features import judged_planes, plane_features, volume_features
from DSCBrainSegLib.quality.measures import MM2_PER_CM2, measure_planes
from DSCBrainSegLib.quality.plausibility import (
    doubtful_planes,
    impossible,
    name_slices,
    unusual_volume,
)
from DSCBrainSegLib.quality.types import Quality, SliceToCheck


def assess(
    axial: AxialVolume,
    found: np.ndarray,
    cleaned: bool,
    calibration: Calibration | None = None,
) -> Quality:
    """Judge what a method found by itself and, where there are any, by its probabilities.

    Where there is a calibrated confidence, it alone decides which slices are to be looked at, and
    what is unusual about them is added as a reason: of slices that are merely unusual most are good
    (docs/quality.md). Without it every unusual slice is listed.

    Parameters
    ----------
    axial : AxialVolume
        What was segmented.
    found : ndarray, shape of `axial.volume`
        Bool mask, or float probabilities of brain.
    cleaned : bool
        The mask is cleaned (`post.clean_mask`).
    calibration : Calibration, optional
        Of the weights that gave the probabilities; without it there is no confidence.

    Returns
    -------
    Quality
        On the series' own slices.
    """
    raw = found if found.dtype == bool else found >= BRAIN_PROBABILITY
    mask = clean_mask(raw) if cleaned else raw
    measures = measure_planes(mask, raw, axial.spacing)
    reasons: dict[int, list[str]] = {}
    for doubt in doubtful_planes(measures, axial.spacing, cleaned):
        reasons.setdefault(doubt.plane, []).append(doubt.reason)
    confidence, per_plane = None, [None] * len(mask)
    warnings = []
    why_not = impossible(measures, axial.volume.shape, axial.spacing)
    if why_not:
        warnings.append(why_not)
    elif calibration is not None and found.dtype != bool:
        confidence, per_plane = _confidence(axial, mask, found, calibration)
        if confidence < calibration.volume.flag_below:
            warnings.append(
                "The network is unsure of this mask: by its calibration on simulated scans the "
                f"chance that its Dice is {GOOD_VOLUME_DICE} or more is {100 * confidence:.0f} %."
            )
        reasons = {
            plane: [_why(mask, plane), *reasons.get(plane, [])]
            for plane, value in enumerate(per_plane)
            if value is not None and value < calibration.plane.flag_below
        }
    if axial.resampled:
        return Quality(
            confidence,
            (*warnings, *unusual_volume(measures, axial.spacing, cleaned), *_on_planes(reasons)),
            (None,) * axial.original_shape[0],
            (),
        )
    slices = own_slices(axial)
    own_confidence: list[float | None] = [None] * len(mask)
    for plane, value in enumerate(per_plane):
        own_confidence[slices[plane]] = value
    to_check = sorted(
        (
            SliceToCheck(int(slices[plane]), per_plane[plane], tuple(why))
            for plane, why in reasons.items()
        ),
        key=lambda found: found.slice,
    )
    return Quality(
        confidence,
        (*warnings, *unusual_volume(measures, axial.spacing, cleaned, slices + 1)),
        tuple(own_confidence),
        tuple(to_check),
    )


def own_slices(axial: AxialVolume) -> np.ndarray:
    """Index k in the series of each axial plane (K,), for a volume that was only reordered."""
    planes = np.arange(len(axial.volume), dtype=np.float32)
    back = axial.back(np.broadcast_to(planes[:, None, None], axial.volume.shape))
    return np.argsort(back[:, 0, 0])


def _confidence(axial, mask, probabilities, calibration) -> tuple[float, list[float | None]]:
    pixel_cm2 = axial.spacing[1] * axial.spacing[2] / MM2_PER_CM2
    planes = calibration.plane(plane_features(probabilities, mask, pixel_cm2))
    volume = calibration.volume(volume_features(probabilities, mask, pixel_cm2, planes))
    judged = judged_planes(probabilities, mask, pixel_cm2)
    per_plane = [float(value) if has else None for value, has in zip(planes, judged, strict=True)]
    return float(volume), per_plane


def _why(mask: np.ndarray, plane: int) -> str:
    if not mask[plane].any():
        return "The network is not sure that there is no brain."
    return "The network is unsure of the outline."


def _on_planes(reasons: dict[int, list[str]]) -> list[str]:
    """Say of a resampled series, whose own slices cross all planes, where to look."""
    if not reasons:
        return []
    return [
        "The series was segmented on axial planes made of it; look at the mask on "
        f"{name_slices(np.array([*reasons]) + 1, 'plane')}, counted from 1 at the lowest."
    ]
