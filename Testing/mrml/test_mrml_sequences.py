"""Series go into the scene and come back with every voxel, time and UID."""

import nrrd
import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import DSCSeries, read_series, write_nrrd

pytest_plugins = "slicer_core_scene"

TIMES = np.array([0.0, 1.4, 2.9012345678, 4.3, 5.75])


@pytest.fixture
def series():
    frames = make_frames()
    uids = [[f"1.2.{t}.{k}" for k in range(frames.shape[1])] for t in range(len(frames))]
    return DSCSeries(
        frames,
        TIMES.copy(),
        make_affine("oblique"),
        echo_time=0.0301,
        repetition_time=1.45,
        sop_instance_uids=uids,
        header={"flip_angle_deg": 70.0, "series_instance_uid": "1.2.3.4"},
    )


def check_same(found, series):
    assert np.array_equal(found.frames, series.frames)
    assert np.array_equal(found.times, series.times)
    assert np.allclose(found.affine, series.affine, rtol=0, atol=1e-9)
    for name in ("echo_time", "repetition_time"):
        expected = getattr(series, name)
        assert getattr(found, name) == (expected and pytest.approx(expected, rel=1e-12))
    assert found.sop_instance_uids == series.sop_instance_uids
    assert found.warnings == []


def test_a_series_comes_back_as_it_went_in(mrml, series):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    source = mrml.sequence_to_series.openNode(nodes.sequence)
    assert (source.frame_count, source.volume_shape) == (5, (4, 12, 10))
    check_same(source.read(), series)
    some = source.read(frames=[3, 1])
    assert np.array_equal(some.frames, series.frames[[3, 1]])
    assert np.array_equal(some.times, TIMES[[3, 1]])


def test_a_dicom_series_arrives_with_its_files_uids(mrml, tmp_path):
    frames = make_frames()
    write_classic(tmp_path, frames, make_affine("oblique"))
    series = read_series(tmp_path)
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    check_same(mrml.sequence_to_series.openNode(nodes.sequence).read(), series)
    assert len(series.sop_instance_uids[2]) == 4
    nodes.browser.SetSelectedItemNumber(2)
    mrml.series_to_sequence.showFrame(nodes, 2)
    assert nodes.volume.GetAttribute("DICOM.instanceUIDs").split() == series.sop_instance_uids[2]


def test_slicers_browser_shows_frames_by_seconds(mrml, slicer, series):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    sequence = nodes.sequence
    assert (sequence.GetIndexName(), sequence.GetIndexUnit()) == ("time", "s")
    assert sequence.GetIndexType() == sequence.NumericIndex
    assert [float(sequence.GetNthIndexValue(t)) for t in range(5)] == TIMES.tolist()
    for index in (0, 3):
        mrml.series_to_sequence.showFrame(nodes, index)
        assert np.array_equal(slicer.util.arrayFromVolume(nodes.volume), series.frames[index])
    assert mrml.sequence_to_series.sequenceOfVolume(nodes.volume) is sequence
    assert mrml.sequence_to_series.volumeOfSequence(sequence) is nodes.volume


def test_all_frames_are_seen_through_one_window(mrml, series):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    low, high = np.percentile(series.frames, (1, 99.5))
    for index in (0, 4):
        mrml.series_to_sequence.showFrame(nodes, index)
        display = nodes.volume.GetDisplayNode()
        assert not display.GetAutoWindowLevel()
        assert display.GetWindowLevelMin() == pytest.approx(low)
        assert display.GetWindowLevelMax() == pytest.approx(high)


def test_perfusion_tools_find_times_in_milliseconds(mrml, series):
    sequence = mrml.series_to_sequence.addSeries(series, "Perfusion").sequence
    found = {name: sequence.GetAttribute(name) for name in sequence.GetAttributeNames()}
    assert found["MultiVolume.FrameLabels"] == "0,1400,2901.234568,4300,5750"
    assert found["MultiVolume.FrameIdentifyingDICOMTagName"] == "AcquisitionTime"
    assert found["MultiVolume.FrameIdentifyingDICOMTagUnits"] == "ms"
    assert found["MultiVolume.NumberOfFrames"] == "5"
    assert found["MultiVolume.DICOM.EchoTime"] == "30.1"
    assert found["MultiVolume.DICOM.RepetitionTime"] == "1450"
    assert found["MultiVolume.DICOM.FlipAngle"] == "70"


