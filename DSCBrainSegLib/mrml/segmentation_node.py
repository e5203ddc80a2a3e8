"""One segmentation node for each series."""

from __future__ import annotations

import slicer

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.mrml.subject_hierarchy import placeBeside

OURS = "DSCBrainSeg.Segmentation"
"""Attribute of the nodes made here: a user's own segmentations are left alone."""

CHOSEN_ROLE = "DSCBrainSeg.Segmentation"
"""Reference of a volume to the segmentation that a user chose for its masks."""

OUTLINE_WIDTH = 2


def findSegmentation(volumeNode):
    """Return the segmentation of a volume's masks: the chosen one, else that made here, else None.

    A user's own segmentations are left alone until one is chosen.
    """
    chosen = volumeNode.GetNodeReference(CHOSEN_ROLE)
    if chosen is not None:
        return chosen
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if node.GetAttribute(OURS) and node.GetNodeReferenceID(role) == volumeNode.GetID():
            return node
    return None


def chooseSegmentation(volumeNode, segmentationNode) -> None:
    """Let the masks of a volume go into a segmentation from now on; None for one made here.

    An empty one takes the volume's voxels, transform and study. One with segments keeps its own
    geometry as far as its files are concerned, and has to lie under the same transform.

    Raises
    ------
    ConfigurationError
        It has segments and lies under another transform; nothing was changed.
    """
    if segmentationNode is None:
        volumeNode.SetNodeReferenceID(CHOSEN_ROLE, None)
        return
    if segmentationNode.GetSegmentation().GetNumberOfSegments():
        _refuseOtherTransform(segmentationNode, volumeNode)
        role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
        if segmentationNode.GetNodeReference(role) is None:
            segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    else:
        _dress(segmentationNode, volumeNode)
    volumeNode.SetNodeReferenceID(CHOSEN_ROLE, segmentationNode.GetID())


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
            _refuseOtherTransform(node, volumeNode)
        _followVolume(node, volumeNode)
    return node


def _addSegmentation(volumeNode):
    name = slicer.mrmlScene.GenerateUniqueName(f"{volumeNode.GetName()} segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetAttribute(OURS, "1")
    _dress(node, volumeNode)
    return node


def _refuseOtherTransform(node, volumeNode) -> None:
    if node.GetTransformNodeID() != volumeNode.GetTransformNodeID():
        raise ConfigurationError(
            f"{node.GetName()} and {volumeNode.GetName()} lie under different transforms; put "
            "both under the same one in the Transforms module."
        )


def _dress(node, volumeNode) -> None:
    """Give an empty segmentation its display, place, transform and study."""
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    _followVolume(node, volumeNode)
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(OUTLINE_WIDTH)
    placeBeside(node, volumeNode)


def _followVolume(node, volumeNode) -> None:
    # In this order: the geometry is taken in the node's own space, which the transform defines, and
    # files are written on it.
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
