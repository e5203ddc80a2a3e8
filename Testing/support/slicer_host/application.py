"""``slicer.app``: a QApplication with what modules ask of Slicer's."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import slicer
from PySide6 import QtCore, QtWidgets

from .io_manager import CoreIOManager
from .slicer_module import ModuleManager


class SlicerApplication(QtWidgets.QApplication):
    """Imitates qSlicerApplication, version 5.12, in testing mode."""

    startupCompleted = QtCore.Signal()
    mrmlSceneChanged = QtCore.Signal(object)
    _signals = {"mrmlSceneChanged(vtkMRMLScene*)": None, "startupCompleted()": None}

    majorVersion, minorVersion, revision = 5, 12, "test host"
    documentationBaseUrl = "https://slicer.readthedocs.io/en/latest/"
    os, arch, platform = "linux", "amd64", "linux-amd64"

    def __init__(self):
        super().__init__(["Slicer", "-platform", "offscreen"])
        self._folder = tempfile.TemporaryDirectory(prefix="slicer-host-")
        self._environment = QtCore.QProcessEnvironment.systemEnvironment()
        self._testing = True
        self._logic = self._layout_manager = None
        self._io_manager, self._module_manager = CoreIOManager(), ModuleManager()
        self.setApplicationName("Slicer")
        self.setOrganizationName("NA-MIC")
        settings = QtCore.QSettings
        settings.setDefaultFormat(settings.IniFormat)
        settings.setPath(settings.IniFormat, settings.UserScope, str(self._made("settings")))
        self._user_settings = settings()
        self._install_python()

    temporaryPath = property(lambda self: str(self._made("temporary")))
    slicerHome = property(lambda self: str(self._made("home")))
    extensionsInstallPath = property(lambda self: str(self._made("extensions")))
    launcherExecutableFilePath = property(lambda self: f"{self.slicerHome}/Slicer")
    slicerUserSettingsFilePath = property(lambda self: self._user_settings.fileName())
    applicationVersion = property(lambda self: f"{self.majorVersion}.{self.minorVersion}.0")

    def start_scene(self, logic, layout_manager) -> None:
        """Take over the scene's logic and the layout."""
        self._logic, self._layout_manager = logic, layout_manager
        logic.SetTemporaryPath(self.temporaryPath)

    def set_testing(self, testing: bool) -> None:
        """Without testing mode `slicer.util`'s message functions open dialogs."""
        self._testing = testing

    def testingEnabled(self):
        return self._testing

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layout_manager

    def coreIOManager(self):
        return self._io_manager

    ioManager = coreIOManager

    def moduleManager(self):
        return self._module_manager

    def mrmlScene(self):
        return slicer.mrmlScene

    def userSettings(self):
        return self._user_settings

    settings = revisionUserSettings = userSettings

    def startupEnvironment(self):
        return self._environment

    def translate(self, _context, text):
        return text

    def pauseRender(self):
        pass

    resumeRender = pauseRender

    def pythonConsole(self):
        return None

    def commandOptions(self):
        return None

    def moduleDocumentationUrl(self, name):
        return f"{self.documentationBaseUrl}user_guide/modules/{name.lower()}.html"

    def toSlicerHomeAbsolutePath(self, path):
        return path if os.path.isabs(path) else os.path.join(self.slicerHome, path)

    def restart(self):
        raise AssertionError("the module restarts Slicer")

    def _made(self, name: str) -> Path:
        folder = Path(self._folder.name) / name
        folder.mkdir(exist_ok=True)
        return folder

    def _install_python(self):
        """Put PythonSlicer on the path: a launcher with this Python behind it, beside Slicer."""
        program = self._made("home") / "bin" / "PythonSlicer"
        program.parent.mkdir()
        launcher = Path(__file__).with_name("launcher.py")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -SE "{launcher}" "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        assert shutil.which("PythonSlicer") == str(program)


class ModuleSelector(QtWidgets.QComboBox):
    """The main window's list of modules: leaving and entering them."""

    moduleSelected = QtCore.Signal(str)

    def __init__(self, window):
        super().__init__()
        self._window = window
        self._selected = ""

    selectedModule = property(lambda self: self._selected)

    def selectModule(self, name: str) -> None:
        module = slicer.app.moduleManager().module(name) if name else None
        if name and module is None:
            raise RuntimeError(f"there is no module {name}")
        if name == self._selected:
            return
        before = slicer.app.moduleManager().module(self._selected)
        if before is not None:
            before.widgetRepresentation().exit()
        self._selected = name
        self._window.show_panel(module.widgetRepresentation() if module else None)
        if module is not None:
            module.widgetRepresentation().enter()
            self.moduleSelected.emit(name)


class MainWindow(QtWidgets.QMainWindow):
    """Slicer's window: the module's panel at the left, the views beside it."""

    def __init__(self, viewport):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer test host")
        self._selector = ModuleSelector(self)
        self._scroll = QtWidgets.QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumWidth(480)
        splitter = QtWidgets.QSplitter()
        splitter.addWidget(self._scroll)
        splitter.addWidget(viewport)
        splitter.setStretchFactor(1, 1)
        self.setCentralWidget(splitter)
        self.resize(1200, 800)

    def moduleSelector(self):
        return self._selector

    def show_panel(self, panel) -> None:
        """Put a module's panel into the window; None leaves it empty."""
        before = self._scroll.takeWidget()
        if before is not None:
            before.hide()
        if panel is not None:
            self._scroll.setWidget(panel)
            panel.show()
