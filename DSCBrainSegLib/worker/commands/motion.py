"""The worker's command ``motion``: the head's motion taken out of a series of a scene."""

from __future__ import annotations

from pathlib import Path
from types import NoneType

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled

FIELDS: dict[str, tuple[type, ...]] = {
    "input": (str,),
    "output": (str,),
    "reference": (int, NoneType),
}
"""Fields of a ``motion`` request with their types."""

CORRECTED_NAME = "corrected.npy"


def correct_case(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Correct a series that `series.exchange` wrote; see docs/worker.md.

    Returns
    -------
    dict
        ``frames_file`` (path, .npy float32), ``reference`` (counted from 0), ``parameters`` (T
        rows of 6, mm and degrees), ``framewise_displacement`` and ``displacement`` (T values, mm),
        ``warnings``.

    Raises
    ------
    DSCBrainSegError
        As `preprocessing.motion.correct_motion`, or the file cannot be read or written.
    """
    import numpy as np

    from DSCBrainSegLib.files import output_folder
    from DSCBrainSegLib.preprocessing.motion import correct_motion, motion_warnings
    from DSCBrainSegLib.preprocessing.motion.register import require_simpleitk
    from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
    from DSCBrainSegLib.series.exchange import read_exchange

    if not fields.get("input") or not fields.get("output"):
        raise ConfigurationError("The request names no input or no output folder.")
    require_simpleitk()
    series = read_exchange(Path(fields["input"]))
    chosen = choose_reference_frame(len(series.frames), fields.get("reference"))
    corrected, estimate = correct_motion(
        series, chosen.index, progress=progress, cancelled=cancelled
    )
    check_cancelled(cancelled)
    target = Path(fields["output"]).absolute()
    with output_folder(target) as work:
        np.save(work / CORRECTED_NAME, np.asarray(corrected.frames, dtype=np.float32))
    return {
        "frames_file": str(target / CORRECTED_NAME),
        "reference": estimate.reference,
        "parameters": estimate.parameters.tolist(),
        "framewise_displacement": estimate.framewise_displacement.tolist(),
        "displacement": estimate.displacement.tolist(),
        "warnings": [*chosen.warnings, *corrected.warnings, *motion_warnings(estimate)],
    }
