"""The module's panel in the test host: choose a series, segment in a real worker, cancel, crash."""

import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from played_runner import mask_answer, use_played_runner
from slicer_module_panel import (
    BRAIN,
    add_series,
    choose_method,
    is_alive,
    make_series,
    masks_of,
    open_panel,
    paint,
    segment_and_wait,
    worker_pid,
)


@pytest.fixture
def panel(clean_scene):
    """The module's widget, entered, in an empty scene."""
    return open_panel(clean_scene)


@pytest.fixture
def series(panel):
    """A series that is chosen in the panel, and the method Otsu."""
    nodes = add_series()
    panel.ui.inputSelector.setCurrentNode(nodes.volume)
    choose_method(panel, "otsu")
    return nodes


def use_slow_worker(panel):
    """Give the panel a worker that never ends and does not obey."""
    from DSCBrainSegLib.worker.child import ChildProcess
    from DSCBrainSegLib.worker.client import WorkerClient

    script = str(Path(__file__).with_name("slow_worker.py"))
    panel.logic.worker.stop()
    panel.logic.worker.makeRunner = lambda: WorkerClient(
        ChildProcess([sys.executable, script], dict(os.environ))
    )


@pytest.fixture
def slow_worker(panel):
    """See `use_slow_worker`."""
    use_slow_worker(panel)


def node_count():
    import slicer

    return slicer.mrmlScene.GetNumberOfNodes()


def test_an_empty_scene_offers_nothing_to_segment(panel):
    assert not panel.ui.segmentButton.enabled and not panel.ui.editSection.enabled
    assert panel.ui.seriesLabel.text == "" and panel.parameters.inputNode is None


def test_the_button_segments_without_blocking(panel, series, clean_scene):
    import slicer

    assert panel.ui.seriesLabel.text == "8 time points, 12 slices of 64 x 56, TE 30 ms"
    before = set(Path(slicer.app.temporaryPath).glob("DSCBrainSeg-*"))
    blocked = []
    while not blocked or min(blocked) >= 0.1:  # Other programs on the computer may block, too.
        assert len(blocked) < 3, blocked
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            slicer.mrmlScene.RemoveNode(node)
        blocked.append(segment_and_wait(panel, clean_scene))
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


def test_the_worker_tells_its_device_and_stays_warm(panel, series, clean_scene):
    clean_scene.wait_until(lambda: panel.ui.deviceLabel.text)
    assert "processor core" in panel.ui.deviceLabel.text
    assert "about" not in panel.ui.deviceLabel.text
    choose_method(panel, "network")
    assert "about 1 s" in panel.ui.deviceLabel.text
    choose_method(panel, "otsu")
    before = worker_pid(panel)
    segment_and_wait(panel, clean_scene)
    choose_method(panel, "aabl")
    segment_and_wait(panel, clean_scene)
    assert worker_pid(panel) == before
    assert set(masks_of(series.volume)) == {"Brain (otsu)", "Brain (aabl)"}
    clean_scene.leave()
    assert is_alive(before)
    panel.cleanup()
    assert not is_alive(before)


def test_progress_names_step_and_slice(panel, series, slow_worker, clean_scene):
    panel.ui.segmentButton.click()
    assert panel.ui.segmentButton.text == "Cancel" and not panel.ui.methodBox.enabled
    clean_scene.wait_until(lambda: panel.ui.segmentProgressBar.value >= 3)
    assert panel.ui.segmentProgressBar.maximum == 20
    assert panel.ui.segmentProgressBar.format.startswith("Segmenting slices: ")
    assert not panel.ui.segmentProgressBar.isHidden()


def test_cancel_takes_less_than_a_second(panel, series, slow_worker, clean_scene):
    before = node_count()
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: panel.ui.segmentProgressBar.value >= 2)
    pid, start = worker_pid(panel), time.monotonic()
    panel.ui.segmentButton.click()
    longest = clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert time.monotonic() - start < 1.0 and longest < 0.2
    assert "Cancelled" in panel.ui.segmentStatusLabel.text and not is_alive(pid)
    assert node_count() == before and panel.ui.segmentButton.text == "Segment"


def test_a_killed_worker_costs_one_case_and_one_sentence(panel, series, clean_scene):
    real = panel.logic.worker.makeRunner
    use_slow_worker(panel)
    before = node_count()
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: panel.ui.segmentProgressBar.value >= 1)
    os.kill(worker_pid(panel), signal.SIGKILL)
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert "ended unexpectedly" in panel.ui.segmentStatusLabel.text
    assert "memory" in panel.ui.segmentStatusLabel.text
    assert node_count() == before
    panel.logic.worker.stop()
    panel.logic.worker.makeRunner = real
    segment_and_wait(panel, clean_scene)
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]


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
    assert segment_and_wait(panel, clean_scene) < 0.2
    chosen = int(panel.ui.segmentStatusLabel.text.split("time point ")[1].split(" ")[0])
    assert 5 <= chosen <= 8
    assert list(masks_of(nodes.volume)) == ["Brain (otsu)"]


