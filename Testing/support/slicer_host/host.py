"""The test host: Slicer's MRML and this package's Qt, put together once in a process."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

_host = None


class SlicerHost:
    """What a test uses: `load_module`, `select`, `wait_until`, `grab`, `dialogs`, `dicom`."""

    def __init__(self):
        from . import dialogs, pythonqt, scene

        pythonqt.install()
        self.dialogs = dialogs.Dialogs()
        dialogs.install(self.dialogs)
        self.errors: list[str] = []
        sys.excepthook = self._record_error
        import slicer

        from .modules_of_slicer import install_modules

        self._sources = install_modules()
        from .application import MainWindow, SlicerApplication

        slicer.app = SlicerApplication()
        logic = scene.make_scene()
        from .fonts import ensure_font
        from .layout_manager import LayoutManager

        ensure_font()
        slicer.app.start_scene(logic, LayoutManager(logic))
        from .dicom_database import DicomDatabase

        slicer.dicomDatabase = DicomDatabase()
        self.main_window = MainWindow(slicer.app.layoutManager().viewport())
        self.main_window.show()
        slicer.app.processEvents()

    @property
    def uses_slicer_sources(self) -> bool:
        """Whether Slicer's own Python files stand in place of the stand-ins."""
        return self._sources is not None

    def load_module(self, path):
        """Load a scripted module file; return its module object (title, helpText, ...)."""
        import slicer

        return slicer.app.moduleManager().load(Path(path))

    def select(self, name: str):
        """Switch to a module as the user does; return its widget object."""
        import slicer

        self.main_window.moduleSelector().selectModule(name)
        self.process_events()
        return slicer.app.moduleManager().module(name).widgetRepresentation().self()

    def leave(self) -> None:
        """Switch to no module: exit() of the present one is called."""
        self.main_window.moduleSelector().selectModule("")

    def reload(self, name: str):
        """Reload a module as its developer button does; return the new widget object."""
        import slicer

        slicer.app.moduleManager().module(name).widgetRepresentation().self().onReload()
        return slicer.app.moduleManager().module(name).widgetRepresentation().self()

    def process_events(self) -> None:
        """Let Qt do what is due, deferred deletions too."""
        import slicer
        from PySide6 import QtCore

        slicer.app.processEvents()
        slicer.app.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)

    def wait_until(self, condition, timeout: float = 10.0, message: str = "") -> float:
        """Run the event loop until `condition()`; return the longest wait of one turn, seconds.

        The figure is how long the interface was blocked at worst.
        """
        from .waiting import wait_until

        return wait_until(condition, timeout, message)

    def press(self, keys: str) -> int:
        """Press a shortcut; return how many reacted: two that want it block each other."""
        from .waiting import press

        return press(keys)

    def grab(self, path, widget=None, size=None) -> Path:
        """Save a picture of a widget, the whole window if none is given, as PNG."""
        import slicer

        from .slice_widget import qMRMLSliceView

        widget = widget or self.main_window
        if size is not None:
            widget.resize(*size)
        widget.show()
        slicer.app.processEvents()
        path = Path(path)
        qMRMLSliceView.rendering = True
        try:
            picture = widget.grab()
        finally:
            qMRMLSliceView.rendering = False
        if not picture.save(str(path)):
            raise OSError(f"{path} cannot be written")
        return path

    def clean(self) -> None:
        """Unload the modules, close the windows, empty the scene, the database and the settings."""
        import slicer

        self.leave()
        for name in slicer.app.moduleManager().modulesNames():
            slicer.app.moduleManager().unload(name)
        slicer.mrmlScene.Clear(0)
        four_views = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        if slicer.app.layoutManager().layout != four_views:
            slicer.app.layoutManager().setLayout(four_views)
        for widget in slicer.app.topLevelWidgets():
            if widget is not self.main_window:
                widget.close()
        slicer.dicomDatabase.clear()
        slicer.modules.dicomPlugins.clear()
        slicer.modules.sampleDataSources.clear()
        slicer.app.userSettings().clear()
        for kept in Path(slicer.app.slicerUserSettingsFilePath).parent.glob("*.json"):
            kept.unlink()
        slicer.app.set_testing(True)
        self.dialogs.clear()
        self.process_events()
        self.errors.clear()

    def raise_errors(self) -> None:
        """Raise what slots and observers raised meanwhile; in Slicer it is only printed."""
        if self.errors:
            text, self.errors[:] = "\n".join(self.errors), []
            raise AssertionError(f"raised in a slot or observer:\n{text}")

    def _record_error(self, kind, value, trace) -> None:
        text = "".join(traceback.format_exception(kind, value, trace))
        self.errors.append(text)
        print(text, file=sys.stderr)


def start_host() -> SlicerHost:
    """Return the host of this process, made at the first call."""
    global _host
    if _host is None:
        _host = SlicerHost()
    return _host
