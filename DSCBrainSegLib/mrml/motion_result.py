"""A worker's corrected series and the motion it found into the scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.geometry import PARAMETER_NAMES
from DSCBrainSegLib.mrml.geometry import ijkToLps
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_to_sequence import SequenceNodes, addSeries
from DSCBrainSegLib.mrml.subject_hierarchy import placeBeside
from DSCBrainSegLib.mrml.tables import TIME_COLUMN, fillTable

DISPLACEMENT_COLUMN = "From one time point to the next (mm)"


def addCorrected(facts: dict, node, volumeNode) -> tuple[SequenceNodes, object]:
    """Add the corrected series and a table of the motion, a row for each time point.

    Parameters
    ----------
    facts : dict
        Answer to the worker's command ``motion``.
    node : vtkMRMLNode
        The series that was corrected.
    volumeNode : vtkMRMLScalarVolumeNode
        Shows it; the new one gets its transform and study.

    Returns
    -------
    SequenceNodes, vtkMRMLTableNode

    Raises
    ------
    SeriesError
        The file cannot be read, or is not of this series; the scene is as it was.
    """
    source = openNode(node)
    try:
        frames = np.load(facts["frames_file"], allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SeriesError("The corrected series cannot be read; correct it again.") from error
    if frames.shape != (source.frame_count, *source.volume_shape):
        raise SeriesError("The series has changed meanwhile; correct it again.")
    first = source.read([0])
    # The new voxels are not those of the DICOM files.
    corrected = replace(
        first,
        frames=frames,
        times=np.asarray(source.times),
        affine=ijkToLps(volumeNode),
        frame_indices=np.arange(len(frames)),
        sop_instance_uids=[],
    )
    nodes = addSeries(corrected, f"{volumeNode.GetName()} (motion corrected)")
    nodes.volume.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    placeBeside(nodes.volume, volumeNode)
    columns = {TIME_COLUMN: np.asarray(source.times, dtype=float)}
    columns |= dict(zip(PARAMETER_NAMES, np.transpose(facts["parameters"]), strict=True))
    columns[DISPLACEMENT_COLUMN] = np.asarray(facts["framewise_displacement"])
    return nodes, fillTable(columns, f"{volumeNode.GetName()} motion")
