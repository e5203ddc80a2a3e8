"""DSC series of the DICOM database in the panel, and every other kind of node it takes."""

import numpy as np
import pytest
from dicom_factory import make_affine, write_classic, write_enhanced
from played_runner import WorkerProblem, use_next_runner, use_played_runner
from slicer_module_panel import (
    SPACING,
    add_series,
    choose_method,
    make_series,
    masks_of,
    open_panel,
    segment_and_wait,
)

ITEM, SIZE, TIMES, BUTTON = range(4)


def import_series(folder, write=write_classic, frames=6, **values):
    """Write a series and import it into the database; return its UID."""
    import slicer

    voxels = make_series(frames).frames.astype(np.uint16)
    write(folder, voxels, make_affine("oblique"), **values)
    (uid,) = slicer.dicomDatabase.add_folder(folder)
    return uid


def described(request, **values):
    """Answer of a worker to which every series is DSC."""
    import slicer

    uid = slicer.dicomDatabase.seriesForFile(request["input"][0])
    facts = {"uid": uid, "frames": 6, "slices": 12, "echo_time": 0.03, "repetition_time": None}
    return {"series": [{**facts, "is_dynamic_t2star": True, **values}]}


def tree_rows(panel):
    """Return the rows of the list, deeper ones indented by dots."""
    rows = []

    def walk(item, depth):
        texts = [item.text(column) for column in (ITEM, SIZE, TIMES)]
        rows.append("." * depth + " | ".join(text for text in texts if text))
        for index in range(item.childCount()):
            walk(item.child(index), depth + 1)

    tree = panel.ui.dicomTree
    for index in range(tree.topLevelItemCount):
        walk(tree.topLevelItem(index), 0)
    return rows


def series_items(panel):
    tree = panel.ui.dicomTree
    studies = [tree.topLevelItem(n).child(0) for n in range(tree.topLevelItemCount)]
    return [study.child(n) for study in studies for n in range(study.childCount())]


def load_button(panel, row=0):
    return panel.ui.dicomTree.itemWidget(series_items(panel)[row], BUTTON)


def test_candidates_are_listed_by_patient_and_study_and_load_with_a_click(clean_scene, tmp_path):
    """With the real worker, which reads the headers."""
    import slicer

    first = import_series(
        tmp_path / "1", PatientID="1", PatientName="One^Patient", SeriesDescription="ep2d_perf"
    )
    import_series(
        tmp_path / "2",
        PatientID="1",
        PatientName="One^Patient",
        ScanningSequence=["SE"],
        SequenceName="tse2d1",
        EchoTime=100,
        SeriesDescription="t2_tse",
    )
    import_series(tmp_path / "3", write_enhanced)
    import_series(tmp_path / "4", PatientID="2", PatientName="Two^Patient", Modality="CT")
    panel = open_panel(clean_scene)
    clean_scene.wait_until(lambda: not panel.loadSection.busy and series_items(panel), 60)
    clean_scene.wait_until(lambda: not panel.ui.dicomStatusLabel.text, 60)
    rows = tree_rows(panel)
    assert [row for row in rows if not row.startswith(".")] == ["One^Patient", "SECRET^NAME"]
    assert "..ep2d_perf | 6 x 12 | 30 / 1500 ms" in rows
    assert len(series_items(panel)) == 2 and not any("t2_tse" in row for row in rows)
    load_button(panel).click()
    volume = panel.parameters.inputNode
    assert volume.GetName().endswith("ep2d_perf")
    assert panel.ui.seriesLabel.text.startswith("6 time points, 12 slices")
    assert panel.loadSection.candidates[0] == first
    assert len(slicer.util.getNodesByClass("vtkMRMLSequenceNode")) == 1


def test_series_that_are_imported_later_appear_and_removed_ones_go(panel, clean_scene, tmp_path):
    import slicer

    nothing = "The DICOM database holds no DSC series."
    clean_scene.wait_until(lambda: panel.ui.dicomStatusLabel.text == nothing)
    runner = use_played_runner(panel, list=described)
    uid = import_series(tmp_path)
    clean_scene.wait_until(lambda: panel.loadSection.candidates == [uid])
    clean_scene.wait_until(lambda: tree_rows(panel)[-1].endswith("6 x 12 | 30 / - ms"))
    clean_scene.wait_until(lambda: not panel.loadSection.busy)
    assert len(runner.of("list")) == 1 and panel.ui.dicomStatusLabel.text == ""
    clean_scene.leave()
    clean_scene.select("DSCBrainSeg")
    clean_scene.wait_until(lambda: not panel.loadSection.busy)
    assert len(runner.of("list")) == 1, "headers are read once"
    panel.ui.dicomRefreshButton.click()
    clean_scene.wait_until(lambda: len(runner.of("list")) == 2)
    slicer.dicomDatabase.removeSeries(uid)
    clean_scene.wait_until(lambda: panel.ui.dicomTree.topLevelItemCount == 0)
    assert panel.loadSection.candidates == []


def test_a_worker_that_cannot_read_dicom_is_told_and_no_series_is_ruled_out(
    panel, clean_scene, tmp_path
):
    def missing(request):
        raise WorkerProblem({"kind": "missing-package", "message": "pydicom 3 is needed."})

    import_series(tmp_path)
    use_played_runner(panel, list=missing)
    panel.ui.dicomRefreshButton.click()
    clean_scene.wait_until(lambda: panel.ui.dicomStatusLabel.text == "pydicom 3 is needed.")
    clean_scene.wait_until(lambda: not panel.loadSection.busy)
    use_played_runner(panel, list=described)
    panel.loadSection.look()
    clean_scene.wait_until(lambda: panel.loadSection.candidates)


