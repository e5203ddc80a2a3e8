"""Files and settings with which other packages compute perfusion inside the same mask."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.perfusion.maps import PerfusionMaps
from DSCBrainSegLib.series.types import DSCSeries

FOLDER = "hand-over"
SERIES, MASK, ARTERY, SETTINGS = "series.nii.gz", "mask.nii.gz", "aif-mask.nii.gz", "settings.json"


def write_hand_over(
    maps: PerfusionMaps, series: DSCSeries, folder: Path, overwrite: bool = False
) -> dict:
    """Write the series from its steady state on, mask, arterial voxels and settings.

    The time points before the steady state are cut off, because packages take the baseline from
    the first one on: their signal is too high, and every later change of R2* would be too large.

    Parameters
    ----------
    maps : PerfusionMaps
    series : DSCSeries
        What they were made of.
    folder : Path
        Made if it does not exist.
    overwrite : bool

    Returns
    -------
    dict
        What settings.json holds: see docs/perfusion.md for what each package wants of it.

    Raises
    ------
    OutputError
        The folder cannot be written or holds these files already.
    """
    from DSCBrainSegLib.series import write_mask, write_nifti

    passage = maps.passage
    step = float(np.diff(maps.times).mean())
    times = maps.times[passage.first :] - maps.times[passage.first]
    settings = {
        "first_usable_frame_of_the_series": passage.first + 1,
        "frames": len(maps.times) - passage.first,
        "baseline_frames": passage.arrival - passage.first,
        "first_passage_ends_with_frame": passage.end - passage.first,
        "echo_time_s": series.echo_time,
        "repetition_time_s": step,
        "aif_per_s": [float(value) for value in maps.artery.curve[passage.first :]],
        "times_s": [float(time) for time in times],
    }
    with output_folder(Path(folder), overwrite) as work:
        write_nifti(work / SERIES, series.frames[passage.first :], series.affine, step)
        write_mask(work / MASK, maps.mask, series.affine)
        write_mask(work / ARTERY, maps.artery_mask, series.affine)
        (work / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return settings
