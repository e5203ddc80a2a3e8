"""One segmentation: frames out of the scene, the worker, the mask into the scene."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.mrml.worker_result import importResult
from DSCBrainSegLib.network.weights import network_of
from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame

from .series_job import SeriesJob


class SegmentationJob(SeriesJob):
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
    weights : str, optional
        File of a network's weights; the shipped ones by default.

    Attributes
    ----------
    result : ImportedResult or None

    Raises
    ------
    DSCBrainSegError
        The node holds no series, or not that time point.
    """

    def __init__(
        self,
        inputNode,
        method,
        frame,
        queue,
        onProgress,
        onEnd,
        saveStateForUndo=None,
        weights="",
    ):
        super().__init__(inputNode, queue, onProgress, onEnd)
        self.result, self.method = None, method
        asked = get_method(method)
        self._weights = weights if asked.uses_weights else ""
        if self._weights:
            network_of(Path(self._weights))  # a file that is no network's is told at once
            asked = asked.with_weights(self._weights)
        self._frame = frame
        if frame != "auto":
            self._frame = choose_reference_frame(self.source.frame_count, frame).index
            if not asked.wants_series(self.source.frame_count):
                self.frames = [self._frame]
        self._saveStateForUndo = saveStateForUndo

    @property
    def frameNumber(self):
        """The segmented time point, counted from 1."""
        return self.result.frame + 1

    def _request(self, path):
        return {
            "command": "segment",
            "input": path,
            "method": self.method,
            "frame": self._frame,
            "format": "npy",
            "output": str(self._folder / "mask"),
            **({"weights": self._weights} if self._weights else {}),
        }

    def _take(self, facts):
        if not slicer.mrmlScene.IsNodePresent(self.volume):
            raise SeriesError(_("The series was removed meanwhile; load it and segment again."))
        self.result = importResult(facts, self.volume, saveStateForUndo=self._saveStateForUndo)
        self.facts = facts
        qt.QTimer.singleShot(0, lambda: self._end(None))  # The views have enough to do first.
