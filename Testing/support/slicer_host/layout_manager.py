"""``slicer.app.layoutManager()``: real layout, slice and composite nodes; plain widgets."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from .errors import PythonQtError
from .observing import observe
from .slice_widget import qMRMLSliceWidget
from .table_views import qMRMLPlotWidget, qMRMLTableWidget


class LayoutManager(QtCore.QObject):
    """Follows the layout node: views named in the layout's description get widgets side by side."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, application_logic):
        super().__init__()
        self._application_logic = application_logic
        self._slice_logics = vtk.vtkCollection()
        application_logic.SetSliceLogics(self._slice_logics)
        self._widgets = {}
        self._viewport = QtWidgets.QWidget()
        self._viewport.setLayout(QtWidgets.QGridLayout())
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(slicer.mrmlScene)
        observe(self, self._logic.GetLayoutNode(), "ModifiedEvent", "_update")
        observe(self, slicer.mrmlScene, slicer.vtkMRMLScene.EndBatchProcessEvent, "_update_soon")
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def layoutLogic(self):
        return self._logic

    def setLayout(self, layout):
        self._logic.GetLayoutNode().SetViewArrangement(layout)
        self._update()

    layout = QtCore.Property(
        int,
        lambda self: self._logic.GetLayoutNode().GetViewArrangement(),
        lambda self, layout: self.setLayout(layout),
    )

    def viewport(self):
        return self._viewport

    def mrmlScene(self):
        return slicer.mrmlScene

    def sliceViewNames(self):
        return [
            node.GetLayoutName() for node in self._shown_nodes() if node.IsA("vtkMRMLSliceNode")
        ]

    def sliceWidget(self, name):
        return self._widgets.get(("vtkMRMLSliceNode", name))

    def mrmlSliceLogics(self):
        return self._slice_logics

    def tableViewCount(self):
        return self._of("vtkMRMLTableViewNode").__len__()

    def plotViewCount(self):
        return self._of("vtkMRMLPlotViewNode").__len__()

    def tableWidget(self, index):
        return self._of("vtkMRMLTableViewNode")[index]

    def plotWidget(self, index):
        return self._of("vtkMRMLPlotViewNode")[index]

    threeDViewCount = 0

    def threeDWidget(self, _index):
        return None

    def resetSliceViews(self):
        for index in range(self._slice_logics.GetNumberOfItems()):
            self._slice_logics.GetItemAsObject(index).FitSliceToBackground()

    def resetThreeDViews(self):
        pass

    def _of(self, kind):
        return [
            self._widgets[kind, node.GetLayoutName()]
            for node in self._shown_nodes()
            if node.IsA(kind)
        ]

    def _shown_nodes(self):
        nodes = self._logic.GetViewNodes()
        return [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]

    def _update_soon(self):
        # As Qt lays out: not before the scene has put its subject hierarchy together, in which
        # views look for the segmentations they draw.
        QtCore.QTimer.singleShot(0, self, self._update)

    def _update(self):
        node = self._logic.GetLayoutNode()
        if not node.IsLayoutDescription(node.GetViewArrangement()):
            raise PythonQtError(
                f"layout {node.GetViewArrangement()} is not registered: Slicer shows no view at all"
            )
        if slicer.mrmlScene.IsBatchProcessing():
            return
        for widget in self._widgets.values():
            widget.setVisible(False)
            self._viewport.layout().removeWidget(widget)
        shown = [widget for widget in map(self._widget_of, self._shown_nodes()) if widget]
        columns = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3
        for index, widget in enumerate(shown):
            self._viewport.layout().addWidget(widget, index // columns, index % columns)
            widget.setVisible(True)
        self.layoutChanged.emit(self.layout)

    def _widget_of(self, node):
        kinds = {
            "vtkMRMLSliceNode": self._slice_widget,
            "vtkMRMLTableViewNode": qMRMLTableWidget,
            "vtkMRMLPlotViewNode": qMRMLPlotWidget,
        }
        kind = node.GetClassName()
        if kind not in kinds:
            return None
        key = (kind, node.GetLayoutName())
        if key not in self._widgets:
            self._widgets[key] = kinds[kind](node)
        return self._widgets[key]

    def _slice_widget(self, node):
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self._application_logic)
        logic.SetMRMLScene(slicer.mrmlScene)
        logic.SetSliceNode(node)
        self._slice_logics.AddItem(logic)
        return qMRMLSliceWidget(logic)
