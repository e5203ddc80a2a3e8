"""The ``ctk`` module."""

from __future__ import annotations

import types

from PySide6 import QtWidgets

from . import ctk_containers, ctk_inputs


def make_ctk_module() -> types.ModuleType:
    """Return the module to be put into ``sys.modules["ctk"]``."""
    module = types.ModuleType("ctk", __doc__)
    for source in (ctk_inputs, ctk_containers):
        for name, value in vars(source).items():
            if isinstance(value, type) and issubclass(value, QtWidgets.QWidget):
                setattr(module, name, value)
    return module


def widget_classes(module: types.ModuleType) -> list[type]:
    """Return the widget classes of a module, for `ui_loader.register_widgets`."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, QtWidgets.QWidget)
    ]
