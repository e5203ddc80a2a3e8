"""The ``qt`` module: all Qt classes in one namespace, as Slicer has them."""

from __future__ import annotations

import types

from PySide6 import QtCore, QtGui, QtWidgets

from .ui_loader import UiLoader

# In the newest Qt only: Slicer 5.10 and older would raise AttributeError.
_QT6_ONLY = {"QNativeIpcKey", "QPermission", "QStyleHints", "QChronoTimer", "QRangeModel"}


def make_qt_module() -> types.ModuleType:
    """Return the module to be put into ``sys.modules["qt"]``."""
    module = types.ModuleType("qt", __doc__)
    for source in (QtCore, QtGui, QtWidgets):
        for name in dir(source):
            if name.startswith("Q") and name not in _QT6_ONLY:
                setattr(module, name, getattr(source, name))
    module.Qt = QtCore.Qt
    for name in ("QEnum", "QFlag"):
        delattr(module, name)
    module.QUiLoader = UiLoader
    return module
