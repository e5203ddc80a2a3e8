"""The worker's command ``simulate``: a phantom series with its exact mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled

FIELDS: dict[str, tuple[type, ...]] = {
    "output": (str,),
    "seed": (int,),
    "matrix": (int,),
    "slices": (int,),
    "frames": (int,),
}
"""Fields of a ``simulate`` request with their types."""

FRAMES_NAME, MASK_NAME = "frames.npy", "mask.npy"


def simulate_case(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Simulate a DSC series of a head with a glioblastoma into a folder.

    Parameters
    ----------
    fields : dict
        ``output`` and arguments of `simulation.series.phantom.simulate_phantom`.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    dict
        ``frames_file`` (.npy, uint16, (T, K, J, I)), ``mask_file`` (.npy, uint8, (K, J, I)),
        ``times`` in s, ``affine`` from (i, j, k, 1) to LPS+ in mm, ``echo_time`` and
        ``repetition_time`` in s.

    Raises
    ------
    MissingPackageError
        nilearn, which brings the MNI152 brain, is not installed.
    ConfigurationError
        An argument is out of range.
    OutputError
        The folder cannot be written or holds a phantom already.
    """
    from DSCBrainSegLib.files import output_folder
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

    if not fields.get("output"):
        raise ConfigurationError("The request names no output folder for the phantom.")

    def told(done: int, total: int, message: str) -> None:
        check_cancelled(cancelled)
        progress(done, total, message)

    arguments = {name: value for name, value in fields.items() if name != "output"}
    phantom = simulate_phantom(**arguments, progress=told)
    folder = Path(fields["output"]).absolute()
    with output_folder(folder) as work:
        np.save(work / FRAMES_NAME, phantom.series.frames)
        np.save(work / MASK_NAME, phantom.mask.astype(np.uint8))
    return {
        "frames_file": str(folder / FRAMES_NAME),
        "mask_file": str(folder / MASK_NAME),
        "times": phantom.series.times.tolist(),
        "affine": phantom.series.affine.tolist(),
        "echo_time": phantom.series.echo_time,
        "repetition_time": phantom.series.repetition_time,
    }