def test_headers_are_asked_for_again_when_the_worker_is_replaced(panel, clean_scene, tmp_path):
    clean_scene.wait_until(lambda: not panel.loadSection.busy)
    silent = use_played_runner(panel)
    uid = import_series(tmp_path)
    clean_scene.wait_until(lambda: silent.of("list"))
    runner = use_next_runner(panel, list=described)
    panel.logic.worker.retire()
    clean_scene.wait_until(lambda: panel.loadSection.candidates == [uid])
    clean_scene.wait_until(lambda: runner.of("list"))
    assert runner.of("list") == silent.of("list")


def test_a_series_whose_files_are_gone_is_not_loaded(panel, clean_scene, tmp_path):
    import slicer

    clean_scene.wait_until(lambda: not panel.loadSection.busy)
    use_played_runner(panel, list=described)
    uid = import_series(tmp_path / "dicom")
    clean_scene.wait_until(lambda: panel.loadSection.candidates == [uid])
    for path in (tmp_path / "dicom").rglob("*"):
        path.unlink()
    load_button(panel).click()
    assert "not loaded" in panel.ui.dicomStatusLabel.text
    assert panel.parameters.inputNode is None
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")


def importer_sequence(frames):
    """As Slicer's own DICOM reader makes it: numbered frames, times in an attribute, no browser."""
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Imported")
    for index, frame in enumerate(frames):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        slicer.util.updateVolumeFromArray(node, frame)
        node.SetSpacing(*SPACING[::-1])
        sequence.SetDataNodeAtValue(node, str(index))
        slicer.mrmlScene.RemoveNode(node)
    labels = ",".join(str(1500 * index) for index in range(len(frames)))
    sequence.SetAttribute("MultiVolume.FrameLabels", labels)
    sequence.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagUnits", "ms")
    return sequence


def multi_volume(frames):
    """One image with a component for each frame, which is what a MultiVolume node holds."""
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "MultiVolume")
    node.SetSpacing(*SPACING[::-1])
    image = vtk.vtkImageData()
    image.SetDimensions(frames.shape[:0:-1])
    voxels = np.ascontiguousarray(np.moveaxis(frames, 0, 3)).reshape(-1, len(frames))
    image.GetPointData().SetScalars(numpy_to_vtk(voxels, deep=True))
    node.SetAndObserveImageData(image)
    node.SetAttribute("MultiVolume.FrameLabels", ",".join(map(str, range(0, 12000, 1500))))
    node.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagUnits", "ms")
    return node


def sequence_file(frames, folder):
    """Saved from another scene as .seq.nrrd and loaded into this one."""
    import slicer

    sequence = add_series("Saved").sequence
    sequence.AddDefaultStorageNode()
    path = str(folder / "saved.seq.nrrd")
    sequence.GetStorageNode().SetFileName(path)
    assert sequence.GetStorageNode().WriteData(sequence)
    slicer.mrmlScene.Clear(0)
    return slicer.modules.sequences.logic().AddSequence(path)


def single_volume(frames):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Single")
    slicer.util.updateVolumeFromArray(node, frames[3])
    node.SetSpacing(*SPACING[::-1])
    return node


@pytest.mark.parametrize("kind", ["importer", "multi-volume", ".seq.nrrd", "single"])
def test_whatever_slicer_loads_is_segmented_alike(panel, clean_scene, tmp_path, kind):
    from DSCBrainSegLib.mrml.series_nodes import volumeOf

    frames = make_series().frames
    node = {
        "importer": lambda: importer_sequence(frames),
        "multi-volume": lambda: multi_volume(frames),
        ".seq.nrrd": lambda: sequence_file(frames, tmp_path),
        "single": lambda: single_volume(frames),
    }[kind]()
    panel.takeParameters()
    panel.ui.inputSelector.setCurrentNode(node)
    assert panel.parameters.inputNode is node
    count = 1 if kind == "single" else 8
    assert panel.ui.seriesLabel.text.startswith(f"{count} time points, 12 slices of 64 x 56")
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    assert f"(time point {min(4, count)} of {count})" in panel.ui.segmentStatusLabel.text
    (mask,) = masks_of(volumeOf(node)).values()
    np.testing.assert_array_equal(mask, frames[3] > 300)


def test_echoes_are_listed_and_each_can_be_loaded(panel, clean_scene, tmp_path):
    """Two echoes in one series, told by the real reader in the place of the worker."""
    import slicer

    from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume
    from DSCBrainSegLib.worker.commands.list_series import list_input

    voxels = make_series(6).frames.astype(np.uint16)
    for echo, echo_time in enumerate((12.0, 31.0)):
        write_classic(
            tmp_path,
            voxels + echo,
            make_affine("oblique"),
            vendor="ge",
            SeriesInstanceUID="1.2.3",
            echo_time_ms=echo_time,
            prefix=f"e{echo}",
        )
    use_played_runner(
        panel, list=lambda request: list_input(request, lambda *call: None, lambda: False)
    )
    slicer.dicomDatabase.add_folder(tmp_path)
    clean_scene.wait_until(lambda: series_items(panel) and series_items(panel)[0].childCount() == 2)
    assert [row.strip(".") for row in tree_rows(panel)][-2:] == [
        "Echo 1 of 2 | 12 / 1500 ms",
        "Echo 2 of 2 | 31 / 1500 ms",
    ]
    (item,) = series_items(panel)
    for number in range(2):
        panel.ui.dicomTree.itemWidget(item.child(number), BUTTON).click()
        volume = panel.parameters.inputNode
        series = openNode(sequenceOfVolume(volume)).read()
        np.testing.assert_array_equal(series.frames, voxels + number)
        assert volume.GetName().endswith(f"echo {number + 1}")
