"""The phantom in Slicer's Sample Data: simulated in the worker, loaded with its exact mask."""

import numpy as np
import pytest
from played_runner import PlayedRunner, WorkerProblem
from slicer_module_panel import BRAIN, MODULE, make_series, masks_of, open_panel


@pytest.fixture
def sample(clean_scene, monkeypatch):
    """The module's sample data code, with packages that are there and a played worker."""
    import slicer

    clean_scene.load_module(MODULE)
    slicer.app.startupCompleted.emit()
    from DSCBrainSegPanel import sample_data

    return sample_data


def play(sample, monkeypatch, answer):
    runner = PlayedRunner(**({"simulate": answer} if answer else {}))
    monkeypatch.setattr(sample, "WorkerClient", lambda process: runner)
    return runner


def simulated(request):
    from pathlib import Path

    series = make_series(6)
    folder = Path(request["output"])
    folder.mkdir()
    np.save(folder / "frames.npy", series.frames.astype(np.uint16))
    np.save(folder / "mask.npy", BRAIN.astype(np.uint8))
    return {
        "frames_file": str(folder / "frames.npy"),
        "mask_file": str(folder / "mask.npy"),
        "times": series.times.tolist(),
        "affine": series.affine.tolist(),
        "echo_time": 0.03,
        "repetition_time": 1.5,
    }


def test_it_is_offered_once(sample):
    import slicer
    from DSCBrainSegPanel.registration import registerSampleData

    registerSampleData()
    sources = slicer.modules.sampleDataSources["DSC Brain Segmentation"]
    assert [source.sampleName for source in sources] == ["DSCPhantom"]


def test_the_sample_is_a_series_with_its_truth(sample, clean_scene, monkeypatch):
    pytest.importorskip("nilearn")
    import SampleData
    import slicer

    from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume

    runner = play(sample, monkeypatch, simulated)
    source = SampleData.SampleDataLogic().sourceForSampleName("DSCPhantom")
    (volume,) = source.customDownloader(source)  # as the button does; downloadSample() does not
    assert volume.GetName() == "DSC phantom"
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == volume.GetID()
    (request,) = runner.of("simulate")
    assert (request["matrix"], request["slices"], request["frames"]) == (96, 16, 24)
    series = openNode(sequenceOfVolume(volume)).read()
    np.testing.assert_array_equal(series.frames, make_series(6).frames)
    assert series.echo_time == 0.03
    (truth,) = masks_of(volume).values()
    np.testing.assert_array_equal(truth, BRAIN)
    panel = open_panel(clean_scene)
    assert panel.parameters.inputNode is volume
    assert "simulation" in panel.ui.truthStateLabel.text
    assert runner.stopped


def test_a_simulation_that_fails_or_is_cancelled_adds_nothing(sample, clean_scene, monkeypatch):
    pytest.importorskip("nilearn")
    import slicer

    def fails(request):
        raise WorkerProblem({"kind": "output", "message": "The disk is full."})

    shown = []
    monkeypatch.setattr(slicer.util, "errorDisplay", shown.append)
    play(sample, monkeypatch, fails)
    assert sample.makePhantom() == [] and shown == ["The disk is full."]
    runner = play(sample, monkeypatch, None)

    class Cancelled(sample.ProgressDialog):
        def cancelled(self):
            return bool(runner.of("simulate"))

    monkeypatch.setattr(sample, "ProgressDialog", Cancelled)
    assert sample.makePhantom() == [] and runner.cancelled
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")


def test_nothing_is_installed_without_a_yes(sample, clean_scene, monkeypatch, tmp_path):
    import qt
    import slicer

    from DSCBrainSegLib.installation.runtime import RuntimeState

    missing = RuntimeState("missing", tmp_path)
    monkeypatch.setattr("DSCBrainSegPanel.extra_packages.extra_state", lambda name: missing)
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text: None)
    slicer.app.set_testing(False)
    runner = play(sample, monkeypatch, simulated)
    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.No)
    assert sample.makePhantom() == [] and not runner.requests
    assert "nilearn" in clean_scene.dialogs.shown[0][1][0].text
