"""One segmentation: frames out of the scene, the worker, the mask into the scene."""

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, SeriesError
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_nodes import seriesOf, shownVolume
from DSCBrainSegLib.mrml.worker_input import SERIES_NAME
from DSCBrainSegLib.mrml.worker_result import importResult
from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
from DSCBrainSegLib.series.exchange import write_exchange

from .worker_job import WorkerJob


class SegmentationJob(WorkerJob):
    """Segments a node; nothing in the scene changes before the mask is there.

    Parameters
    ----------
    inputNode : vtkMRMLNode
        Sequence, volume that shows one, MultiVolume or single volume.
    method : str
        Name in the library's list.
    frame : int, None or "auto"
        Time point counted from 0; None for the 4th.
    queue, onProgress, onEnd
        See `WorkerJob`.
    saveStateForUndo : callable, optional
        See `mrml.worker_result.importResult`.

    Attributes
    ----------
    result : ImportedResult or None

    Raises
    ------
    DSCBrainSegError
        The node holds no series, or not that time point.
    """

    def __init__(self, inputNode, method, frame, queue, onProgress, onEnd, saveStateForUndo=None):
        super().__init__(queue, onProgress, onEnd)
        self.result, self.method = None, method
        self.source = openNode(seriesOf(inputNode))
        self.volume = shownVolume(inputNode)
        self._frame, self._frames = frame, None
        if frame != "auto":
            self._frame = choose_reference_frame(self.source.frame_count, frame).index
            if not get_method(self.method).wants_series(self.source.frame_count):
                self._frames = [self._frame]
        self._saveStateForUndo = saveStateForUndo

    @property
    def frameNumber(self):
        """The segmented time point, counted from 1."""
        return self.result.frame + 1

    def _begin(self):
        path = self._folder / SERIES_NAME
        self._writing = write_exchange(path, self.source, self._frames)
        if self._frames is None:
            self._onProgress(0, self.source.frame_count, _("Reading the series"))
            qt.QTimer.singleShot(0, self._writeNext)
        else:
            self._guarded(self._writeFrame)

    def _writeNext(self):
        self._guarded(self._writeFrame)

    def _writeFrame(self):
        """Write one frame in each turn of the event loop: the whole series may be large."""
        try:
            self._stopIfCancelled()
        except Cancelled:
            self._writing.close()  # An open file could not be removed on Windows.
            raise
        written = next(self._writing, None)
        if written is None:
            self._submit(self._request())
            return
        if self._frames is None:
            self._onProgress(written, self.source.frame_count, _("Reading the series"))
            qt.QTimer.singleShot(0, self._writeNext)
        else:
            self._writeFrame()

    def _request(self):
        return {
            "command": "segment",
            "input": str(self._folder / SERIES_NAME),
            "method": self.method,
            "frame": self._frame,
            "format": "npy",
            "output": str(self._folder / "mask"),
        }

    def _take(self, facts):
        if not slicer.mrmlScene.IsNodePresent(self.volume):
            raise SeriesError(_("The series was removed meanwhile; load it and segment again."))
        self.result = importResult(facts, self.volume, saveStateForUndo=self._saveStateForUndo)
        self.facts = facts
        qt.QTimer.singleShot(0, lambda: self._end(None))  # The views have enough to do first.
