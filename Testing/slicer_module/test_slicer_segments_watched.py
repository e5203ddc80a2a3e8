"""The panel follows what is done to segments elsewhere, and says who made them."""

import numpy as np
import pytest
import vtk
from slicer_module_panel import choose_series, open_panel, paint, segment_and_wait

from DSCBrainSegLib.mrml.segmentation_node import findSegmentation


@pytest.fixture
def panel(clean_scene):
    """The panel with a series that Otsu has segmented."""
    panel = open_panel(clean_scene)
    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    return panel


def segments_of(panel):
    return findSegmentation(panel.parameters.inputNode).GetSegmentation()


def items(box):
    return [box.itemText(index) for index in range(box.count)]


def tag(segment, name):
    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else ""


def test_a_segment_removed_in_the_editor_leaves_all_lists(panel, clean_scene):
    segments = segments_of(panel)
    assert items(panel.ui.maskBox) == items(panel.ui.referenceBox) == ["Brain (otsu)"]
    segments.RemoveSegment(segments.GetNthSegmentID(0))
    clean_scene.process_events()
    assert items(panel.ui.maskBox) == items(panel.ui.referenceBox) == []
    assert items(panel.ui.seedBox) == ["nothing"]
    assert not panel.ui.regionButton.enabled


def test_a_renamed_segment_has_its_new_name_everywhere(panel, clean_scene):
    segments_of(panel).GetNthSegment(0).SetName("Corrected")
    clean_scene.process_events()
    assert items(panel.ui.maskBox) == items(panel.ui.referenceBox) == ["Corrected"]
    assert items(panel.ui.seedBox) == ["nothing", "Corrected"]


def test_a_stroke_takes_the_confirmation_away_on_the_screen_too(panel, clean_scene):
    panel.ui.readerEdit.text, panel.ui.secondReaderEdit.text = "A", "B"
    panel.ui.seedBox.setCurrentIndex(1)
    panel.ui.startDrawingButton.click()
    panel.ui.drawnButton.click()
    panel.ui.confirmButton.click()
    clean_scene.process_events()
    assert "confirmed by B" in panel.ui.truthStateLabel.text
    assert not panel.ui.confirmButton.enabled
    paint(panel, np.s_[2:4, 5:9, 5:9])
    clean_scene.process_events()
    assert "confirmed" not in panel.ui.truthStateLabel.text
    assert panel.ui.confirmButton.enabled


@pytest.mark.parametrize("gone", [True, False])
def test_no_empty_region_is_offered_to_dsc_analysis(panel, gone):
    import slicer

    from DSCBrainSegLib.mrml.segments import replaceMask, segmentMask

    volume, node = panel.parameters.inputNode, findSegmentation(panel.parameters.inputNode)
    segments = segments_of(panel)
    segment_id = segments.GetNthSegmentID(0)
    if gone:
        segments.RemoveSegment(segment_id)  # and the click comes before the panel has looked
    else:
        replaceMask(node, segment_id, volume, segmentMask(node, segment_id, volume) & False)
    panel.ui.regionButton.click()
    assert ("removed" if gone else "empty") in panel.ui.wholeStatusLabel.text
    assert not slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")


def test_dicom_seg_will_say_who_made_each_mask(panel, clean_scene):
    segment = segments_of(panel).GetNthSegment(0)
    assert tag(segment, "DICOM.SegmentAlgorithmType") == "AUTOMATIC"
    assert tag(segment, "DICOM.SegmentAlgorithmName") == "DSCBrainSeg otsu"
    paint(panel, np.s_[2:4, 5:9, 5:9])
    clean_scene.wait_until(lambda: tag(segment, "DICOM.SegmentAlgorithmType") == "SEMIAUTOMATIC")
    panel.ui.startDrawingButton.click()
    paint(panel, np.s_[2:4, 5:9, 5:9])
    drawn = segments_of(panel).GetNthSegment(1)
    clean_scene.wait_until(lambda: tag(drawn, "DICOM.SegmentAlgorithmType") == "MANUAL")
    assert tag(drawn, "DICOM.SegmentAlgorithmName") == ""


def test_a_drawing_that_began_with_a_mask_is_semiautomatic(panel, clean_scene):
    panel.ui.seedBox.setCurrentIndex(1)
    panel.ui.startDrawingButton.click()
    drawn = segments_of(panel).GetNthSegment(1)
    clean_scene.wait_until(lambda: tag(drawn, "DICOM.SegmentAlgorithmType") == "SEMIAUTOMATIC")
    assert tag(drawn, "DICOM.SegmentAlgorithmName") == "DSCBrainSeg otsu"
