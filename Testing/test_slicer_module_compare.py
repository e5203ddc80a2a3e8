"""Several methods on one series, measured against a reference, in the panel."""

import csv

import numpy as np
import pytest
from slicer_module_panel import BRAIN, add_series, masks_of, open_panel, paint

from DSCBrainSegLib.metrics.overlap import overlap


@pytest.fixture
def panel(clean_scene):
    """The module's widget with a series."""
    widget = open_panel(clean_scene)
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    return widget


def tick(panel, *names):
    import qt

    for row in range(panel.ui.methodsList.count):
        item = panel.ui.methodsList.item(row)
        wanted = item.text().split(" ")[0] in names
        item.setCheckState(qt.Qt.Checked if wanted else qt.Qt.Unchecked)


def compare(panel, host):
    panel.ui.compareButton.click()
    return host.wait_until(lambda: not panel.compareSection.busy, 60)


def draw_truth(panel):
    """Draw the upper half of the ellipsoid."""
    panel.ui.startDrawingButton.click()
    truth = BRAIN.copy()
    truth[:6] = False
    paint(panel, truth)
    panel.refresh()
    return truth


def figures(panel):
    import slicer

    table = panel.parameters.figuresTable
    names = [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())]
    assert names[0] == "Method"
    methods = [table.GetTable().GetColumn(0).GetValue(n) for n in range(table.GetNumberOfRows())]
    arrays = {name: slicer.util.arrayFromTableColumn(table, name) for name in names[1:]}
    return {
        method: {name: float(values[row]) for name, values in arrays.items()}
        for row, method in enumerate(methods)
    }


def test_ticked_methods_are_run_and_measured(panel, clean_scene):
    assert not panel.ui.compareButton.enabled and not panel.ui.plotButton.enabled
    truth = draw_truth(panel)
    tick(panel, "otsu", "aabl")
    compare(panel, clean_scene)
    masks = masks_of(panel.parameters.inputNode)
    assert list(masks) == ["Ground truth (reader)", "Brain (otsu)", "Brain (aabl)"]
    assert panel.ui.compareStatusLabel.text == "Compared with Ground truth (reader)."
    found = figures(panel)
    assert list(found) == ["Brain (otsu)", "Brain (aabl)"]
    for name, row in found.items():
        counts = overlap(masks[name], truth)
        assert row["Dice"] == pytest.approx(counts.dice) and 0.5 < counts.dice < 0.8
        assert row["Sensitivity"] == pytest.approx(counts.sensitivity)
        assert row["Specificity"] == pytest.approx(counts.specificity)
        assert row["Accuracy"] == pytest.approx(counts.accuracy)
    hd95 = [value for name, value in found["Brain (otsu)"].items() if name.startswith("HD95")]
    assert 10 < hd95[0] < 40
    assert panel.ui.figuresView.mrmlTableNode() is panel.parameters.figuresTable


def test_the_reference_can_be_a_method_and_the_table_is_replaced(panel, clean_scene):
    import slicer

    tick(panel, "otsu", "aabl")
    compare(panel, clean_scene)
    assert list(figures(panel)) == ["Brain (aabl)"]
    first = panel.parameters.figuresTable
    tick(panel)
    panel.ui.referenceBox.setCurrentIndex(1)
    compare(panel, clean_scene)
    assert list(figures(panel)) == ["Brain (otsu)"] and panel.parameters.figuresTable is first
    assert len(slicer.util.getNodesByClass("vtkMRMLTableNode")) == 2


def test_a_ground_truth_becomes_the_reference_when_it_is_drawn(panel, clean_scene):
    tick(panel, "otsu")
    compare(panel, clean_scene)
    assert panel.ui.referenceBox.currentText == "Brain (otsu)"
    draw_truth(panel)
    assert panel.ui.referenceBox.currentText == "Ground truth (reader)"
    panel.ui.referenceBox.setCurrentIndex(1)
    panel.refresh()
    assert panel.ui.referenceBox.currentText == "Brain (otsu)"


def test_plot_and_export(panel, clean_scene, tmp_path):
    import slicer

    truth = draw_truth(panel)
    tick(panel, "otsu")
    compare(panel, clean_scene)
    panel.ui.plotButton.click()
    panel.ui.plotButton.click()
    (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    assert chart.GetNumberOfPlotSeriesNodes() == 1
    slices = panel.parameters.slicesTable
    dice = slicer.util.arrayFromTableColumn(slices, "Brain (otsu)")
    mask = masks_of(panel.parameters.inputNode)["Brain (otsu)"]
    expected = [overlap(mask[k], truth[k]).dice for k in range(12) if (mask | truth)[k].any()]
    np.testing.assert_allclose(dice, expected)
    path = tmp_path / "agreement.csv"
    clean_scene.dialogs.answer("QFileDialog.getSaveFileName", str(path))
    panel.ui.exportButton.click()
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert row["Method"] == "Brain (otsu)"
    assert float(row["Dice"]) == pytest.approx(overlap(mask, truth).dice, abs=1e-4)


def test_cancel_keeps_what_was_ready(panel, clean_scene):
    tick(panel, "otsu", "aabl", "cusum")
    panel.ui.compareButton.click()
    assert panel.ui.compareButton.text == "Cancel" and not panel.ui.segmentButton.enabled
    clean_scene.wait_until(lambda: masks_of(panel.parameters.inputNode))
    panel.ui.compareButton.click()
    clean_scene.wait_until(lambda: not panel.compareSection.busy)
    assert len(masks_of(panel.parameters.inputNode)) < 3
    assert panel.parameters.figuresTable is None and panel.ui.segmentButton.enabled
    assert panel.ui.compareButton.text == "Segment and compare"


def test_a_method_that_fails_does_not_cost_the_others(panel, clean_scene):
    """AABL finds no brain in an image without a head."""
    import slicer

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Noise")
    image = np.random.default_rng(0).integers(0, 3, (4, 32, 32)).astype(np.int16)
    slicer.util.updateVolumeFromArray(volume, image)
    panel.ui.inputSelector.setCurrentNode(volume)
    tick(panel, "otsu", "aabl", "cusum")
    compare(panel, clean_scene)
    text = panel.ui.compareStatusLabel.text
    failed = [name for name in ("otsu", "aabl", "cusum") if f"{name}: " in text]
    assert len(failed) + len(masks_of(volume)) == 3 and failed, text


def test_the_comparison_survives_save_and_reopen(panel, clean_scene, tmp_path):
    import slicer

    draw_truth(panel)
    tick(panel, "otsu")
    compare(panel, clean_scene)
    before = figures(panel)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert panel.ui.figuresView.mrmlTableNode() is None
    slicer.util.loadScene(path)
    panel.takeParameters()
    after = figures(panel)
    assert list(after) == list(before)
    assert after["Brain (otsu)"]["Dice"] == pytest.approx(before["Brain (otsu)"]["Dice"], abs=1e-4)
    assert panel.ui.exportButton.enabled
