"""Segmentations as .seg.nrrd files: all segments or one, with their tags; and back."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

import slicer

from DSCBrainSegLib.errors import OutputError, SeriesError

_CHUNK_BYTES = 1 << 20


def writeSegmentation(segmentationNode, path: Path, segmentIds: Iterable[str] | None = None):
    """Write segments with their names, colours and tags as .seg.nrrd.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    path : Path
        Replaced if it exists; ends with .seg.nrrd.
    segmentIds : iterable of str, optional
        All by default.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    node = slicer.vtkMRMLSegmentationNode()
    node.CopyContent(segmentationNode, True)
    segmentation = node.GetSegmentation()
    if segmentIds is not None:
        for segmentId in set(segmentation.GetSegmentIDs()) - set(segmentIds):
            segmentation.RemoveSegment(segmentId)
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node) or not _isWhole(path):
        raise OutputError(f"{path} cannot be written; check permissions and free space.")


def readSegments(segmentationNode, path: Path) -> None:
    """Replace all segments by those of a .seg.nrrd file.

    Raises
    ------
    SeriesError
        The file cannot be read; the segments are as they were.
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    try:
        if not storage.ReadData(node):
            raise SeriesError(f"{path} cannot be read; restore it or remove it.")
        read, segmentation = node.GetSegmentation(), segmentationNode.GetSegmentation()
        segmentation.RemoveAllSegments()
        for segmentId in read.GetSegmentIDs():
            segmentation.CopySegmentFromSegmentation(read, segmentId)
    finally:
        slicer.mrmlScene.RemoveNode(node.GetDisplayNode())
        slicer.mrmlScene.RemoveNode(node)


def _isWhole(path: Path) -> bool:
    """Say whether a file was written to its end; VTK does not notice a disk that fills up there."""
    try:
        with path.open("rb") as file:
            header = b"".join(takewhile(bytes.strip, file))
            if b"encoding: gzip" not in header:
                return b"encoding: " in header
            with gzip.GzipFile(fileobj=file) as voxels:
                while voxels.read(_CHUNK_BYTES):
                    pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
