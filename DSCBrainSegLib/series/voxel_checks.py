"""What the voxels of a series say about it: missing numbers, no image, overflow, a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DSCBrainSegLib.errors import SeriesError

BRIGHT_PERCENTILE = 99.0

DEEP = 0.05
"""Negative values below this share of the bright ones, taken negative, are told."""

MAGNITUDE_SHARE = 0.95
"""An image with this share of its voxels at 0 or more is a magnitude image."""

MOST_16_BIT, SIGNED_16_BIT = 65535, 32767

FEWEST_VOXELS = 64
"""Smaller images have few values anyway."""


def clean_voxels(volumes: np.ndarray, numbers: Sequence[int]) -> list[str]:
    """Set voxels without a number to 0 and say what is odd about the frames.

    Parameters
    ----------
    volumes : ndarray, shape (T, K, J, I)
        Changed in place.
    numbers : sequence of int, length T
        Time points as people count, from 1.

    Returns
    -------
    list of str
        One sentence for each kind of fault, however many time points have it.

    Raises
    ------
    SeriesError
        No frame holds an image.
    """
    found: dict[str, list[int]] = {
        kind: [] for kind in ("nan", "empty", "binary", "negative", "wrapped")
    }
    missing, lowest = 0, 0.0
    for volume, number in zip(volumes, numbers, strict=True):
        low, high = float(volume.min()), float(volume.max())
        if not np.isfinite(low) or not np.isfinite(high):
            bad = ~np.isfinite(volume)
            volume[bad] = 0.0
            found["nan"].append(number)
            missing = max(missing, int(bad.sum()))
            low, high = float(volume.min()), float(volume.max())
        if low == high:
            found["empty"].append(number)
            continue
        if volume.size >= FEWEST_VOXELS and bool(np.all((volume == low) | (volume == high))):
            found["binary"].append(number)
        elif low < 0 and _deeply_negative(volume, low):
            found["negative"].append(number)
            lowest = min(lowest, low)
        elif SIGNED_16_BIT < high <= MOST_16_BIT and _wrapped(volume):
            found["wrapped"].append(number)
    if len(found["empty"]) == len(numbers):
        raise _no_image(found["empty"])
    return _sentences(found, missing, lowest)


def _deeply_negative(volume: np.ndarray, low: float) -> bool:
    """Say whether a magnitude image has values that it cannot have."""
    if np.mean(volume[volume > low] >= 0) < MAGNITUDE_SHARE:
        return False  # a normalised image, or one with an offset
    bright = float(np.percentile(volume[volume >= 0], BRIGHT_PERCENTILE))
    return low < -DEEP * bright


def _wrapped(volume: np.ndarray) -> bool:
    """Say whether small negative numbers were read as large ones: a band at 65535, a gap below."""
    top = volume > MOST_16_BIT - SIGNED_16_BIT // 8
    rest = volume[~top]
    return bool(top.any() and rest.size and rest.max() < SIGNED_16_BIT)


def _no_image(empty: list[int]) -> SeriesError:
    if len(empty) == 1:
        return SeriesError(
            f"Time point {empty[0]} has the same value in every voxel, so there is no image to "
            "work on; choose another time point or export the series again."
        )
    return SeriesError(
        "Every time point has the same value in all its voxels, so there is no image to work on; "
        "export the series again."
    )


def _sentences(found: dict[str, list[int]], missing: int, lowest: float) -> list[str]:
    sentences = []
    if found["nan"]:
        where, voxels = _name(found["nan"]), f"{missing} voxels"
        if len(found["nan"]) > 1:
            voxels = f"up to {voxels} each"
        sentences.append(
            f"{where} {_has(found['nan'])} {voxels} without a number (NaN or infinite); they were "
            "set to 0."
        )
    if found["empty"]:
        sentences.append(
            f"{_name(found['empty'])} {_has(found['empty'])} the same value in every voxel."
        )
    if found["binary"]:
        sentences.append(
            f"{_name(found['binary'])} {_has(found['binary'])} two values only, so this looks like "
            "a mask, not like an image: its result means nothing."
        )
    if found["negative"]:
        sentences.append(
            f"{_name(found['negative'])} {_has(found['negative'])} negative values down to "
            f"{lowest:g}, which a magnitude image cannot have (padding, or 16-bit numbers that ran "
            "over); the network takes them as 0."
        )
    if found["wrapped"]:
        sentences.append(
            f"{_name(found['wrapped'])} {_has(found['wrapped'])} values near 65535 and none below "
            "them down to the image: negative numbers that were stored without a sign. Export the "
            "series again."
        )
    return sentences


def _name(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Time point {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:3])
    more = ", ..." if len(numbers) > 3 else ""
    return f"{len(numbers)} time points ({shown}{more})"


def _has(numbers: list[int]) -> str:
    return "has" if len(numbers) == 1 else "have"
