"""A worker's result into the scene: checked whole first, then written in one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.algorithm_tags import tagAlgorithms
from DSCBrainSegLib.mrml.method_segments import writeMethodMask
from DSCBrainSegLib.mrml.segment_tags import setTag
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation, segmentationOf
from DSCBrainSegLib.mrml.segments import refuseUnfitMask
from DSCBrainSegLib.mrml.slices_to_check import rememberQuality

FRAME_TAG, WEIGHTS_TAG = "Frame", "WeightsSha256"
"""Segment tags: time point counted from 1, and which weights."""


@dataclass(frozen=True)
class ImportedResult:
    """Where a result went.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    segmentId : str
    frame : int
        Time point that was segmented, counted from 0 in the whole series.
    """

    segmentation: Any
    segmentId: str
    frame: int


def importResult(
    facts: dict,
    volumeNode,
    replaceEdited: bool = False,
    saveStateForUndo: Callable[[], object] | None = None,
) -> ImportedResult:
    """Write the mask of a worker's ``result`` into the segment of its method.

    Parameters
    ----------
    facts : dict
        Of the worker: ``mask_file`` (.npy), ``method``, ``frame`` and more.
    volumeNode : vtkMRMLScalarVolumeNode
        The volume that was segmented, or the one that shows the sequence.
    replaceEdited : bool
        See `method_segments.writeMethodMask`.
    saveStateForUndo : callable, optional
        Called once before an existing segmentation is changed, so that one undo brings it back: the
        segment editor's method of that name.

    Raises
    ------
    SeriesError
        The mask cannot be read or is not of this volume; the scene is as it was.
    ConfigurationError
        Volume and segmentation lie under different transforms; the scene is as it was.
    """
    mask = _readMask(Path(facts["mask_file"]))
    refuseUnfitMask(volumeNode, mask)
    isNew = findSegmentation(volumeNode) is None
    segmentation = segmentationOf(volumeNode)
    if saveStateForUndo is not None and not isNew:
        saveStateForUndo()
    segmentId = writeMethodMask(segmentation, volumeNode, facts["method"], mask, replaceEdited)
    segment = segmentation.GetSegmentation().GetSegment(segmentId)
    frame = facts["frame"]["index"]
    setTag(segment, FRAME_TAG, str(frame + 1))
    setTag(segment, WEIGHTS_TAG, (facts.get("weights") or {}).get("sha256", ""))
    rememberQuality(segment, facts.get("quality"))
    tagAlgorithms(segmentation)
    return ImportedResult(segmentation, segmentId, frame)


def _readMask(path: Path) -> np.ndarray:
    try:
        mask = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SeriesError(f"The mask {path} cannot be read; segment again.") from error
    if not isinstance(mask, np.ndarray):
        raise SeriesError(f"{path} holds no mask; segment again.")
    return mask > 0
