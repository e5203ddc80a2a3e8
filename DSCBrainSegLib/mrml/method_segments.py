"""One segment for each method, in its colour; what a person edited is not overwritten."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.display import REFERENCE_COLOUR, Colour, method_colours
from DSCBrainSegLib.methods import list_methods
from DSCBrainSegLib.mrml.edited import isEdited, rememberWritten
from DSCBrainSegLib.mrml.segment_tags import getTag, setTag
from DSCBrainSegLib.mrml.segments import addMaskSegment, replaceMask

GROUND_TRUTH = "ground-truth"
"""Stands in the place of a method's name on a segment that a reader draws."""

_METHOD = "Method"


def writeMethodMask(
    segmentationNode, volumeNode, method: str, mask: np.ndarray, replaceEdited: bool = False
) -> str:
    """Write a method's mask into its segment and return the segment's ID.

    The segment that the method wrote before is used again. One that was edited since stays as it
    is and a new one is made.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    volumeNode : vtkMRMLVolumeNode
    method : str
        Name of the method, or `GROUND_TRUTH`.
    mask : ndarray of bool, shape (K, J, I)
    replaceEdited : bool
        The user agreed to lose the edits; save the state for undo first.

    Raises
    ------
    SeriesError
        The mask has not the volume's shape; nothing was changed.
    """
    segmentation = segmentationNode.GetSegmentation()
    for segmentId in reversed(segmentsOfMethod(segmentationNode, method)):
        if replaceEdited or not isEdited(segmentationNode, segmentId, volumeNode):
            replaceMask(segmentationNode, segmentId, volumeNode, mask)
            break
    else:
        segmentId = addMaskSegment(
            segmentationNode, volumeNode, mask, segmentName(method), segmentColour(method)
        )
        setTag(segmentation.GetSegment(segmentId), _METHOD, method)
    rememberWritten(segmentation.GetSegment(segmentId), mask)
    return segmentId


def segmentsOfMethod(segmentationNode, method: str) -> list[str]:
    """Return the IDs of the segments that a method made, in the order of the list."""
    segmentation = segmentationNode.GetSegmentation()
    return [
        segmentId
        for segmentId in segmentation.GetSegmentIDs()
        if methodOf(segmentation.GetSegment(segmentId)) == method
    ]


def methodOf(segment) -> str:
    """Return the method that made a segment, `GROUND_TRUTH`, or "" for a user's own."""
    return getTag(segment, _METHOD)


def segmentName(method: str) -> str:
    """Return what the segment of a method is called at first."""
    return "Ground truth (reader)" if method == GROUND_TRUTH else f"Brain ({method})"


def segmentColour(method: str) -> Colour:
    """Return the colour, RGB from 0 to 255, that the method has in figures, too."""
    if method == GROUND_TRUTH:
        return REFERENCE_COLOUR
    return method_colours([*(known.name for known in list_methods()), method])[method]
