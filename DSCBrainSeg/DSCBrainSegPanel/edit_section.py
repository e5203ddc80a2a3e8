"""Slicer's segment editor inside the panel."""

import slicer

from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.series_nodes import volumeOf

UNDO_STATES = 10
TAG = "DSCBrainSeg"


class EditSection:
    """Keeps the editor on the segmentation of the chosen series; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._editor = widget, widget.ui.editor
        self._editor.setMaximumNumberOfUndoStates(UNDO_STATES)
        self._editor.segmentationNodeSelectorVisible = False
        self._editor.sourceVolumeNodeSelectorVisible = False
        # The panel shows what the user chooses; a scene that is opened keeps its views.
        self._editor.autoShowSourceVolumeNode = False
        self._entered = self._hasShortcuts = False
        slicer.app.connect("focusChanged(QWidget*,QWidget*)", self.onFocusChanged)

    def enter(self):
        """Take the shortcuts; another module may have had them."""
        self._editor.setupViewObservations()
        self._entered = True
        self._takeShortcuts(True)
        self.refresh()

    def exit(self):
        """Give shortcuts and views back."""
        self._editor.setActiveEffect(None)
        self._entered = False
        self._takeShortcuts(False)
        self._editor.removeViewObservations()

    def cleanup(self):
        """Let go of the application and of the scene's nodes."""
        slicer.app.disconnect("focusChanged(QWidget*,QWidget*)", self.onFocusChanged)
        self.letGo()

    def onFocusChanged(self, before, now):
        """Leave the keys to the panel's other widgets while one of them has the focus.

        The editor's shortcuts are the main window's: Space, digits and letters would start an
        effect instead of ticking a box or pressing a button.
        """
        if self._entered and now is not None:
            panel = self._widget.parent
            elsewhere = panel.isAncestorOf(now) and not self._editor.isAncestorOf(now)
            self._takeShortcuts(not elsewhere)

    def _takeShortcuts(self, take):
        if take and not self._hasShortcuts:
            self._editor.installKeyboardShortcuts()
        elif self._hasShortcuts and not take:
            self._editor.uninstallKeyboardShortcuts()
        self._hasShortcuts = take

    def refresh(self):
        """Show the segmentation of the chosen series, if there is one."""
        parameters = self._widget.parameters
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        segmentation = findSegmentation(volume) if volume is not None else None
        self._widget.ui.editSection.enabled = segmentation is not None
        if self._editor.mrmlSegmentEditorNode() is None:
            if segmentation is None:
                return
            self._editor.setMRMLSegmentEditorNode(self._node())
        if self._editor.segmentationNode() is not segmentation:
            self._editor.setActiveEffect(None)
            self._editor.setSegmentationNode(segmentation)
        if segmentation is not None and self._editor.sourceVolumeNode() is not volume:
            self._editor.setSourceVolumeNode(volume)

    def select(self, segmentId):
        """Choose the segment that effects change."""
        self._editor.setCurrentSegmentID(segmentId)

    def saveStateForUndo(self):
        """Keep the masks as they are for Undo, before code changes them."""
        if self._editor.segmentationNode() is not None:
            self._editor.saveStateForUndo()

    def letGo(self):
        """Let go of the scene's nodes."""
        self._editor.setActiveEffect(None)
        self._editor.setMRMLSegmentEditorNode(None)

    def _node(self):
        node = slicer.mrmlScene.GetSingletonNode(TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(TAG)
            node = slicer.mrmlScene.AddNode(node)
        # Masks of several methods lie over each other: a stroke must not erase the others. Closing
        # a scene resets the node.
        node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
        return node
