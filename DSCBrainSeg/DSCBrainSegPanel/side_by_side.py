"""The layout of slice views side by side, on and off."""

import qt
import slicer

from DSCBrainSegLib.mrml.side_by_side import fillViews, releaseViews

from .side_by_side_layouts import MOST_VIEWS, VIEW_GROUP, isSideBySide, layoutFor, viewNames


class SideBySide:
    """Shows the image, the reference and the masks each in a view; puts the old layout back.

    Parameters
    ----------
    onClosed : callable
        Called when the user chose another layout by other means.
    """

    def __init__(self, onClosed):
        self._onClosed = onClosed
        self._before = None
        self._manager = slicer.app.layoutManager()
        if self._manager is not None:  # Slicer without a main window has none.
            self._manager.connect("layoutChanged(int)", self._onLayoutChanged)

    @property
    def shown(self):
        """Whether the layout is one of these."""
        return self._manager is not None and isSideBySide(self._manager.layout)

    def show(self, volume, segmentation, segmentIds):
        """Show the volume and, in the order given, at most so many segments as there is room."""
        if self._manager is None:
            return
        segmentIds = segmentIds[: MOST_VIEWS - 1]
        if not self.shown:
            self._before = self._manager.layout
        count = len(segmentIds) + 1
        self._manager.setLayout(layoutFor(count))
        logics = [self._manager.sliceWidget(name).sliceLogic() for name in viewNames(count)]
        fillViews(logics, VIEW_GROUP, volume, segmentation, segmentIds)

    def close(self):
        """Go back to the layout before."""
        if self.shown:
            four = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
            self._manager.setLayout(four if self._before is None else self._before)

    def stop(self):
        """Let go of the layout manager."""
        if self._manager is not None:
            self._manager.disconnect("layoutChanged(int)", self._onLayoutChanged)

    def _onLayoutChanged(self, layout):
        if isSideBySide(layout):
            return
        # A scene that is being closed or loaded is left alone.
        if not (slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting()):
            releaseViews()
        qt.QTimer.singleShot(0, self._onClosed)
