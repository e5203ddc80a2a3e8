"""Scenes saved with views side by side open in every Slicer."""

import pytest
from slicer_module_panel import MODULE, choose_series, open_panel, segment_and_wait


class Layouts:
    """A layout manager whose layout node nobody has told anything yet, as at Slicer's start."""

    def __init__(self):
        import slicer

        self.node = slicer.vtkMRMLLayoutNode()

    def layoutLogic(self):  # noqa: N802
        return self

    def GetLayoutNode(self):  # noqa: N802
        return self.node


def test_the_layouts_are_known_before_the_panel_is_opened(clean_scene, monkeypatch):
    import slicer

    layouts = Layouts()
    monkeypatch.setattr(slicer.app, "_layout_manager", layouts)
    clean_scene.load_module(MODULE)
    known = [number for number in range(38100, 38110) if layouts.node.IsLayoutDescription(number)]
    assert known == list(range(38100, 38108))


def test_a_scene_saved_side_by_side_opens_with_its_views(clean_scene, tmp_path):
    import slicer

    panel = open_panel(clean_scene)
    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    panel.ui.sideBySideButton.click()
    manager = slicer.app.layoutManager()
    shown, path = manager.layout, str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    clean_scene.leave()
    slicer.mrmlScene.Clear(0)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    slicer.util.loadScene(path)
    clean_scene.process_events()
    assert manager.layout == shown and len(manager.sliceViewNames()) == 2


def test_the_host_refuses_a_layout_that_slicer_would_show_empty(clean_scene):
    import slicer
    from slicer_host.errors import PythonQtError

    with pytest.raises(PythonQtError, match="shows no view"):
        slicer.app.layoutManager().setLayout(39999)
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert clean_scene.errors, "a scene that brings it is an error, too"
    clean_scene.errors.clear()
