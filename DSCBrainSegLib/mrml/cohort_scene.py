"""Subjects of a cohort into the scene, and their ground truth back."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import STATES, TO_DRAW
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.masks import read_mask
from DSCBrainSegLib.mrml.cohort_subject import saveGroundTruth
from DSCBrainSegLib.mrml.ground_truth_segment import loadGroundTruth
from DSCBrainSegLib.mrml.segmentation_node import segmentationOf
from DSCBrainSegLib.mrml.series_to_sequence import addSeries
from DSCBrainSegLib.mrml.voxels import voxelArray
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
    mask = read_mask(subject.mask, series) if subject.state != TO_DRAW else None
    volume = addSeries(series, subject.name).volume
    volume.SetAttribute(SUBJECT, subject.name)
    if mask is not None:
        loadGroundTruth(segmentationOf(volume), volume, mask, subject.ground_truth)
    return volume


def saveSubject(cohortPath, volume, segmentation, segmentId, temporaryFolder: str = ""):
    """Save a ground truth into the subject its volume was opened from; return the subject.

    Raises
    ------
    DSCBrainSegError
        The cohort has no such subject, nothing is drawn yet, or the folder cannot be written.
    """
    subject = Cohort.open(cohortPath).subject(volume.GetAttribute(SUBJECT))
    frame, shown = read_series(subject.frame), voxelArray(volume)
    if frame.volume_shape != shown.shape or not np.array_equal(frame.frames[0], shown):
        raise ConfigurationError(
            f"{subject.name} of this cohort is another image; choose the cohort it is from."
        )
    return saveGroundTruth(subject, volume, segmentation, segmentId, temporaryFolder)
