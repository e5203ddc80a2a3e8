"""Subjects of a cohort into the scene, and their ground truth back."""

import tempfile
from pathlib import Path

import numpy as np
import slicer

from DSCBrainSegLib.cohort.add import read_mask_for
from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, STATES, TO_DRAW
from DSCBrainSegLib.cohort.layout import SEGMENTATION_NAME, Cohort
from DSCBrainSegLib.cohort.save import confirm_ground_truth, save_ground_truth
from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.mrml.ground_truth_segment import getGroundTruth, loadGroundTruth
from DSCBrainSegLib.mrml.segmentation_node import segmentationOf
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.series_to_sequence import addSeries
from DSCBrainSegLib.series import read_series

SUBJECT = "DSCBrainSeg.Subject"
"""Attribute of a volume that was opened from a cohort: the subject's name."""


def openCohort(path):
    """Return the subjects of a cohort: those to draw first, then by name.

    Raises
    ------
    DSCBrainSegError
        The folder is not a cohort, or a subject is damaged.
    """
    return sorted(
        Cohort.open(path).subjects, key=lambda each: (STATES.index(each.state), each.name)
    )


def openSubject(subject):
    """Add a subject's reference frame, with its ground truth if it has one; return the volume.

    Raises
    ------
    DSCBrainSegError
        Its files are missing or damaged; nothing was added.
    """
    series = read_series(subject.frame)
    mask = read_mask_for(series, subject.mask) if subject.state != TO_DRAW else None
    volume = addSeries(series, subject.name).volume
    volume.SetAttribute(SUBJECT, subject.name)
    if mask is not None:
        loadGroundTruth(segmentationOf(volume), volume, mask, subject.ground_truth)
    return volume


def saveSubject(cohortPath, volume, segmentation, segmentId):
    """Save a ground truth into the subject its volume was opened from; return the subject.

    Raises
    ------
    DSCBrainSegError
        The cohort has no such subject, nothing is drawn yet, or the folder cannot be written.
    """
    subject = Cohort.open(cohortPath).subject(volume.GetAttribute(SUBJECT))
    groundTruth = getGroundTruth(segmentation, segmentId, volume)
    mask = segmentMask(segmentation, segmentId, volume)
    frame = read_series(subject.frame)
    shown = slicer.util.arrayFromVolume(volume)
    if frame.volume_shape != shown.shape or not np.array_equal(frame.frames[0], shown):
        raise ConfigurationError(
            f"{subject.name} of this cohort is another image; choose the cohort it is from."
        )
    stored = read_mask_for(frame, subject.mask) if subject.state != TO_DRAW else None
    drawn = subject.ground_truth
    same = stored is not None and np.array_equal(stored, mask)
    if same and groundTruth.state == CONFIRMED and drawn.reader == groundTruth.reader:
        return confirm_ground_truth(subject, groundTruth.confirmed_by)
    with tempfile.TemporaryDirectory(dir=slicer.app.temporaryPath) as folder:
        path = Path(folder) / SEGMENTATION_NAME
        _writeSegmentation(segmentation, segmentId, path)
        return save_ground_truth(subject, mask, groundTruth, path)


def _writeSegmentation(segmentation, segmentId, path):
    """Write one segment alone as .seg.nrrd."""
    node = slicer.vtkMRMLSegmentationNode()
    node.CopyContent(segmentation, True)
    for other in list(node.GetSegmentation().GetSegmentIDs()):
        if other != segmentId:
            node.GetSegmentation().RemoveSegment(other)
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise OutputError(f"{path} cannot be written; free space in the temporary folder.")