def test_a_series_lies_under_its_study(mrml, slicer, series):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "P1")
    study = hierarchy.CreateStudyItem(patient, "MR head")
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion", study)
    item = hierarchy.GetItemByDataNode(nodes.volume)
    assert hierarchy.GetItemParent(item) == study
    assert hierarchy.GetItemByUID("DICOM", "1.2.3.4") == item
    segmentation = mrml.segmentation_node.segmentationOf(nodes.volume)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(segmentation)) == study


def test_two_series_stay_apart(mrml, series):
    first = mrml.series_to_sequence.addSeries(series, "Perfusion")
    other = DSCSeries(series.frames[:3, :2] + 5, TIMES[:3], make_affine("coronal"))
    second = mrml.series_to_sequence.addSeries(other, "Perfusion")
    assert first.volume.GetName() != second.volume.GetName()
    check_same(mrml.sequence_to_series.openNode(first.sequence).read(), series)
    check_same(mrml.sequence_to_series.openNode(second.sequence).read(), other)
    segmentations = [
        mrml.segmentation_node.segmentationOf(nodes.volume) for nodes in (first, second)
    ]
    assert segmentations[0] is not segmentations[1]
    assert mrml.segmentation_node.segmentationOf(first.volume) is segmentations[0]


def test_times_that_do_not_rise_are_refused_before_anything_is_added(mrml, slicer, series):
    series.times[2] = series.times[1]
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(SeriesError, match="do not rise"):
        mrml.series_to_sequence.addSeries(series, "Perfusion")
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_everything_survives_saving_and_reopening(mrml, slicer, series, save_and_reopen):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    mrml.series_to_sequence.showFrame(nodes, 3)
    save_and_reopen()
    (sequence,) = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    check_same(mrml.sequence_to_series.openNode(sequence).read(), series)
    volume = mrml.sequence_to_series.volumeOfSequence(sequence)
    assert np.array_equal(slicer.util.arrayFromVolume(volume), series.frames[3])
    assert volume.GetDisplayNode().GetWindowLevelMax() == pytest.approx(
        np.percentile(series.frames, 99.5)
    )


def test_uids_lost_from_the_frames_come_from_the_sequence(mrml, series):
    """Files of older versions keep the attributes of the sequence only."""
    sequence = mrml.series_to_sequence.addSeries(series, "Perfusion").sequence
    for index in range(5):
        sequence.GetNthDataNode(index).RemoveAttribute("DICOM.instanceUIDs")
    found = mrml.sequence_to_series.openNode(sequence).read()
    assert found.sop_instance_uids == series.sop_instance_uids


@pytest.fixture
def importer_sequence(slicer, add_volume):
    """As MultiVolumeImporter makes it: index 0, 1, 2, ... and the times in an attribute."""
    frames = make_frames((4, 3, 6, 5))
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Imported")
    for index, frame in enumerate(frames):
        node = add_volume(frame, make_affine("axial"))
        sequence.SetDataNodeAtValue(node, str(index))
        slicer.mrmlScene.RemoveNode(node)
    sequence.SetAttribute("MultiVolume.FrameLabels", "51000,52500,54100,55500")
    sequence.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagUnits", "ms")
    sequence.SetAttribute("MultiVolume.DICOM.EchoTime", "30")
    sequence.SetAttribute("MultiVolume.DICOM.RepetitionTime", "1500")
    return sequence, frames


def test_a_sequence_of_slicers_importer_keeps_its_times(mrml, importer_sequence):
    sequence, frames = importer_sequence
    found = mrml.sequence_to_series.openNode(sequence).read()
    assert np.array_equal(found.frames, frames)
    assert np.allclose(found.times, [0, 1.5, 3.1, 4.5], atol=1e-9)
    assert (found.echo_time, found.repetition_time) == (0.03, 1.5)
    assert found.warnings == []


