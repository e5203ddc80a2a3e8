"""Masks of the scene into files that the worker measures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, DRAWN
from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.mrml.edited import isEdited
from DSCBrainSegLib.mrml.geometry import ijkToLps
from DSCBrainSegLib.mrml.ground_truth_segment import getGroundTruth
from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, methodOf
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.voxels import voxelArray


def writeMasks(
    volumeNode, segmentationNode, referenceId: str, maskIds: dict[str, str], folder: Path
) -> Iterator[dict]:
    """Write image, reference and masks one by one, so that the caller can do other things between.

    Parameters
    ----------
    volumeNode : vtkMRMLScalarVolumeNode
    segmentationNode : vtkMRMLSegmentationNode
    referenceId : str
    maskIds : dict of str to str
        Segment of each mask by the name it shall have.
    folder : Path
        The job's own temporary folder.

    Yields
    ------
    dict
        Fields of the worker's request ``measure``, complete with the last one.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    fields: dict = {"affine": ijkToLps(volumeNode).tolist(), "masks": {}}
    voxels = voxelArray(volumeNode)
    if voxels.ndim == 4:
        voxels = voxels[..., 0]
    fields["input"] = _save(folder / "image.npy", voxels)
    fields["reference"] = _save(
        folder / "reference.npy", segmentMask(segmentationNode, referenceId, volumeNode)
    )
    yield fields
    for number, (name, segmentId) in enumerate(maskIds.items()):
        mask = segmentMask(segmentationNode, segmentId, volumeNode)
        fields["masks"][name] = _save(folder / f"mask-{number}.npy", mask)
        yield fields


def methodLabel(segmentationNode, segmentId: str, volumeNode) -> str:
    """Return what a report calls a mask: its method, unless a person has changed it."""
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    if isEdited(segmentationNode, segmentId, volumeNode):
        return segment.GetName()
    return methodOf(segment) or segment.GetName()


def referenceStatement(segmentationNode, segmentId: str, volumeNode) -> str:
    """Say in one sentence what a reference is; no reader is named."""
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    method = methodOf(segment)
    if method != GROUND_TRUTH:
        return f"The reference is the mask of the method {method}, not a truth."
    drawn = getGroundTruth(segmentationNode, segmentId, volumeNode)
    told = {
        DRAWN: "The reference was drawn by one reader",
        CONFIRMED: "The reference was drawn by one reader and confirmed by a second",
    }.get(drawn.state, "The reference is a drawing that no reader has signed yet")
    start = f", started from the mask of {drawn.seeded_from}" if drawn.seeded_from else ""
    return f"{told}{start}."


def _save(path: Path, array: np.ndarray) -> str:
    try:
        np.save(path, array)
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}; free space in the temporary folder."
        ) from error
    return str(path)
