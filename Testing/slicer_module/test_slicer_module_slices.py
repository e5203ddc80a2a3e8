"""The list of slices to check: what the worker said, a click that jumps, saved scenes."""

import numpy as np
import pytest
from played_runner import mask_answer, use_played_runner
from slicer_module_panel import (
    BRAIN,
    SPACING,
    add_series,
    choose_method,
    open_panel,
    segment_and_wait,
)

ORIGIN_K = -30.0
"""Of `slicer_module_panel.make_series`: where slice 0 lies, S in mm."""

QUALITY = {
    "confidence": 0.734,
    "warnings": ["The mask looks odd as a whole."],
    "per_slice_confidence": [None, *[0.9] * 11],
    "slices_to_check": [
        {
            "slice": 2,
            "confidence": 0.31,
            "reasons": ["A part lies apart.", "The network is unsure."],
        },
        {"slice": 9, "confidence": None, "reasons": ["It differs from its neighbours."]},
    ],
}


@pytest.fixture
def panel(clean_scene):
    """The widget with a series and a played worker that doubts two slices."""
    widget = open_panel(clean_scene)
    use_played_runner(widget, segment=mask_answer(BRAIN, QUALITY))
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    choose_method(widget, "otsu")
    return widget


def listed(panel):
    return [panel.ui.slicesList.item(row).text() for row in range(panel.ui.slicesList.count)]


def click(panel, row):
    panel.ui.slicesList.itemClicked.emit(panel.ui.slicesList.item(row))


def centres():
    """Return where the slice views look, each along its own axis, RAS in mm."""
    import slicer

    axes = {"Yellow": 0, "Green": 1, "Red": 2}
    views = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    return {
        view.GetLayoutName(): view.GetSliceToRAS().GetElement(axes[view.GetLayoutName()], 3)
        for view in views
        if view.GetLayoutName() in axes
    }


def test_slices_are_listed_with_reasons_and_a_click_jumps(panel, clean_scene):
    assert panel.ui.slicesList.isHidden() and panel.ui.slicesLabel.isHidden()
    segment_and_wait(panel, clean_scene)
    assert listed(panel) == [
        "Slice 3: A part lies apart. The network is unsure.",
        "Slice 10: It differs from its neighbours.",
    ]
    assert "Confidence 73 %." in panel.ui.slicesLabel.text
    assert not panel.ui.slicesList.isHidden()
    warnings = panel.ui.warningsList
    assert [warnings.item(0).text()] == QUALITY["warnings"] and warnings.count == 1
    j, i = np.argwhere(BRAIN[9]).mean(axis=0)
    clean_scene.wait_until(lambda: abs(centres()["Red"]) < 40)
    click(panel, 1)
    found = centres()
    assert found["Red"] == pytest.approx(ORIGIN_K + 9 * SPACING[0])
    assert found["Green"] == pytest.approx(-(-95 + j * SPACING[1]))  # LPS to RAS
    assert found["Yellow"] == pytest.approx(-(-80 + i * SPACING[2]))
    click(panel, 0)
    assert centres()["Red"] == pytest.approx(ORIGIN_K + 2 * SPACING[0])


def test_a_transform_on_the_volume_is_followed(panel, clean_scene):
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[2, 3] = 12.5
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    panel.parameters.inputNode.SetAndObserveTransformNodeID(transform.GetID())
    segment_and_wait(panel, clean_scene)
    click(panel, 1)
    assert centres()["Red"] == pytest.approx(ORIGIN_K + 9 * SPACING[0] + 12.5)


def test_the_list_belongs_to_mask_and_series(panel, clean_scene):
    segment_and_wait(panel, clean_scene)
    first = panel.parameters.inputNode
    choose_method(panel, "aabl")
    assert listed(panel) == [] and panel.ui.slicesList.isHidden()
    use_played_runner(panel, segment=mask_answer(BRAIN, {**QUALITY, "slices_to_check": []}))
    other = add_series("Other").volume
    panel.ui.inputSelector.setCurrentNode(other)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    assert listed(panel) == [] and panel.ui.slicesLabel.text == "Confidence 73 %."
    panel.ui.inputSelector.setCurrentNode(first)
    assert len(listed(panel)) == 2


def test_what_was_said_of_an_older_mask_is_forgotten(panel, clean_scene):
    segment_and_wait(panel, clean_scene)
    use_played_runner(panel, segment=mask_answer(BRAIN, None))
    segment_and_wait(panel, clean_scene)
    assert listed(panel) == [] and panel.ui.slicesLabel.isHidden()


def test_the_list_survives_save_close_reopen_and_reload(panel, clean_scene, tmp_path):
    import slicer

    segment_and_wait(panel, clean_scene)
    before = listed(panel)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert listed(panel) == []
    slicer.util.loadScene(path)
    panel.takeParameters()
    assert listed(panel) == before
    panel = clean_scene.reload("DSCBrainSeg")
    assert listed(panel) == before
    click(panel, 0)
    assert centres()["Red"] == pytest.approx(ORIGIN_K + 2 * SPACING[0])
