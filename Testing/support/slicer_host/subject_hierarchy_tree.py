"""``qMRMLSubjectHierarchyTreeView``: the data tree."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from .mrml_widget import SceneFollower
from .properties import stored


class qMRMLSubjectHierarchyTreeView(SceneFollower, QtWidgets.QTreeWidget):
    """Patients, studies and data of the scene, one line each."""

    currentItemsChanged = QtCore.Signal(list)
    currentItemChanged_ = QtCore.Signal(object)
    _signals = {
        "currentItemsChanged(QList<vtkIdType>)": None,
        "currentItemChanged(vtkIdType)": "currentItemChanged_",
    }
    nodeTypes = stored("QStringList", [])
    multiSelection = stored(bool, False)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setHeaderLabel("Node")
        self.connect("itemSelectionChanged()", self._selected)

    def subjectHierarchyNode(self):
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

    def currentItem(self):
        chosen = self.selectedItems()
        invalid = slicer.vtkMRMLSubjectHierarchyNode.INVALID_ITEM_ID
        return chosen[0].data(0, QtCore.Qt.UserRole) if chosen else invalid

    def setCurrentItem(self, item_id):
        for line in self._lines(self.invisibleRootItem()):
            line.setSelected(line.data(0, QtCore.Qt.UserRole) == item_id)

    def setCurrentNode(self, node):
        self.setCurrentItem(self.subjectHierarchyNode().GetItemByDataNode(node))

    def _selected(self):
        self.currentItemsChanged.emit([self.currentItem()])
        self.currentItemChanged_.emit(self.currentItem())

    def _lines(self, parent):
        for index in range(parent.childCount()):
            yield parent.child(index)
            yield from self._lines(parent.child(index))

    def _scene_changed(self):
        self.clear()
        if self._scene is not None:
            hierarchy = self.subjectHierarchyNode()
            self._fill(hierarchy, hierarchy.GetSceneItemID(), self.invisibleRootItem())

    def _fill(self, hierarchy, item_id, line):
        children = vtk.vtkIdList()
        hierarchy.GetItemChildren(item_id, children, False)
        for index in range(children.GetNumberOfIds()):
            child_id = children.GetId(index)
            child = QtWidgets.QTreeWidgetItem([hierarchy.GetItemName(child_id)])
            child.setData(0, QtCore.Qt.UserRole, child_id)
            line.addChild(child)
            self._fill(hierarchy, child_id, child)
