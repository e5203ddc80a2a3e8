"""Many series in the worker: table of states, cancel, resume, summary."""

import csv
import json

import numpy as np
import pytest
from cohort_factory import make_cohort
from dicom_factory import make_affine, write_classic
from played_runner import WorkerProblem, mask_answer, use_played_runner
from slicer_module_panel import BRAIN, choose_method, least, make_series, open_panel

CODE, SERIES, STATE, VOLUME, REMARK = range(5)


def write_folder(folder, names=("SECRET-A", "SECRET-B")):
    """Write series below a folder, as exported from somewhere."""
    from DSCBrainSegLib.series import write_nrrd

    series = make_series(5)
    for name in names:
        (folder / name).mkdir(parents=True)
        path = folder / name / "perfusion.nrrd"
        write_nrrd(path, series.frames, series.affine, series.times)
    return folder


def rows(panel):
    table = panel.ui.batchTable
    return [
        tuple(table.item(row, column).text() for column in range(5))
        for row in range(table.rowCount)
    ]


def states(panel):
    return [row[STATE] for row in rows(panel)]


def add(panel, host, folder):
    host.dialogs.answer("QFileDialog.getExistingDirectory", str(folder))
    panel.ui.batchAddButton.click()


def finish(panel, host, timeout=60):
    return host.wait_until(lambda: "Finished" in panel.ui.batchStatusLabel.text, timeout)


@pytest.fixture
def panel(clean_scene, tmp_path):
    """The widget; results go to an empty folder, the method is Otsu."""
    widget = open_panel(clean_scene)
    choose_method(widget, "otsu")
    assert not widget.ui.batchStartButton.enabled
    widget.ui.batchOutputEdit.currentPath = str(tmp_path / "results")
    return widget


def test_a_folder_of_series_is_segmented_in_the_worker(panel, clean_scene, tmp_path):
    """With the real worker: two series, one file that is none."""
    from DSCBrainSegLib.series import read_series

    folder = write_folder(tmp_path / "in")
    (folder / "SECRET-C.nrrd").write_bytes(b"no image")
    add(panel, clean_scene, folder)
    names = ["SECRET-A", "SECRET-B", "SECRET-C.nrrd"]
    assert [row[SERIES] for row in rows(panel)] == names and panel.ui.batchStartButton.enabled
    panel.ui.batchStartButton.click()
    assert panel.ui.batchStartButton.text == "Cancel" and states(panel)[0] == "running"
    finish(panel, clean_scene)
    assert states(panel) == ["done", "done", "failed"]
    found = rows(panel)
    assert [row[CODE] for row in found] == ["series-001", "series-002", "series-003"]
    truth_ml = BRAIN.sum() * 3 * 3 * 5 / 1000
    assert float(found[0][VOLUME]) == pytest.approx(truth_ml, rel=0.02)
    assert found[2][REMARK] and "SECRET" not in found[2][REMARK]
    assert "2 done, 1 failed; brain volumes" in panel.ui.batchStatusLabel.text
    results = tmp_path / "results"
    mask = read_series(results / "series-002" / "mask.nii.gz").frames[0] > 0
    assert 2 * (mask & BRAIN).sum() / (mask.sum() + BRAIN.sum()) > 0.99
    facts = json.loads((results / "series-001" / "segment.json").read_text())
    assert facts["mask_file"] == "mask.nii.gz" and facts["method"] == "otsu"
    with open(results / "summary.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["state"] for row in table] == ["done", "done", "failed"]
    told = b"".join(path.read_bytes() for path in results.rglob("*") if path.is_file())
    assert b"SECRET" not in told and str(folder).encode() not in told


def test_a_batch_does_not_block_the_interface(panel, clean_scene, tmp_path):
    add(panel, clean_scene, write_folder(tmp_path / "in"))
    folders = iter("abc")

    def blocked():
        panel.ui.batchOutputEdit.currentPath = str(tmp_path / next(folders))
        panel.ui.batchStartButton.click()
        return finish(panel, clean_scene)

    assert least(blocked, 0.1) < 0.1


def test_cancel_and_go_on_in_another_session(panel, clean_scene, tmp_path):
    folder = write_folder(tmp_path / "in", ("A", "B", "C"))
    answered = mask_answer(BRAIN)
    runner = use_played_runner(panel)
    add(panel, clean_scene, folder)
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: runner.of("segment"))
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: not panel.batchSection.busy)
    assert states(panel) == ["waiting"] * 3
    assert panel.ui.batchStatusLabel.text == "Stopped: 3 waiting."

    def one_fails(request):
        if request["input"].endswith("B"):
            raise WorkerProblem({"kind": "input", "message": f"{request['input']} is damaged."})
        return answered(request)

    use_played_runner(panel, segment=one_fails)
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    assert states(panel) == ["done", "failed", "done"]
    assert rows(panel)[1][REMARK] == "series-002 is damaged."
    panel = clean_scene.reload("DSCBrainSeg")
    choose_method(panel, "otsu")
    runner = use_played_runner(panel, segment=answered)
    assert panel.ui.batchOutputEdit.currentPath == str(tmp_path / "results")
    add(panel, clean_scene, folder)
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    assert states(panel) == ["done"] * 3
    assert [request["input"][-1] for request in runner.of("segment")] == ["B"]


def test_a_worker_that_is_replaced_stops_the_batch_and_it_can_go_on(panel, clean_scene, tmp_path):
    silent = use_played_runner(panel)
    add(panel, clean_scene, write_folder(tmp_path / "in"))
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: silent.of("segment"))
    panel.logic.worker.retire()
    assert not panel.batchSection.busy and states(panel) == ["waiting", "waiting"]
    use_played_runner(panel, segment=mask_answer(BRAIN))
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)


