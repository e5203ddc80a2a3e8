"""A simulated series of the worker into the scene, with its exact mask as ground truth."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import SIMULATION, draw
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.ground_truth_segment import loadGroundTruth
from DSCBrainSegLib.mrml.segmentation_node import segmentationOf
from DSCBrainSegLib.mrml.series_to_sequence import SequenceNodes, addSeries
from DSCBrainSegLib.series.types import DSCSeries


def addSimulated(facts: dict, name: str) -> SequenceNodes:
    """Add what the worker's command ``simulate`` has made.

    Parameters
    ----------
    facts : dict
        Its result.
    name : str

    Raises
    ------
    SeriesError
        The files cannot be read; the scene is as it was.
    """
    try:
        frames = np.load(facts["frames_file"], allow_pickle=False)
        mask = np.load(facts["mask_file"], allow_pickle=False) > 0
    except (OSError, ValueError, EOFError) as error:
        raise SeriesError("The simulated files cannot be read; simulate again.") from error
    series = DSCSeries(
        frames=frames,
        times=np.array(facts["times"]),
        affine=np.array(facts["affine"]),
        echo_time=facts["echo_time"],
        repetition_time=facts["repetition_time"],
    )
    nodes = addSeries(series, name)
    loadGroundTruth(segmentationOf(nodes.volume), nodes.volume, mask, draw(SIMULATION))
    return nodes
