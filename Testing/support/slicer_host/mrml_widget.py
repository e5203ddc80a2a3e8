"""Widgets that know a MRML scene."""

from __future__ import annotations

import slicer
from PySide6 import QtCore, QtWidgets

from .ctk_inputs import ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from .observing import observe

_EVENTS = (
    slicer.vtkMRMLScene.NodeAddedEvent,
    slicer.vtkMRMLScene.NodeRemovedEvent,
    slicer.vtkMRMLScene.EndBatchProcessEvent,
)


class SceneFollower:
    """Mix-in: `mrmlScene`, `setMRMLScene`, and calls when nodes come and go.

    While the scene is loaded or closed nothing is called; afterwards `_scene_changed` once.
    """

    _scene = None
    _scene_observers = ()

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        for tag in self._scene_observers:
            self._scene.RemoveObserver(tag)
        self._scene, self._scene_observers = scene, []
        if scene is not None:
            for event in _EVENTS:
                self._scene_observers.append(
                    observe(self, scene, event, "_on_scene_event", with_node=True)
                )
        self._scene_changed()

    def _nodes_of_scene(self) -> list:
        if self._scene is None:
            return []
        nodes = self._scene.GetNodes()
        return [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]

    def _on_scene_event(self, scene, event, node):
        if scene.IsBatchProcessing():
            return
        if event == "NodeAddedEvent" or (node is not None and scene.IsNodePresent(node)):
            self._node_added(node)
        elif node is not None:
            self._node_removed(node)
        else:
            self._scene_changed()

    def _scene_changed(self):
        """The scene is another, or was loaded or closed."""

    def _node_added(self, node):
        self._scene_changed()

    def _node_removed(self, node):
        self._scene_changed()


class qMRMLWidget(SceneFollower, QtWidgets.QWidget):
    """A widget that hands its scene to those its .ui file connects."""

    mrmlSceneChanged = QtCore.Signal(object)
    _signals = {"mrmlSceneChanged(vtkMRMLScene*)": None}

    def setMRMLScene(self, scene):
        changed = scene is not self._scene
        super().setMRMLScene(scene)
        if changed:
            self.mrmlSceneChanged.emit(scene)


class qSlicerWidget(qMRMLWidget):
    """Slicer's own base of module panels."""


class qMRMLSliderWidget(SceneFollower, ctkSliderWidget):
    """A slider that shows lengths in the scene's unit."""


class qMRMLSpinBox(SceneFollower, ctkDoubleSpinBox):
    """A spin box that shows lengths in the scene's unit."""


class qMRMLRangeWidget(SceneFollower, ctkRangeWidget):
    """A range that shows lengths in the scene's unit."""


WIDGETS = (qMRMLWidget, qSlicerWidget, qMRMLSliderWidget, qMRMLSpinBox, qMRMLRangeWidget)
