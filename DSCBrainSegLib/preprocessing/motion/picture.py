"""The motion picture: translations, rotations and framewise displacement over time."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.display import new_figure, to_png
from DSCBrainSegLib.preprocessing.motion.types import GOOD, WARN_ABOVE_MM, MotionEstimate

DPI = 150
COLOURS = ("#0072B2", "#D55E00", "#009E73")
"""Of the axes left, back and top; told apart in every kind of colour vision."""


def draw_motion(
    estimate: MotionEstimate, times: np.ndarray, threshold_mm: float = WARN_ABOVE_MM
) -> bytes:
    """Draw the motion of a series over time.

    Parameters
    ----------
    estimate : MotionEstimate
    times : ndarray, shape (T,)
        Of the frames in seconds.
    threshold_mm : float
        Drawn as a line where framewise displacement is.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    figure = new_figure((6.4, 5.6), DPI)
    shifts, turns, steps = figure.subplots(3, sharex=True)
    for axis, colour in enumerate(COLOURS):
        towards = ("x, to the left", "y, to the back", "z, to the top")[axis]
        about = ("x, nodding", "y, tilting", "z, turning")[axis]
        shifts.plot(times, estimate.parameters[:, axis], color=colour, lw=1.4, label=towards)
        turns.plot(times, estimate.parameters[:, axis + 3], color=colour, lw=1.4, label=about)
    steps.plot(times, estimate.framewise_displacement, color="0.15", lw=1.4, label="framewise")
    steps.plot(
        times,
        estimate.displacement,
        color="0.6",
        lw=1.4,
        label=f"from point {estimate.reference + 1}",
    )
    steps.axhline(threshold_mm, color="#CC0000", lw=0.8, ls="--", label=f"{threshold_mm:g} mm")
    for panel, label in (
        (shifts, "Translation (mm)"),
        (turns, "Rotation (degrees)"),
        (steps, "Displacement (mm)"),
    ):
        panel.axvline(times[estimate.reference], color="0.75", lw=0.8)
        for index, state in enumerate(estimate.states):
            if state != GOOD:
                panel.axvline(times[index], color="#CC0000", lw=0.6)
        panel.set_ylabel(label)
        panel.grid(color="0.92", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    steps.set_ylim(bottom=0)
    steps.set_xlabel(f"Time (s); grey line: time point {estimate.reference + 1}, the reference")
    return to_png(figure)
