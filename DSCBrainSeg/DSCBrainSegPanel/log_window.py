"""What the program that segments has printed, to look at and to send."""

import qt
import slicer
from slicer.i18n import tr as _


class LogWindow:
    """A window with the log, Copy and Close.

    Parameters
    ----------
    text : str
    """

    def __init__(self, text):
        self.dialog = dialog = qt.QDialog(slicer.util.mainWindow())
        dialog.windowTitle = _("Log of the segmentation process")
        dialog.resize(700, 400)
        self._edit = qt.QPlainTextEdit()
        self._edit.readOnly = True
        self._edit.lineWrapMode = qt.QPlainTextEdit.NoWrap
        self._edit.plainText = text
        note = qt.QLabel(_("It may name folders of this computer: look before you send it."))
        self.copyButton = qt.QPushButton(_("Copy"))
        self.copyButton.connect("clicked()", self.onCopy)
        close = qt.QPushButton(_("Close"))
        close.connect("clicked()", dialog.accept)
        row = qt.QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.copyButton)
        row.addWidget(close)
        column = qt.QVBoxLayout(dialog)
        column.addWidget(self._edit)
        column.addWidget(note)
        column.addLayout(row)

    def show(self):
        """Show it beside the main window; the panel goes on working."""
        self.dialog.show()

    def onCopy(self):
        """Put the log into the clipboard."""
        qt.QApplication.clipboard().setText(self._edit.plainText)
