"""``qt.QUiLoader``: read a .ui file with Slicer's widgets in it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools

from .errors import PythonQtError
from .pythonqt import pyside_attributes
from .signals import connect_signal

_custom: dict[str, type] = {}


def register_widgets(*classes: type) -> None:
    """Let .ui files name these classes."""
    _custom.update({cls.__name__: cls for cls in classes})


class UiLoader(QtUiTools.QUiLoader):
    """Reads .ui files; a class the host does not know is an error, not a plain QWidget.

    Connections of MRML scenes are made here, since Qt's own loader cannot make them between Python
    widgets. A selector the .ui file does not connect stays without a scene, as in Slicer.
    """

    def load(self, device, parent=None):
        root = ElementTree.fromstring(device.readAll().data())
        self._check_classes(root)
        _enums_as_numbers(root)
        connections = root.find("connections")
        if connections is not None:
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        with pyside_attributes():
            widget = super().load(buffer, parent)
        for connection in connections if connections is not None else ():
            self._connect(widget, connection)
        return widget

    def createWidget(self, class_name, parent=None, name=""):
        cls = _custom.get(class_name)
        if cls is None:
            return super().createWidget(class_name, parent, name)
        widget = cls(parent)
        widget.setObjectName(name)
        return widget

    def _check_classes(self, root) -> None:
        known = {*self.availableWidgets(), *_custom, "QWidget", "Line"}
        for element in root.iter("widget"):
            if element.get("class") not in known:
                raise PythonQtError(
                    f".ui file: the test host has no widget class {element.get('class')}"
                )

    def _connect(self, root, connection) -> None:
        def find(tag):
            name = connection.findtext(tag)
            found = root if root.objectName == name else root.findChild(QtCore.QObject, name)
            if found is None:
                raise PythonQtError(f".ui file: a connection names {name}, which does not exist")
            return found

        slot = getattr(find("receiver"), connection.findtext("slot").split("(")[0], None)
        if slot is None:
            raise PythonQtError(f".ui file: no slot {connection.findtext('slot')}")
        count = bool(connection.findtext("slot").split("(")[1].rstrip(")"))
        receive = (lambda value: slot(value)) if count else (lambda: slot())
        connect_signal(find("sender"), connection.findtext("signal"), receive)


def _enums_as_numbers(root) -> None:
    """Replace enum values of the host's widgets, which Qt's loader cannot look up."""
    for element in root.iter("widget"):
        cls = _custom.get(element.get("class"))
        for value in element.findall("property/set") + element.findall("property/enum"):
            names = [name.split("::") for name in value.text.split("|")]
            if cls is not None and all(name[0] == cls.__name__ for name in names):
                value.tag = "number"
                value.text = str(sum(int(getattr(cls, name[-1])) for name in names))
