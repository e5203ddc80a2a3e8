"""``qMRMLNodeComboBox``: choose a node of the scene."""

from __future__ import annotations

import slicer
from PySide6 import QtCore, QtWidgets

from .errors import PythonQtError
from .mrml_widget import SceneFollower
from .observing import observe
from .properties import stored


class qMRMLNodeComboBox(SceneFollower, QtWidgets.QWidget):
    """A selector that follows the scene.

    Without `noneEnabled` the first node that fits is chosen by itself, as in Slicer.
    """

    currentNodeChanged = QtCore.Signal(object)
    currentNodeIDChanged = QtCore.Signal(str)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)
    nodeAboutToBeEdited = QtCore.Signal(object)
    currentNodeRenamed = QtCore.Signal(str)
    _signals = {
        "currentNodeChanged(vtkMRMLNode*)": None,
        "currentNodeChanged(bool)": bool,
        "currentNodeIDChanged(QString)": None,
        "nodeAdded(vtkMRMLNode*)": None,
        "nodeAddedByUser(vtkMRMLNode*)": None,
        "nodeAboutToBeRemoved(vtkMRMLNode*)": None,
        "nodeAboutToBeEdited(vtkMRMLNode*)": None,
        "currentNodeRenamed(QString)": None,
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.connect("activated(int)", self._chosen_by_user)
        self._current = None
        self._listed = []
        self._attributes = []
        self._base_names = {}
        self.setEnabled(False)

    def _settings_changed(self, _value):
        self._update()

    nodeTypes = stored("QStringList", [], "_settings_changed")
    noneEnabled = stored(bool, False, "_settings_changed")
    noneDisplay = stored(str, "None", "_settings_changed")
    showHidden = stored(bool, False, "_settings_changed")
    showChildNodeTypes = stored(bool, True, "_settings_changed")
    hideChildNodeTypes = stored("QStringList", [], "_settings_changed")
    addEnabled = stored(bool, True)
    removeEnabled = stored(bool, True)
    editEnabled = stored(bool, False)
    renameEnabled = stored(bool, False)
    selectNodeUponCreation = stored(bool, True)
    interactionNodeSingletonTag = stored(str, "")
    currentNodeID = QtCore.Property(
        str,
        lambda self: self._current.GetID() if self._current is not None else "",
        lambda self, node_id: self.setCurrentNodeID(node_id),
    )
    baseName = QtCore.Property(
        str,
        lambda self: self._base_names.get("", ""),
        lambda self, name: self._base_names.__setitem__("", name),
    )

    def currentNode(self):
        return self._current

    def setCurrentNode(self, node):
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node) if self._scene else None
        self._choose(node if node in self._listed else None)

    def setCurrentNodeID(self, node_id):
        self.setCurrentNode(node_id or None)

    def setCurrentNodeIndex(self, index):
        self._choose(self._listed[index] if 0 <= index < len(self._listed) else None)

    def nodeCount(self):
        return len(self._listed)

    def nodes(self):
        return list(self._listed)

    def nodeFromIndex(self, index):
        return self._listed[index] if 0 <= index < len(self._listed) else None

    def addAttribute(self, node_type, attribute, value=None):
        self._attributes.append((node_type, attribute, value))
        self._update()

    def removeAttribute(self, node_type, attribute):
        self._attributes = [a for a in self._attributes if a[:2] != (node_type, attribute)]
        self._update()

    def setBaseName(self, name, node_type=""):
        self._base_names[node_type] = name

    def addNode(self, node_type=None):
        """Make a node of the first type, as the user's "Create new"."""
        node_type = node_type or self.nodeTypes[0]
        name = self._base_names.get(node_type) or self._base_names.get("")
        name = name or slicer.mrmlScene.CreateNodeByClass(node_type).GetNodeTagName()
        node = self._scene.AddNewNodeByClass(node_type, self._scene.GenerateUniqueName(name))
        for kind, attribute, value in self._attributes:
            if node.IsA(kind) and value is not None:
                node.SetAttribute(attribute, str(value))
        self._update()
        if self.selectNodeUponCreation:
            self._choose(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _scene_changed(self):
        self.setEnabled(self._scene is not None)
        self._update()

    def _node_added(self, node):
        self._update()
        if node in self._listed:
            self.nodeAdded.emit(node)

    def _node_removed(self, node):
        if node in self._listed:
            self.nodeAboutToBeRemoved.emit(node)
        self._update()

    def _update(self):
        """List the scene's nodes again and keep, drop or find the current one."""
        if not hasattr(self, "_attributes"):
            return
        if self._scene is not None and not self.nodeTypes:
            self._listed = []
            return
        self._listed = [node for node in self._nodes_of_scene() if self._fits(node)]
        self._observe_nodes()
        current = self._current if self._current in self._listed else None
        if current is None and not self.noneEnabled and self._listed:
            current = self._listed[0]
        self._choose(current)

    def _choose(self, node):
        if node is None and not self.noneEnabled and self._listed and self._current is not None:
            node = self._current if self._current in self._listed else self._listed[0]
        changed = node is not self._current
        self._current = node
        self._show()
        if changed:
            self.currentNodeChanged.emit(node)
            self.currentNodeIDChanged.emit(self.currentNodeID)

    def _show(self):
        self._box.clear()
        if self.noneEnabled or self._current is None:
            self._box.addItem(self.noneDisplay)
        self._box.addItems([node.GetName() or "" for node in self._listed])
        offset = self._box.count - len(self._listed)
        index = self._listed.index(self._current) + offset if self._current in self._listed else 0
        self._box.setCurrentIndex(index)

    def _chosen_by_user(self, index):
        index -= self._box.count - len(self._listed)
        self._choose(self._listed[index] if index >= 0 else None)

    def _fits(self, node) -> bool:
        kinds = self.nodeTypes
        if not any(node.IsA(kind) for kind in kinds):
            return False
        if not self.showChildNodeTypes and node.GetClassName() not in kinds:
            return False
        if any(node.IsA(kind) for kind in self.hideChildNodeTypes):
            return False
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        for kind, attribute, value in self._attributes:
            if node.IsA(kind):
                has = node.GetAttribute(attribute)
                if has is None or (value is not None and has != str(value)):
                    return False
        return True

    def _observe_nodes(self):
        observed = self.__dict__.setdefault("_node_observers", {})
        wanted = [n for n in self._nodes_of_scene() if any(map(n.IsA, self.nodeTypes))]
        for node in list(observed):
            if node not in wanted:
                node.RemoveObserver(observed.pop(node))
        for node in wanted:
            if node not in observed:
                observed[node] = observe(
                    self, node, "ModifiedEvent", "_node_changed", with_node=True
                )

    def _node_changed(self, node, _event, _data):
        if (node in self._listed) != self._fits(node):
            self._update()
            return
        names = [self._box.itemText(index) for index in range(self._box.count)]
        if node in self._listed and (node.GetName() or "") not in names:
            self._show()
            if node is self._current:
                self.currentNodeRenamed.emit(node.GetName())


class qMRMLCheckableNodeComboBox(qMRMLNodeComboBox):
    """Tick several nodes."""

    checkedNodesChanged = QtCore.Signal()

    def __init__(self, parent=None):
        super().__init__(parent)
        self._ticked = []

    def checkedNodes(self):
        return [node for node in self._listed if node in self._ticked]

    def uncheckedNodes(self):
        return [node for node in self._listed if node not in self._ticked]

    def setCheckState(self, node, state):
        if node not in self._listed:
            raise PythonQtError(f"{node.GetName()} is not in the list")
        if (state == QtCore.Qt.Checked) == (node in self._ticked):
            return
        (self._ticked.append if state == QtCore.Qt.Checked else self._ticked.remove)(node)
        self.checkedNodesChanged.emit()