@pytest.mark.parametrize("labels", [None, "0,1,2,3", "1,2,3,4", "a,b,c,d", "0,1500", "3,2,1,0"])
def test_frames_that_are_only_numbered_get_the_repetition_time(mrml, importer_sequence, labels):
    sequence, _ = importer_sequence
    sequence.SetAttribute("MultiVolume.FrameLabels", labels)
    source = mrml.sequence_to_series.openNode(sequence)
    assert np.allclose(source.times, [0, 1.5, 3.0, 4.5])
    assert "repetition time is used" in source.warnings[0]


def test_labels_that_are_no_times_are_not_taken_for_seconds(mrml, importer_sequence):
    sequence, _ = importer_sequence
    sequence.SetAttribute("MultiVolume.FrameLabels", "10,20,30,45")
    sequence.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagUnits", "degrees")
    source = mrml.sequence_to_series.openNode(sequence)
    assert np.allclose(source.times, [0, 1.5, 3.0, 4.5])


def test_without_any_time_the_index_is_taken_as_seconds(mrml, importer_sequence):
    sequence, _ = importer_sequence
    sequence.SetAttribute("MultiVolume.FrameLabels", None)
    sequence.SetAttribute("MultiVolume.DICOM.RepetitionTime", None)
    assert mrml.sequence_to_series.openNode(sequence).times.tolist() == [0, 1, 2, 3]


def test_times_of_whole_seconds_are_not_taken_for_numbers(mrml):
    """Two shots of 0.5 s: a frame takes 1 s, which is not the repetition time."""
    series = DSCSeries(make_frames(), np.arange(5.0), np.eye(4), repetition_time=0.5)
    sequence = mrml.series_to_sequence.addSeries(series, "Two shots").sequence
    assert mrml.sequence_to_series.openNode(sequence).times.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("unit", "seconds"), [("s", 1.0), ("ms", 0.001)])
def test_a_sequence_file_of_another_program_keeps_its_times(mrml, slicer, tmp_path, unit, seconds):
    frames = make_frames((3, 4, 6, 5)).astype(np.int16)
    header = {
        "kinds": ["domain", "domain", "domain", "list"],
        "labels": ["", "", "", "time"],
        "units": ["", "", "", unit],
        "space": "left-posterior-superior",
        "space directions": np.vstack([make_affine("axial")[:3, :3].T, np.full(3, np.nan)]),
        "space origin": make_affine("axial")[:3, 3],
        "axis 3 index type": "numeric",
        "axis 3 index values": "10 11.25 14",
    }
    path = tmp_path / "other.seq.nrrd"
    nrrd.write(str(path), np.transpose(frames, (3, 2, 1, 0)), header)
    sequence = slicer.modules.sequences.logic().AddSequence(str(path))
    found = mrml.sequence_to_series.openNode(sequence).read()
    assert np.array_equal(found.frames, frames)
    assert np.allclose(found.times, np.array([0, 1.25, 4]) * seconds, atol=1e-12)
    assert np.allclose(found.affine, make_affine("axial"), rtol=0, atol=1e-9)


def test_a_cohorts_series_file_opens_in_slicer(mrml, slicer, series, tmp_path):
    path = tmp_path / "series.seq.nrrd"
    write_nrrd(path, series.frames, series.affine, series.times)
    sequence = slicer.modules.sequences.logic().AddSequence(str(path))
    found = mrml.sequence_to_series.openNode(sequence).read()
    assert np.array_equal(found.frames, series.frames)
    assert np.allclose(found.times, TIMES, atol=1e-5)
    assert np.allclose(found.affine, series.affine, rtol=0, atol=1e-9)


