"""``qMRMLSliceWidget``: a slice view drawn by Slicer's own pipeline, off screen."""

from __future__ import annotations

import sys

import numpy as np
import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

from .observing import observe


def can_draw_segments() -> bool:
    """Whether OpenGL may be used: with TensorFlow in the process, Mesa crashes."""
    return "tensorflow" not in sys.modules


class qMRMLSliceView(QtWidgets.QWidget):
    """The picture: volumes by vtkMRMLSliceLogic, segments by Slicer's displayable managers.

    It is drawn only while `rendering` is set, by the host's grab(): drawing without a graphics card
    takes some 40 ms a view, and would pass for a module that blocks the interface.
    """

    rendering = False

    def __init__(self, logic, parent=None):
        super().__init__(parent)
        self._logic = logic
        self._render_window = None
        self.setMinimumSize(120, 120)

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def scheduleRender(self):
        self.update()

    forceRender = scheduleRender

    def resizeEvent(self, event):
        super().resizeEvent(event)
        self._logic.ResizeSliceNode(max(1, self.width), max(1, self.height))

    def paintEvent(self, _event):
        painter = QtGui.QPainter(self)
        pixels = self._render()
        rows, columns = pixels.shape[:2]
        image = QtGui.QImage(pixels.data, columns, rows, 3 * columns, QtGui.QImage.Format_RGB888)
        painter.drawImage(self.rect, image)
        painter.setPen(QtGui.QColor(255, 255, 120))
        painter.drawText(6, 16, self.mrmlSliceNode().GetLayoutLabel())
        painter.end()

    def _render(self) -> np.ndarray:
        """Return the view as (rows, columns, 3) bytes."""
        if not (qMRMLSliceView.rendering and self._has_content()):
            return np.zeros((max(1, self.height), max(1, self.width), 3), dtype=np.uint8)
        if not can_draw_segments():
            return self._volumes_only()
        if self._render_window is None:
            self._start()
        if not self._render_window.SupportsOpenGL():
            return self._volumes_only()
        self._render_window.SetSize(max(1, self.width), max(1, self.height))
        self._logic.UpdateImageData()
        connection = self._logic.GetImageDataConnection()
        self._image.SetVisibility(connection is not None)
        if connection is not None:
            self._image.GetMapper().SetInputConnection(connection)
        self._render_window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._render_window)
        grab.ReadFrontBufferOff()
        grab.Update()
        output = grab.GetOutput()
        columns, rows, _ = output.GetDimensions()
        pixels = vtk_to_numpy(output.GetPointData().GetScalars()).reshape(rows, columns, 3)
        return np.ascontiguousarray(pixels[::-1])

    def _has_content(self) -> bool:
        segments = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationDisplayNode")
        return self._logic.GetImageDataConnection() is not None or segments > 0

    def _volumes_only(self) -> np.ndarray:
        """Return the view without segments, for machines without OpenGL, EGL and OSMesa."""
        self._logic.UpdateImageData()
        connection = self._logic.GetImageDataConnection()
        if connection is None:
            return np.zeros((max(1, self.height), max(1, self.width), 3), dtype=np.uint8)
        connection.GetProducer().Update()
        image = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
        columns, rows, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
        return np.ascontiguousarray(pixels[::-1, :, :3])

    def _start(self):
        self._render_window = vtk.vtkRenderWindow()
        self._render_window.SetOffScreenRendering(1)
        renderer = vtk.vtkRenderer()
        self._render_window.AddRenderer(renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._render_window)
        self._image = vtk.vtkActor2D()
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self._image.SetMapper(mapper)
        renderer.AddActor2D(self._image)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(renderer)
        segments = slicer.vtkMRMLSegmentationsDisplayableManager2D()
        segments.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._managers.AddDisplayableManager(segments)
        self._managers.SetMRMLDisplayableNode(self.mrmlSliceNode())


class qMRMLSliceController(QtWidgets.QWidget):
    """The bar above a slice view; it moves the slice."""

    def __init__(self, logic, parent=None):
        super().__init__(parent)
        self._logic = logic

    def setSliceLink(self, linked):
        self._logic.GetSliceCompositeNode().SetLinkedControl(bool(linked))

    def setSliceVisible(self, visible):
        self._logic.GetSliceNode().SetSliceVisible(bool(visible))

    def setSliceOffsetValue(self, offset):
        self._logic.SetSliceOffset(offset)

    def sliceOffsetSlider(self):
        return None

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()


class qMRMLSliceWidget(QtWidgets.QWidget):
    """A slice view with its controller."""

    def __init__(self, logic=None, parent=None):
        super().__init__(parent)
        self._logic = logic
        self._view = qMRMLSliceView(logic, self)
        self._controller = qMRMLSliceController(logic, self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._controller)
        layout.addWidget(self._view, 1)
        for node in (logic.GetSliceNode(), logic.GetSliceCompositeNode()):
            observe(self._view, node, "ModifiedEvent", "update")
        self.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Expanding)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceController(self):
        return self._controller

    def sliceView(self):
        return self._view

    def interactorStyle(self):
        return None

    sliceOrientation = QtCore.Property(
        str,
        lambda self: self.mrmlSliceNode().GetOrientation(),
        lambda self, name: self.mrmlSliceNode().SetOrientation(name),
    )

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()

    def setSliceOffsetValue(self, offset):
        self._logic.SetSliceOffset(offset)
