"""One segmentation node for each series."""

from __future__ import annotations

import slicer

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.mrml.subject_hierarchy import placeBeside

OURS = "DSCBrainSeg.Segmentation"
"""Attribute of the nodes made here: a user's own segmentations are left alone."""

OUTLINE_WIDTH = 2


def findSegmentation(volumeNode):
    """Return the segmentation of a volume that this software made; None before there is one."""
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if node.GetAttribute(OURS) and node.GetNodeReferenceID(role) == volumeNode.GetID():
            return node
    return None


def segmentationOf(volumeNode):
    """Return the segmentation of a volume, made if there is none yet.

    It has the volume's voxels, transform and study, and shows outlines in slice views.

    Parameters
    ----------
    volumeNode : vtkMRMLScalarVolumeNode
        A single volume or the one that shows a sequence.

    Raises
    ------
    ConfigurationError
        The user has put it under another transform than the volume.
    """
    node = findSegmentation(volumeNode)
    if node is None:
        return _addSegmentation(volumeNode)
    if node.GetTransformNodeID() != volumeNode.GetTransformNodeID():
        if node.GetSegmentation().GetNumberOfSegments():
            raise ConfigurationError(
                f"{node.GetName()} and {volumeNode.GetName()} lie under different transforms; put "
                "both under the same one in the Transforms module."
            )
        _followVolume(node, volumeNode)
    return node


def _addSegmentation(volumeNode):
    name = slicer.mrmlScene.GenerateUniqueName(f"{volumeNode.GetName()} segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetAttribute(OURS, "1")
    node.CreateDefaultDisplayNodes()
    _followVolume(node, volumeNode)
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(OUTLINE_WIDTH)
    placeBeside(node, volumeNode)
    return node


def _followVolume(node, volumeNode) -> None:
    # In this order: the geometry is taken in the node's own space, which the transform defines, and
    # files are written on it.
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