@pytest.mark.parametrize(("frames", "sent"), [(16, 16), (8, 1)])
def test_a_network_that_uses_the_bolus_gets_the_whole_series(
    panel, clean_scene, monkeypatch, frames, sent
):
    """A short one shows no bolus: its time point is enough."""
    from types import SimpleNamespace

    from DSCBrainSegPanel import segmentation_job

    monkeypatch.setattr(segmentation_job, "network_of", lambda: SimpleNamespace(bolus_channel=True))
    answer, found = mask_answer(BRAIN), []

    def segment(request):
        found.append((np.load(request["input"]).shape[0], request["frame"]))
        return answer(request)

    use_played_runner(panel, segment=segment)
    volume = add_series(frames=frames).volume
    job = panel.logic.segment(volume, "network", waitForCompletion=True)
    assert found == [(sent, 3 if sent == frames else 0)] and job.frameNumber == 4
    assert list(masks_of(volume)) == ["Brain (network)"]


def test_cancel_while_the_series_is_written_for_the_worker(panel, series, clean_scene):
    panel.ui.frameBox.setCurrentIndex(2)
    panel.ui.segmentButton.click()
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert "Cancelled" in panel.ui.segmentStatusLabel.text and masks_of(series.volume) == {}


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


def test_scene_closed_while_the_worker_computes(panel, series, slow_worker, clean_scene):
    import slicer

    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: panel.ui.segmentProgressBar.value >= 1)
    slicer.mrmlScene.Clear(0)
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert not panel.ui.segmentButton.enabled


def test_series_removed_while_the_worker_computes(panel, series, clean_scene):
    import slicer

    panel.ui.segmentButton.click()
    slicer.mrmlScene.RemoveNode(series.browser)
    slicer.mrmlScene.RemoveNode(series.volume)
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert "removed meanwhile" in panel.ui.segmentStatusLabel.text
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


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


def test_two_series_keep_their_own_masks_through_save_and_reopen(
    panel, series, clean_scene, tmp_path
):
    import slicer

    segment_and_wait(panel, clean_scene)
    other = add_series("Other", frames=4)
    panel.ui.inputSelector.setCurrentNode(other.volume)
    assert not panel.ui.editSection.enabled
    segment_and_wait(panel, clean_scene)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert panel.parameters.inputNode is None
    slicer.util.loadScene(path)
    panel.takeParameters()
    assert panel.parameters.inputNode.GetName() == "Other"
    assert panel.ui.methodBox.currentText.startswith("otsu ")
    assert panel.ui.editor.segmentationNode().GetName() == "Other segmentation"
    for name in ("Perfusion", "Other"):
        assert list(masks_of(slicer.util.getNode(name))) == ["Brain (otsu)"]
    segment_and_wait(panel, clean_scene)
    assert len(masks_of(panel.parameters.inputNode)) == 1


def test_the_module_can_be_reloaded(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    pid = worker_pid(panel)
    again = clean_scene.reload("DSCBrainSeg")
    assert again is not panel and not is_alive(pid)
    again.enter()
    assert again.parameters.inputNode is series.volume
    segment_and_wait(again, clean_scene)
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]


def test_scripts_wait_and_slicers_own_test_passes(panel, series, clean_scene):
    import slicer

    from DSCBrainSegLib.errors import ConfigurationError

    job = panel.logic.segment(series.sequence, "otsu", frame=1, waitForCompletion=True)
    assert job.frameNumber == 2 and job.facts["method"] == "otsu"
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]
    with pytest.raises(ConfigurationError, match="no segmentation method"):
        panel.logic.segment(series.volume, "unknown", waitForCompletion=True)
    slicer.selfTests["DSCBrainSeg"]()


def test_the_network_runs_in_the_worker(panel, clean_scene):
    if importlib.util.find_spec("tensorflow") is None:  # not imported into this process
        pytest.skip("needs TensorFlow")
    import slicer

    k, j, i = np.ogrid[:10, :128, :128]

    def ellipsoid(size):
        parts = ((k - 4) / 7, (j - 64) / 48, (i - 64) / 38)
        return sum(part**2 for part in parts) < size**2

    image = np.full((10, 128, 128), 10.0)
    for size, brightness in ((1.25, 250), (1.12, 40), (1.0, 700)):
        image[ellipsoid(size)] = brightness
    image += np.random.default_rng(0).normal(0, 15, image.shape)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Head")
    slicer.util.updateVolumeFromArray(volume, image.astype(np.float32))
    volume.SetIJKToRASMatrix(
        slicer.util.vtkMatrixFromArray(
            np.array([[-1.8, 0, 0, 115], [0, -1.8, 0, 110], [0, 0, 6.0, -30], [0, 0, 0, 1]])
        )
    )
    panel.ui.inputSelector.setCurrentNode(volume)
    before = "tensorflow" in sys.modules  # by a test of another file
    assert panel.ui.methodBox.currentText.startswith("network ")
    assert segment_and_wait(panel, clean_scene, timeout=120) < 0.3
    assert list(masks_of(volume)) == ["Brain (network)"], panel.ui.segmentStatusLabel.text
    mask, inside = masks_of(volume)["Brain (network)"], ellipsoid(1.0)
    assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.8
    assert ("tensorflow" in sys.modules) == before
