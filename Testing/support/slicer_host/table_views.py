"""Views of tables, segments and plots."""

from __future__ import annotations

import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

from .mrml_widget import SceneFollower
from .observing import observe


class qMRMLTableView(SceneFollower, QtWidgets.QTableView):
    """Shows a table node; cells are text.

    With a scene it asks its view node for the table after each load and close; without such a node
    it is empty then.
    """

    selected = QtCore.Signal()
    _signals = {"selectionChanged()": "selected"}
    _node = None
    _tag = None

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setModel(QtGui.QStandardItemModel(self))
        self.selectionModel().connect(
            "selectionChanged(QItemSelection,QItemSelection)", lambda *_: self.selected.emit()
        )

    def mrmlTableNode(self):
        return self._node

    def setMRMLTableNode(self, node):
        if self._tag is not None:
            self._node.RemoveObserver(self._tag)
        self._node, self._tag = node, None
        if node is not None:
            self._tag = observe(self, node, "ModifiedEvent", "_fill")
        self._fill()

    def _scene_changed(self):
        if self._scene is not None:
            self.setMRMLTableNode(None)

    def _node_added(self, node):
        """Only the end of a load or close matters."""

    _node_removed = _node_added

    def _fill(self):
        model = self.model()
        model.clear()
        table = self._node.GetTable() if self._node is not None else None
        for column in range(table.GetNumberOfColumns() if table is not None else 0):
            values = table.GetColumn(column)
            cells = [values.GetVariantValue(n).ToString() for n in range(table.GetNumberOfRows())]
            model.appendColumn([QtGui.QStandardItem(text) for text in cells])
        if table is not None:
            names = [table.GetColumnName(c) or "" for c in range(table.GetNumberOfColumns())]
            model.setHorizontalHeaderLabels(names)


class qMRMLTableWidget(qMRMLTableView):
    """The table view of the layout."""

    def __init__(self, view_node, parent=None):
        super().__init__(parent)
        self._view_node = view_node
        observe(self, view_node, "ModifiedEvent", "_follow")
        self._follow()

    def tableView(self):
        return self

    def mrmlTableViewNode(self):
        return self._view_node

    def _scene_changed(self):
        self._follow()

    def _follow(self):
        self.setMRMLTableNode(self._view_node.GetTableNode())


class qMRMLPlotView(SceneFollower, QtWidgets.QWidget):
    """Draws the series of a plot chart as lines."""

    _view_node = None

    def setMRMLPlotViewNode(self, node):
        self._view_node = node
        if node is not None:
            observe(self, node, "ModifiedEvent", "update")
        self.update()

    def mrmlPlotViewNode(self):
        return self._view_node

    def fitToContent(self):
        self.update()

    def sizeHint(self):
        return QtCore.QSize(320, 200)

    def paintEvent(self, _event):
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect, QtCore.Qt.white)
        chart = self._view_node.GetPlotChartNode() if self._view_node is not None else None
        if chart is not None:
            self._draw(painter, chart)
        painter.end()

    def _draw(self, painter, chart):
        area = self.rect.adjusted(40, 24, -12, -28)
        painter.drawRect(area)
        painter.drawText(self.rect.adjusted(0, 4, 0, 0), QtCore.Qt.AlignHCenter, chart.GetTitle())
        curves = [curve for curve in map(_curve, _series(chart)) if curve is not None]
        if not curves:
            return
        xs = [x for _, points in curves for x, _ in points]
        ys = [y for _, points in curves for _, y in points]
        width, height = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
        for colour, points in curves:
            painter.setPen(QtGui.QPen(colour, 2))
            painter.drawPolyline(
                [
                    QtCore.QPointF(
                        area.left() + (x - min(xs)) / width * area.width(),
                        area.bottom() - (y - min(ys)) / height * area.height(),
                    )
                    for x, y in points
                ]
            )
        painter.setPen(QtCore.Qt.black)
        painter.drawText(2, area.bottom(), f"{min(ys):.3g}")
        painter.drawText(2, area.top() + 10, f"{max(ys):.3g}")
        painter.drawText(
            self.rect.adjusted(0, 0, 0, -6),
            QtCore.Qt.AlignHCenter | QtCore.Qt.AlignBottom,
            chart.GetXAxisTitle() or "",
        )


class qMRMLPlotWidget(qMRMLPlotView):
    """The plot view of the layout."""

    def __init__(self, view_node=None, parent=None):
        super().__init__(parent)
        self.setMRMLPlotViewNode(view_node)

    def plotView(self):
        return self


def _series(chart):
    return [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]


def _curve(series):
    """Return the colour and points of a series, None if its table lacks the columns."""
    table = series.GetTableNode().GetTable() if series.GetTableNode() is not None else None
    columns = [
        table.GetColumnByName(name) if table is not None and name else None
        for name in (series.GetXColumnName(), series.GetYColumnName())
    ]
    if columns[1] is None or not isinstance(columns[1], vtk.vtkDataArray):
        return None
    y = vtk_to_numpy(columns[1]).tolist()
    x = vtk_to_numpy(columns[0]).tolist() if columns[0] is not None else list(range(len(y)))
    points = [(a, b) for a, b in zip(x, y, strict=False) if a == a and b == b]
    return (QtGui.QColor.fromRgbF(*series.GetColor()), points) if points else None


class qMRMLSegmentsTableView(SceneFollower, QtWidgets.QTableWidget):
    """Lists the segments of a segmentation: name, visibility as check mark, colour."""

    segmentAboutToBeModified = QtCore.Signal(str)
    selected = QtCore.Signal(object, object)
    _signals = {
        "selectionChanged(QItemSelection,QItemSelection)": "selected",
        "segmentAboutToBeModified(QString)": None,
    }
    _segmentation_node = None
    _tag = None

    def __init__(self, parent=None):
        super().__init__(0, 1, parent)
        self.setHorizontalHeaderLabels(["Name"])
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.horizontalHeader().setStretchLastSection(True)
        self.selectionModel().connect(
            "selectionChanged(QItemSelection,QItemSelection)", self.selected.emit
        )

    def segmentationNode(self):
        return self._segmentation_node

    def setSegmentationNode(self, node):
        if self._tag is not None:
            self._segmentation_node.RemoveObserver(self._tag)
        self._segmentation_node, self._tag = node, None
        if node is not None:
            self._tag = observe(self, node, "AnyEvent", "_fill")
        self._fill()

    def selectedSegmentIDs(self):
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.item(row, 0).data(QtCore.Qt.UserRole) for row in rows]

    def setSelectedSegmentIDs(self, ids):
        self.clearSelection()
        for row in range(self.rowCount):
            if self.item(row, 0).data(QtCore.Qt.UserRole) in ids:
                self.selectRow(row)

    def _fill(self):
        node = self._segmentation_node
        ids = list(node.GetSegmentation().GetSegmentIDs()) if node is not None else []
        kept = self.selectedSegmentIDs()
        self.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            segment = node.GetSegmentation().GetSegment(segment_id)
            item = QtWidgets.QTableWidgetItem(segment.GetName())
            item.setData(QtCore.Qt.UserRole, segment_id)
            item.setData(QtCore.Qt.DecorationRole, QtGui.QColor.fromRgbF(*segment.GetColor()))
            self.setItem(row, 0, item)
        self.setSelectedSegmentIDs(kept)


WIDGETS = (qMRMLTableView, qMRMLPlotView, qMRMLPlotWidget, qMRMLSegmentsTableView)
