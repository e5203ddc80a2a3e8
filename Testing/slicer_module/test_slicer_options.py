"""What a user chooses beside the series, and what is offered beside the mask."""

import numpy as np
import pytest
from dicom_factory import make_affine, write_classic
from played_runner import mask_answer, use_played_runner
from slicer_module_panel import (
    BRAIN,
    SPACING,
    add_series,
    choose_method,
    choose_series,
    make_series,
    masks_of,
    open_panel,
    segment_and_wait,
)

from DSCBrainSegLib.mrml.segmentation_node import findSegmentation


def test_first_there_is_little_to_look_at(clean_scene):
    panel = open_panel(clean_scene)
    clean_scene.process_events()
    names = [name for name in vars(panel.ui) if name.endswith("Section")]
    opened = [name for name in names if not getattr(panel.ui, name).collapsed]
    assert sorted(opened) == ["loadSection", "segmentSection"], "pick the series, segment"
    assert panel.parent.minimumSizeHint.height() < 700
    assert panel.parent.sizeHint.height() < 700


def test_with_a_series_in_the_scene_the_panel_begins_with_segment(clean_scene):
    add_series()
    panel = open_panel(clean_scene)
    assert panel.ui.loadSection.collapsed and not panel.ui.segmentSection.collapsed


def test_masks_go_into_the_segmentation_that_is_chosen(panel, clean_scene):
    import slicer

    volume = choose_series(panel).volume
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    panel.ui.outputSelector.setCurrentNode(mine)
    segment_and_wait(panel, clean_scene)
    assert findSegmentation(volume) is mine
    assert mine.GetSegmentation().GetNthSegment(0).GetName() == "Brain (otsu)"
    assert panel.ui.editor.segmentationNode() is mine
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1
    panel.ui.outputSelector.setCurrentNode(None)
    segment_and_wait(panel, clean_scene)
    own = findSegmentation(volume)
    assert own is not mine and panel.ui.outputSelector.currentNode() is own


def test_a_segmentation_under_another_transform_is_refused(panel, clean_scene):
    import slicer

    volume = choose_series(panel).volume
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Other")
    other.GetSegmentation().AddEmptySegment("liver", "Liver")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    other.SetAndObserveTransformNodeID(transform.GetID())
    panel.ui.outputSelector.setCurrentNode(other)
    assert "different transforms" in panel.ui.segmentStatusLabel.text
    assert findSegmentation(volume) is None and panel.ui.outputSelector.currentNode() is None


def test_own_weights_are_asked_of_the_worker(panel, clean_scene):
    from DSCBrainSegLib.network.weights import default_weights

    weights = default_weights()
    choose_series(panel)
    choose_method(panel, "network")
    runner = use_played_runner(panel, segment=mask_answer(BRAIN))
    panel.ui.weightsEdit.currentPath = str(weights)
    segment_and_wait(panel, clean_scene)
    panel.ui.weightsEdit.currentPath = ""
    segment_and_wait(panel, clean_scene)
    with_own, shipped = runner.of("segment")
    assert with_own["weights"] == str(weights) and "weights" not in shipped


def test_weights_that_are_none_are_told_at_once(panel, tmp_path):
    choose_series(panel)
    choose_method(panel, "network")
    panel.ui.weightsEdit.currentPath = str(tmp_path / "nothing.h5")
    panel.ui.segmentButton.click()
    assert "nothing.h5" in panel.ui.segmentStatusLabel.text and not panel.segmentSection.busy


def test_the_log_tells_versions_and_can_be_copied(panel, clean_scene):
    import qt

    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    panel.ui.logButton.click()
    window = panel.optionsSection._log
    window.copyButton.click()
    text = qt.QApplication.clipboard().text()
    assert "Slicer 5.12" in text and "numpy" in text
    window.dialog.close()


def test_a_single_volume_is_masked_too(panel, clean_scene):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Single")
    frame = make_series().frames[3]
    slicer.util.updateVolumeFromArray(node, frame)
    node.SetSpacing(*SPACING[::-1])
    panel.ui.inputSelector.setCurrentNode(node)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    (mask,) = masks_of(node).values()
    panel.ui.maskSeriesButton.click()
    masked = slicer.util.getNode("Single (brain)")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(masked), np.where(mask, frame, 0))
    assert not panel.ui.curvesButton.enabled and not panel.ui.motionButton.enabled


def test_the_mask_is_shown_as_a_surface_and_hidden_again(panel, clean_scene):
    import slicer

    volume = choose_series(panel).volume
    assert not panel.ui.show3DButton.enabled
    segment_and_wait(panel, clean_scene)
    node = findSegmentation(volume)
    panel.ui.show3DButton.click()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    polygons = node.GetSegmentation().GetNthSegment(0).GetRepresentation(surface)
    assert polygons.GetNumberOfPolys() > 1000 and node.GetDisplayNode().GetVisibility3D()
    panel.ui.show3DButton.click()
    assert not node.GetSegmentation().ContainsRepresentation(surface)


