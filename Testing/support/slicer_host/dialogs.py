"""Modal dialogs in tests: answered beforehand, recorded, and never left waiting for a user.

A name is the class and function, as the module calls it: "QMessageBox.question",
"QFileDialog.getOpenFileName", "QInputDialog.getText", "QDialog.exec", "ctkMessageBox.exec". The
file and input functions return only the path or text, as in PythonQt, not PySide6's tuple.
"""

from __future__ import annotations

from collections import defaultdict, deque

from PySide6 import QtGui, QtWidgets

from .errors import UnexpectedDialog

_FUNCTIONS = {
    QtWidgets.QMessageBox: ("question", "information", "warning", "critical", "about"),
    QtWidgets.QFileDialog: (
        "getOpenFileName",
        "getOpenFileNames",
        "getSaveFileName",
        "getExistingDirectory",
    ),
    QtWidgets.QInputDialog: ("getText", "getMultiLineText", "getItem", "getInt", "getDouble"),
}


class Dialogs:
    """What the test announced, and what was shown."""

    def __init__(self):
        self.shown: list[tuple[str, tuple]] = []
        self._answers = defaultdict(deque)

    def answer(self, name: str, value) -> None:
        """Return `value` from the next dialog of that name; a callable gets the arguments.

        For "CLASS.exec" the callable gets the dialog and may press its buttons.
        """
        self._answers[name].append(value)

    def clear(self) -> None:
        """Forget what was announced and shown."""
        self.shown.clear()
        self._answers.clear()

    def show(self, name: str, *args):
        """Stand in for one modal dialog."""
        self.shown.append((name, args))
        if not self._answers[name]:
            raise UnexpectedDialog(
                f"{name}{args} opened; a test must announce it with dialogs.answer({name!r}, ...)"
            )
        value = self._answers[name].popleft()
        return value(*args) if callable(value) else value

    def open_url(self, url) -> bool:
        """Record what would be opened outside."""
        self.shown.append(("QDesktopServices.openUrl", (url.toString(),)))
        return True


def install(dialogs: Dialogs) -> None:
    """Let every modal dialog of Qt ask `dialogs`."""
    for cls, names in _FUNCTIONS.items():
        for name in names:
            setattr(cls, name, staticmethod(_static(dialogs, f"{cls.__name__}.{name}")))
    # Opening a report in the browser is recorded, not done.
    QtGui.QDesktopServices.openUrl = staticmethod(dialogs.open_url)
    for name in dir(QtWidgets):
        cls = getattr(QtWidgets, name)
        if isinstance(cls, type) and issubclass(cls, (QtWidgets.QDialog, QtWidgets.QMenu)):
            for method in ("exec", "exec_"):
                if method in cls.__dict__ or cls in (QtWidgets.QDialog, QtWidgets.QMenu):
                    setattr(cls, method, _execute(dialogs))


def _static(dialogs: Dialogs, name: str):
    def ask(*args, **keywords):
        if keywords:
            raise TypeError(f"{name}() takes no keyword arguments in PythonQt")
        return dialogs.show(name, *args)

    return ask


def _execute(dialogs: Dialogs):
    def run(self, *args):
        return dialogs.show(f"{type(self).__name__}.exec", self, *args)

    return run
