"""Give PySide6 objects the manners of PythonQt, Slicer's Qt binding.

PySide6's classes are changed in place, so an object made by Qt itself (a header, a layout's item, a
widget of a .ui file) behaves like one made by Python, and ``type(widget) == qt.QCheckBox`` holds.
"""

from __future__ import annotations

import os
import sys
import types
from contextlib import contextmanager
from functools import cache

from PySide6 import QtCore, QtGui, QtWidgets

from .errors import PythonQtError
from .signals import BoundSignal, connect_signal, disconnect_signal

_META_OBJECT = QtCore.QObject.metaObject
_C_METHODS = (types.BuiltinMethodType, types.MethodWrapperType)


def install() -> None:
    """Change the classes; must run once, before any widget is made."""
    if QtCore.qVersion().startswith("6.12.0") and sys.version_info < (3, 12):
        raise RuntimeError("PySide6 6.12.0 aborts Python before 3.12 (it frees None); take 6.11")
    if QtCore.Qt.Checked != 2:
        raise RuntimeError("PySide6 was imported before slicer_host, which needs enums as ints")
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            cls = getattr(module, name)
            if not (name.startswith("Q") and isinstance(cls, type)):
                continue
            if issubclass(cls, QtCore.QObject):
                if "__getattribute__" in cls.__dict__ or cls is QtCore.QObject:
                    cls.__getattribute__ = _getter(cls.__getattribute__)
                if "__setattr__" in cls.__dict__:
                    cls.__setattr__ = _set_attribute
            if "__init__" in cls.__dict__ and not issubclass(cls, QtCore.QCoreApplication):
                cls.__init__ = _without_keywords(cls, cls.__init__)


@contextmanager
def pyside_attributes():
    """Let PySide6's loader set its attributes, one for each child, and take them off again."""
    _loading.append([])
    try:
        yield
    finally:
        for widget, key in _loading.pop():
            widget.__dict__.pop(key, None)


_loading: list[list] = []


class ByteArray:
    """What reading from a device returns: in PythonQt only ``.data()`` gives Python bytes."""

    def __init__(self, native):
        self._bytes = native.data()

    def data(self) -> bytes:
        return self._bytes

    def size(self) -> int:
        return len(self._bytes)

    length = count = size

    def isEmpty(self) -> bool:
        return not self._bytes

    def _refuse(self, *_args):
        raise PythonQtError("a QByteArray is not bytes in PythonQt; use .data()")

    __bytes__ = __str__ = __len__ = __iter__ = __getitem__ = __bool__ = _refuse


class Method:
    """A bound C++ method: positional arguments only, no path objects."""

    def __init__(self, native, name: str):
        self._native, self._name = native, name

    def __call__(self, *args, **keywords):
        _check_arguments(self._name, args, keywords)
        result = self._native(*args)
        return ByteArray(result) if isinstance(result, QtCore.QByteArray) else result

    def __eq__(self, other) -> bool:
        return isinstance(other, Method) and self._native == other._native

    def __hash__(self) -> int:
        return hash(self._native)


def _getter(native):
    def get_attribute(self, key: str):
        if key.startswith("_"):
            return native(self, key)
        if key in native(self, "__dict__") or _defined_in_python(type(self), key):
            value = native(self, key)
            return BoundSignal(self, key) if isinstance(value, QtCore.SignalInstance) else value
        if key == "connect":
            # PySide6's own QTimer.singleShot connects with the sender as first argument.
            return lambda *args: (
                connect_signal(self, *args) if len(args) == 2 else native(self, key)(*args)
            )
        if key == "disconnect":
            return lambda signal, slot=None: disconnect_signal(self, signal, slot)
        if key == "className":
            return lambda: _META_OBJECT(self).className()
        if key == "exec_":
            return native(self, "exec")
        meta, index = _property(self, key)
        if index >= 0 and (id(self), key) not in _being_read and not _is_hidden(self, key):
            return _read_property(self, key, meta.property(index))
        value = native(self, key)
        if isinstance(value, QtCore.SignalInstance):
            return BoundSignal(self, key)
        return Method(value, key) if isinstance(value, _C_METHODS) else value

    return get_attribute


def _set_attribute(self, key: str, value) -> None:
    if _is_hidden(self, key):
        raise AttributeError(
            f"PythonQt hides {type(self).__name__}'s property {key!r}; call a setter"
        )
    descriptor = getattr(type(self), key, None)
    if _defined_in_python(type(self), key) and hasattr(descriptor, "__set__"):
        descriptor.__set__(self, value)
        return
    meta, index = _property(self, key)
    if index >= 0:
        _write_property(self, meta.property(index), value)
    elif key.startswith("_") or _is_users_class(type(self)):
        self.__dict__[key] = value
    elif isinstance(value, QtCore.SignalInstance):  # PySide6 keeps the signals it has made
        self.__dict__[key] = value
    elif _loading:
        self.__dict__[key] = value
        _loading[-1].append((self, key))
    else:
        raise AttributeError(
            f"{type(self).__name__} has no property {key!r}, and PythonQt adds none to a C++ object"
        )


# sizeHint and minimumSizeHint are virtual: Qt looks for a Python override while one is read.
_being_read: set[tuple[int, str]] = set()


def _read_property(obj, key: str, prop):
    _being_read.add((id(obj), key))
    try:
        return prop.read(obj)
    finally:
        _being_read.discard((id(obj), key))


def _write_property(obj, prop, value) -> None:
    if not prop.isWritable():
        raise AttributeError(f"property {prop.name()!r} cannot be set")
    if isinstance(value, os.PathLike) or (value is None and prop.typeName() in _PLAIN_TYPES):
        raise PythonQtError(
            f"property {prop.name()!r} of type {prop.typeName()} does not accept {value!r}"
        )
    if prop.typeName() == "QStringList" and isinstance(value, tuple):
        value = list(value)
    if not prop.write(obj, value):
        raise PythonQtError(
            f"property {prop.name()!r} of type {prop.typeName()} does not accept {value!r}"
        )


_PLAIN_TYPES = ("QString", "int", "bool", "double", "uint")


def _property(obj, key: str):
    """Return the meta-object and the index of the property of that name, -1 if there is none."""
    meta = _META_OBJECT(obj)
    return meta, meta.indexOfProperty("objectName" if key == "name" else key)


def _is_hidden(obj, key: str) -> bool:
    """Say whether a slot has the property's name and takes its place."""
    return key == "singleShot" and isinstance(obj, QtCore.QTimer)


@cache
def _defined_in_python(cls: type, key: str) -> bool:
    for base in cls.__mro__:
        if base.__module__.startswith(("PySide6", "Shiboken")):
            return False
        if key in base.__dict__:
            return True
    return False


@cache
def _is_users_class(cls: type) -> bool:
    return not cls.__module__.startswith(("PySide6", "Shiboken", __package__))


def _without_keywords(cls, native):
    def init(self, *args, **keywords):
        _check_arguments(cls.__name__, args, keywords)
        native(self, *args)

    return init


def _check_arguments(name: str, args, keywords) -> None:
    if keywords:
        raise PythonQtError(f"{name}() takes no keyword arguments in PythonQt: {list(keywords)}")
    for value in args:
        if isinstance(value, os.PathLike):
            raise PythonQtError(f"{name}() takes no path object in PythonQt, give str({value!r})")
