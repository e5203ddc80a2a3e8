"""Slice views side by side: the image alone, then one mask in each (the source paper's Fig. 2).

All outlines of a segmentation belong to one display node, which shows the same in every view. So
each view gets a display node of its own, with one segment, and the first one keeps to other views.
Display nodes are used again and never removed: Slicer's views keep pointers to those of a
segmentation that is still there, and crash.
"""

from __future__ import annotations

from collections.abc import Sequence

import slicer

MOST_VIEWS = 8
FIRST_LAYOUT = 38100
"""ID of the layout with one view; the next ones follow. Slicer's own are below 1000."""

VIEW_GROUP = 381
"""Views are linked with those of their group only."""

_TAG = "DSCBrainSegCompare"
_NOWHERE = "vtkMRMLSliceNodeDSCBrainSegNowhere"
"""ID of no view, for display nodes that have nothing to show."""

_OURS, _ELSEWHERE = "DSCBrainSeg.SideBySide", "DSCBrainSeg.NotSideBySide"
"""Attributes of display nodes: one that was added, one that was kept out of these views."""

_COLOUR = "#8C8C8C"


def layoutFor(viewCount: int) -> int:
    """Return the ID of the layout with so many views, 1 to `MOST_VIEWS`."""
    if not 1 <= viewCount <= MOST_VIEWS:
        raise ValueError(f"1 to {MOST_VIEWS} views fit side by side, got {viewCount}")
    return FIRST_LAYOUT + viewCount - 1


def isSideBySide(layout: int) -> bool:
    """Say whether a layout is one of these."""
    return FIRST_LAYOUT <= layout < FIRST_LAYOUT + MOST_VIEWS


def registerLayouts(layoutNode) -> None:
    """Add the layouts to `slicer.app.layoutManager().layoutLogic().GetLayoutNode()`, once."""
    for count in range(1, MOST_VIEWS + 1):
        layout = layoutFor(count)
        if not layoutNode.IsLayoutDescription(layout):
            layoutNode.AddLayoutDescription(layout, _description(count))


def viewNames(viewCount: int) -> list[str]:
    """Return the names of the views of a layout, from left to right."""
    return [f"{_TAG}{number}" for number in range(1, viewCount + 1)]


def fillViews(sliceLogics: Sequence, volumeNode, segmentationNode, segmentIds: Sequence[str]):
    """Show the image in the first view and one segment in each other one; link their slices.

    Parameters
    ----------
    sliceLogics : sequence of vtkMRMLSliceLogic
        Of `viewNames`, one more than segments.
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
    segments = segmentationNode.GetSegmentation()
    names = [volumeNode.GetName(), *(segments.GetSegment(each).GetName() for each in segmentIds)]
    for logic, view, name in zip(sliceLogics, views, names, strict=True):
        composite = logic.GetSliceCompositeNode()
        composite.SetLinkedControl(False)  # else each view would change those before it
        composite.SetBackgroundVolumeID(volumeNode.GetID())
        view.SetViewGroup(VIEW_GROUP)
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
    display.SetVisibility2DFill(False)
    display.SetSliceIntersectionThickness(
        segmentationNode.GetDisplayNode().GetSliceIntersectionThickness()
    )
    segmentationNode.AddAndObserveDisplayNodeID(display.GetID())
    return display


def _description(viewCount: int) -> str:
    columns = viewCount if viewCount <= 3 else (viewCount + 1) // 2
    names = viewNames(viewCount)
    rows = [names[start : start + columns] for start in range(0, viewCount, columns)]
    inside = "".join(
        f'<item><layout type="horizontal">{"".join(map(_view, row))}</layout></item>'
        for row in rows
    )
    return f'<layout type="vertical">{inside}</layout>'


def _view(name: str) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix(_TAG)}</property>'
        f'<property name="viewcolor" action="default">{_COLOUR}</property>'
        f'<property name="viewgroup" action="default">{VIEW_GROUP}</property>'
        "</view></item>"
    )
