"""Slices to check, tables of a series and simulated series in a scene, on real MRML."""

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames

from DSCBrainSegLib.errors import SeriesError

pytest_plugins = "slicer_core_scene"

SHAPE = (6, 20, 18)
QUALITY = {
    "confidence": 0.42,
    "warnings": ["Odd."],
    "per_slice_confidence": [None] * 6,
    "slices_to_check": [{"slice": 4, "confidence": None, "reasons": ["It is blurred."]}],
}


@pytest.fixture
def volume(add_volume):
    return add_volume(make_frames((1, *SHAPE))[0].astype(np.int16), make_affine("oblique"))


@pytest.fixture
def segment(mrml, volume):
    mask = np.zeros(SHAPE, bool)
    mask[1:5, 4:9, 3:12] = True
    node = mrml.segmentation_node.segmentationOf(volume)
    name = mrml.method_segments.writeMethodMask(node, volume, "otsu", mask)
    return node.GetSegmentation().GetSegment(name)


def test_quality_is_kept_on_the_segment_and_in_saved_scenes(mrml, slicer, segment, save_and_reopen):
    checks = mrml.slices_to_check
    assert checks.slicesToCheck(segment) == [] and checks.confidenceOf(segment) is None
    checks.rememberQuality(segment, QUALITY)
    save_and_reopen()
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    segment = node.GetSegmentation().GetNthSegment(0)
    (found,) = checks.slicesToCheck(segment)
    assert (found.index, found.reasons, found.confidence) == (4, ["It is blurred."], None)
    assert checks.confidenceOf(segment) == 0.42
    checks.rememberQuality(segment, None)
    assert checks.slicesToCheck(segment) == [] and checks.confidenceOf(segment) is None


def test_a_slice_is_found_where_it_is_seen(mrml, slicer, volume, add_transform):
    """Oblique, and turned by a transform: the middle of the mask on that slice."""
    mask = np.zeros(SHAPE, bool)
    mask[3, 5:8, 10] = True
    lps = make_affine("oblique") @ [10, 6, 3, 1]
    ras = lps[:3] * [-1, -1, 1]
    position = mrml.slice_position.slicePosition
    assert position(volume, 3, mask) == pytest.approx(ras, abs=1e-4)
    middle = make_affine("oblique") @ [8.5, 9.5, 0, 1]
    assert position(volume, 0, mask) == pytest.approx(middle[:3] * [-1, -1, 1], abs=1e-4)
    matrix = np.array([[0, -1.0, 0, 4], [1, 0, 0, -3], [0, 0, 1, 9], [0, 0, 0, 1]])
    volume.SetAndObserveTransformNodeID(add_transform(matrix).GetID())
    assert position(volume, 3, mask) == pytest.approx((matrix @ [*ras, 1])[:3], abs=1e-4)


def test_all_slice_views_jump(mrml, slicer, volume):
    views = []
    for name in ("Red", "Green"):
        view = slicer.vtkMRMLSliceNode()
        view.SetName(name)
        view.SetLayoutName(name)
        views.append(slicer.mrmlScene.AddNode(view))
    views[0].SetSliceToRASByNTP(0, 0, 1, -1, 0, 0, 0, 0, 0, 0)
    views[1].SetSliceToRASByNTP(0, 1, 0, -1, 0, 0, 0, 0, 0, 0)
    mrml.slice_position.jumpToSlice(volume, 2)
    expected = mrml.slice_position.slicePosition(volume, 2)
    assert views[0].GetSliceToRAS().GetElement(2, 3) == pytest.approx(expected[2])
    assert views[1].GetSliceToRAS().GetElement(1, 3) == pytest.approx(expected[1])


def test_tables_belong_to_a_series_also_in_saved_scenes(mrml, slicer, segment, save_and_reopen):
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert mrml.compared.comparedTables(node) == (None, None)
    assert mrml.compared.comparedTables(None) == (None, None)
    tables = [mrml.tables.fillTable({"Method": [name]}, name) for name in ("a", "b")]
    mrml.compared.rememberTables(node, *tables)
    save_and_reopen()
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert [table.GetName() for table in mrml.compared.comparedTables(node)] == ["a", "b"]
    for table in mrml.compared.comparedTables(node):
        slicer.mrmlScene.RemoveNode(table)
    assert mrml.compared.comparedTables(node) == (None, None)


def test_masks_are_written_for_measuring_on_the_volumes_voxels(
    mrml, slicer, volume, segment, tmp_path
):
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    other = np.zeros(SHAPE, bool)
    other[2, 3:9, 4:8] = True
    otherId = mrml.method_segments.writeMethodMask(node, volume, "aabl", other)  # noqa: N806
    firstId = node.GetSegmentation().GetNthSegmentID(0)  # noqa: N806
    write = mrml.measure_input.writeMasks
    *_, fields = write(volume, node, firstId, {"other": otherId}, tmp_path)
    assert np.array_equal(np.load(fields["input"]), slicer.util.arrayFromVolume(volume))
    assert np.array_equal(np.load(fields["masks"]["other"]), other)
    assert np.load(fields["reference"]).sum() == 4 * 5 * 9
    assert np.allclose(fields["affine"], make_affine("oblique"), atol=1e-6)
    say = mrml.measure_input.referenceStatement
    assert say(node, firstId, volume) == (
        "The reference is the mask of the method otsu, not a truth."
    )
    assert mrml.measure_input.methodLabel(node, otherId, volume) == "aabl"


def test_a_reference_is_described_without_its_readers(mrml, slicer, volume, segment):
    from DSCBrainSegLib.cohort.ground_truth import confirm, draw

    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    seed = node.GetSegmentation().GetNthSegmentID(0)
    truth = mrml.ground_truth_segment.startGroundTruth(node, volume, seed)
    say = mrml.measure_input.referenceStatement
    assert "no reader has signed yet, started from the mask of otsu" in say(node, truth, volume)
    drawn = draw("Doctor Secret", "otsu")
    mrml.ground_truth_segment.setGroundTruth(node, truth, volume, drawn)
    assert "drawn by one reader, started from" in say(node, truth, volume)
    mrml.ground_truth_segment.setGroundTruth(node, truth, volume, confirm(drawn, "Two Secret"))
    text = say(node, truth, volume)
    assert "confirmed by a second" in text and "Secret" not in text


def test_a_simulated_series_comes_with_its_truth_or_not_at_all(mrml, slicer, tmp_path):
    frames, mask = make_frames((5, *SHAPE)), np.zeros(SHAPE, np.uint8)
    mask[2:4, 5:9, 6:12] = 1
    facts = {"times": [0, 1.5, 3, 4.5, 6], "affine": make_affine().tolist()}
    facts |= {"echo_time": 0.03, "repetition_time": 1.5}
    for name, array in (("frames", frames), ("mask", mask)):
        facts[f"{name}_file"] = str(tmp_path / f"{name}.npy")
        np.save(facts[f"{name}_file"], array)
    nodes = mrml.simulated.addSimulated(facts, "Phantom")
    found = mrml.sequence_to_series.openNode(nodes.sequence).read()
    assert np.array_equal(found.frames, frames) and found.times.tolist() == facts["times"]
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    truth = node.GetSegmentation().GetNthSegmentID(0)
    assert np.array_equal(mrml.segments.segmentMask(node, truth, nodes.volume), mask > 0)
    before = slicer.mrmlScene.GetNumberOfNodes()
    (tmp_path / "mask.npy").unlink()
    with pytest.raises(SeriesError, match="simulate again"):
        mrml.simulated.addSimulated(facts, "Phantom")
    assert slicer.mrmlScene.GetNumberOfNodes() == before
