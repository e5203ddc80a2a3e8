"""The network library in the panel: asked for, installed with progress, cancelled, removed."""

import os
import sys
from pathlib import Path

import pytest
from played_runner import use_played_runner
from slicer_module_panel import (
    add_series,
    choose_method,
    is_alive,
    make_series,
    open_panel,
    worker_pid,
)

STATES = {"missing": 0, "ready": 1_700_000_000, "incomplete": 400_000_000}


class FakeRuntime:
    """A state, and processes in place of pip that say what the real ones say."""

    def __init__(self):
        self.status = "missing"
        self.commands = []
        self.script = "print('Downloading tensorflow'); print('ready, 1.70 GB')"
        self.after = "ready"

    def state(self):
        from DSCBrainSegLib.installation.runtime import RuntimeState

        return RuntimeState(self.status, Path("folder"), STATES[self.status])

    def process(self, module, action):
        from DSCBrainSegLib.child_process import ChildProcess

        assert module == "DSCBrainSegLib.installation.runtime"
        self.commands.append(action)
        script = self.script if action == "install" else "pass"
        self.status = self.after if action == "install" else "missing"
        return ChildProcess([sys.executable, "-u", "-c", script], dict(os.environ))


@pytest.fixture
def runtime(clean_scene, monkeypatch):
    """No network library is installed, and the user is asked as in Slicer."""
    import slicer
    from slicer_module_panel import MODULE

    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel import runtime_tasks, segment_section

    fake = FakeRuntime()
    monkeypatch.setattr(segment_section, "runtime_state", fake.state)
    monkeypatch.setattr(runtime_tasks, "runtime_state", fake.state)
    slicer.app.set_testing(False)
    return fake


@pytest.fixture
def panel(clean_scene, runtime):
    """The widget with a series; the network is the method."""
    widget = open_panel(clean_scene)
    widget.logic.runtime.makeProcess = runtime.process
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    clean_scene.wait_until(lambda: widget.ui.deviceLabel.text)
    return widget


def answer(host, yes):
    import qt

    host.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.Yes if yes else qt.QMessageBox.No)


def test_nothing_is_installed_without_a_yes(panel, runtime, clean_scene):
    assert "not installed" in panel.ui.runtimeLabel.text
    assert panel.ui.removeRuntimeButton.isHidden()
    answer(clean_scene, yes=False)
    panel.ui.segmentButton.click()
    assert "choose another method" in panel.ui.segmentStatusLabel.text
    assert runtime.commands == [] and not panel.segmentSection.busy
    (shown,) = clean_scene.dialogs.shown
    assert "40 MB" in shown[1][0].text and "110 MB" in shown[1][0].text


def test_other_methods_need_no_library(panel, runtime, clean_scene):
    choose_method(panel, "otsu")
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert "Brain volume" in panel.ui.segmentStatusLabel.text and clean_scene.dialogs.shown == []


def test_after_the_installation_it_segments_in_a_new_worker(panel, runtime, clean_scene):
    before, asked = worker_pid(panel), []
    panel.logic.makeJob = lambda *values, **more: asked.append(values) or stub_job(more)
    runtime.script = "import time; print('Downloading tensorflow', flush=True); time.sleep(0.3)"
    answer(clean_scene, yes=True)
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: panel.ui.segmentStatusLabel.text == "Downloading tensorflow")
    assert panel.ui.segmentButton.text == "Cancel" and not panel.ui.segmentProgressBar.isHidden()
    clean_scene.wait_until(lambda: asked)
    assert asked[0][1] == "network" and runtime.commands == ["install"]
    clean_scene.wait_until(lambda: not is_alive(before))
    clean_scene.wait_until(lambda: panel.segmentSection.hello is not None)
    assert worker_pid(panel) != before
    assert "installed, 1.7 GB" in panel.ui.runtimeLabel.text
    assert not panel.ui.removeRuntimeButton.isHidden()


def stub_job(callbacks):
    """Return a job that does nothing: what it does is tested elsewhere."""

    class Job:
        def start(self):
            pass

        def cancel(self):
            pass

    return Job()


