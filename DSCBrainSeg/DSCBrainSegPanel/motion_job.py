"""Take the head's motion out of a series, in the worker."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.motion_result import addCorrected
from DSCBrainSegLib.mrml.series_nodes import seriesOf

from .series_job import SeriesJob


class MotionJob(SeriesJob):
    """Corrects a series; parameters as `SeriesJob`.

    Attributes
    ----------
    nodes : SequenceNodes or None
        The corrected series.
    table : vtkMRMLTableNode or None
        The motion of each time point.
    """

    def __init__(self, inputNode, queue, onProgress, onEnd):
        super().__init__(inputNode, queue, onProgress, onEnd)
        self._series = seriesOf(inputNode)
        self.nodes = self.table = None

    def _request(self, path):
        return {"command": "motion", "input": path, "output": str(self._folder / "motion")}

    def _take(self, facts):
        if not slicer.mrmlScene.IsNodePresent(self.volume):
            raise SeriesError(_("The series was removed meanwhile; load it again."))
        self.nodes, self.table = addCorrected(facts, self._series, self.volume)
        super()._take(facts)
