"""One entry in the scene: the series with its time points, the masks, their figures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import slicer

from DSCBrainSegLib.cohort.ground_truth import TO_DRAW, GroundTruth
from DSCBrainSegLib.mrml.edited import isEdited, maskHash
from DSCBrainSegLib.mrml.geometry import LPS_FROM_RAS
from DSCBrainSegLib.mrml.ground_truth_segment import getGroundTruth, loadGroundTruth
from DSCBrainSegLib.mrml.method_segments import (
    GROUND_TRUTH,
    methodOf,
    segmentsOfMethod,
    writeMethodMask,
)
from DSCBrainSegLib.mrml.segment_tags import getTag, setTag
from DSCBrainSegLib.mrml.segmentation_files import readSegments, writeSegmentation
from DSCBrainSegLib.mrml.segmentation_node import segmentationOf
from DSCBrainSegLib.mrml.segments import LABELMAP, segmentMask
from DSCBrainSegLib.mrml.series_to_sequence import addSeries, showFrame
from DSCBrainSegLib.mrml.slices_to_check import (
    DoubtfulSlice,
    confidenceOf,
    rememberQuality,
    slicesToCheck,
)
from DSCBrainSegLib.web.entries import Entry
from DSCBrainSegLib.web.loading import Loaded

WARNINGS_TAG, TIME_POINT_TAG = "Warnings", "TimePoint"

TO_SEGMENT, SEGMENTED = "to segment", "segmented"
"""States of a series that nobody has drawn on; the others are those of a cohort."""


class SegmentFacts(NamedTuple):
    """What is known of a segment; equal if nothing of it changed."""

    hash: str
    voxels: int
    name: str
    colour: tuple[int, int, int]
    history: GroundTruth


class Case:
    """An entry that is open.

    Parameters
    ----------
    entry : Entry
    loaded : Loaded

    Attributes
    ----------
    volume : vtkMRMLScalarVolumeNode
        Shows the chosen time point.
    segmentation : vtkMRMLSegmentationNode
    frame : int
        The chosen time point, counted from 0.
    """

    def __init__(self, entry: Entry, loaded: Loaded):
        self.entry, self.loaded = entry, loaded
        self.series, self.subject = loaded.series, loaded.subject
        self._masks: dict[str, tuple] = {}
        self._nodes = addSeries(self.series, "Series")
        self.volume = self._nodes.volume
        self.segmentation = segmentationOf(self.volume)
        self.frame = loaded.frame
        self.show_frame(loaded.frame)
        self._to_index = np.linalg.inv(self.series.affine) @ LPS_FROM_RAS

    @property
    def segments(self):
        """The vtkSegmentation."""
        return self.segmentation.GetSegmentation()

    @property
    def segment_ids(self) -> list[str]:
        """In the order of the list."""
        return list(self.segments.GetSegmentIDs())

    @property
    def truth_id(self) -> str:
        """The segment that a reader draws; empty before there is one."""
        found = segmentsOfMethod(self.segmentation, GROUND_TRUTH)
        return found[-1] if found else ""

    @property
    def state(self) -> str:
        """To segment, segmented, drawn or confirmed, as it is on the page."""
        if self.truth_id:
            state = getGroundTruth(self.segmentation, self.truth_id, self.volume).state
            if state != TO_DRAW:
                return state
        masks = (self.mask(each) for each in self.segment_ids if each != self.truth_id)
        return SEGMENTED if any(mask.any() for mask in masks) else TO_SEGMENT

    def image_sha256(self) -> str:
        """Return a hash of the images and where they lie."""
        digest = hashlib.sha256(np.round(self.series.affine, 4).tobytes())
        digest.update(np.ascontiguousarray(self.series.frames[self.loaded.frame]).tobytes())
        return digest.hexdigest()

    def fill(self) -> None:
        """Write the masks that the entry's files hold into the segmentation."""
        facts = self.entry.facts
        for method, mask in self.loaded.masks.items():
            segment_id = writeMethodMask(self.segmentation, self.volume, method, mask)
            if method == facts.get("method"):
                rememberQuality(self.segments.GetSegment(segment_id), facts.get("quality"))
                self.remember_warnings(segment_id, facts)
        self.load_truth()

    def restore(self, path: Path) -> None:
        """Replace all masks by those of a draft."""
        readSegments(self.segmentation, path)

    def write_masks(self, path: Path) -> None:
        """Write all masks, with names, histories and quality, as .seg.nrrd.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        writeSegmentation(self.segmentation, path)

    def load_truth(self) -> None:
        """Replace the ground truth by the one that the entry's files hold, if they hold one."""
        if self.loaded.truth is None:
            return
        for segment_id in segmentsOfMethod(self.segmentation, GROUND_TRUTH):
            self.segments.RemoveSegment(segment_id)
        loadGroundTruth(self.segmentation, self.volume, self.loaded.truth, self.loaded.history)

    def show_frame(self, index: int) -> None:
        """Show a time point, counted from 0."""
        self.frame = index
        showFrame(self._nodes, index)

    def mask(self, segment_id: str) -> np.ndarray:
        """Return a mask, bool (K, J, I), which is not to be written to."""
        return self._mask_and_hash(segment_id)[0]

    def hash(self, segment_id: str) -> str:
        """Return the hash of a mask, see `mrml.edited.maskHash`."""
        return self._mask_and_hash(segment_id)[1]

    def _mask_and_hash(self, segment_id: str) -> tuple[np.ndarray, str]:
        segment = self.segments.GetSegment(segment_id)
        image = segment.GetRepresentation(LABELMAP)
        version = (image.GetMTime() if image is not None else 0, segment.GetLabelValue())
        if self._masks.get(segment_id, (None,))[0] != version:
            mask = segmentMask(self.segmentation, segment_id, self.volume)
            mask.flags.writeable = False
            self._masks[segment_id] = (version, mask, maskHash(mask))
        return self._masks[segment_id][1:]

    def remember_warnings(self, segment_id: str, facts: dict) -> None:
        """Keep the warnings of a run on the segment of its mask."""
        warnings = facts.get("warnings") or []
        setTag(self.segments.GetSegment(segment_id), WARNINGS_TAG, "\n".join(warnings))

    def remember_frame(self, segment_id: str, index: int) -> None:
        """Keep the time point, counted from 0, that a mask was made on."""
        setTag(self.segments.GetSegment(segment_id), TIME_POINT_TAG, str(index + 1))

    def frame_of(self, segment_id: str) -> int:
        """Return the time point, counted from 0, that a mask was made on."""
        number = getTag(self.segments.GetSegment(segment_id), TIME_POINT_TAG)
        return int(number) - 1 if number.isdecimal() else self.loaded.frame

    def warnings(self, segment_id: str) -> list[str]:
        """Return the warnings of the run that made a mask."""
        return getTag(self.segments.GetSegment(segment_id), WARNINGS_TAG).splitlines()

    def slices_to_check(self, segment_id: str) -> list[DoubtfulSlice]:
        """Return the slices of a mask that a person should look at."""
        return slicesToCheck(self.segments.GetSegment(segment_id))

    def confidence(self, segment_id: str) -> float | None:
        """Return how far a mask can be trusted, 0 to 1; None where that is not known."""
        return confidenceOf(self.segments.GetSegment(segment_id))

    def name(self, segment_id: str) -> str:
        """Return what a segment is called."""
        return self.segments.GetSegment(segment_id).GetName()

    def method(self, segment_id: str) -> str:
        """Return the method that made a segment, "" for a user's own."""
        return methodOf(self.segments.GetSegment(segment_id))

    def reader_of(self, segment_id: str) -> str:
        """Return who drew a segment, "" where nobody is named."""
        return getGroundTruth(self.segmentation, segment_id, self.volume).reader

    def colour(self, segment_id: str) -> tuple[int, int, int]:
        """Return a segment's colour, RGB from 0 to 255."""
        parts = self.segments.GetSegment(segment_id).GetColor()
        return tuple(round(255 * part) for part in parts)

    def is_edited(self, segment_id: str) -> bool:
        """Say whether a person changed a mask that a method made."""
        return bool(self.method(segment_id)) and isEdited(
            self.segmentation, segment_id, self.volume
        )

    def facts(self) -> dict[str, SegmentFacts]:
        """Return for each segment what must not get lost."""
        return {
            each: SegmentFacts(
                self.hash(each),
                int(np.count_nonzero(self.mask(each))),
                self.name(each),
                self.colour(each),
                getGroundTruth(self.segmentation, each, self.volume),
            )
            for each in self.segment_ids
        }

    def voxel_at(self, ras: np.ndarray) -> tuple[int, int, int] | None:
        """Return (k, j, i) of the voxel at a point in RAS+ mm, None outside the images."""
        i, j, k = np.rint((self._to_index @ [*ras, 1.0])[:3]).astype(int)
        inside = all(0 <= at < size for at, size in zip((k, j, i), self.shape, strict=True))
        return (int(k), int(j), int(i)) if inside else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.series.volume_shape

    def point_of_slice(self, k: int, mask: np.ndarray | None = None) -> np.ndarray:
        """Return the voxel in the middle of a slice, or of a mask on it, as a point in RAS+ mm."""
        index = [self.shape[2] // 2, self.shape[1] // 2, k, 1.0]
        if mask is not None and mask[k].any():
            rows, columns = np.nonzero(mask[k])
            index[:2] = [round(columns.mean()), round(rows.mean())]
        return (LPS_FROM_RAS @ self.series.affine @ index)[:3]

    def close(self) -> None:
        """Take everything out of the scene."""
        scene = slicer.mrmlScene
        for node in (self.segmentation, self._nodes.browser, self._nodes.sequence, self.volume):
            displays = [
                node.GetNthDisplayNode(index)
                for index in range(getattr(node, "GetNumberOfDisplayNodes", int)())
            ]
            for each in (node, *displays):
                if each is not None and scene.IsNodePresent(each):
                    scene.RemoveNode(each)
