"""A dialog with a bar and Cancel around work that has to be done in Slicer's own process."""

import qt
import slicer


class ProgressDialog:
    """``with ProgressDialog(title) as dialog``: gives `progress` and `cancelled` to the library."""

    def __init__(self, title):
        self._dialog = slicer.util.createProgressDialog(
            windowTitle=title,
            labelText=title,
            maximum=100,
            # The event loop runs meanwhile: nothing else may be started.
            windowModality=qt.Qt.WindowModal,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._dialog.close()  # which only hides a child of the main window
        self._dialog.deleteLater()

    def progress(self, done, total, message):
        """Show a step; lets the event loop run, so that Cancel is heard."""
        self._dialog.labelText = message
        self._dialog.value = min(99, 100 * done // total) if total else 0
        slicer.app.processEvents()

    def cancelled(self):
        """Say whether the user pressed Cancel."""
        return self._dialog.wasCanceled
