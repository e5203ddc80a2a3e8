"""``qMRMLSegmentEditorWidget`` on Slicer's own segment editor logic: real masks, real undo."""

from __future__ import annotations

import weakref

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from .errors import PythonQtError
from .mrml_widget import SceneFollower
from .observing import observe
from .properties import stored
from .segment_effects import EFFECTS, SegmentEffect
from .table_views import qMRMLSegmentsTableView


class qMRMLSegmentEditorWidget(SceneFollower, QtWidgets.QWidget):
    """The embedded editor: segments, effects, undo and shortcuts.

    Tests paint with ``editor.activeEffect().apply_brush(voxels)``. Shortcuts exist only between
    `installKeyboardShortcuts` and `uninstallKeyboardShortcuts`.
    """

    currentSegmentIDChanged = QtCore.Signal(str)
    segmentationNodeChanged = QtCore.Signal(object)
    sourceVolumeNodeChanged = QtCore.Signal(object)
    _signals = {
        "currentSegmentIDChanged(QString)": None,
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)": None,
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": None,
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._editor_logic = slicer.vtkSlicerSegmentEditorLogic()
        self._editor_logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._node = self._node_tag = None
        self._effects = [SegmentEffect(name, self) for name in EFFECTS]
        self._order = []
        self._shortcuts = []
        self._view_observations = False
        self._seen = {"segment": "", "segmentation": None, "volume": None}
        self._build()
        tag = observe(self, self._editor_logic, "AnyEvent", "_update_buttons")
        # The garbage collector may empty the observer before the logic tells that it is deleted.
        weakref.finalize(self, self._editor_logic.RemoveObserver, tag)

    view_observations = property(lambda self: self._view_observations)
    switchToSegmentationsButtonVisible = stored(bool, True)
    segmentationNodeSelectorVisible = stored(bool, True)
    sourceVolumeNodeSelectorVisible = stored(bool, True)
    autoShowSourceVolumeNode = stored(bool, True)
    unorderedEffectsVisible = stored(bool, True)
    undoEnabled = stored(bool, True)
    readOnly = stored(bool, False)
    effectButtonStyle = stored(int, 0)
    maximumNumberOfUndoStates = QtCore.Property(
        int,
        lambda self: self._editor_logic.GetMaximumNumberOfUndoStates(),
        lambda self, count: self._editor_logic.SetMaximumNumberOfUndoStates(count),
    )

    def setMaximumNumberOfUndoStates(self, count):
        self.maximumNumberOfUndoStates = count

    def logic(self):
        return self._editor_logic

    def setMRMLScene(self, scene):
        super().setMRMLScene(scene)
        self._editor_logic.SetMRMLScene(scene)

    def setMRMLSegmentEditorNode(self, node):
        if self._node_tag is not None:
            self._node.RemoveObserver(self._node_tag)
        self._node, self._node_tag = node, None
        self._editor_logic.SetSegmentEditorNode(node)
        if node is not None:
            self._node_tag = observe(self, node, "ModifiedEvent", "_update")
        self._update()

    def mrmlSegmentEditorNode(self):
        return self._node

    def segmentationNode(self):
        return self._node.GetSegmentationNode() if self._node is not None else None

    def setSegmentationNode(self, node):
        self._needs_node("setSegmentationNode")
        if node is not self.segmentationNode():
            self._editor_logic.SetSegmentationNode(node)
            ids = node.GetSegmentation().GetSegmentIDs() if node is not None else ()
            self._node.SetSelectedSegmentID(ids[0] if ids else "")
        self._update()

    def setSegmentationNodeID(self, node_id):
        self.setSegmentationNode(self._scene.GetNodeByID(node_id))

    def sourceVolumeNode(self):
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def setSourceVolumeNode(self, node):
        self._needs_node("setSourceVolumeNode")
        if self.segmentationNode() is None and node is not None:
            raise PythonQtError("setSourceVolumeNode has no effect before setSegmentationNode")
        self._editor_logic.SetSourceVolumeNode(node)
        self._update()

    def setSourceVolumeNodeID(self, node_id):
        self.setSourceVolumeNode(self._scene.GetNodeByID(node_id))

    def currentSegmentID(self):
        return self._node.GetSelectedSegmentID() or "" if self._node is not None else ""

    def setCurrentSegmentID(self, segment_id):
        self._needs_node("setCurrentSegmentID")
        self._node.SetSelectedSegmentID(segment_id)

    def availableEffectNames(self):
        return [effect.name for effect in self._effects]

    def effectNameOrder(self):
        return list(self._order)

    def setEffectNameOrder(self, names):
        self._order = list(names)
        self._build_effects()

    def effectByName(self, name):
        return next((effect for effect in self._effects if effect.name == name), None)

    def activeEffect(self):
        name = self._node.GetActiveEffectName() if self._node is not None else ""
        return self.effectByName(name) if name else None

    def setActiveEffect(self, effect):
        if self._node is not None:
            self._node.SetActiveEffectName(effect.name if effect is not None else "")

    def setActiveEffectByName(self, name):
        self.setActiveEffect(self.effectByName(name))

    def saveStateForUndo(self):
        if self.segmentationNode() is not None:
            self._editor_logic.SaveStateForUndo()

    def undo(self):
        self._editor_logic.Undo()
        self._update_buttons()

    def redo(self):
        self._editor_logic.Redo()
        self._update_buttons()

    def installKeyboardShortcuts(self, parent=None):
        parent = parent or slicer.util.mainWindow()
        self.uninstallKeyboardShortcuts()
        keys = {"Esc": lambda: self.setActiveEffect(None), "Space": self._toggle_last}
        for number in range(10):
            for first, modifier in ((0, ""), (10, "Shift+")):
                index = first + (number - 1) % 10
                keys[f"{modifier}{number}"] = lambda index=index: self._toggle_effect(index)
        keys |= dict.fromkeys(("Z", "Ctrl+Z"), self.undo)
        keys |= dict.fromkeys(("Y", "Ctrl+Y"), self.redo)
        keys |= dict.fromkeys(("Q", "/", ",", ">"), lambda: self._select_segment(-1))
        keys |= dict.fromkeys(("W", "*", ".", "<"), lambda: self._select_segment(1))
        keys["I"] = self._toggle_intensity_mask
        for text, slot in keys.items():
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(text), parent)
            shortcut.connect("activated()", slot)
            self._shortcuts.append(shortcut)

    def _toggle_last(self):
        """Switch the last effect on or off."""
        active = self.activeEffect()
        if active is not None:
            self._last_effect = active.name
        name = getattr(self, "_last_effect", self.availableEffectNames()[0])
        self.setActiveEffect(None if active is not None else self.effectByName(name))

    def _toggle_effect(self, index):
        names = self._order or self.availableEffectNames()
        if index < len(names):
            self._effect_clicked(names[index])

    def _select_segment(self, offset):
        node = self.segmentationNode()
        ids = list(node.GetSegmentation().GetSegmentIDs()) if node is not None else []
        if self.currentSegmentID() in ids:
            self.setCurrentSegmentID(ids[(ids.index(self.currentSegmentID()) + offset) % len(ids)])

    def _toggle_intensity_mask(self):
        if self._node is not None:
            self._node.SetSourceVolumeIntensityMask(not self._node.GetSourceVolumeIntensityMask())

    def uninstallKeyboardShortcuts(self):
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.setParent(None)
        self._shortcuts.clear()

    shortcut_count = property(lambda self: len(self._shortcuts))

    def setupViewObservations(self):
        self._view_observations = True

    def removeViewObservations(self):
        self._view_observations = False

    def updateWidgetFromMRML(self):
        self._update()

    def _needs_node(self, function):
        if self._node is None:
            raise PythonQtError(f"{function}: setMRMLSegmentEditorNode must come first")

    def _scene_changed(self):
        if self._node is not None and (
            self._scene is None or not self._scene.IsNodePresent(self._node)
        ):
            self.setMRMLSegmentEditorNode(None)
        else:
            self._update()

    def _node_added(self, node):
        pass

    def _build(self):
        self._list = qMRMLSegmentsTableView(self)
        self._list.setMaximumHeight(110)
        self._undo_button = QtWidgets.QToolButton(self)
        self._undo_button.setText("Undo")
        self._undo_button.connect("clicked()", self.undo)
        self._redo_button = QtWidgets.QToolButton(self)
        self._redo_button.setText("Redo")
        self._redo_button.connect("clicked()", self.redo)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self._undo_button)
        row.addWidget(self._redo_button)
        row.addStretch(1)
        self._effect_grid = QtWidgets.QGridLayout()
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        layout.addLayout(self._effect_grid)
        layout.addLayout(row)
        self._buttons = {}
        self._build_effects()
        self._list.connect(
            "selectionChanged(QItemSelection,QItemSelection)", self._segment_selected
        )

    def _build_effects(self):
        for button in self._buttons.values():
            button.setParent(None)
        self._buttons = {}
        for index, name in enumerate(self._order or self.availableEffectNames()):
            button = QtWidgets.QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.connect("clicked()", lambda name=name: self._effect_clicked(name))
            self._effect_grid.addWidget(button, index // 3, index % 3)
            self._buttons[name] = button

    def _effect_clicked(self, name):
        active = self.activeEffect()
        self.setActiveEffect(None if active and active.name == name else self.effectByName(name))

    def _segment_selected(self):
        ids = self._list.selectedSegmentIDs()
        if ids and self._node is not None and ids[0] != self.currentSegmentID():
            self._node.SetSelectedSegmentID(ids[0])

    def _update(self):
        self._list.setSegmentationNode(self.segmentationNode())
        self._list.setSelectedSegmentIDs([self.currentSegmentID()])
        self._update_buttons()
        now = {
            "segment": self.currentSegmentID(),
            "segmentation": self.segmentationNode(),
            "volume": self.sourceVolumeNode(),
        }
        before, self._seen = self._seen, now
        if now["segment"] != before["segment"]:
            self.currentSegmentIDChanged.emit(now["segment"])
        if now["segmentation"] is not before["segmentation"]:
            self.segmentationNodeChanged.emit(now["segmentation"])
        if now["volume"] is not before["volume"]:
            if self.autoShowSourceVolumeNode and now["volume"] is not None:
                slicer.util.setSliceViewerLayers(background=now["volume"])
            self.sourceVolumeNodeChanged.emit(now["volume"])

    def _update_buttons(self):
        active = self.activeEffect()
        ready = self.segmentationNode() is not None and not self.readOnly
        for name, button in self._buttons.items():
            button.setChecked(active is not None and active.name == name)
            button.setEnabled(ready)
        self._undo_button.setEnabled(ready and self._editor_logic.CanUndo())
        self._redo_button.setEnabled(ready and self._editor_logic.CanRedo())
