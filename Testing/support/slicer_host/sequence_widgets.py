"""Widgets that play and seek a sequence browser."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .mrml_widget import SceneFollower
from .observing import observe


class qMRMLSequenceBrowserSeekWidget(SceneFollower, QtWidgets.QWidget):
    """A slider over the items of a browser's master sequence."""

    _browser = None
    _tag = None

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        self._slider.connect("valueChanged(int)", self._moved)

    def setMRMLSequenceBrowserNode(self, node):
        if self._tag is not None:
            self._browser.RemoveObserver(self._tag)
        self._browser, self._tag = node, None
        if node is not None:
            self._tag = observe(self, node, "ModifiedEvent", "_show")
        self._show()

    def _show(self):
        count = self._browser.GetNumberOfItems() if self._browser is not None else 0
        self._slider.setRange(0, max(0, count - 1))
        if self._browser is not None:
            self._slider.setValue(max(0, self._browser.GetSelectedItemNumber()))

    def _moved(self, item):
        if self._browser is not None and item != self._browser.GetSelectedItemNumber():
            self._browser.SetSelectedItemNumber(item)


class qMRMLSequenceBrowserPlayWidget(SceneFollower, QtWidgets.QWidget):
    """Buttons one item back and forth."""

    _browser = None

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        for text, step in (("<", -1), (">", 1)):
            button = QtWidgets.QToolButton(self)
            button.setText(text)
            button.connect("clicked()", lambda step=step: self._step(step))
            layout.addWidget(button)

    def setMRMLSequenceBrowserNode(self, node):
        self._browser = node

    def _step(self, step):
        if self._browser is not None:
            self._browser.SelectNextItem(step)


WIDGETS = (qMRMLSequenceBrowserSeekWidget, qMRMLSequenceBrowserPlayWidget)
