"""Where a slice of a volume lies, and views that look at it."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from DSCBrainSegLib.mrml.geometry import LPS_FROM_RAS, ijkToLps
from DSCBrainSegLib.mrml.voxels import volumeShape


def slicePosition(volumeNode, k: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Return the middle of a slice, or of a mask on it, as seen (RAS+ in mm, after transforms).

    Parameters
    ----------
    volumeNode : vtkMRMLVolumeNode
    k : int
        Counted from 0.
    mask : ndarray of bool, shape (K, J, I), optional
        Its middle on the slice is taken where it has voxels there.
    """
    _, rows, columns = volumeShape(volumeNode)
    i, j = (columns - 1) / 2, (rows - 1) / 2
    if mask is not None and mask[k].any():
        j, i = np.argwhere(mask[k]).mean(axis=0)
    ras = (LPS_FROM_RAS @ ijkToLps(volumeNode) @ [i, j, k, 1.0])[:3]
    parent = volumeNode.GetParentTransformNode()
    if parent is not None:
        toWorld = vtk.vtkGeneralTransform()
        parent.GetTransformToWorld(toWorld)
        ras = np.array(toWorld.TransformPoint(*ras))
    return ras


def jumpToSlice(volumeNode, k: int, mask: np.ndarray | None = None) -> None:
    """Let all slice views show the point `slicePosition` gives."""
    position = slicePosition(volumeNode, k, mask)
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        node.JumpSliceByOffsetting(*position)
