"""The motion table: one row for each time point."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from DSCBrainSegLib.geometry import PARAMETER_NAMES
from DSCBrainSegLib.preprocessing.motion.types import MotionEstimate

COLUMNS = ("frame", "time_s", *PARAMETER_NAMES, "fd_mm", "displacement_mm", "state")


def write_motion_table(path: str | Path, estimate: MotionEstimate, times: np.ndarray) -> None:
    """Write the motion of every frame as CSV.

    Columns: `frame` from 1; `time_s`; the six parameters (translations in mm, rotations in
    degrees, see `MotionEstimate`); `fd_mm`, framewise displacement; `displacement_mm`, the same
    measure from the reference; `state`.

    Parameters
    ----------
    path : path
    estimate : MotionEstimate
    times : ndarray, shape (T,)
        Of the frames in seconds.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    figures = np.column_stack(
        [estimate.parameters, estimate.framewise_displacement, estimate.displacement]
    )
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for index, row in enumerate(figures):
            shown = [f"{value:.4f}" for value in row + 0.0]
            writer.writerow([index + 1, f"{times[index]:.3f}", *shown, estimate.states[index]])
