"""CTK's input widgets: sliders, paths, combo boxes."""

from __future__ import annotations

import enum

from PySide6 import QtCore, QtGui, QtWidgets

from .properties import stored

Signal = QtCore.Signal


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a spin box, for floats."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    _signals = {"valueChanged(double)": None, "valueIsChanging(double)": None}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        self._slider.setRange(0, 1000)
        self._box = QtWidgets.QDoubleSpinBox(self)
        self._box.setRange(0, 99)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)
        self._box.connect("valueChanged(double)", self._box_changed)
        self._slider.connect("sliderMoved(int)", self._slider_moved)

    def _box_changed(self, value):
        span = self._box.maximum - self._box.minimum
        if span > 0 and span != float("inf"):
            self._slider.setValue(round(1000 * (value - self._box.minimum) / span))
        self.valueChanged.emit(value)

    def _slider_moved(self, position):
        self._box.setValue(self._box.minimum + position / 1000 * (self.maximum - self.minimum))
        self.valueIsChanging.emit(self._box.value)

    def _forward(name):
        return QtCore.Property(
            float,
            lambda self: getattr(self._box, name),
            lambda self, value: setattr(self._box, name, float(value)),
        )

    value, minimum, maximum = _forward("value"), _forward("minimum"), _forward("maximum")
    singleStep = _forward("singleStep")
    decimals = QtCore.Property(
        int, lambda self: self._box.decimals, lambda self, n: setattr(self._box, "decimals", n)
    )
    suffix = QtCore.Property(
        str, lambda self: self._box.suffix, lambda self, text: setattr(self._box, "suffix", text)
    )
    pageStep = stored(float, 10.0)
    tracking = stored(bool, True)
    del _forward

    def setValue(self, value):
        self.value = value

    def setRange(self, minimum, maximum):
        self._box.setRange(minimum, maximum)

    def setMinimum(self, value):
        self.minimum = value

    def setMaximum(self, value):
        self.maximum = value


class ctkRangeWidget(QtWidgets.QWidget):
    """Two spin boxes: the ends of a range."""

    valuesChanged = Signal(float, float)
    _signals = {"valuesChanged(double,double)": None}

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._boxes = [QtWidgets.QDoubleSpinBox(self) for _ in range(2)]
        for box in self._boxes:
            layout.addWidget(box)
            box.connect("valueChanged(double)", self._changed)
        self._boxes[1].setValue(99)

    minimumValue = QtCore.Property(float, lambda self: self._boxes[0].value)
    maximumValue = QtCore.Property(float, lambda self: self._boxes[1].value)
    decimals = stored(int, 2)
    singleStep = stored(float, 1.0)

    def setRange(self, minimum, maximum):
        for box in self._boxes:
            box.setRange(minimum, maximum)

    def setValues(self, minimum, maximum):
        self._boxes[0].setValue(minimum)
        self._boxes[1].setValue(maximum)

    def _changed(self):
        self.valuesChanged.emit(self.minimumValue, self.maximumValue)


class ctkDoubleSlider(ctkSliderWidget):
    """A slider for floats; the spin box is the stand-in's own."""


class ctkDoubleRangeSlider(ctkRangeWidget):
    """A slider with two handles; the spin boxes are the stand-in's own."""


class ctkPathLineEdit(QtWidgets.QWidget):
    """A line for a path with a button to browse."""

    class Filter(enum.IntFlag):
        Dirs = 0x001
        Files = 0x002
        Drives = 0x004
        NoSymLinks = 0x008
        Readable = 0x010
        Writable = 0x020
        Executable = 0x040
        Hidden = 0x100

    Dirs, Files, Drives, NoSymLinks = Filter.Dirs, Filter.Files, Filter.Drives, Filter.NoSymLinks
    Readable, Writable, Executable = Filter.Readable, Filter.Writable, Filter.Executable
    Hidden = Filter.Hidden

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._line = QtWidgets.QLineEdit(self)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("...")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        layout.addWidget(self._browse)
        self._line.connect("textChanged(QString)", self._changed)
        self._browse.connect("clicked()", self.browse)

    filters = stored(int, int(Filter.Files))
    nameFilters = stored("QStringList", [])
    settingKey = stored(str, "")
    label = stored(str, "")
    showBrowseButton = stored(bool, True)
    showHistoryButton = stored(bool, True)
    currentPath = QtCore.Property(
        str, lambda self: self._line.text, lambda self, path: self.setCurrentPath(path)
    )

    def setCurrentPath(self, path):
        self._line.setText(path)

    def addCurrentPathToHistory(self):
        pass

    def browse(self):
        """Ask for a path; announced as QFileDialog.getExistingDirectory or getOpenFileName."""
        ask = QtWidgets.QFileDialog.getOpenFileName
        if self.filters & self.Dirs:
            ask = QtWidgets.QFileDialog.getExistingDirectory
        path = ask(self, "", self.currentPath)
        if path:
            self.setCurrentPath(path)

    def _changed(self, text):
        self.currentPathChanged.emit(text)
        self.validInputChanged.emit(QtCore.QFileInfo(text).exists())


class ctkDirectoryButton(QtWidgets.QWidget):
    """A button that shows a folder and asks for another."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)
    _signals = {"directoryChanged(QString)": None, "directorySelected(QString)": None}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._button = QtWidgets.QPushButton(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)
        self._button.connect("clicked()", self.browse)

    def _changed(self, path):
        self._button.setText(path)
        self.directoryChanged.emit(path)

    directory = stored(str, "", "_changed")
    caption = stored(str, "")

    def browse(self):
        path = QtWidgets.QFileDialog.getExistingDirectory(self, self.caption, self.directory)
        if path:
            self.directory = path
            self.directorySelected.emit(path)


class ctkComboBox(QtWidgets.QComboBox):
    """A combo box with a text shown while nothing is chosen."""

    defaultText = stored(str, "")
    forceDefault = stored(bool, False)


class ctkCheckableComboBox(QtWidgets.QComboBox):
    """A combo box whose items carry check marks."""

    checkedIndexesChanged = Signal()

    def __init__(self, parent=None):
        super().__init__(parent)
        self.model().connect("dataChanged(QModelIndex,QModelIndex)", self._changed)
        self.model().connect("rowsInserted(QModelIndex,int,int)", self._inserted)

    def checkableModel(self):
        return self.model()

    def checkState(self, index):
        return QtCore.Qt.CheckState(index.data(QtCore.Qt.CheckStateRole) or 0)

    def setCheckState(self, index, state):
        self.model().setData(index, int(state), QtCore.Qt.CheckStateRole)

    def checkedIndexes(self):
        rows = (self.model().index(row, 0) for row in range(self.count))
        return [index for index in rows if self.checkState(index) == QtCore.Qt.Checked]

    def allChecked(self):
        return len(self.checkedIndexes()) == self.count

    def noneChecked(self):
        return not self.checkedIndexes()

    def _inserted(self, _parent, first, last):
        for row in range(first, last + 1):
            item = self.model().item(row)
            item.setCheckable(True)

    def _changed(self):
        self.checkedIndexesChanged.emit()


class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """A spin box for floats."""


class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box with an icon."""


class ctkColorPickerButton(QtWidgets.QPushButton):
    """A button with a colour."""

    colorChanged = Signal(QtGui.QColor)
    _signals = {"colorChanged(QColor)": None}

    color = stored(QtGui.QColor, QtGui.QColor(), "_changed")

    def setColor(self, color):
        self.color = color

    def _changed(self, color):
        self.colorChanged.emit(color)


class ctkSearchBox(QtWidgets.QLineEdit):
    """A line to search with."""