def test_an_installation_can_be_cancelled_and_leaves_nothing(panel, runtime, clean_scene):
    runtime.script = "import time; print('Downloading'); time.sleep(60)"
    runtime.after = "incomplete"
    answer(clean_scene, yes=True)
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: panel.ui.segmentStatusLabel.text == "Downloading")
    pid = panel.logic.runtime._task._process._process.pid
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy, timeout=5)
    assert not is_alive(pid) and runtime.commands == ["install", "remove"]
    assert panel.ui.segmentStatusLabel.text == "Cancelled; nothing was installed."
    assert panel.ui.segmentButton.enabled and panel.ui.segmentButton.text == "Segment"


def list_for_batch(panel, host, folder):
    from DSCBrainSegLib.series import write_nrrd

    series = make_series(4)
    (folder / "in" / "A").mkdir(parents=True)
    path = folder / "in" / "A" / "series.nrrd"
    write_nrrd(path, series.frames, series.affine, series.times)
    host.dialogs.answer("QFileDialog.getExistingDirectory", str(folder / "in"))
    panel.ui.batchAddButton.click()
    panel.ui.batchOutputEdit.currentPath = str(folder / "results")


def test_a_batch_that_runs_keeps_its_worker(panel, runtime, clean_scene, tmp_path):
    """Installing and removing need a new worker: both are refused with a reason."""
    runner = use_played_runner(panel)
    choose_method(panel, "otsu")
    list_for_batch(panel, clean_scene, tmp_path)
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: runner.of("segment"))
    choose_method(panel, "network")
    panel.ui.segmentButton.click()
    assert "while a batch runs" in panel.ui.segmentStatusLabel.text
    runtime.status = "ready"
    panel.enter()
    panel.segmentSection.say("")
    panel.ui.removeRuntimeButton.click()
    assert "while a batch runs" in panel.ui.segmentStatusLabel.text
    assert clean_scene.dialogs.shown[1:] == [] and runtime.commands == []
    assert panel.batchSection.busy and not runner.cancelled


def test_a_batch_starts_after_an_installation(panel, runtime, clean_scene, tmp_path):
    runtime.script = "import time; print('Downloading'); time.sleep(60)"
    runtime.after = "incomplete"
    list_for_batch(panel, clean_scene, tmp_path)
    answer(clean_scene, yes=True)
    panel.ui.segmentButton.click()
    choose_method(panel, "otsu")
    assert panel.ui.batchStartButton.enabled
    panel.ui.batchStartButton.click()
    assert "start the batch when that is done" in panel.ui.batchStatusLabel.text
    assert not panel.batchSection.busy and panel.segmentSection.installing
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy, timeout=10)
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: "Finished" in panel.ui.batchStatusLabel.text, 60)


def test_without_internet_the_reason_is_shown(panel, runtime, clean_scene):
    runtime.script = "print('pip found no connection to the internet.'); raise SystemExit(1)"
    runtime.after = "missing"
    answer(clean_scene, yes=True)
    panel.ui.segmentButton.click()
    clean_scene.wait_until(lambda: not panel.segmentSection.busy)
    assert panel.ui.segmentStatusLabel.text == "pip found no connection to the internet."


def test_remove_asks_and_ends_the_worker_first(panel, runtime, clean_scene):
    runtime.status = "ready"
    panel.enter()
    assert not panel.ui.removeRuntimeButton.isHidden()
    answer(clean_scene, yes=False)
    panel.ui.removeRuntimeButton.click()
    assert runtime.commands == []
    pid = worker_pid(panel)
    answer(clean_scene, yes=True)
    panel.ui.removeRuntimeButton.click()
    clean_scene.wait_until(lambda: runtime.commands == ["remove"])
    assert not is_alive(pid)
    clean_scene.wait_until(lambda: panel.ui.segmentStatusLabel.text)
    assert panel.ui.segmentStatusLabel.text == "The network library was removed."
    assert "not installed" in panel.ui.runtimeLabel.text
    assert panel.ui.removeRuntimeButton.isHidden()


def test_the_real_commands_start_in_slicers_python(panel, tmp_path, monkeypatch, clean_scene):
    from DSCBrainSegPanel.child_task import ChildTask
    from DSCBrainSegPanel.runtime_tasks import MODULE
    from DSCBrainSegPanel.slicer_process import libraryProcess

    monkeypatch.setenv("DSCBRAINSEG_RUNTIME", str(tmp_path / "here"))
    lines, codes = [], []
    task = ChildTask(
        libraryProcess(MODULE, "state"), lines.append, lambda code, line: codes.append(code)
    )
    task.start()
    clean_scene.wait_until(lambda: codes)
    assert codes == [0] and str(tmp_path / "here") in lines[-1]
