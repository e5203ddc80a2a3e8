"""What is done with a mask afterwards: the series without all but brain, a region for DSC tools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import slicer

from DSCBrainSegLib.mrml.geometry import ijkToLps
from DSCBrainSegLib.mrml.segments import refuseUnfitMask
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_to_sequence import SequenceNodes, addSeries
from DSCBrainSegLib.mrml.subject_hierarchy import placeBeside
from DSCBrainSegLib.mrml.voxels import voxelArray
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    never_cancelled,
    no_progress,
)


def addMaskedSeries(
    node,
    volumeNode,
    mask: np.ndarray,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> SequenceNodes:
    """Add the series again with 0 outside the mask.

    Parameters
    ----------
    node : vtkMRMLNode
        The series, see `sequence_to_series.openNode`.
    volumeNode : vtkMRMLScalarVolumeNode
        Shows it; the new one gets its place, transform and study.
    mask : ndarray of bool, shape (K, J, I)
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Raises
    ------
    SeriesError
        The mask is not of this series, or the series cannot be read.
    Cancelled
        The user asked to stop; the scene is as it was.
    """
    refuseUnfitMask(volumeNode, mask)
    series = openNode(node).read(progress=progress, cancelled=cancelled)
    series.frames[:, ~np.asarray(mask, dtype=bool)] = 0
    # The new voxels are not those of the DICOM files, and they lie under the same transform.
    series = replace(series, affine=ijkToLps(volumeNode), sop_instance_uids=[], planes=[])
    nodes = addSeries(series, f"{volumeNode.GetName()} (brain)")
    nodes.volume.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    placeBeside(nodes.volume, volumeNode)
    return nodes


def addMaskedVolume(volumeNode, mask: np.ndarray):
    """Add a single volume again with 0 outside the mask; return the new volume.

    Parameters
    ----------
    volumeNode : vtkMRMLScalarVolumeNode
    mask : ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        The mask has not the volume's shape.
    """
    refuseUnfitMask(volumeNode, mask)
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode",
        slicer.mrmlScene.GenerateUniqueName(f"{volumeNode.GetName()} (brain)"),
    )
    node.CopyOrientation(volumeNode)
    voxels = voxelArray(volumeNode)
    slicer.util.updateVolumeFromArray(node, np.where(mask, voxels, 0).astype(voxels.dtype))
    node.CreateDefaultDisplayNodes()
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    placeBeside(node, volumeNode)
    return node


def addRegionVolume(volumeNode, mask: np.ndarray):
    """Add a label map with 1 in the mask, which DSC analysis takes as its region (--roiMask).

    Parameters
    ----------
    volumeNode : vtkMRMLScalarVolumeNode
        Gives place, transform and study.
    mask : ndarray of bool, shape (K, J, I)

    Returns
    -------
    vtkMRMLLabelMapVolumeNode

    Raises
    ------
    SeriesError
        The mask has not the volume's shape.
    """
    refuseUnfitMask(volumeNode, mask)
    region = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLLabelMapVolumeNode",
        slicer.mrmlScene.GenerateUniqueName(f"{volumeNode.GetName()} brain region"),
    )
    region.CopyOrientation(volumeNode)
    slicer.util.updateVolumeFromArray(region, np.asarray(mask, dtype=bool).astype(np.uint8))
    region.CreateDefaultDisplayNodes()
    region.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    placeBeside(region, volumeNode)
    return region
