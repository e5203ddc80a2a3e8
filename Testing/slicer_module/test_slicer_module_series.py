"""The mask on the whole series: masked sequence, signal curves, region for DSC analysis."""

import numpy as np
import pytest
from slicer_module_panel import (
    add_series,
    choose_method,
    make_series,
    masks_of,
    open_panel,
    segment_and_wait,
)


@pytest.fixture
def panel(clean_scene):
    """The module's widget with a series and a mask."""
    widget = open_panel(clean_scene)
    assert not widget.ui.regionButton.enabled
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    choose_method(widget, "otsu")
    segment_and_wait(widget, clean_scene)
    return widget


def mask_of(panel):
    return masks_of(panel.parameters.inputNode)["Brain (otsu)"]


def test_the_series_without_all_but_brain(panel):
    import slicer

    from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume

    assert panel.ui.maskBox.currentText == "Brain (otsu)"
    panel.ui.maskSeriesButton.click()
    assert panel.ui.wholeStatusLabel.text == "Added Perfusion (brain)."
    series = openNode(sequenceOfVolume(slicer.util.getNode("Perfusion (brain)"))).read()
    np.testing.assert_array_equal(series.frames, make_series().frames * mask_of(panel))
    np.testing.assert_allclose(series.times, make_series().times)


def test_signal_inside_and_outside(panel):
    import slicer

    panel.ui.curvesButton.click()
    panel.ui.curvesButton.click()
    table = panel.parameters.curvesTable
    frames, mask = make_series().frames, mask_of(panel)
    inside = slicer.util.arrayFromTableColumn(table, "Brain")
    outside = slicer.util.arrayFromTableColumn(table, "Outside")
    np.testing.assert_allclose(inside, [frame[mask].mean() for frame in frames], rtol=1e-6)
    np.testing.assert_allclose(outside, [frame[~mask].mean() for frame in frames], rtol=1e-6)
    (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    assert chart.GetNumberOfPlotSeriesNodes() == 2


def test_region_for_dsc_analysis(panel):
    import slicer

    panel.ui.regionButton.click()
    (region,) = slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")
    assert np.array_equal(slicer.util.arrayFromVolume(region) > 0, mask_of(panel))
    assert region.GetName() in panel.ui.wholeStatusLabel.text


def test_a_single_volume_has_no_curve_but_a_region(panel, clean_scene):
    import slicer

    single = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Single")
    slicer.util.updateVolumeFromArray(single, make_series(1).frames[0])
    panel.ui.inputSelector.setCurrentNode(single)
    segment_and_wait(panel, clean_scene)
    assert panel.ui.regionButton.enabled and not panel.ui.curvesButton.enabled
    assert panel.ui.maskSeriesButton.enabled


def test_cancelled_reading_leaves_the_scene(panel, monkeypatch):
    import slicer
    from DSCBrainSegPanel.progress_dialog import ProgressDialog

    before = slicer.mrmlScene.GetNumberOfNodes()
    monkeypatch.setattr(ProgressDialog, "cancelled", lambda self: True)
    panel.ui.maskSeriesButton.click()
    assert panel.ui.wholeStatusLabel.text == "Cancelled; the scene is as it was."
    assert slicer.mrmlScene.GetNumberOfNodes() == before
