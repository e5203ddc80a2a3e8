"""A font for the screenshots where the machine has none."""

from __future__ import annotations

from pathlib import Path

from PySide6 import QtGui


def ensure_font() -> str:
    """Use DejaVu Sans of matplotlib if the system has no font; return the family in use."""
    # Fontconfig offers these three names even where there is no font file.
    if set(QtGui.QFontDatabase.families()) <= {"Sans Serif", "Serif", "Monospace"}:
        import matplotlib

        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"):
            QtGui.QFontDatabase.addApplicationFont(str(folder / name))
        QtGui.QGuiApplication.setFont(QtGui.QFont("DejaVu Sans", 9))
    return QtGui.QGuiApplication.font().family()
