"""The slice views of the layout."""

import qt
import slicer


def showInViews(volume):
    """Show a volume in all slice views that show another; one view in each turn of the event loop.

    Fitting a view takes some tens of milliseconds. None shows nothing new.
    """
    manager = slicer.app.layoutManager()
    if manager is None or volume is None:  # Slicer without a main window; nothing chosen
        return
    names = [
        name
        for name in manager.sliceViewNames()
        if manager.sliceWidget(name).mrmlSliceCompositeNode().GetBackgroundVolumeID()
        != volume.GetID()
    ]

    def showNext():
        if not names or not slicer.mrmlScene.IsNodePresent(volume):
            return
        widget = manager.sliceWidget(names.pop(0))
        if widget is not None:
            widget.mrmlSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
            widget.sliceLogic().FitSliceToBackground()
        qt.QTimer.singleShot(0, showNext)

    qt.QTimer.singleShot(0, showNext)
