"""Masks that can be compared, and which of them is the reference."""

from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, methodOf
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.series_nodes import volumeOf

REMOVED_COLOR = (120, 120, 120)
"""Of the curve of a segment that was removed or renamed since."""


class References:
    """The list "Reference"; arguments as SegmentSection.

    Attributes
    ----------
    segmentIds : list of str
        Segments of the series' methods and of its reader, the reader's first.
    """

    def __init__(self, widget):
        self._widget, self._box = widget, widget.ui.referenceBox
        self.segmentIds, self._names = [], []

    def refresh(self):
        """List what there is; a new drawing becomes the reference, else the choice is kept."""
        segments = self._segments()
        methods = {
            each: methodOf(segments.GetSegment(each))
            for each in (segments.GetSegmentIDs() if segments is not None else ())
        }
        drawings = [each for each, method in methods.items() if method == GROUND_TRUTH]
        others = [each for each, method in methods.items() if method and each not in drawings]
        found = drawings + others
        names = [segments.GetSegment(each).GetName() for each in found]
        if (found, names) == (self.segmentIds, self._names):
            return
        box = self._box
        before = self.segmentIds[box.currentIndex] if box.currentIndex >= 0 else ""
        drawnJustNow = bool(set(drawings) - set(self.segmentIds))
        self.segmentIds, self._names = found, names
        box.clear()
        box.addItems(names)
        if before in found and not drawnJustNow:
            box.setCurrentIndex(found.index(before))

    def chosen(self):
        """Return the segmentation, the reference's ID and those of the others.

        (None, "", []) if there is nothing to choose.
        """
        self.refresh()
        index = self._box.currentIndex
        if index < 0:
            return None, "", []
        reference = self.segmentIds[index]
        others = [each for each in self.segmentIds if each != reference]
        return self._segmentation(), reference, others

    def colorOf(self, name):
        """Return the color of a segment by its name, RGB from 0 to 255."""
        segments = self._segments()
        if segments is not None:
            segment = segments.GetSegment(segments.GetSegmentIdBySegmentName(name))
            if segment is not None:
                return tuple(round(255 * part) for part in segment.GetColor())
        return REMOVED_COLOR

    def _segmentation(self):
        parameters = self._widget.parameters
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        return findSegmentation(volume) if volume is not None else None

    def _segments(self):
        segmentation = self._segmentation()
        return segmentation.GetSegmentation() if segmentation is not None else None
