"""``@parameterNodeWrapper``: a class of typed fields over a parameter node, bound to widgets."""

import weakref

import qt
import slicer
import vtk

from .annotations import Default
from .connectors import GuiConnector, createGuiConnector
from .fields import fields_of, find

SlicerParameterNamePropertyName = "SlicerParameterName"


def parameterNodeWrapper(cls=None):
    """Make a class of typed fields into a wrapper: ``wrapped = Parameters(node)``."""
    if cls is None:
        return parameterNodeWrapper
    fields = fields_of(cls)
    for name, field in fields.items():
        setattr(cls, name, _value(field))
    for name, value in vars(_Wrapper).items():
        if name.startswith("__") and name != "__init__":
            continue
        if name != "__init__" and hasattr(cls, name):
            raise ValueError(f"{name} is a reserved name of a parameterNodeWrapper")
        setattr(cls, name, value)
    cls.allParameters, cls._isParameterNodeWrapper = fields, True
    cls.dataType = staticmethod(lambda name: find(fields, name).annotated)
    return cls


def isParameterNodeWrapper(thing):
    return getattr(thing, "_isParameterNodeWrapper", False)


def findChildWidgetForParameter(widget, parameter):
    """Return the widget below `widget` that carries this parameter's name, or None."""
    for child in widget.findChildren(qt.QWidget):
        if child.property(SlicerParameterNamePropertyName) == parameter:
            return child
    return None


def _value(field):
    def read(self):
        return self._cache[field.name] if field.storage.cached else self._take(field)

    def write(self, value):
        with slicer.util.NodeModify(self.parameterNode):
            field.storage.write(self.parameterNode, field.name, value)
            self._cache[field.name] = self._take(field)

    return property(read, write)


class _Wrapper:
    """The methods every wrapper gets."""

    def __init__(self, parameterNode):
        self.parameterNode = parameterNode
        self._guis, self._nextGui, self._updatingGui = {}, 0, False
        self._cache = {name: self._take(field) for name, field in self.allParameters.items()}
        reference = weakref.ref(self)

        def renew(*_):
            wrapper = reference()
            if wrapper is not None:
                wrapper._renew()

        tag = self.AddObserver(vtk.vtkCommand.ModifiedEvent, renew)
        weakref.finalize(self, parameterNode.RemoveObserver, tag)

    def _take(self, field):
        """Return a value from the node, where it is put if it is missing."""
        if not field.storage.has(self.parameterNode, field.name):
            field.storage.write(self.parameterNode, field.name, field.default())
        return field.storage.read(self.parameterNode, field.name)

    def _renew(self):
        """Values are read when the node says that it has changed, as in Slicer, not before."""
        for name, field in self.allParameters.items():
            self._cache[name] = self._take(field)

    def default(self, name):
        return Default(find(self.allParameters, name).default())

    def isCached(self, name):
        return find(self.allParameters, name).storage.cached

    def getValue(self, dotted):
        find(self.allParameters, dotted)
        top, _, rest = dotted.partition(".")
        value = getattr(self, top)
        return value.getValue(rest) if rest else value

    def setValue(self, dotted, value):
        find(self.allParameters, dotted)
        top, _, rest = dotted.partition(".")
        if rest:
            getattr(self, top).setValue(rest, value)
        else:
            setattr(self, top, value)

    def connectGui(self, gui):
        """Bind every widget that carries a parameter's name; return a tag to undo it."""
        widgets = (
            gui.findChildren(qt.QWidget) if hasattr(gui, "isWidgetType") else vars(gui).values()
        )
        named = {}
        for widget in widgets:
            name = widget.property(SlicerParameterNamePropertyName)
            if name:
                named[name] = widget
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping):
        """Bind widgets, given by parameter; return a tag to undo it.

        As in Slicer 5.10 the observer stays: the tag's removal leaves it behind.
        """
        for name in mapping:
            find(self.allParameters, name)
        connectors = {
            name: thing
            if isinstance(thing, GuiConnector)
            else createGuiConnector(thing, self.dataType(name))
            for name, thing in mapping.items()
        }
        tag = self._nextGui
        self._nextGui += 1
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(lambda name=name, c=connector: self._takeFromGui(name, c))
        self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._showInGui())
        self._guis[tag] = connectors
        return tag

    def disconnectGui(self, tag):
        if tag in self._guis:
            for connector in self._guis.pop(tag).values():
                connector.onChanged(None)

    def _takeFromGui(self, name, connector):
        if not self._updatingGui:
            with slicer.util.NodeModify(self):
                self.setValue(name, connector.read())

    def _showInGui(self):
        if self._updatingGui:
            return
        self._updatingGui = True
        try:
            with slicer.util.NodeModify(self):
                for connectors in list(self._guis.values()):
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._updatingGui = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, before):
        return self.parameterNode.EndModify(before)

    def Modified(self):
        self.parameterNode.Modified()

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)