def moved_series():
    """A head with structure in six frames, one of them 6 mm (2 voxels) farther left."""
    from dataclasses import replace

    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(1)
    structure = gaussian_filter(rng.normal(0, 1, BRAIN.shape), 2.0)
    head = np.where(BRAIN, 600 + 2000 * structure, 40)
    frames = np.stack([head + rng.normal(0, 5, BRAIN.shape) for _ in range(6)])
    frames[5] = np.roll(frames[5], 2, axis=2)
    return replace(make_series(6), frames=frames.astype(np.float32))


def test_head_motion_is_taken_out_and_told(panel, clean_scene):
    import slicer

    from DSCBrainSegLib.mrml.sequence_to_series import openNode
    from DSCBrainSegLib.mrml.series_nodes import seriesOf
    from DSCBrainSegLib.mrml.series_to_sequence import addSeries

    series = moved_series()
    volume = addSeries(series, "Moved").volume
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.motionButton.click()
    assert panel.ui.motionButton.text == "Cancel"
    clean_scene.wait_until(lambda: panel.ui.motionButton.text != "Cancel", 60)
    told = panel.ui.wholeStatusLabel.text
    assert told.startswith("Added Moved (motion corrected); the head moved by up to 6.")
    table = slicer.util.getNode("Moved motion")
    shift = slicer.util.arrayFromTableColumn(table, table.GetColumnName(1))
    assert abs(shift[5]) == pytest.approx(6.0, abs=0.3) and abs(shift[:5]).max() < 0.3
    corrected = openNode(seriesOf(slicer.util.getNode("Moved (motion corrected)"))).read()
    np.testing.assert_allclose(corrected.times, series.times)
    inside = BRAIN & np.roll(BRAIN, 4, axis=2)
    before = np.abs(series.frames[5] - series.frames[3])[inside].mean()
    after = np.abs(corrected.frames[5] - series.frames[3])[inside].mean()
    assert after < 0.25 * before


def test_one_click_puts_a_dicom_seg_into_the_database(clean_scene, tmp_path):
    pytest.importorskip("highdicom")
    import slicer

    voxels = make_series(6).frames.astype(np.uint16)
    write_classic(tmp_path / "dicom", voxels, make_affine("oblique"))
    (uid,) = slicer.dicomDatabase.add_folder(tmp_path / "dicom")
    panel = open_panel(clean_scene)
    clean_scene.wait_until(lambda: not panel.loadSection.busy, 30)
    panel.loadSection.load(uid)
    choose_method(panel, "otsu")
    assert not panel.ui.dicomSegButton.enabled
    segment_and_wait(panel, clean_scene)
    panel.ui.dicomSegButton.click()
    clean_scene.wait_until(lambda: "DICOM database" in panel.ui.segmentStatusLabel.text, 60)
    headers = [h for h in slicer.dicomDatabase._headers.values() if h.Modality == "SEG"]
    assert len(headers) == 1
    (segment,) = headers[0].SegmentSequence
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert headers[0].StudyInstanceUID == slicer.dicomDatabase.studyForSeries(uid)


def test_a_series_without_dicom_files_has_no_such_button(panel, clean_scene):
    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    assert not panel.ui.dicomSegButton.enabled


def test_engine_and_device_reach_the_next_worker_and_are_remembered(panel, clean_scene):
    choose_series(panel)
    clean_scene.wait_until(lambda: panel.ui.deviceLabel.text)
    before = panel.logic.worker._runner
    panel.ui.deviceBox.setCurrentIndex(panel.ui.deviceBox.findText("auto"))
    clean_scene.wait_until(lambda: panel.logic.worker._runner is not before, 30)
    from DSCBrainSegPanel.slicer_process import libraryProcess

    environment = libraryProcess("DSCBrainSegLib.worker")._environment
    assert environment["DSCBRAINSEG_DEVICE"] == "auto"
    again = clean_scene.reload("DSCBrainSeg")
    assert again.ui.deviceBox.currentText == "auto" and again.ui.engineBox.currentText == "onnx"


def test_nothing_is_changed_under_a_segmentation_that_runs(panel, clean_scene):
    choose_series(panel)
    panel.ui.segmentButton.click()
    assert not panel.ui.deviceBox.enabled and not panel.ui.outputSelector.enabled
    clean_scene.wait_until(lambda: not panel.segmentSection.busy, 60)
    assert panel.ui.deviceBox.enabled
