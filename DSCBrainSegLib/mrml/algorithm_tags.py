"""Who made a mask, as Slicer's exporter writes it into DICOM SEG (Segment Algorithm Type)."""

from __future__ import annotations

import slicer
import vtk

from DSCBrainSegLib.cohort.ground_truth import SIMULATION
from DSCBrainSegLib.mrml.edited import isEdited
from DSCBrainSegLib.mrml.ground_truth_segment import getGroundTruth
from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, methodOf

TYPE_TAG, NAME_TAG = "DICOM.SegmentAlgorithmType", "DICOM.SegmentAlgorithmName"
"""Segment tags that Slicer's DICOMSegmentationPlugin reads; it writes MANUAL without them."""

AUTOMATIC, SEMIAUTOMATIC, MANUAL = "AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"
"""Terms of DICOM PS3.3, Segment Algorithm Type (0062,0008)."""


def tagAlgorithms(segmentationNode) -> None:
    """Write on every segment of ours who made it as it is now; a user's own are left alone.

    A method's mask is automatic until a person has changed it. A drawing is manual, or
    semi-automatic where it started from a mask.
    """
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    volumeNode = segmentationNode.GetNodeReference(role)
    if volumeNode is None:
        return
    segmentation = segmentationNode.GetSegmentation()
    for segmentId in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segmentId)
        method = methodOf(segment)
        if method == GROUND_TRUTH:
            kind, name = _ofDrawing(getGroundTruth(segmentationNode, segmentId, volumeNode))
        elif method:
            edited = isEdited(segmentationNode, segmentId, volumeNode)
            kind, name = (SEMIAUTOMATIC if edited else AUTOMATIC), algorithmName(method)
        else:
            continue
        _tag(segment, kind, name)


def typeOf(segment) -> str:
    """Return the Segment Algorithm Type that a segment is tagged with, "" if it has none."""
    value = vtk.reference("")
    return str(value) if segment.GetTag(TYPE_TAG, value) else ""


def algorithmName(method: str) -> str:
    """Return what DICOM calls a method."""
    return f"DSCBrainSeg {method}"


def _ofDrawing(groundTruth) -> tuple[str, str]:
    if groundTruth.reader == SIMULATION:
        return AUTOMATIC, algorithmName(SIMULATION)
    if groundTruth.seeded_from:
        return SEMIAUTOMATIC, algorithmName(groundTruth.seeded_from)
    return MANUAL, ""


def _tag(segment, kind: str, name: str) -> None:
    """Change what is different only: each change is told to all who look at the segment."""
    for tag, text in ((TYPE_TAG, kind), (NAME_TAG, name)):
        value = vtk.reference("")
        before = str(value) if segment.GetTag(tag, value) else ""
        if before == text:
            continue
        if text:
            segment.SetTag(tag, text)
        else:
            segment.RemoveTag(tag)