def test_a_sequence_that_slicer_saves_is_read_by_the_library(mrml, series, tmp_path):
    sequence = mrml.series_to_sequence.addSeries(series, "Perfusion").sequence
    sequence.AddDefaultStorageNode()
    path = tmp_path / "saved.seq.nrrd"
    sequence.GetStorageNode().SetFileName(str(path))
    assert sequence.GetStorageNode().WriteData(sequence)
    found = read_series(path)
    assert np.array_equal(found.frames, series.frames)
    assert np.allclose(found.times, TIMES, atol=1e-6)
    assert np.allclose(found.affine, series.affine, rtol=0, atol=1e-9)
    assert (found.echo_time, found.repetition_time) == pytest.approx((0.0301, 1.45))


def add_components(slicer, frames, affine):
    """One image with a component for each frame, which is what a MultiVolume node holds."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "MultiVolume")
    flip = np.diag([-1.0, -1, 1, 1])
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(flip @ affine))
    image = vtk.vtkImageData()
    image.SetDimensions(frames.shape[:0:-1])
    voxels = np.ascontiguousarray(np.moveaxis(frames, 0, 3)).reshape(-1, len(frames))
    image.GetPointData().SetScalars(numpy_to_vtk(voxels, deep=True))
    node.SetAndObserveImageData(image)
    return node


def test_a_multivolume_node_is_read_without_copying_it(mrml, slicer):
    frames = make_frames((5, 4, 6, 3)).astype(np.int16)
    node = add_components(slicer, frames, make_affine("oblique"))
    node.SetAttribute("MultiVolume.FrameLabels", "0,1500,3000,4500,6000")
    node.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagUnits", "ms")
    source = mrml.sequence_to_series.openNode(node)
    found = source.read(frames=[4])
    assert np.array_equal(found.frames[0], frames[4])
    assert found.times.tolist() == [6.0]
    assert np.allclose(found.affine, make_affine("oblique"), rtol=0, atol=1e-9)
    assert np.shares_memory(source.decode(0), source.decode(1).base)
    with pytest.raises(ValueError, match="read-only"):
        source.decode(0)[:] = 0


def test_a_plain_volume_is_a_series_of_one(mrml, add_volume):
    frame = make_frames((1, 4, 6, 5))[0].astype(np.int16)
    found = mrml.sequence_to_series.openNode(add_volume(frame, make_affine("coronal"))).read()
    assert np.array_equal(found.frames, frame[np.newaxis])
    assert (found.frame_count, found.times.tolist()) == (1, [0.0])
    assert found.description == ""  # the node's name could be the patient's


def refused(mrml, node, words):
    with pytest.raises(SeriesError, match=words) as caught:
        mrml.sequence_to_series.openNode(node)
    assert str(caught.value).endswith(".")


def test_what_is_no_series_is_refused_in_a_sentence(mrml, slicer, add_volume):
    def new(kind):
        return slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}Node", "This")

    refused(mrml, None, "No series is chosen")
    refused(mrml, new("ScalarVolume"), "This holds no image")
    refused(mrml, new("Sequence"), "This is empty")
    refused(mrml, new("Table"), "This is not an image")
    refused(mrml, new("LabelMapVolume"), "This is a label map")
    colours = add_components(slicer, make_frames((3, 2, 4, 5)).astype(np.uint8), np.eye(4))
    refused(mrml, colours, "colour or vector image")
    transforms = new("Sequence")
    transforms.SetDataNodeAtValue(new("LinearTransform"), "0")
    refused(mrml, transforms, "not a sequence of images")
    uneven = new("Sequence")
    for index, rows in enumerate((4, 5)):
        frame = add_volume(np.zeros((2, rows, 3), np.int16), np.eye(4))
        uneven.SetDataNodeAtValue(frame, str(index))
    refused(mrml, uneven, "differ in size")


def test_frames_that_moved_are_told(mrml, slicer, add_volume):
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Moved")
    for index in range(2):
        affine = make_affine("axial")
        affine[0, 3] += index
        sequence.SetDataNodeAtValue(add_volume(make_frames((1, 2, 3, 4))[0], affine), f"{index}")
    source = mrml.sequence_to_series.openNode(sequence)
    assert "different places" in source.warnings[0]
    assert np.allclose(source.affine, make_affine("axial"), rtol=0, atol=1e-9)
