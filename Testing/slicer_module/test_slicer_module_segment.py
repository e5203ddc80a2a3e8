"""Segment in the panel with the real worker: result, time points, inputs; edit what came."""

from pathlib import Path

import numpy as np
import pytest
from played_runner import mask_answer, use_played_runner
from slicer_module_panel import (
    BRAIN,
    add_series,
    choose_method,
    choose_series,
    least,
    make_series,
    masks_of,
    paint,
    segment_and_wait,
)


@pytest.fixture
def series(panel):
    """A series that is chosen in the panel, and the method Otsu."""
    return choose_series(panel)


def test_an_empty_scene_offers_nothing_to_segment(panel):
    assert not panel.ui.segmentButton.enabled and not panel.ui.editSection.enabled
    assert panel.ui.seriesLabel.text == "" and panel.parameters.inputNode is None


def test_the_button_segments_without_blocking(panel, series, clean_scene):
    import slicer

    assert panel.ui.seriesLabel.text == "8 time points, 12 slices of 64 x 56, TE 30 ms"
    before = set(Path(slicer.app.temporaryPath).glob("DSCBrainSeg-*"))

    def blocked():
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            slicer.mrmlScene.RemoveNode(node)
        return segment_and_wait(panel, clean_scene)

    assert least(blocked, 0.1) < 0.1
    (mask,) = masks_of(series.volume).values()
    assert 2 * (mask & BRAIN).sum() / (mask.sum() + BRAIN.sum()) > 0.99
    volume_ml = mask.sum() * 3 * 3 * 5 / 1000
    assert (
        panel.ui.segmentStatusLabel.text == f"Brain volume {volume_ml:.0f} mL (time point 4 of 8)."
    )
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    segment = node.GetSegmentation().GetNthSegment(0)
    assert segment.GetName() == "Brain (otsu)"
    assert node.GetDisplayNode().GetVisibility2DOutline()
    assert not panel.ui.segmentButton.isHidden() and panel.ui.segmentButton.text == "Segment"
    assert panel.ui.segmentProgressBar.isHidden()
    assert panel.ui.editor.segmentationNode() is node
    assert not set(Path(slicer.app.temporaryPath).glob("DSCBrainSeg-*")) - before


def test_another_time_point_and_one_that_does_not_exist(panel, series, clean_scene):
    panel.ui.frameBox.setCurrentIndex(1)
    panel.ui.frameNumberBox.setValue(8)
    segment_and_wait(panel, clean_scene)
    assert "(time point 8 of 8)" in panel.ui.segmentStatusLabel.text
    panel.ui.frameNumberBox.setValue(9)
    panel.ui.segmentButton.click()
    assert "choose 1 to 8" in panel.ui.segmentStatusLabel.text and not panel.segmentSection.busy


def test_time_point_chosen_by_the_signal_of_the_whole_series(panel, clean_scene):
    """The first ones are brighter, a bolus comes at the 9th."""
    from DSCBrainSegLib.mrml.series_to_sequence import addSeries

    series = make_series(16)
    level = np.ones(16)
    level[:5] = (1.6, 1.4, 1.3, 1.2, 1.1)
    level[8:] = 0.6
    series.frames[:] = series.frames * level[:, None, None, None]
    nodes = addSeries(series, "Settling")
    panel.ui.inputSelector.setCurrentNode(nodes.volume)
    choose_method(panel, "otsu")
    panel.ui.frameBox.setCurrentIndex(2)
    assert least(lambda: segment_and_wait(panel, clean_scene), 0.1) < 0.1
    chosen = int(panel.ui.segmentStatusLabel.text.split("time point ")[1].split(" ")[0])
    assert 5 <= chosen <= 8
    assert list(masks_of(nodes.volume)) == ["Brain (otsu)"]


