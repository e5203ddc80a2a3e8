"""Load a scripted module as Slicer does: module object, panel, enter and exit, reload."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import slicer
from PySide6 import QtCore, QtWidgets

from .mrml_widget import qSlicerWidget
from .source_check import check_source


class qSlicerScriptedLoadableModule(QtCore.QObject):
    """What the module's class gets as ``parent`` and fills in."""

    def __init__(self, path: Path):
        super().__init__()
        self._panel = None
        self._values = {
            "name": path.stem,
            "path": str(path),
            "title": path.stem,
            "categories": [],
            "dependencies": [],
            "contributors": [],
            "associatedNodeTypes": [],
            "helpText": "",
            "acknowledgementText": "",
            "icon": None,
            "hidden": False,
            "widgetRepresentationCreationEnabled": True,
            "index": -1,
        }

    def _value(key):
        return property(
            lambda self: self._values[key], lambda self, value: self._values.update({key: value})
        )

    name, path, title = _value("name"), _value("path"), _value("title")
    categories, dependencies = _value("categories"), _value("dependencies")
    contributors, helpText = _value("contributors"), _value("helpText")
    acknowledgementText, icon = _value("acknowledgementText"), _value("icon")
    hidden, index = _value("hidden"), _value("index")
    associatedNodeTypes = _value("associatedNodeTypes")
    widgetRepresentationCreationEnabled = _value("widgetRepresentationCreationEnabled")
    del _value

    def widgetRepresentation(self):
        if self._panel is None:
            self._panel = qSlicerScriptedLoadableModuleWidget(self.name)
            self._panel.start()
        return self._panel

    def createNewWidgetRepresentation(self):
        panel = qSlicerScriptedLoadableModuleWidget(self.name)
        panel.start()
        return panel

    def hasPanel(self) -> bool:
        return self._panel is not None

    def logic(self):
        return None


class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):
    """The panel's outer widget; `self()` is the module's own widget object."""

    def __init__(self, module_name: str):
        super().__init__()
        self._module_name = module_name
        self._python = None
        self._entered = False
        self.setLayout(QtWidgets.QVBoxLayout())

    isEntered = property(lambda self: self._entered)

    def self(self):
        return self._python

    def start(self):
        """Make the module's widget object and call its setup()."""
        name = f"{self._module_name}Widget"
        self._python = getattr(sys.modules[self._module_name], name)(self)
        setattr(slicer.modules, name, self._python)
        self._python.setup()
        self.setMRMLScene(slicer.mrmlScene)

    reload = start

    def enter(self):
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self):
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


class ModuleManager(QtCore.QObject):
    """``slicer.app.moduleManager()``."""

    moduleAboutToBeUnloaded = QtCore.Signal(str)
    modulesLoaded = QtCore.Signal(list)

    def __init__(self):
        super().__init__()
        self._loaded = {}

    def module(self, name):
        return self._loaded.get(name) or getattr(slicer.modules, name.lower(), None)

    def modulesNames(self):
        return list(self._loaded)

    def factoryManager(self):
        return self

    def loadedModuleNames(self):
        return list(self._loaded)

    def isLoaded(self, name):
        return name in self._loaded

    def load(self, path: Path):
        """Import a module file and make its module object, as at Slicer's start."""
        path = Path(path).resolve()
        for file in sorted(path.parent.glob("*.py")):
            check_source(file)
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        source = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = source
        spec.loader.exec_module(source)
        module = qSlicerScriptedLoadableModule(path)
        instance = getattr(source, path.stem)(module)
        self._loaded[path.stem] = module
        setattr(slicer.modules, path.stem.lower(), module)
        setattr(slicer.modules, f"{path.stem}Instance", instance)
        slicer.app.startupCompleted.emit()
        slicer.app.disconnect("startupCompleted()")  # it comes once in Slicer's life
        return module

    def unload(self, name: str):
        """Take a module away, as at Slicer's end: its widget's cleanup() is called."""
        self.moduleAboutToBeUnloaded.emit(name)
        module = self._loaded.pop(name)
        if module.hasPanel():
            module.widgetRepresentation().setParent(None)
            module.widgetRepresentation().deleteLater()
        for key in (name.lower(), f"{name}Instance", f"{name}Widget"):
            if hasattr(slicer.modules, key):
                delattr(slicer.modules, key)
        folder = str(Path(module.path).parent)
        if folder in sys.path:
            sys.path.remove(folder)
        sys.modules.pop(name, None)
