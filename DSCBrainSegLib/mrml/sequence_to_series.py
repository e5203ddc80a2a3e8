"""A series out of the scene: sequences of any reader, MultiVolume nodes, single volumes."""

from __future__ import annotations

import numpy as np
import slicer

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.frame_attributes import (
    ECHO_TIME,
    FRAME_LABELS,
    FRAME_UNIT,
    INSTANCE_UIDS,
    REPETITION_TIME,
)
from DSCBrainSegLib.mrml.geometry import ijkToLps, placedIjkToLps
from DSCBrainSegLib.mrml.voxels import volumeShape, voxelArray
from DSCBrainSegLib.series.planes import number
from DSCBrainSegLib.series.sequence_times import only_numbered, sequence_times
from DSCBrainSegLib.series.source import SeriesSource

MOST_COLOUR_COMPONENTS = 4
"""Vectors of up to so many components are colours or directions unless frame labels say more."""

_INDEX_SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "msec": 1e-3}


def openNode(node) -> SeriesSource:
    """Open a node as a series; its frames are copied only when they are read.

    Parameters
    ----------
    node : vtkMRMLNode
        A sequence of scalar volumes (of this library, of Slicer's importer, of a .seq.nrrd file), a
        MultiVolume or vector volume with a component for each frame, or one 3-D scalar volume.

    Returns
    -------
    SeriesSource
        ``read(frames=[3])`` gives a `DSCSeries`. Its affine is that of how the volume is seen, see
        `geometry.placedIjkToLps`; the voxels are those of the node.

    Raises
    ------
    SeriesError
        The node holds no such image.
    """
    if node is None:
        raise SeriesError("No series is chosen; load one and choose it.")
    if node.IsA("vtkMRMLSequenceNode"):
        return _openSequence(node)
    if not node.IsA("vtkMRMLVolumeNode"):
        raise SeriesError(f"{node.GetName()} is not an image; choose a sequence or a volume.")
    for kind, called in (("LabelMap", "a label map"), ("DiffusionWeighted", "a diffusion series")):
        if node.IsA(f"vtkMRML{kind}VolumeNode"):
            raise SeriesError(f"{node.GetName()} is {called}; choose the perfusion series.")
    voxels = voxelArray(node)
    if voxels.ndim == 4:
        return _openComponents(node, voxels)
    return _source(node, node, 1, lambda index: voxels, np.zeros(1), _uids([node]))


def sequenceOfVolume(volumeNode):
    """Return the sequence whose frame a volume shows, None if it shows none."""
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForProxyNode(volumeNode)
    return None if browser is None else browser.GetSequenceNode(volumeNode)


def volumeOfSequence(sequenceNode):
    """Return the volume that shows a sequence's frames, None if no browser shows it."""
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequenceNode)
    return None if browser is None else browser.GetProxyNode(sequenceNode)


def _openSequence(sequence) -> SeriesSource:
    name, count = sequence.GetName(), sequence.GetNumberOfDataNodes()
    frames = [sequence.GetNthDataNode(index) for index in range(count)]
    if not frames:
        raise SeriesError(f"The sequence {name} is empty; load it again.")
    if not all(frame.IsA("vtkMRMLScalarVolumeNode") for frame in frames):
        raise SeriesError(f"{name} is not a sequence of images; choose the perfusion series.")
    shapes = {voxelArray(frame).shape for frame in frames}
    if len(shapes) > 1 or len(next(iter(shapes))) != 3:
        raise SeriesError(
            f"The frames of {name} differ in size or are colours; choose the perfusion series."
        )
    warnings: list[str] = []
    first = ijkToLps(frames[0])
    if any(np.abs(ijkToLps(frame) - first).max() > 1e-3 for frame in frames):
        warnings.append(
            "The frames lie at different places; the place of the first is taken for all."
        )
    source = _source(
        frames[0],
        volumeOfSequence(sequence) or frames[0],
        count,
        lambda index: voxelArray(frames[index]),
        np.zeros(count),
        _uids(frames) or _sharedUids(sequence, count),
        attributesOf=sequence,
    )
    source.times = _sequenceTimes(sequence, count, source.repetition_time, warnings)
    source.warnings = [*warnings, *source.warnings]
    return source


def _openComponents(node, voxels: np.ndarray) -> SeriesSource:
    count = voxels.shape[3]
    labels = node.GetAttribute(FRAME_LABELS)
    if not labels and not node.IsA("vtkMRMLMultiVolumeNode") and count <= MOST_COLOUR_COMPONENTS:
        raise SeriesError(
            f"{node.GetName()} is a colour or vector image; choose the perfusion series."
        )
    source = _source(
        node,
        node,
        count,
        lambda index: voxels[..., index],
        np.zeros(count),
        _sharedUids(node, count),
    )
    source.times = sequence_times(
        count,
        None,
        labels,
        node.GetAttribute(FRAME_UNIT),
        source.repetition_time,
        source.warnings,
    )
    return source


def _source(volume, seenAs, count, decode, times, uids, attributesOf=None) -> SeriesSource:
    attributesOf = attributesOf or volume
    warnings: list[str] = []
    return SeriesSource(
        # A node's name may be the patient's: it stays out of reports.
        description="",
        frame_count=count,
        volume_shape=volumeShape(volume),
        times=times,
        affine=placedIjkToLps(volume, seenAs.GetParentTransformNode(), warnings),
        decode=decode,
        echo_time=_seconds(attributesOf, ECHO_TIME),
        repetition_time=_seconds(attributesOf, REPETITION_TIME),
        sop_instance_uids=uids,
        warnings=warnings,
    )


def _sequenceTimes(sequence, count, repetitionTime, warnings) -> np.ndarray:
    values, labels = None, sequence.GetAttribute(FRAME_LABELS)
    if sequence.GetIndexType() == sequence.NumericIndex:
        perUnit = _INDEX_SECONDS.get((sequence.GetIndexUnit() or "").strip().lower())
        indices = [number(sequence.GetNthIndexValue(index)) for index in range(count)]
        if None not in indices:
            values = " ".join(repr(index * (perUnit or 1.0)) for index in indices)
            if perUnit and not only_numbered(indices):
                labels = None  # The index itself is the time, and more exactly.
    unit = sequence.GetAttribute(FRAME_UNIT)
    return sequence_times(count, values, labels, unit, repetitionTime, warnings)


def _uids(frames) -> list[list[str]]:
    uids = [(frame.GetAttribute(INSTANCE_UIDS) or "").split() for frame in frames]
    return uids if all(uids) else []


def _sharedUids(node, count: int) -> list[list[str]]:
    """Share the UIDs of a whole series out to its frames, which have the same number each."""
    uids = (node.GetAttribute(INSTANCE_UIDS) or "").split()
    if not uids or len(uids) % count:
        return []
    each = len(uids) // count
    return [uids[start : start + each] for start in range(0, len(uids), each)]


def _seconds(node, attribute: str) -> float | None:
    milliseconds = number(node.GetAttribute(attribute))
    return milliseconds / 1000.0 if milliseconds else None
