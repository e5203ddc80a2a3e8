"""Whether a person has changed a mask since this software wrote it."""

from __future__ import annotations

import hashlib

import numpy as np

from DSCBrainSegLib.mrml.segment_tags import getTag, setTag
from DSCBrainSegLib.mrml.segments import segmentMask

_WRITTEN = "WrittenMask"


def maskHash(mask: np.ndarray) -> str:
    """Return a SHA-256 of a mask (K, J, I), the same for every way to store it."""
    mask = np.asarray(mask, dtype=bool)
    digest = hashlib.sha256(repr(mask.shape).encode())
    digest.update(np.packbits(mask).tobytes())
    return digest.hexdigest()


def rememberWritten(segment, mask: np.ndarray) -> None:
    """Note on a segment the mask that was written into it."""
    setTag(segment, _WRITTEN, maskHash(mask))


def claimForPerson(segment) -> None:
    """Note that a person answers for a mask from now on, also if it is as it was written."""
    setTag(segment, _WRITTEN, "")


def isEdited(segmentationNode, segmentId: str, volumeNode) -> bool:
    """Say whether a segment holds what a person made, or answers for, and is not to be overwritten.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    segmentId : str
    volumeNode : vtkMRMLVolumeNode
        The one it was written for.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    mask = segmentMask(segmentationNode, segmentId, volumeNode)
    return getTag(segment, _WRITTEN) != maskHash(mask)
