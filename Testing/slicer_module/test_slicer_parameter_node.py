"""The parameter node in 5.10 and 5.12: nothing stays observed, other versions' scenes open."""

import gc

import pytest
from slicer_module_panel import add_series, open_panel


@pytest.fixture
def observed(clean_scene, monkeypatch):
    """Observers of all parameter nodes that were added and not removed."""
    from slicer_module_panel import MODULE

    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel.parameters import Parameters

    tags = []
    add, remove = Parameters.AddObserver, Parameters.RemoveObserver

    def added(self, event, callback, *more):
        tags.append(add(self, event, callback, *more))
        return tags[-1]

    def removed(self, tag):
        if tag in tags:
            tags.remove(tag)
        remove(self, tag)

    monkeypatch.setattr(Parameters, "AddObserver", added)
    monkeypatch.setattr(Parameters, "RemoveObserver", removed)
    return tags


def test_a_closed_panel_leaves_no_observer_that_would_crash_slicer(clean_scene, observed):
    import slicer

    slicer.app.moduleManager().module("DSCBrainSeg")
    panel = clean_scene.select("DSCBrainSeg")
    add_series()
    panel.takeParameters()
    before = len(observed)
    panel.setParameters(panel.logic.getParameters())
    assert 0 < len(observed) <= before + 1
    panel.setParameters(None)
    # A wrapper's own observer goes with the wrapper; what joined node and widgets must be gone.
    assert len(observed) < before


def test_a_letter_after_a_reload_finds_no_dead_connection(clean_scene):
    panel = open_panel(clean_scene)
    again = clean_scene.reload("DSCBrainSeg")
    node = again.parameters.parameterNode
    del panel
    gc.collect()
    again.ui.readerEdit.text = "A"
    node.Modified()
    assert again.parameters.reader == "A"


def test_a_scene_with_a_method_of_another_version_opens(clean_scene, tmp_path):
    import slicer

    panel = open_panel(clean_scene)
    add_series()
    node = panel.logic.getParameterNode()
    panel.ui.readerEdit.text = "Reader A"
    clean_scene.leave()
    panel.setParameters(None)
    node.SetParameter("method", "TRANSFORMER_2030")
    node.SetParameter("frameChoice", "BY_MAGIC")
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    clean_scene.select("DSCBrainSeg")
    slicer.util.loadScene(path)
    clean_scene.process_events()
    assert panel.parameters.method.value == "network"
    assert panel.parameters.frameChoice.value == "fourth"
    assert panel.parameters.reader == "Reader A"
    assert panel.ui.methodBox.currentText.startswith("network")
