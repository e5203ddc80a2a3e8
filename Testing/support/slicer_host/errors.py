"""What the host raises where real Slicer would fail, or would fail silently."""


class PythonQtError(TypeError):
    """The code uses Qt in a way that PySide6 allows and Slicer's PythonQt does not."""


class UnexpectedDialog(AssertionError):
    """A modal dialog opened that the test had not announced; in Slicer it would wait for a user."""
