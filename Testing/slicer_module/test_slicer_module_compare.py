"""Several methods on one series, measured against a reference, in the panel."""

import csv

import numpy as np
import pytest
from played_runner import WorkerProblem, use_played_runner
from slicer_module_comparing import compare, draw_truth, figures, tick
from slicer_module_panel import (
    add_series,
    choose_method,
    least,
    masks_of,
    open_panel,
    segment_and_wait,
)

from DSCBrainSegLib.metrics.overlap import overlap


@pytest.fixture
def panel(clean_scene):
    """The module's widget with a series."""
    widget = open_panel(clean_scene)
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    return widget


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
    storage = panel.parameters.figuresTable.GetStorageNode()
    assert storage is None, "the next save of the scene would overwrite the exported file"
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


def big_series():
    """A series with a brain of real size: its surface distances take some tenths of a second."""
    from DSCBrainSegLib.mrml.series_to_sequence import addSeries
    from DSCBrainSegLib.series import DSCSeries

    k, j, i = np.ogrid[:24, :160, :160]
    brain = ((k - 12) / 11) ** 2 + ((j - 80) / 70) ** 2 + ((i - 78) / 60) ** 2 < 1
    noise = np.random.default_rng(1).normal(0, 60, (2, *brain.shape))
    frames = (np.where(brain, 600, 150) + noise).clip(0).astype(np.int16)
    affine = np.diag([1.4, 1.4, 5.0, 1.0])
    return addSeries(DSCSeries(frames, np.array([0.0, 1.5]), affine), "Big")


def test_measuring_does_not_block_the_interface(panel, clean_scene):
    panel.ui.inputSelector.setCurrentNode(big_series().volume)
    panel.ui.frameBox.setCurrentIndex(1)
    panel.ui.frameNumberBox.setValue(1)
    for name in ("otsu", "aabl"):
        choose_method(panel, name)
        segment_and_wait(panel, clean_scene)
    assert len(masks_of(panel.parameters.inputNode)) == 2, panel.ui.segmentStatusLabel.text
    tick(panel)
    assert least(lambda: compare(panel, clean_scene), 0.1) < 0.1
    assert 0 < figures(panel)["Brain (aabl)"]["Dice"] < 1


def test_a_single_mask_is_not_compared_with_itself(panel, clean_scene):
    tick(panel, "otsu")
    compare(panel, clean_scene)
    assert "nothing to compare" in panel.ui.compareStatusLabel.text
    assert panel.parameters.figuresTable is None and not panel.ui.reportButton.enabled


def test_a_worker_that_ends_while_it_measures_costs_a_sentence(panel, clean_scene):
    def ends(request):
        raise WorkerProblem({"kind": "ended", "message": "The process ended unexpectedly."})

    draw_truth(panel)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    use_played_runner(panel, measure=ends)
    tick(panel)
    compare(panel, clean_scene)
    assert panel.ui.compareStatusLabel.text == "The process ended unexpectedly."
    assert panel.parameters.figuresTable is None and panel.ui.compareButton.enabled


def test_measuring_is_cancelled_and_the_scene_closed_meanwhile(panel, clean_scene):
    import slicer

    draw_truth(panel)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    tick(panel)
    runner = use_played_runner(panel)
    panel.ui.compareButton.click()
    clean_scene.wait_until(lambda: runner.of("measure"))
    panel.ui.compareButton.click()
    clean_scene.wait_until(lambda: not panel.compareSection.busy)
    assert "Cancelled" in panel.ui.compareStatusLabel.text
    panel.ui.compareButton.click()
    clean_scene.wait_until(lambda: len(runner.of("measure")) == 2)
    slicer.mrmlScene.Clear(0)
    clean_scene.wait_until(lambda: not panel.compareSection.busy)
    assert panel.parameters.figuresTable is None
    assert not slicer.util.getNodesByClass("vtkMRMLTableNode")


def test_two_series_keep_their_own_tables_through_save_and_reopen(panel, clean_scene, tmp_path):
    import slicer

    first = panel.parameters.inputNode
    draw_truth(panel)
    tick(panel, "otsu")
    compare(panel, clean_scene)
    before = figures(panel)
    panel.ui.inputSelector.setCurrentNode(add_series("Other").volume)
    assert panel.parameters.figuresTable is None and not panel.ui.exportButton.enabled
    tick(panel, "otsu", "aabl")
    compare(panel, clean_scene)
    assert list(figures(panel)) == ["Brain (aabl)"]
    panel.ui.inputSelector.setCurrentNode(first)
    assert figures(panel) == before
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    panel.takeParameters()
    for name, methods in (("Perfusion", ["Brain (otsu)"]), ("Other", ["Brain (aabl)"])):
        panel.ui.inputSelector.setCurrentNode(slicer.util.getNode(name))
        assert list(figures(panel)) == methods
