"""One segmentation: frames out of the scene, the worker, the mask into the scene."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import qt
import slicer

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError, SeriesError
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.worker_input import FRAME_NAME, writeForWorker
from DSCBrainSegLib.mrml.worker_result import importResult
from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
from DSCBrainSegLib.worker.protocol import to_exception

from .series_nodes import seriesOf, shownVolume


class SegmentationJob:
    """Segments a node; nothing in the scene changes before the mask is there.

    Parameters
    ----------
    inputNode : vtkMRMLNode
        Sequence, volume that shows one, MultiVolume or single volume.
    method : str
        Name in the library's list.
    frame : int, None or "auto"
        Time point counted from 0; None for the 4th.
    queue : WorkerQueue
    onProgress : callable
        ``onProgress(done, total, message)``.
    onEnd : callable
        ``onEnd(job)``, once, whatever happens; see the attributes.
    saveStateForUndo : callable, optional
        See `mrml.worker_result.importResult`.

    Attributes
    ----------
    result : ImportedResult or None
    facts : dict or None
        What the worker told.
    error : DSCBrainSegError or None
        Of class `Cancelled` if the user stopped it.

    Raises
    ------
    DSCBrainSegError
        The node holds no series, or not that time point.
    """

    def __init__(self, inputNode, method, frame, queue, onProgress, onEnd, saveStateForUndo=None):
        self.result = self.facts = self.error = None
        self.method = method
        self.source = openNode(seriesOf(inputNode))
        self.volume = shownVolume(inputNode)
        self.frames = None
        if frame != "auto":
            self.frames = [choose_reference_frame(self.source.frame_count, frame).index]
        self._queue, self._onProgress, self._onEnd = queue, onProgress, onEnd
        self._saveStateForUndo = saveStateForUndo
        self._number = self._folder = None
        self._written, self._cancelled = 0, False

    @property
    def frameNumber(self):
        """The segmented time point, counted from 1."""
        return self.result.frame + 1

    @property
    def ended(self):
        """Whether `onEnd` was called."""
        return self._onEnd is None

    def start(self):
        """Begin; everything else happens in the event loop."""
        self._guarded(self._begin)

    def cancel(self):
        """Stop; `onEnd` follows within a second."""
        self._cancelled = True
        if self._number is not None:
            self._queue.cancel(self._number)

    def _begin(self):
        self._folder = Path(tempfile.mkdtemp(prefix="DSCBrainSeg-", dir=slicer.app.temporaryPath))
        if self.frames is None:
            self._onProgress(0, self.source.frame_count, "Reading the series")
            qt.QTimer.singleShot(0, self._writeNext)
        else:
            self._submit(writeForWorker(self.source, self._folder, self.frames), frame=0)

    def _writeNext(self):
        self._guarded(self._writeFrame)

    def _writeFrame(self):
        """Write one frame in each turn of the event loop: the whole series may be large."""
        if self._cancelled:
            raise Cancelled("Cancelled; nothing was written.")
        count, path = self.source.frame_count, self._folder / FRAME_NAME
        if self._written == 0:
            shape = (count, *self.source.volume_shape)
            frames = np.lib.format.open_memmap(str(path), "w+", np.float32, shape)
        else:
            frames = np.load(path, mmap_mode="r+")
        frames[self._written] = np.nan_to_num(self.source.decode(self._written))
        self._written += 1
        self._onProgress(self._written, count, "Reading the series")
        if self._written < count:
            qt.QTimer.singleShot(0, self._writeNext)
            return
        fields = {"input": str(path), "affine": self.source.affine.tolist()}
        self._submit(fields, frame="auto")

    def _submit(self, fields, frame):
        request = {
            **fields,
            "command": "segment",
            "method": self.method,
            "frame": frame,
            "format": "npy",
            "output": str(self._folder / "mask"),
        }
        self._number = self._queue.submit(request, self._onEvent)

    def _onEvent(self, event):
        if event["event"] == "progress":
            self._onProgress(event["done"], event["total"], event["message"])
        elif event["event"] == "error":
            self._end(to_exception(event))
        else:
            self._guarded(lambda: self._import(event))

    def _import(self, facts):
        if self._cancelled:
            raise Cancelled("Cancelled; nothing was written.")
        if not slicer.mrmlScene.IsNodePresent(self.volume):
            raise SeriesError("The series was removed meanwhile; load it and segment again.")
        self.result = importResult(
            facts, self.volume, self.frames, saveStateForUndo=self._saveStateForUndo
        )
        self.facts = facts
        qt.QTimer.singleShot(0, lambda: self._end(None))  # The views have enough to do first.

    def _guarded(self, step):
        try:
            step()
        except DSCBrainSegError as error:
            self._end(error)
        except OSError as error:
            self._end(SeriesError(f"The temporary folder cannot be written: {error.strerror}."))

    def _end(self, error):
        self.error = error
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        onEnd, self._onEnd = self._onEnd, None
        onEnd(self)