def test_the_package_for_nifti_is_installed_first(panel, clean_scene, tmp_path, monkeypatch):
    import importlib.util
    import os
    import sys

    import qt
    import slicer

    from DSCBrainSegLib.child_process import ChildProcess

    slicer.app.set_testing(False)
    real, there, script = importlib.util.find_spec, [], "raise SystemExit('No connection')"
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "nibabel" and not there else real(name, *more),
    )
    section = panel.batchSection
    section.nifti.makeProcess = lambda *command: ChildProcess(
        [sys.executable, "-c", script], dict(os.environ)
    )
    add(panel, clean_scene, write_folder(tmp_path / "in", ("A",)))
    use_played_runner(panel, segment=mask_answer(BRAIN))

    def start():
        clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.Yes)
        panel.ui.batchStartButton.click()
        assert section.busy and not panel.ui.batchStartButton.enabled
        assert not panel.ui.batchAddButton.enabled

    start()
    clean_scene.wait_until(lambda: not section.busy)
    assert "nibabel was not installed: No connection" in panel.ui.batchStatusLabel.text
    assert panel.ui.batchStartButton.enabled and not (tmp_path / "results").exists()
    script = "print('Successfully installed')"
    start()
    there.append(True)
    finish(panel, clean_scene)
    assert states(panel) == ["done"]


def test_slices_to_check_are_told(panel, clean_scene, tmp_path):
    quality = {
        "confidence": 0.5,
        "warnings": [],
        "per_slice_confidence": [],
        "slices_to_check": [{"slice": 4, "confidence": 0.2, "reasons": ["It is blurred."]}],
    }
    use_played_runner(panel, segment=mask_answer(BRAIN, quality))
    add(panel, clean_scene, write_folder(tmp_path / "in"))
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    assert rows(panel)[0][REMARK] == "look at slice 5"
    assert "2 with slices to check" in panel.ui.batchStatusLabel.text


def test_a_cohort_keeps_its_names_and_is_never_written_into(panel, clean_scene, tmp_path):
    cohort = make_cohort(tmp_path / "cohort", names=("a", "b"))
    before = sorted(path for path in cohort.folder.rglob("*"))
    runner = use_played_runner(panel, segment=mask_answer(BRAIN))
    add(panel, clean_scene, cohort.folder)
    assert [row[CODE] for row in rows(panel)] == ["a", "b"]
    panel.ui.batchOutputEdit.currentPath = str(cohort.folder)
    panel.ui.batchStartButton.click()
    assert "choose an empty folder" in panel.ui.batchStatusLabel.text
    panel.ui.batchOutputEdit.currentPath = str(tmp_path / "results")
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    assert sorted(path for path in cohort.folder.rglob("*")) == before
    assert (tmp_path / "results" / "a" / "mask.nii.gz").exists()
    assert all(request["input"].endswith("frame.nii.gz") for request in runner.of("segment"))


def test_another_method_needs_another_folder(panel, clean_scene, tmp_path):
    use_played_runner(panel, segment=mask_answer(BRAIN))
    add(panel, clean_scene, write_folder(tmp_path / "in"))
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    choose_method(panel, "aabl")
    panel.ui.batchStartButton.click()
    assert "results of the method otsu" in panel.ui.batchStatusLabel.text
    assert not panel.batchSection.busy


def test_the_series_of_the_dicom_list_are_added(panel, clean_scene, tmp_path):
    import slicer

    panel.ui.batchAddDicomButton.click()
    assert panel.ui.batchStatusLabel.text == "The DICOM list shows no series."

    def described(request):
        uid = slicer.dicomDatabase.seriesForFile(request["input"][0])
        facts = {"uid": uid, "frames": 5, "slices": 12, "echo_time": 0.03, "repetition_time": 1.5}
        return {"series": [{**facts, "is_dynamic_t2star": True}]}

    runner = use_played_runner(panel, list=described, segment=mask_answer(BRAIN))
    voxels = make_series(5).frames.astype(np.uint16)
    write_classic(tmp_path / "dicom", voxels, make_affine(), SeriesDescription="perf")
    (uid,) = slicer.dicomDatabase.add_folder(tmp_path / "dicom")
    clean_scene.wait_until(lambda: panel.loadSection.candidates == [uid])
    panel.ui.batchAddDicomButton.click()
    panel.ui.batchAddDicomButton.click()
    assert [row[SERIES] for row in rows(panel)] == ["SECRET^NAME, perf"]
    panel.ui.batchStartButton.click()
    finish(panel, clean_scene)
    (request,) = runner.of("segment")
    assert sorted(request["input"]) == sorted(slicer.dicomDatabase.filesForSeries(uid))
    told = b"".join(p.read_bytes() for p in (tmp_path / "results").rglob("*") if p.is_file())
    assert b"SECRET" not in told
    panel.ui.batchClearButton.click()
    assert rows(panel) == [] and (tmp_path / "results" / "series-001").is_dir()


def test_the_scene_may_be_closed_and_the_module_left_meanwhile(panel, clean_scene, tmp_path):
    import slicer

    runner = use_played_runner(panel)
    add(panel, clean_scene, write_folder(tmp_path / "in", ("A",)))
    panel.ui.batchStartButton.click()
    clean_scene.wait_until(lambda: runner.of("segment"))
    slicer.mrmlScene.Clear(0)
    clean_scene.leave()
    answer = mask_answer(BRAIN)(runner.of("segment")[0])
    number = runner.requests.index(runner.of("segment")[0]) + 1
    runner._events.append({"event": "result", "id": number, **answer})
    finish(panel, clean_scene)
    assert states(panel) == ["done"]
    clean_scene.select("DSCBrainSeg")
    assert states(panel) == ["done"]
