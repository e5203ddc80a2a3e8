"""Measure masks against a reference in the worker, where nobody waits for it."""

import qt

from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.mrml.measure_input import methodLabel, referenceStatement, writeMasks
from DSCBrainSegLib.mrml.segment_tags import getTag
from DSCBrainSegLib.mrml.worker_result import WEIGHTS_TAG

from .worker_job import WorkerJob


class MeasuringJob(WorkerJob):
    """Measures all masks of a series but one, the reference.

    Parameters
    ----------
    volume, segmentation : vtkMRMLNode
    referenceId : str
    segmentIds : list of str
        The masks.
    report : bool
        Write the report, too; masks are then called by their methods.
    queue, onProgress, onEnd
        See `WorkerJob`.

    Attributes
    ----------
    segmentation : vtkMRMLSegmentationNode
    volumes, slices : list of VolumeFigures, of SliceFigures
    report : str or None
        The report, one HTML file.
    """

    def __init__(
        self, volume, segmentation, referenceId, segmentIds, report, queue, onProgress, onEnd
    ):
        super().__init__(queue, onProgress, onEnd)
        self.volumes, self.slices, self.report = [], [], None
        self._withReport = report
        self._volume, self.segmentation, self._referenceId = volume, segmentation, referenceId
        self._names = self._nameMasks(segmentIds)

    def _begin(self):
        self._parts = writeMasks(
            self._volume, self.segmentation, self._referenceId, self._names, self._folder
        )
        self._request = {}
        qt.QTimer.singleShot(0, self._writeNext)

    def _writeNext(self):
        self._guarded(self._writePart)

    def _writePart(self):
        """Write one mask in each turn of the event loop."""
        self._stopIfCancelled()
        part = next(self._parts, None)
        if part is not None:
            self._request = part
            qt.QTimer.singleShot(0, self._writeNext)
            return
        more = {}
        if self._withReport:
            statement = referenceStatement(self.segmentation, self._referenceId, self._volume)
            more = {
                "report": str(self._folder / "report"),
                "statements": [statement],
                "weights": self._weights(),
            }
        self._submit({"command": "measure", **self._request, **more})

    def _take(self, facts):
        self.volumes = [VolumeFigures(**row) for row in facts["volumes"]]
        self.slices = [SliceFigures(**row) for row in facts["slices"]]
        if facts["report"]:
            with open(facts["report"], encoding="utf-8") as file:
                self.report = file.read()
        super()._take(facts)

    def _nameMasks(self, segmentIds):
        segments = self.segmentation.GetSegmentation()
        names = {}
        for segmentId in segmentIds:
            name = segments.GetSegment(segmentId).GetName()
            if self._withReport:
                label = methodLabel(self.segmentation, segmentId, self._volume)
                name = name if label in names else label
            names[name] = segmentId
        return names

    def _weights(self):
        segments = self.segmentation.GetSegmentation()
        hashes = {
            name: getTag(segments.GetSegment(segmentId), WEIGHTS_TAG)
            for name, segmentId in self._names.items()
        }
        return {name: {"name": name, "sha256": known} for name, known in hashes.items() if known}
