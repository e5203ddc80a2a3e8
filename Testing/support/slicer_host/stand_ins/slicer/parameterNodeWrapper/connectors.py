"""How each kind of widget shows and gives a parameter's value."""

import enum
import pathlib

import ctk
import qt
import slicer

from .annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    first,
    split,
)

_registered = []


class GuiConnector:
    """Base of all connectors; a module may register its own."""

    signal = ""

    def __init__(self, widget=None, datatype=None):
        self._widget, self._callback = widget, None

    def onChanged(self, callback):
        self._callback = callback
        self._connect() if callback is not None else self._disconnect()

    def changed(self):
        if self._callback is not None:
            self._callback()

    def widget(self):
        return self._widget

    def _connect(self):
        self._widget.connect(self.signal, self.changed)

    def _disconnect(self):
        self._widget.disconnect(self.signal, self.changed)


def parameterNodeGuiConnector(cls=None):
    """Register a connector class: canRepresent(widget, datatype), create(widget, datatype)."""
    if cls is None:
        return parameterNodeGuiConnector
    if not issubclass(cls, GuiConnector):
        raise TypeError(f"{cls.__name__} is no GuiConnector")
    _registered.append(cls)
    return cls


def createGuiConnector(widget, datatype):
    """Return the connector of a widget and type; RuntimeError if they do not fit."""
    for cls in _registered:
        if cls.canRepresent(widget, datatype):
            return cls.create(widget, datatype)
    kind = split(datatype)[0]
    for classes, fits, connector in _builtin():
        if type(widget) in classes and fits(kind):
            return connector(widget, datatype)
    raise RuntimeError(
        f"no connector between the type {datatype} and {type(widget).__name__} {widget.name}"
    )


class PropertyConnector(GuiConnector):
    """A Qt property that is the value."""

    def __init__(self, widget, datatype, key, signal, convert=lambda value: value, store=None):
        super().__init__(widget)
        self._key, self.signal = key, signal
        self._convert, self._store = convert, store or (lambda value: value)

    def read(self):
        return self._convert(getattr(self._widget, self._key))

    def write(self, value):
        setattr(self._widget, self._key, self._store(value))


def _checked(widget, datatype):
    if not widget.checkable:
        widget.checkable = True
    return PropertyConnector(widget, datatype, "checked", "toggled(bool)")


def _number(signal, limits):
    def make(widget, datatype):
        notes = split(datatype)[1]
        for kind, key in ((Decimals, "decimals"), (SingleStep, "singleStep")):
            note = first(notes, kind)
            if note is not None:
                setattr(widget, key, note.value)
        within = first(notes, WithinRange)
        low, high = within or first(notes, Minimum), within or first(notes, Maximum)
        if type(widget) in (qt.QSlider, ctk.ctkSliderWidget) and not (low and high):
            raise RuntimeError(f"{widget.name} is a slider: its parameter needs both limits")
        widget.minimum = low.minimum if low else limits[0]
        widget.maximum = high.maximum if high else limits[1]
        return PropertyConnector(widget, datatype, "value", signal)

    return make


class ChoiceConnector(GuiConnector):
    """A combo box of the values of ``Choice`` or of an Enum, by label() or name."""

    signal = "currentIndexChanged(int)"

    def __init__(self, widget, datatype):
        super().__init__(widget)
        kind, notes = split(datatype)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            self._values = list(kind)
            labels = [v.label() if hasattr(v, "label") else v.name for v in self._values]
        else:
            choice = first(notes, Choice)
            if choice is None:
                raise RuntimeError(f"{widget.name} is a combo box: its parameter needs a Choice")
            self._values = list(choice.choices)
            labels = [str(value) for value in self._values]
        # As in Slicer up to 5.10 at least: whoever else listens hears of each step.
        widget.clear()
        for label in labels:
            widget.addItem(label)

    def read(self):
        return self._values[self._widget.currentIndex]

    def write(self, value):
        self._widget.currentIndex = self._values.index(value)


class NodeConnector(GuiConnector):
    """A node selector; its nodeTypes become the parameter's type."""

    signal = "currentNodeChanged(vtkMRMLNode*)"

    def __init__(self, widget, datatype):
        super().__init__(widget)
        widget.nodeTypes = (split(datatype)[0]().GetClassName(),)

    def read(self):
        return self._widget.currentNode()

    def write(self, value):
        self._widget.setCurrentNode(value)


def _text(key, signal):
    return lambda widget, datatype: PropertyConnector(widget, datatype, key, signal)


def _path(key, signal):
    return lambda widget, datatype: PropertyConnector(
        widget, datatype, key, signal, split(datatype)[0], str
    )


def _builtin():
    """Return (widget classes, test of the type, connector) in order of preference."""

    def derived(base):
        return lambda kind: isinstance(kind, type) and issubclass(kind, base)

    plain = (int, float, str, bool)
    infinite = (float("-inf"), float("inf"))
    return (
        ((qt.QCheckBox, qt.QPushButton), lambda kind: kind is bool, _checked),
        (
            (qt.QSpinBox, qt.QSlider),
            lambda kind: kind is int,
            _number("valueChanged(int)", (-(2**31), 2**31 - 1)),
        ),
        (
            (qt.QDoubleSpinBox, ctk.ctkSliderWidget),
            lambda kind: kind is float,
            _number("valueChanged(double)", infinite),
        ),
        ((qt.QComboBox,), lambda k: k in plain or derived(enum.Enum)(k), ChoiceConnector),
        ((qt.QLineEdit,), lambda kind: kind is str, _text("text", "textChanged(QString)")),
        ((qt.QTextEdit,), lambda kind: kind is str, _text("plainText", "textChanged()")),
        (
            (ctk.ctkPathLineEdit,),
            derived(pathlib.PurePath),
            _path("currentPath", "currentPathChanged(QString)"),
        ),
        (
            (ctk.ctkDirectoryButton,),
            derived(pathlib.PurePath),
            _path("directory", "directoryChanged(QString)"),
        ),
        ((slicer.qMRMLNodeComboBox,), derived(slicer.vtkMRMLNode), NodeConnector),
    )
