"""The segment a reader draws, with who drew and who confirmed it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, SIMULATION, TO_DRAW, GroundTruth
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.mrml.edited import claimForPerson, isEdited, maskHash
from DSCBrainSegLib.mrml.method_segments import (
    GROUND_TRUTH,
    methodOf,
    segmentsOfMethod,
    writeMethodMask,
)
from DSCBrainSegLib.mrml.segment_tags import getTag, setTag
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.voxels import volumeShape

_TOLD_OF_MASK = "GroundTruthMask"


def startGroundTruth(segmentationNode, volumeNode, seedSegmentId: str = "") -> str:
    """Make the segment a reader draws into and return its ID.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    volumeNode : vtkMRMLVolumeNode
    seedSegmentId : str
        Segment to start from; the history tells of it. Drawn from nothing by default.

    Raises
    ------
    ConfigurationError
        There is a ground truth that somebody has begun or finished; it is to be edited or removed.
        Or the segment to start from is gone.
    """
    segmentation = segmentationNode.GetSegmentation()
    for segmentId in segmentsOfMethod(segmentationNode, GROUND_TRUTH):
        if isEdited(segmentationNode, segmentId, volumeNode):
            raise ConfigurationError(
                f"{segmentation.GetSegment(segmentId).GetName()} has been drawn already; go on "
                "with it, or remove the segment first."
            )
    mask, seededFrom = np.zeros(volumeShape(volumeNode), dtype=bool), ""
    if seedSegmentId:
        seed = segmentation.GetSegment(seedSegmentId)
        if seed is None:
            raise ConfigurationError("The mask to start from was removed; choose another one.")
        mask = segmentMask(segmentationNode, seedSegmentId, volumeNode)
        seededFrom = methodOf(seed) or seed.GetName()
    segmentId = writeMethodMask(segmentationNode, volumeNode, GROUND_TRUTH, mask)
    setGroundTruth(segmentationNode, segmentId, volumeNode, GroundTruth(seeded_from=seededFrom))
    return segmentId


def setGroundTruth(segmentationNode, segmentId: str, volumeNode, groundTruth: GroundTruth) -> None:
    """Keep the history of a drawn mask on its segment.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    segmentId : str
    volumeNode : vtkMRMLVolumeNode
    groundTruth : GroundTruth
        From `cohort.ground_truth`; a confirmation, and that it is exact, hold for the mask as it
        is now.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    for name, text in groundTruth.to_dict().items():
        setTag(segment, f"GroundTruth.{name}", text)
    if groundTruth.state != TO_DRAW:
        claimForPerson(segment)
    bound = _holdsForOneMask(groundTruth)
    mask = segmentMask(segmentationNode, segmentId, volumeNode) if bound else None
    setTag(segment, _TOLD_OF_MASK, "" if mask is None else maskHash(mask))


def getGroundTruth(segmentationNode, segmentId: str, volumeNode) -> GroundTruth:
    """Return the history of a drawn mask, without what was told of the mask before a stroke.

    A confirmation goes; exact simulated truth is no longer that, but what the drawing started from.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    names = GroundTruth().to_dict()
    groundTruth = GroundTruth(**{name: getTag(segment, f"GroundTruth.{name}") for name in names})
    if not _holdsForOneMask(groundTruth):
        return groundTruth
    mask = segmentMask(segmentationNode, segmentId, volumeNode)
    if getTag(segment, _TOLD_OF_MASK) == maskHash(mask):
        return groundTruth
    if groundTruth.reader == SIMULATION:
        return GroundTruth(seeded_from=SIMULATION)
    return replace(groundTruth, confirmed_by="", confirmed_at="")


def _holdsForOneMask(groundTruth: GroundTruth) -> bool:
    return groundTruth.state == CONFIRMED or groundTruth.reader == SIMULATION


def loadGroundTruth(
    segmentationNode, volumeNode, mask: np.ndarray, groundTruth: GroundTruth
) -> str:
    """Put a ground truth of a cohort into the scene, with its history; return the segment's ID.

    Raises
    ------
    SeriesError
        The mask has not the volume's shape.
    """
    segmentId = writeMethodMask(segmentationNode, volumeNode, GROUND_TRUTH, mask)
    setGroundTruth(segmentationNode, segmentId, volumeNode, groundTruth)
    return segmentId