@pytest.mark.parametrize(("frames", "sent"), [(16, 16), (8, 1)])
def test_a_network_that_uses_the_bolus_gets_the_whole_series(
    panel, clean_scene, monkeypatch, frames, sent
):
    """A short one shows no bolus: its time point is enough."""
    from types import SimpleNamespace

    from DSCBrainSegLib.network import weights
    from DSCBrainSegLib.series.exchange import read_exchange

    uses_it = SimpleNamespace(bolus_channel=True)
    monkeypatch.setattr(weights, "network_of", lambda path: uses_it)
    answer, found = mask_answer(BRAIN), []

    def segment(request):
        found.append((len(read_exchange(request["input"]).frames), request["frame"]))
        return answer(request)

    use_played_runner(panel, segment=segment)
    volume = add_series(frames=frames).volume
    job = panel.logic.segment(volume, "network", waitForCompletion=True)
    assert found == [(sent, 3)] and job.frameNumber == 4
    assert list(masks_of(volume)) == ["Brain (network)"]


def test_wrong_input_gives_a_sentence(panel, clean_scene):
    import slicer

    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    panel.ui.inputSelector.setCurrentNode(empty)
    assert panel.ui.seriesLabel.text == "Empty holds no image; load it again."
    panel.ui.segmentButton.click()
    assert panel.ui.segmentStatusLabel.text == "Empty holds no image; load it again."
    assert not panel.segmentSection.busy


def test_a_sequence_without_browser_and_a_single_volume_are_taken(panel, series, clean_scene):
    import slicer

    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Copy")
    copy.Copy(series.sequence)
    panel.ui.inputSelector.setCurrentNode(copy)
    segment_and_wait(panel, clean_scene)
    assert "time point 4 of 8" in panel.ui.segmentStatusLabel.text
    single = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Single")
    slicer.util.updateVolumeFromArray(single, make_series(1).frames[0])
    single.SetSpacing(3, 3, 5)
    panel.ui.inputSelector.setCurrentNode(single)
    segment_and_wait(panel, clean_scene)
    assert list(masks_of(single)) == ["Brain (otsu)"]


def test_a_segment_that_was_edited_is_kept(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    paint(panel, np.s_[0, 0, :3])
    segment_and_wait(panel, clean_scene)
    masks = masks_of(series.volume)
    assert list(masks) == ["Brain (otsu)", "Brain (otsu) 2"]
    assert masks["Brain (otsu)"][0, 0, :3].all() and not masks["Brain (otsu) 2"][0, 0, :3].any()
    segment_and_wait(panel, clean_scene)
    assert len(masks_of(series.volume)) == 2


def test_undo_brings_back_the_mask_before(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    paint(panel, np.s_[0, 0, :3])
    assert masks_of(series.volume)["Brain (otsu)"][0, 0, :3].all()
    assert clean_scene.press("Ctrl+Z") == 1
    assert not masks_of(series.volume)["Brain (otsu)"][0, 0, :3].any()
    choose_method(panel, "aabl")
    segment_and_wait(panel, clean_scene)
    assert len(masks_of(series.volume)) == 2
    assert clean_scene.press("Ctrl+Z") == 1
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]


def test_shortcuts_belong_to_the_module_only_while_it_is_open(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    clean_scene.leave()
    assert clean_scene.press("Ctrl+Z") == 0 and not panel.ui.editor.view_observations
    clean_scene.select("DSCBrainSeg")
    assert clean_scene.press("Ctrl+Z") == 1 and panel.ui.editor.view_observations


def test_scripts_wait_and_slicers_own_test_passes(panel, series, clean_scene):
    import slicer

    from DSCBrainSegLib.errors import ConfigurationError

    job = panel.logic.segment(series.sequence, "otsu", frame=1, waitForCompletion=True)
    assert job.frameNumber == 2 and job.facts["method"] == "otsu"
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]
    with pytest.raises(ConfigurationError, match="no segmentation method"):
        panel.logic.segment(series.volume, "unknown", waitForCompletion=True)
    slicer.selfTests["DSCBrainSeg"]()
