"""Qt properties for the host's own widgets."""

from __future__ import annotations

import itertools

from PySide6 import QtCore

from .errors import PythonQtError

_numbers = itertools.count()


def stored(kind, default, changed: str | None = None):
    """Return a property kept in the widget; `changed` names a method called with the new value."""
    key = f"_property_{next(_numbers)}"

    def read(self):
        return self.__dict__.get(key, list(default) if isinstance(default, list) else default)

    def write(self, value):
        if isinstance(default, str) and not isinstance(value, str):
            raise PythonQtError(f"a property of type QString does not accept {value!r}")
        if value == read(self):
            return
        self.__dict__[key] = value
        if changed is not None:
            getattr(self, changed)(value)

    return QtCore.Property(kind, read, write)
