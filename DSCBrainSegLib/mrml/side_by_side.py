"""Slice views side by side: the image alone, then one mask in each (the source paper's Fig. 2).

All outlines of a segmentation belong to one display node, which shows the same in every view. So
each view gets a display node of its own, with one segment, and the first one keeps to other views.
Display nodes are used again and never removed: Slicer's views keep pointers to those of a
segmentation that is still there, and crash.
"""

from __future__ import annotations

from collections.abc import Sequence

import slicer

_NOWHERE = "vtkMRMLSliceNodeDSCBrainSegNowhere"
"""ID of no view, for display nodes that have nothing to show."""

_OURS, _ELSEWHERE = "DSCBrainSeg.SideBySide", "DSCBrainSeg.NotSideBySide"
"""Attributes of display nodes: one that was added, one that was kept out of these views."""


def fillViews(
    sliceLogics: Sequence, viewGroup: int, volumeNode, segmentationNode, segmentIds: Sequence[str]
):
    """Show the image in the first view and one segment in each other one; link their slices.

    Parameters
    ----------
    sliceLogics : sequence of vtkMRMLSliceLogic
        One more than segments.
    viewGroup : int
        Views are linked with those of their group only.
    volumeNode : vtkMRMLScalarVolumeNode
    segmentationNode : vtkMRMLSegmentationNode
    segmentIds : sequence of str
        From left to right.
    """
    releaseViews()
    views = [logic.GetSliceNode() for logic in sliceLogics]
    for display in _displays():
        if not display.GetAttribute(_OURS):
            _keepToOthers(display, {view.GetID() for view in views})
    free = [node for node in _displaysOf(segmentationNode) if node.GetAttribute(_OURS)]
    for view, segmentId in zip(views[1:], segmentIds, strict=True):
        display = free.pop() if free else _addDisplay(segmentationNode)
        for other in segmentationNode.GetSegmentation().GetSegmentIDs():
            display.SetSegmentVisibility(other, other == segmentId)
        _showIn(display, [view.GetID()])
        display.SetVisibility(True)
    segments = segmentationNode.GetSegmentation()
    names = [volumeNode.GetName(), *(segments.GetSegment(each).GetName() for each in segmentIds)]
    for logic, view, name in zip(sliceLogics, views, names, strict=True):
        composite = logic.GetSliceCompositeNode()
        composite.SetLinkedControl(False)  # else each view would change those before it
        composite.SetBackgroundVolumeID(volumeNode.GetID())
        view.SetViewGroup(viewGroup)
        view.SetLayoutLabel(name)
        view.RotateToVolumePlane(volumeNode)
        logic.FitSliceToBackground()
    for logic in sliceLogics:
        logic.GetSliceCompositeNode().SetLinkedControl(True)
        logic.GetSliceCompositeNode().SetHotLinkedControl(True)


def releaseViews() -> None:
    """Let every segmentation show in all views as before."""
    for display in _displays():
        if display.GetAttribute(_OURS):
            display.SetVisibility(False)
            _showIn(display, [_NOWHERE])
        elif display.GetAttribute(_ELSEWHERE):
            display.RemoveAttribute(_ELSEWHERE)
            display.RemoveAllViewNodeIDs()


def _displays() -> list:
    return slicer.util.getNodesByClass("vtkMRMLSegmentationDisplayNode")


def _displaysOf(segmentationNode) -> list:
    count = segmentationNode.GetNumberOfDisplayNodes()
    return [segmentationNode.GetNthDisplayNode(index) for index in range(count)]


def _keepToOthers(display, viewIds: set[str]) -> None:
    """Let a display node that shows in all views show in all but these."""
    if display.GetNumberOfViewNodeIDs():
        return  # The user has chosen its views.
    display.SetAttribute(_ELSEWHERE, "1")
    views = [
        view.GetID()
        for kind in ("vtkMRMLSliceNode", "vtkMRMLViewNode")
        for view in slicer.util.getNodesByClass(kind)
    ]
    _showIn(display, [_NOWHERE, *(view for view in views if view not in viewIds)])


def _showIn(display, viewIds: Sequence[str]) -> None:
    """Choose a display node's views; it is never without any, which would mean all."""
    before = [display.GetNthViewNodeID(n) for n in range(display.GetNumberOfViewNodeIDs())]
    for viewId in viewIds:
        if viewId not in before:
            display.AddViewNodeID(viewId)
    for viewId in before:
        if viewId not in viewIds:
            display.RemoveViewNodeID(viewId)


def _addDisplay(segmentationNode):
    display = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationDisplayNode")
    display.SetAttribute(_OURS, "1")
    display.AddViewNodeID(_NOWHERE)
    display.SetVisibility(False)
    display.SetVisibility2DFill(False)
    display.SetSliceIntersectionThickness(
        segmentationNode.GetDisplayNode().GetSliceIntersectionThickness()
    )
    segmentationNode.AddAndObserveDisplayNodeID(display.GetID())
    return display
