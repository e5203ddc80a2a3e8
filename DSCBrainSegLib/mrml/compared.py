"""The tables of a comparison belong to the series that was compared, also in saved scenes."""

from __future__ import annotations

FIGURES_ROLE, SLICES_ROLE = "DSCBrainSeg.Figures", "DSCBrainSeg.DiceBySlice"
"""Roles of the tables among the references of a segmentation node."""


def comparedTables(segmentationNode) -> tuple:
    """Return the tables of agreement and of Dice by slice, None for each that is not there."""
    if segmentationNode is None:
        return None, None
    return (
        segmentationNode.GetNodeReference(FIGURES_ROLE),
        segmentationNode.GetNodeReference(SLICES_ROLE),
    )


def rememberTables(segmentationNode, figuresTable, slicesTable) -> None:
    """Let `comparedTables` find the tables of a comparison."""
    segmentationNode.SetNodeReferenceID(FIGURES_ROLE, figuresTable.GetID())
    segmentationNode.SetNodeReferenceID(SLICES_ROLE, slicesTable.GetID())
