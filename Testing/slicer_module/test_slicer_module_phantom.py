"""A radiologist's whole walk on the phantom of Sample Data: real worker processes, real weights.

The slowest test of the module: 40 s of processor time, half of it to simulate.
"""

import importlib.util

import numpy as np
import pytest
from dicom_factory import write_classic
from slicer_module_comparing import compare, figures, tick
from slicer_module_panel import (
    MODULE,
    is_alive,
    masks_of,
    open_panel,
    paint,
    segment_and_wait,
    worker_pid,
)

from DSCBrainSegLib.metrics.overlap import overlap

NETWORK, OTSU, TRUTH = "Brain (network)", "Brain (otsu)", "Ground truth (reader)"
SIZE = {"matrix": 64, "slices": 10, "frames": 16}


@pytest.fixture
def phantom(clean_scene, tmp_path, monkeypatch):
    """Simulated by Sample Data's button, exported as DICOM; returns (series UID, exact mask)."""
    if importlib.util.find_spec("nilearn") is None:  # not imported into this process
        pytest.skip("needs nilearn")
    import slicer

    clean_scene.load_module(MODULE)
    slicer.app.startupCompleted.emit()
    import SampleData
    from DSCBrainSegPanel import sample_data

    from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume

    monkeypatch.setattr(sample_data, "SIZE", SIZE)
    source = SampleData.SampleDataLogic().sourceForSampleName("DSCPhantom")
    (volume,) = source.customDownloader(source)  # as the button does
    ((name, exact),) = masks_of(volume).items()
    assert name == TRUTH and 500 < exact.sum() < exact.size / 2
    series = openNode(sequenceOfVolume(volume)).read()
    assert series.frames.shape == (16, 10, 64, 64)
    slicer.mrmlScene.Clear(0)
    write_classic(
        tmp_path / "dicom", series.frames, series.affine, SeriesDescription="ep2d_perf phantom"
    )
    (uid,) = slicer.dicomDatabase.add_folder(tmp_path / "dicom")
    return uid, exact


def load_from_list(panel, host, uid):
    """Click Load beside the only series of the list."""
    host.wait_until(lambda: panel.loadSection.candidates == [uid], 60)
    tree = panel.ui.dicomTree
    tree.itemWidget(tree.topLevelItem(0).child(0).child(0), 3).click()
    return panel.parameters.inputNode


def segment_with_progress(panel, host):
    """Press Segment; return what the progress bar said."""
    seen = []

    def ended():
        text = panel.ui.segmentProgressBar.format
        if text not in seen:
            seen.append(text)
        return not panel.segmentSection.busy

    panel.ui.segmentButton.click()
    host.wait_until(ended, 120)
    return seen


def draw_and_confirm(panel):
    """Seed a ground truth from the network's mask, draw into it, let a second reader agree."""
    ui = panel.ui
    ui.seedBox.setCurrentText(NETWORK)
    ui.startDrawingButton.click()
    paint(panel, np.s_[0, 0, :2])
    ui.readerEdit.text, ui.secondReaderEdit.text = "Reader A", "Reader B"
    ui.drawnButton.click()
    ui.confirmButton.click()


def compare_with_otsu(panel, host):
    """Tick Otsu, run it and return {method: Dice}."""
    tick(panel, "otsu")
    compare(panel, host)
    return {method: row["Dice"] for method, row in figures(panel).items()}


def test_from_dicom_to_a_confirmed_truth_and_back_from_disk(phantom, clean_scene, tmp_path):
    import slicer

    uid, exact = phantom
    panel = open_panel(clean_scene)
    volume = load_from_list(panel, clean_scene, uid)
    assert panel.ui.seriesLabel.text == "16 time points, 10 slices of 64 x 64, TE 30 ms"
    assert panel.ui.methodBox.currentText.startswith("network ")

    seen = segment_with_progress(panel, clean_scene)
    assert any("/ 10" in text for text in seen), seen
    told = panel.ui.segmentStatusLabel.text
    assert "mL (time point 4 of 16)" in told, told
    found = masks_of(volume)[NETWORK]
    assert overlap(found, exact).dice > 0.85
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    places = [tree.GetItemParent(tree.GetItemByDataNode(each)) for each in (volume, segmentation)]
    assert places[0] == places[1] and tree.GetItemLevel(places[0]) == "Study"

    paint(panel, np.s_[9, 0, :3])
    assert masks_of(volume)[NETWORK].sum() == found.sum() + 3
    assert clean_scene.press("Ctrl+Z") == 1
    assert np.array_equal(masks_of(volume)[NETWORK], found)

    draw_and_confirm(panel)
    state = panel.ui.truthStateLabel.text
    assert "started from network" in state and "confirmed by Reader B" in state
    dice = compare_with_otsu(panel, clean_scene)
    masks = masks_of(volume)
    assert set(dice) == {NETWORK, OTSU} and dice[NETWORK] > dice[OTSU]
    assert dice[NETWORK] == pytest.approx(overlap(found, masks[TRUTH]).dice)

    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    volume = panel.parameters.inputNode
    again = masks_of(volume)
    assert list(again) == list(masks)
    assert all(np.array_equal(again[name], masks[name]) for name in masks)
    assert panel.ui.truthStateLabel.text == state
    assert panel.ui.figuresView.mrmlTableNode() is panel.parameters.figuresTable

    pid = worker_pid(panel)
    segment_and_wait(panel, clean_scene, 60)
    assert worker_pid(panel) == pid and list(masks_of(volume)) == list(masks)
    panel.cleanup()
    assert not is_alive(pid)
