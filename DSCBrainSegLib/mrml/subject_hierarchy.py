"""Where nodes appear in the tree of patients and studies."""

from __future__ import annotations

import slicer

DICOM_UID = "DICOM"
"""Kind of UID by which Slicer's DICOM modules find a patient, study or series in the tree."""


def placeUnder(node, parentItemID: int, seriesInstanceUID: str = "") -> int:
    """Put a node under an item of the tree (a study, usually) and return its item.

    Parameters
    ----------
    node : vtkMRMLNode
    parentItemID : int
        0 for the top of the tree.
    seriesInstanceUID : str
        Of the DICOM series it was read from; empty if it was not.
    """
    hierarchy = _hierarchy()
    parentItemID = parentItemID or hierarchy.GetSceneItemID()
    itemID = hierarchy.GetItemByDataNode(node)
    if itemID:
        hierarchy.SetItemParent(itemID, parentItemID)
    else:
        itemID = hierarchy.CreateItem(parentItemID, node)
    if seriesInstanceUID:
        hierarchy.SetItemUID(itemID, DICOM_UID, seriesInstanceUID)
    return itemID


def placeBeside(node, otherNode) -> int:
    """Put a node under the same study as another node; return its item."""
    hierarchy = _hierarchy()
    otherItemID = hierarchy.GetItemByDataNode(otherNode)
    return placeUnder(node, hierarchy.GetItemParent(otherItemID) if otherItemID else 0)


def _hierarchy():
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
