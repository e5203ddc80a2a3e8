"""A request to the worker that takes a series of the scene, or some of its frames."""

import qt
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_nodes import seriesOf, shownVolume
from DSCBrainSegLib.mrml.worker_input import SERIES_NAME
from DSCBrainSegLib.series.exchange import write_exchange

from .worker_job import WorkerJob


class SeriesJob(WorkerJob):
    """Base of such jobs; a subclass has `_request`.

    Parameters
    ----------
    inputNode : vtkMRMLNode
    queue, onProgress, onEnd
        See `WorkerJob`.

    Attributes
    ----------
    source : SeriesSource
    volume : vtkMRMLScalarVolumeNode
        Shows the series.
    frames : list of int or None
        Time points to write, counted from 0; None for all.

    Raises
    ------
    DSCBrainSegError
        The node holds no series.
    """

    def __init__(self, inputNode, queue, onProgress, onEnd):
        super().__init__(queue, onProgress, onEnd)
        self.source = openNode(seriesOf(inputNode))
        self.volume = shownVolume(inputNode)
        self.frames = None

    def _request(self, path):
        """Return the request; `path` is the file with the frames, times and numbers."""
        raise NotImplementedError

    def _begin(self):
        path = self._folder / SERIES_NAME
        self._writing = write_exchange(path, self.source, self.frames)
        if self.frames is None:
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
            self._submit(self._request(str(self._folder / SERIES_NAME)))
            return
        if self.frames is None:
            self._onProgress(written, self.source.frame_count, _("Reading the series"))
            qt.QTimer.singleShot(0, self._writeNext)
        else:
            self._writeFrame()
