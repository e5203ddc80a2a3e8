"""A mask into Slicer's DICOM database as a DICOM SEG of the series it was made on."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.algorithm_tags import AUTOMATIC, MANUAL, typeOf
from DSCBrainSegLib.mrml.frame_attributes import INSTANCE_UIDS
from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, methodOf
from DSCBrainSegLib.mrml.segment_tags import getTag
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.series_nodes import seriesOf, shownVolume
from DSCBrainSegLib.mrml.worker_input import writeMaskFile
from DSCBrainSegLib.mrml.worker_result import FRAME_TAG

from .worker_job import WorkerJob

MADE = {AUTOMATIC: "automatic", MANUAL: "drawn"}
"""How the library calls what DICOM calls so; all else was edited."""


def filesOf(node):
    """Return the files of the DICOM database that a series of the scene was read from."""
    series = seriesOf(node)
    uids = (series.GetAttribute(INSTANCE_UIDS) or "").split() if series is not None else []
    database = getattr(slicer, "dicomDatabase", None)
    if database is None:
        return []
    files = [database.fileForInstance(uid) for uid in dict.fromkeys(uids)]
    return list(dict.fromkeys(path for path in files if path))


class DicomSegJob(WorkerJob):
    """Writes one segment and imports the file.

    Parameters
    ----------
    inputNode : vtkMRMLNode
        The series.
    segmentId : str
    queue, onProgress, onEnd
        See `WorkerJob`.

    Raises
    ------
    SeriesError
        The series is not from the DICOM database, or the mask is empty or gone.
    """

    def __init__(self, inputNode, segmentId, queue, onProgress, onEnd):
        super().__init__(queue, onProgress, onEnd)
        self._files = filesOf(inputNode)
        if not self._files:
            raise SeriesError(
                _("A DICOM SEG refers to DICOM images; load the series from the DICOM database.")
            )
        self._volume = shownVolume(inputNode)
        segmentation = findSegmentation(self._volume)
        segments = segmentation.GetSegmentation() if segmentation is not None else None
        self._segment = segments.GetSegment(segmentId) if segments is not None else None
        if self._segment is None:
            raise SeriesError(_("The mask was removed; choose another one."))
        self._mask = segmentMask(segmentation, segmentId, self._volume)
        if not self._mask.any():
            raise SeriesError(_("The mask is empty; segment or draw first."))

    def _begin(self):
        path = self._folder / "mask.nrrd"
        writeMaskFile(self._mask, self._volume, path)
        method, frame = methodOf(self._segment), getTag(self._segment, FRAME_TAG)
        self._submit(
            {
                "command": "export_seg",
                "mask": str(path),
                "input": self._files,
                "output": str(self._folder / "seg" / "brain.dcm"),
                "made": MADE.get(typeOf(self._segment), "edited"),
                "method": None if method in ("", GROUND_TRUTH) else method,
                "frame": int(frame) - 1 if frame else None,
            }
        )

    def _take(self, facts):
        from DICOMLib import DICOMUtils

        folder = str(Path(facts["seg_file"]).parent)
        if not DICOMUtils.importDicom(folder, slicer.dicomDatabase, copyFiles=True):
            raise SeriesError(_("Slicer's DICOM database did not take the segmentation."))
        super()._take(facts)
