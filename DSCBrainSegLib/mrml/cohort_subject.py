"""The ground truth of a series in the scene into the subject of a cohort that it belongs to."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, TO_DRAW
from DSCBrainSegLib.cohort.layout import SEGMENTATION_NAME, Subject
from DSCBrainSegLib.cohort.save import confirm_ground_truth, save_ground_truth
from DSCBrainSegLib.masks import read_mask
from DSCBrainSegLib.mrml.ground_truth_segment import getGroundTruth
from DSCBrainSegLib.mrml.segmentation_files import writeSegmentation
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.series import read_series


def saveGroundTruth(
    subject: Subject, volumeNode, segmentationNode, segmentId: str, temporaryFolder: str = ""
) -> Subject:
    """Save a drawn mask with its history, or only its confirmation if the mask is the stored one.

    Parameters
    ----------
    subject : Subject
        As its files were when they were read.
    volumeNode : vtkMRMLScalarVolumeNode
        On the grid of the subject's reference frame.
    segmentationNode : vtkMRMLSegmentationNode
    segmentId : str
        Of the ground truth.
    temporaryFolder : str
        For a file on its way; the system's own by default.

    Returns
    -------
    Subject
        As it is stored now.

    Raises
    ------
    DSCBrainSegError
        Nothing is drawn yet, the mask is empty or not on the frame's grid, or the subject cannot be
        written.
    """
    groundTruth = getGroundTruth(segmentationNode, segmentId, volumeNode)
    mask = segmentMask(segmentationNode, segmentId, volumeNode)
    drawn = subject.ground_truth
    if groundTruth.state == CONFIRMED and drawn.reader == groundTruth.reader:
        stored = None
        if subject.state != TO_DRAW:
            stored = read_mask(subject.mask, read_series(subject.frame))
        if stored is not None and np.array_equal(stored, mask):
            return confirm_ground_truth(subject, groundTruth.confirmed_by)
    with tempfile.TemporaryDirectory(dir=temporaryFolder or None) as folder:
        path = Path(folder) / SEGMENTATION_NAME
        writeSegmentation(segmentationNode, path, [segmentId])
        return save_ground_truth(subject, mask, groundTruth, path)
