"""Which voxels of a mask's file are brain: its values judged before they are cut."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.errors import SeriesError

HALF = 0.5
"""Share of the label's value from which a voxel belongs to it."""

PLATEAU = 0.05
"""Values this near to the label's value, or to 0, in parts of it, lie on its plateau."""

LEAST_ON_PLATEAU = 0.5
"""Share of the voxels above half (and of those below) that lie on a plateau in a soft label. Masks
resampled linearly, by cubic splines or from voxels three times as large have 0.63 or more, EPI
images and skull-stripped ones 0.34 or less (11 real series, one simulated; docs/reading.md)."""

OVERSHOOT = 0.5
"""Splines overshoot a label's plateau by up to this share of it."""

FEW_LABELS = 8
"""Up to as many different whole numbers are labels, however they are spread."""

MOST_LABELS = 64
"""Files with more different whole numbers are images."""


def brain_values(values: np.ndarray, what: str) -> np.ndarray:
    """Cut the values of a mask: one label, or a soft one at half its value.

    Parameters
    ----------
    values : ndarray, any shape
        Bool or numbers; NaN counts as outside.
    what : str
        The file's name, for messages.

    Returns
    -------
    ndarray of bool, same shape
        All False where all values are 0.

    Raises
    ------
    SeriesError
        The values are those of an image, or of several labels.
    """
    values = np.asarray(values)
    if values.dtype == bool:
        return values
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    levels = np.unique(values)
    levels = levels[levels != 0]
    if len(levels) == 0:
        return np.zeros(values.shape, bool)
    if len(levels) == 1:
        if levels[0] < 0:
            raise SeriesError(
                f"{what} is no mask: its only value beside 0 is {levels[0]:g}; write 1 for brain."
            )
        return values == levels[0]
    whole = bool((levels == np.round(levels)).all())
    if whole and len(levels) <= (MOST_LABELS if not _is_soft(values) else FEW_LABELS):
        raise SeriesError(_several_labels(values, levels, what))
    if not _is_soft(values):
        raise SeriesError(
            f"{what} is no mask: it has {len(levels)} different values from {levels[0]:g} to "
            f"{levels[-1]:g}, as an image has; give the mask, with 1 for brain and 0 elsewhere."
        )
    return values >= HALF * _label_value(values)


def _is_soft(values: np.ndarray) -> bool:
    """Say whether values are those of one label that was resampled or is a probability."""
    label = _label_value(values)
    if values.max() > (1 + OVERSHOOT) * label or values.min() < -OVERSHOOT * label:
        return False
    above, below = values[values > HALF * label], values[values <= HALF * label]
    if not below.size:
        return False
    on_top = np.mean(np.abs(above - label) <= PLATEAU * label)
    on_ground = np.mean(np.abs(below) <= PLATEAU * label)
    return bool(min(on_top, on_ground) >= LEAST_ON_PLATEAU)


def _label_value(values: np.ndarray) -> float:
    return float(np.median(values[values > HALF * values.max()])) if values.max() > 0 else 1.0


def _several_labels(values: np.ndarray, levels: np.ndarray, what: str) -> str:
    shown = ", ".join(f"{level:g} ({int((values == level).sum())} voxels)" for level in levels[:6])
    more = ", ..." if len(levels) > 6 else ""
    return (
        f"{what} holds {len(levels)} labels, {shown}{more}, and does not say which is brain; "
        "write a file with brain alone."
    )
