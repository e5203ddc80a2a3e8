"""The editor's shortcuts are the main window's: the panel's own widgets get their keys."""

import pytest
from slicer_module_panel import choose_series, open_panel, segment_and_wait


@pytest.fixture
def panel(clean_scene):
    """The panel with a segmented series, in the active window."""
    panel = open_panel(clean_scene)
    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    panel.ui.compareSection.collapsed = False
    clean_scene.main_window.activateWindow()
    clean_scene.process_events()
    return panel


def test_space_ticks_a_method_and_starts_no_effect(panel, clean_scene):
    import qt
    from PySide6 import QtTest

    methods = panel.ui.methodsList
    methods.setFocus()
    methods.setCurrentRow(1)
    clean_scene.process_events()
    assert qt.QApplication.focusWidget() is methods
    QtTest.QTest.keyClick(methods, qt.Qt.Key_Space)
    assert methods.item(1).checkState() == qt.Qt.Checked
    assert panel.ui.editor.activeEffect() is None
    assert clean_scene.press("Space") == 0, "the shortcut would have been asked first"


def test_the_editors_keys_work_while_the_focus_is_on_the_image_or_in_the_editor(panel, clean_scene):
    import slicer

    panel.ui.methodsList.setFocus()
    clean_scene.process_events()
    assert clean_scene.press("1") == 0
    view = slicer.app.layoutManager().sliceWidget("Red")
    slicer.app.focusChanged.emit(panel.ui.methodsList, view)
    assert panel.ui.editor.shortcut_count == 35 and clean_scene.press("1") == 1
    assert panel.ui.editor.activeEffect() is not None
    clean_scene.leave()
    assert panel.ui.editor.shortcut_count == 0
    slicer.app.focusChanged.emit(None, view)
    assert panel.ui.editor.shortcut_count == 0, "another module has the keys now"
