"""Notices what happens to the segments of the chosen series, by whoever it is done."""

import qt
import slicer

from DSCBrainSegLib.mrml.algorithm_tags import tagAlgorithms
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.series_nodes import volumeOf

EVENTS = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SourceRepresentationModified")
QUIET_MS = 300


class SegmentsWatch:
    """Follows one segmentation at a time.

    Parameters
    ----------
    onChanged : callable
        Called at each change; changes come in crowds.
    """

    def __init__(self, onChanged):
        self._onChanged = onChanged
        self._node, self._tags = None, []
        self._quiet = qt.QTimer()
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.connect("timeout()", self._tagAlgorithms)

    def follow(self, parameters):
        """Follow the segmentation of the series chosen in the parameters, if there is one."""
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        node = findSegmentation(volume) if volume is not None else None
        if node is self._node:
            return
        self._letGo()
        self._node = node
        if node is not None:
            self._tags = [
                node.AddObserver(getattr(slicer.vtkSegmentation, event), self._onEvent)
                for event in EVENTS
            ]

    def stop(self):
        """Follow nothing any more."""
        self._quiet.stop()
        self._letGo()

    def _letGo(self):
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = None, []

    def _onEvent(self, caller, event):
        self._quiet.start()  # anew: masks are looked at once the strokes have come to rest
        self._onChanged()

    def _tagAlgorithms(self):
        if self._node is not None and self._node.GetScene() is not None:
            tagAlgorithms(self._node)
