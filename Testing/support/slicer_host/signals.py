"""``connect("signal(args)", slot)`` as PythonQt does it, on PySide6 signals.

Slicer's Python knows signals by their C++ signature. A wrong signature is only a warning there and
the slot is never called; here it is an error.
"""

from __future__ import annotations

from PySide6 import QtCore

from .errors import PythonQtError

_NATIVE_GET = QtCore.QObject.__getattribute__


def connect_signal(sender, signature: str, slot) -> bool:
    """Call `slot` with the arguments named in `signature`, cut to what the slot accepts."""
    if not isinstance(signature, str):
        raise PythonQtError(f"connect() takes the signal as text, got {signature!r}")
    if not callable(slot):
        raise PythonQtError(f"{slot!r}, to be connected to {signature}, cannot be called")
    signal, count, convert = _find(sender, signature)

    def call(*args):
        args = tuple(map(convert, args)) if convert else args
        accepted = accepted_arguments(slot)
        slot(*(args if accepted is None else args[:accepted]))

    receive = _RECEIVERS[count](call)
    signal.connect(receive)
    _connections(sender).append((_normal(signature), slot, signal, receive))
    return True


def disconnect_signal(sender, signature: str, slot=None) -> bool:
    """Undo `connect_signal`; without a slot, all of that signal. True if one was connected."""
    _find(sender, signature)
    kept, cut = [], []
    for entry in _connections(sender):
        same = entry[0] == _normal(signature) and (slot is None or entry[1] == slot)
        (cut if same else kept).append(entry)
    for _, _, signal, receive in cut:
        signal.disconnect(receive)
    _connections(sender)[:] = kept
    return bool(cut)


def accepted_arguments(slot) -> int | None:
    """Return how many positional arguments PythonQt hands to `slot`; None for all of them."""
    function = getattr(slot, "__func__", slot)
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & 0x04:  # a built-in or partial, or *args
        return None
    return code.co_argcount - (1 if function is not slot else 0)


class BoundSignal:
    """What ``widget.clicked`` is: connect, disconnect, emit."""

    def __init__(self, sender, name: str):
        self._sender, self._name = sender, name

    def connect(self, slot) -> bool:
        return connect_signal(self._sender, self._signature(), slot)

    def disconnect(self, slot=None) -> bool:
        return disconnect_signal(self._sender, self._signature(), slot)

    def emit(self, *args) -> None:
        _NATIVE_GET(self._sender, self._name).emit(*args)

    __call__ = emit

    def _signature(self) -> str:
        names = [item for item in _signatures(self._sender) if item.split("(")[0] == self._name]
        return max(names, key=_count)  # the first declared of those with most arguments


# PySide6 chooses among a signal's overloads by how many arguments the receiver names.
_RECEIVERS = (
    lambda call: lambda: call(),
    lambda call: lambda a: call(a),
    lambda call: lambda a, b: call(a, b),
    lambda call: lambda a, b, c: call(a, b, c),
    lambda call: lambda a, b, c, d: call(a, b, c, d),
)


def _find(sender, signature: str):
    """Return the PySide6 signal of that signature, the number of arguments and their converter."""
    wanted = _normal(signature)
    known = _signatures(sender)
    if wanted not in known:
        near = [item for item in known if item.split("(")[0] == wanted.split("(")[0]]
        raise PythonQtError(
            f"{type(sender).__name__} has no signal {signature}; it has "
            + ", ".join(sorted(near or known))
        )
    name, convert = wanted.split("(")[0], known[wanted]
    if isinstance(convert, str):
        name, convert = convert, None
    return _NATIVE_GET(sender, name), _count(wanted), convert


def _signatures(sender) -> dict:
    """Return the C++ signatures of the sender's signals, each with a converter or None.

    Host widgets declare theirs in ``_signals``, because a Python signal has no MRML types; a text
    in place of the converter names the Python signal where it is called otherwise.
    """
    found = {}
    for cls in type(sender).__mro__:
        for item, convert in cls.__dict__.get("_signals", {}).items():
            found.setdefault(_normal(item), convert)
    declared = {item.split("(")[0] for item in found}
    meta = QtCore.QObject.metaObject(sender)
    for index in range(meta.methodCount()):
        method = meta.method(index)
        if method.methodType() != QtCore.QMetaMethod.MethodType.Signal:
            continue
        text = method.methodSignature().data().decode()
        if text.split("(")[0] not in declared:
            found[text] = None
    return found


def _normal(signature: str) -> str:
    return QtCore.QMetaObject.normalizedSignature(signature).data().decode()


def _count(signature: str) -> int:
    arguments = signature[signature.index("(") + 1 : signature.rindex(")")]
    return len(arguments.split(",")) if arguments else 0


def _connections(sender) -> list:
    return _NATIVE_GET(sender, "__dict__").setdefault("_connections", [])
