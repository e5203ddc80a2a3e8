"""CTK's containers, buttons and message box."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .properties import stored


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A title that folds what is below it."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, *args):
        title = args[0] if args and isinstance(args[0], str) else ""
        super().__init__(*args[1 if title else 0 :])
        self.setText(title)
        self._header = self.fontMetrics().height() + 10
        self.setContentsMargins(0, self._header, 0, 0)
        self._hidden = []
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Preferred)
        self.connect("clicked()", lambda: self.setCollapsed(not self.collapsed))

    def _fold(self, collapsed):
        inside = [item for item in self.children() if isinstance(item, QtWidgets.QWidget)]
        if collapsed:
            self._hidden += [item for item in inside if not item.isHidden()]
        for item in inside if collapsed else self._hidden:
            item.setVisible(not collapsed)
        if not collapsed:
            self._hidden = []
        self.setMaximumHeight(self._header if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)

    collapsed = stored(bool, False, "_fold")
    collapsedHeight = stored(int, 0)
    contentsLineWidth = stored(int, 1)
    flat = stored(bool, False)

    def showEvent(self, event):
        """A form folds its sections before it fills them."""
        if self.collapsed:
            self._fold(True)
        QtWidgets.QAbstractButton.showEvent(self, event)

    def setCollapsed(self, collapsed):
        self.collapsed = collapsed

    def setFlat(self, flat):
        self.flat = flat

    def sizeHint(self):
        inner = self.layout().sizeHint() if self.layout() and not self.collapsed else None
        title = QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 40, self._header)
        return inner.expandedTo(title) if inner else title

    minimumSizeHint = sizeHint

    def hitButton(self, position):
        return position.y() <= self._header

    def paintEvent(self, _event):
        painter = QtGui.QPainter(self)
        header = QtCore.QRect(0, 0, self.width, self._header)
        painter.fillRect(header, self.palette.brush(QtGui.QPalette.Midlight))
        painter.setPen(self.palette.color(QtGui.QPalette.ButtonText))
        sign = "\u25b8 " if self.collapsed else "\u25be "
        painter.drawText(header.adjusted(6, 0, 0, 0), QtCore.Qt.AlignVCenter, sign + self.text)
        painter.end()


class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A group box that folds."""

    collapsed = stored(bool, False)


class ctkExpandableWidget(QtWidgets.QFrame):
    """A frame the user can make larger."""


class ctkCheckablePushButton(QtWidgets.QPushButton):
    """A button with a check box in it."""

    checkState = stored(int, 0)
    checkBoxControlsButton = stored(bool, True)


class ctkMenuButton(QtWidgets.QPushButton):
    """A button with a menu at its side."""


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """A text as high as what it holds."""

    collapsed = stored(bool, False)
    collapsibleText = stored(str, "")
    showMoreText = stored(str, "")
    showLessText = stored(str, "")

    def setCollapsibleText(self, text):
        self.collapsibleText = text
        self.setHtml(text)


class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box that can be switched off by the user; announced as ``ctkMessageBox.exec``."""

    dontShowAgainVisible = stored(bool, False)
    dontShowAgain = stored(bool, False)
    dontShowAgainSettingsKey = stored(str, "")
