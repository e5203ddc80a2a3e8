"""The worker process behind the panel: warm, cancelled, killed, outlived by nothing."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from places import REPOSITORY, SUPPORT
from played_runner import use_played_runner
from slicer_module_panel import (
    choose_method,
    choose_series,
    is_alive,
    least,
    masks_of,
    segment_and_wait,
    worker_pid,
)


@pytest.fixture
def series(panel):
    """A series that is chosen in the panel, and the method Otsu."""
    return choose_series(panel)


def use_slow_worker(panel):
    """Give the panel a worker that never ends and does not obey."""
    from DSCBrainSegLib.child_process import ChildProcess
    from DSCBrainSegLib.worker.client import WorkerClient

    script = str(SUPPORT / "slow_worker.py")
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
    """Of a worker that does not listen, with the time other programs take."""
    before = node_count()

    def seconds():
        panel.ui.segmentButton.click()
        clean_scene.wait_until(lambda: panel.ui.segmentProgressBar.value >= 2)
        pid, start = worker_pid(panel), time.monotonic()
        panel.ui.segmentButton.click()
        clean_scene.wait_until(lambda: not panel.segmentSection.busy)
        taken = time.monotonic() - start
        assert "Cancelled" in panel.ui.segmentStatusLabel.text and not is_alive(pid)
        assert node_count() == before and panel.ui.segmentButton.text == "Segment"
        return taken

    assert least(seconds, 1.0) < 1.0


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


def test_cancel_while_the_series_is_written_for_the_worker(panel, series, clean_scene):
    panel.ui.frameBox.setCurrentIndex(2)
    panel.ui.segmentButton.click()
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert "Cancelled" in panel.ui.segmentStatusLabel.text and masks_of(series.volume) == {}


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


def test_the_module_can_be_reloaded(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    pid = worker_pid(panel)
    again = clean_scene.reload("DSCBrainSeg")
    assert again is not panel and not is_alive(pid)
    assert panel.ui.editor.mrmlSegmentEditorNode() is None, "Slicer keeps the old one, hidden"
    # Slicer calls setup(), but not enter(), of a module that is open.
    assert again.ui.editor.view_observations and clean_scene.press("Ctrl+Z") == 1
    assert again.parameters.inputNode is series.volume
    segment_and_wait(again, clean_scene)
    assert list(masks_of(series.volume)) == ["Brain (otsu)"]


def test_a_surprise_ends_the_case_with_a_sentence_and_a_log(panel, series, clean_scene, caplog):
    """An answer that lacks what was agreed: the panel must not wait for ever."""
    runner = use_played_runner(panel, segment=lambda request: {"mask_file": 3})
    before = node_count()
    segment_and_wait(panel, clean_scene)
    assert "unexpected" in panel.ui.segmentStatusLabel.text and len(runner.of("segment")) == 1
    assert "Traceback" in caplog.text and node_count() == before
    assert panel.ui.segmentButton.enabled and panel.ui.segmentButton.text == "Segment"


KILLED_SLICER = """
import sys, time
from slicer_host.host import start_host
host = start_host()
from slicer_module_panel import open_panel, worker_pid
panel = open_panel(host)
host.wait_until(lambda: panel.segmentSection.hello, 60)
print(worker_pid(panel), flush=True)
time.sleep(120)
"""


def test_a_killed_slicer_leaves_no_worker_behind():
    paths = os.pathsep.join([str(SUPPORT), str(REPOSITORY)])
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED_SLICER],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pid = int(program.stdout.readline())
        assert is_alive(pid)
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
    end = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(pid)


def test_the_network_runs_in_the_worker(panel, clean_scene):
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
    assert panel.ui.methodBox.currentText.startswith("network ")

    def blocked():
        return segment_and_wait(panel, clean_scene, timeout=180)

    assert least(blocked, 0.3, tries=2) < 0.3  # loading the library takes both processor cores
    assert least(blocked, 0.1) < 0.1
    assert list(masks_of(volume)) == ["Brain (network)"], panel.ui.segmentStatusLabel.text
    mask, inside = masks_of(volume)["Brain (network)"], ellipsoid(1.0)
    assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.8
    assert "onnxruntime" not in sys.modules
