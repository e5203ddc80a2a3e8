"""Steps of space and time in mm and seconds, checked against what a head's EPI can have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

VOXEL_MM = (0.3, 20.0)
"""Smallest and largest voxel edge of an EPI series of a head."""

STEP_S = (0.05, 20.0)
"""Shortest and longest time between two time points."""

MM_PER_UNIT = {"m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3}
SECONDS_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6}

# What programs write in these units by mistake, the likeliest first.
_MM_GUESSES = ("mm", "m", "um")
_SECONDS_GUESSES = ("s", "ms", "us")


def millimetres_per_unit(
    edges: Sequence[float], stated: str, warnings: list[str], single: int | None = None
) -> float:
    """Return the factor that brings voxel edges to mm.

    Parameters
    ----------
    edges : sequence of 3 float
        Voxel edges as the file gives them.
    stated : str
        Unit that the file names, a key of `MM_PER_UNIT`, or "" where it names none.
    warnings : list of str
        Gets a sentence where the stated unit cannot be right, or no unit gives possible voxels.
    single : int, optional
        Axis with one voxel only, whose edge says little and is not judged.

    Returns
    -------
    float
    """
    judged = np.abs([edge for axis, edge in enumerate(edges) if axis != single])
    factor = MM_PER_UNIT.get(stated, 1.0)
    if _within(judged * factor, VOXEL_MM):
        return factor
    size = " x ".join(f"{abs(edge) * factor:.4g}" for edge in edges)
    for unit in _MM_GUESSES:
        if _within(judged * MM_PER_UNIT[unit], VOXEL_MM):
            warnings.append(
                f"The header's voxels would measure {size} mm, which cannot be; its sizes are "
                f"taken as {unit}."
            )
            return MM_PER_UNIT[unit]
    warnings.append(
        f"Voxels of {size} mm are implausible for a perfusion series of a head; check the header."
    )
    return factor


def seconds_of(step: float, stated: str, warnings: list[str]) -> float | None:
    """Return the time between two time points in seconds; None where the file gives none.

    Parameters
    ----------
    step : float
        As the file gives it.
    stated : str
        Unit that the file names, a key of `SECONDS_PER_UNIT`, or "" where it names none.
    warnings : list of str
        Gets a sentence where the step is negative, its unit cannot be right, or no unit gives a
        possible time.
    """
    if not np.isfinite(step) or step == 0:
        return None
    if step < 0:
        warnings.append(
            f"The header gives a negative time between time points ({step:g}); it is taken as "
            f"{-step:g}."
        )
        step = -step
    seconds = step * SECONDS_PER_UNIT.get(stated, 1.0)
    if _within(seconds, STEP_S):
        return seconds
    for unit in _SECONDS_GUESSES:
        guessed = step * SECONDS_PER_UNIT[unit]
        if _within(guessed, STEP_S):
            warnings.append(
                f"The header's {seconds:g} s between time points cannot be; {step:g} is taken as "
                f"{unit}: {guessed:g} s."
            )
            return guessed
    warnings.append(
        f"{seconds:g} s between time points is implausible for a perfusion series; check the times."
    )
    return seconds


def _within(values, limits: tuple[float, float]) -> bool:
    low, high = limits
    values = np.asarray(values) * (1 + 1e-6)  # single precision rounds 0.3 down
    return bool(np.all(values >= low) and np.all(values <= high * (1 + 1e-5)))
