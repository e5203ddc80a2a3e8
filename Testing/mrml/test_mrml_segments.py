"""Masks as segments: one for each method, apart from each other, and edits are never lost."""

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames

from DSCBrainSegLib.cohort.ground_truth import SIMULATION, GroundTruth, confirm, draw, redraw
from DSCBrainSegLib.display import METHOD_COLOURS, REFERENCE_COLOUR
from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.series import DSCSeries

pytest_plugins = "slicer_core_scene"

SHAPE = (5, 12, 10)
METHODS = ("network", "otsu", "otsu-post", "aabl", "cusum")
BRAIN_CODE = "SCT^12738006^Brain"


@pytest.fixture
def volume(add_volume):
    return add_volume(make_frames((1, *SHAPE))[0], make_affine("oblique"))


@pytest.fixture
def segmentation(mrml, volume):
    return mrml.segmentation_node.segmentationOf(volume)


@pytest.fixture
def masks():
    """Masks of five methods that overlap each other."""
    generator = np.random.default_rng(7)
    return {method: generator.random(SHAPE) > 0.4 for method in METHODS}


@pytest.fixture
def write(mrml, segmentation, volume):
    def write(method, mask, **options):
        return mrml.method_segments.writeMethodMask(segmentation, volume, method, mask, **options)

    return write


@pytest.fixture
def read(mrml, segmentation, volume):
    return lambda segment_id: mrml.segments.segmentMask(segmentation, segment_id, volume)


def paint(mrml, segmentation, segment_id, volume, slice_k):
    """Change a segment as the segment editor does, without the library knowing."""
    mask = mrml.segments.segmentMask(segmentation, segment_id, volume)
    mask[slice_k] = ~mask[slice_k]
    mrml.segments.replaceMask(segmentation, segment_id, volume, mask)
    return mask


def names(segmentation):
    ids = segmentation.GetSegmentation().GetSegmentIDs()
    return [segmentation.GetSegmentation().GetSegment(found).GetName() for found in ids]


def test_masks_of_methods_overlap_without_erasing_each_other(mrml, write, read, masks):
    written = {method: write(method, mask) for method, mask in masks.items()}
    for method, segment_id in written.items():
        assert np.array_equal(read(segment_id), masks[method])
    write("otsu", masks["network"])
    for method in ("network", "otsu-post", "aabl", "cusum"):
        assert np.array_equal(read(written[method]), masks[method])
    assert np.array_equal(read(written["otsu"]), masks["network"])


def test_a_segment_that_shares_a_labelmap_is_replaced_alone(mrml, segmentation, write, read):
    low, high, across = (np.zeros(SHAPE, bool) for _ in range(3))
    low[:2], high[3:], across[1:4] = True, True, True
    first, second = write("network", low), write("otsu", high)
    segmentation.GetSegmentation().CollapseBinaryLabelmaps(False)
    assert segmentation.GetSegmentation().GetNumberOfLayers() == 1
    assert write("network", across) == first
    assert np.array_equal(read(first), across)
    assert np.array_equal(read(second), high)


def test_segments_have_the_names_and_colours_of_the_figures(mrml, segmentation, write, masks):
    for method, mask in masks.items():
        write(method, mask)
    assert names(segmentation) == [f"Brain ({method})" for method in METHODS]
    for index, method in enumerate(METHODS):
        segment = segmentation.GetSegmentation().GetNthSegment(index)
        assert np.allclose(np.array(segment.GetColor()) * 255, METHOD_COLOURS[method])
        assert BRAIN_CODE in segment.GetTerminology()
    own = write("someone's own", masks["otsu"])
    colour = np.array(segmentation.GetSegmentation().GetSegment(own).GetColor()) * 255
    taken = [*METHOD_COLOURS.values(), REFERENCE_COLOUR]
    assert min(np.abs(colour - other).max() for other in taken) > 20


def test_outlines_are_on_in_slice_views(segmentation):
    display = segmentation.GetDisplayNode()
    assert display.GetVisibility2DOutline()
    assert not display.GetVisibility2DFill()


def test_running_a_method_again_replaces_its_own_mask(mrml, segmentation, write, read, masks):
    first = write("network", masks["network"])
    assert write("network", masks["otsu"]) == first
    assert np.array_equal(read(first), masks["otsu"])
    assert names(segmentation) == ["Brain (network)"]


def test_an_edited_segment_is_not_overwritten(mrml, segmentation, volume, write, read, masks):
    first = write("network", masks["network"])
    assert not mrml.edited.isEdited(segmentation, first, volume)
    edited = paint(mrml, segmentation, first, volume, 2)
    assert mrml.edited.isEdited(segmentation, first, volume)
    second = write("network", masks["otsu"])
    assert second != first
    assert np.array_equal(read(first), edited)
    assert np.array_equal(read(second), masks["otsu"])
    assert names(segmentation) == ["Brain (network)", "Brain (network) 2"]
    assert write("network", masks["aabl"]) == second  # nobody edited this one
    paint(mrml, segmentation, second, volume, 0)
    assert write("network", masks["cusum"], replaceEdited=True) == second
    assert np.array_equal(read(first), edited)
    assert not mrml.edited.isEdited(segmentation, second, volume)


def test_an_edit_that_is_undone_is_none(mrml, slicer, segmentation, volume, write, masks):
    first = write("network", masks["network"])
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(segmentation.GetSegmentation())
    history.SaveState()
    paint(mrml, segmentation, first, volume, 2)
    assert mrml.edited.isEdited(segmentation, first, volume)
    assert history.RestorePreviousState()
    assert not mrml.edited.isEdited(segmentation, first, volume)


def test_a_users_own_segment_and_segmentation_are_left_alone(mrml, slicer, volume, masks):
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    own.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    mine = mrml.segments.addMaskSegment(own, volume, masks["otsu"], "Brain (network)", (9, 9, 9))
    assert mrml.edited.isEdited(own, mine, volume)
    segmentation = mrml.segmentation_node.segmentationOf(volume)
    assert segmentation is not own
    written = mrml.method_segments.writeMethodMask(own, volume, "network", masks["network"])
    assert written != mine
    assert np.array_equal(mrml.segments.segmentMask(own, mine, volume), masks["otsu"])


def test_an_empty_mask_is_a_segment_of_no_voxels(write, read):
    assert not read(write("network", np.zeros(SHAPE, bool))).any()


def test_a_mask_of_another_series_is_refused_and_nothing_changes(
    mrml, segmentation, write, read, masks
):
    first = write("network", masks["network"])
    with pytest.raises(SeriesError, match=r"\(4, 12, 10\).*\(5, 12, 10\)"):
        write("network", masks["network"][:4])
    with pytest.raises(SeriesError, match="segment this volume again"):
        write("otsu", masks["network"][:4])
    assert names(segmentation) == ["Brain (network)"]
    assert np.array_equal(read(first), masks["network"])


def test_the_history_of_a_ground_truth_is_kept_on_its_segment(
    mrml, segmentation, volume, write, read, masks
):
    truth = mrml.ground_truth_segment
    seed = write("network", masks["network"])
    drawn = truth.startGroundTruth(segmentation, volume, seed)
    assert np.array_equal(read(drawn), masks["network"])
    segment = segmentation.GetSegmentation().GetSegment(drawn)
    assert segment.GetName() == "Ground truth (reader)"
    assert np.allclose(np.array(segment.GetColor()) * 255, REFERENCE_COLOUR)
    begun = truth.getGroundTruth(segmentation, drawn, volume)
    assert (begun.state, begun.seeded_from) == ("to draw", "network")
    paint(mrml, segmentation, drawn, volume, 1)
    by = draw("Dr. Ä|B:c~d^e=%", begun.seeded_from, "2026-01-02T03:04:05+00:00")
    truth.setGroundTruth(segmentation, drawn, volume, by)
    assert truth.getGroundTruth(segmentation, drawn, volume) == by
    confirmed = confirm(by, "Second", "2026-01-03T00:00:00+00:00")
    truth.setGroundTruth(segmentation, drawn, volume, confirmed)
    assert truth.getGroundTruth(segmentation, drawn, volume) == confirmed


def test_a_confirmation_does_not_hold_for_another_mask(mrml, segmentation, volume, masks):
    truth = mrml.ground_truth_segment
    confirmed = confirm(draw("First"), "Second")
    drawn = truth.loadGroundTruth(segmentation, volume, masks["otsu"], confirmed)
    assert truth.getGroundTruth(segmentation, drawn, volume).state == "confirmed"
    paint(mrml, segmentation, drawn, volume, 3)
    found = truth.getGroundTruth(segmentation, drawn, volume)
    assert (found.state, found.reader, found.confirmed_at) == ("drawn", "First", "")


def test_exact_truth_is_no_longer_exact_after_a_stroke(mrml, segmentation, volume, masks):
    truth = mrml.ground_truth_segment
    exact = draw(SIMULATION)
    drawn = truth.loadGroundTruth(segmentation, volume, masks["otsu"], exact)
    assert truth.getGroundTruth(segmentation, drawn, volume) == exact
    by = redraw(exact, "Reader")
    assert (by.reader, by.seeded_from) == ("Reader", SIMULATION)
    paint(mrml, segmentation, drawn, volume, 3)
    found = truth.getGroundTruth(segmentation, drawn, volume)
    assert (found.state, found.seeded_from) == ("to draw", SIMULATION)
    assert redraw(found, "Reader").seeded_from == SIMULATION


def test_a_begun_ground_truth_is_not_started_again(mrml, segmentation, volume, read, masks):
    truth = mrml.ground_truth_segment
    first = truth.startGroundTruth(segmentation, volume)
    assert not read(first).any()
    assert truth.startGroundTruth(segmentation, volume) == first  # nothing to lose yet
    paint(mrml, segmentation, first, volume, 2)
    with pytest.raises(ConfigurationError, match=r"Ground truth \(reader\) has been drawn already"):
        truth.startGroundTruth(segmentation, volume)


def test_a_seed_that_a_reader_accepts_unchanged_is_the_readers(
    mrml, segmentation, volume, write, read, masks
):
    truth = mrml.ground_truth_segment
    drawn = truth.startGroundTruth(segmentation, volume, write("network", masks["network"]))
    truth.setGroundTruth(segmentation, drawn, volume, draw("Reader", "network"))
    with pytest.raises(ConfigurationError, match="drawn already"):
        truth.startGroundTruth(segmentation, volume)
    loaded = truth.loadGroundTruth(segmentation, volume, masks["otsu"], draw("Other"))
    assert loaded != drawn
    assert np.array_equal(read(drawn), masks["network"])


def test_segments_survive_saving_and_reopening(mrml, slicer, masks, save_and_reopen, add_transform):
    series = DSCSeries(make_frames((3, *SHAPE)), np.arange(3) * 1.5, make_affine("oblique"))
    turned = np.eye(4)
    turned[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    for name in ("First", "Second"):
        volume = mrml.series_to_sequence.addSeries(series, name).volume
        volume.SetAndObserveTransformNodeID(add_transform(turned).GetID())
        segmentation = mrml.segmentation_node.segmentationOf(volume)
        for method, mask in masks.items():
            mrml.method_segments.writeMethodMask(segmentation, volume, method, mask)
    drawn = confirm(draw("Größe | 2", "network"), "Second")
    mrml.ground_truth_segment.loadGroundTruth(segmentation, volume, masks["aabl"], drawn)
    paint(
        mrml,
        segmentation,
        mrml.method_segments.segmentsOfMethod(segmentation, "otsu")[0],
        volume,
        2,
    )
    save_and_reopen()
    for name in ("First", "Second"):
        volume = slicer.mrmlScene.GetFirstNode(name, "vtkMRMLScalarVolumeNode")
        segmentation = mrml.segmentation_node.findSegmentation(volume)
        assert segmentation.GetTransformNodeID() == volume.GetTransformNodeID() is not None
        for method, mask in masks.items():
            (found,) = mrml.method_segments.segmentsOfMethod(segmentation, method)
            segment = segmentation.GetSegmentation().GetSegment(found)
            assert BRAIN_CODE in segment.GetTerminology()
            assert np.allclose(
                np.array(segment.GetColor()) * 255, METHOD_COLOURS[method], atol=0.01
            )
            edited = (name, method) == ("Second", "otsu")
            assert mrml.edited.isEdited(segmentation, found, volume) == edited
            read = mrml.segments.segmentMask(segmentation, found, volume)
            assert np.array_equal(read, mask) != edited
    (found,) = mrml.method_segments.segmentsOfMethod(segmentation, "ground-truth")
    assert mrml.ground_truth_segment.getGroundTruth(segmentation, found, volume) == drawn


def test_a_user_can_close_the_scene_and_go_on(mrml, slicer, add_volume, masks):
    for _ in range(2):
        volume = add_volume(make_frames((1, *SHAPE))[0], make_affine("axial"))
        segmentation = mrml.segmentation_node.segmentationOf(volume)
        found = mrml.method_segments.writeMethodMask(segmentation, volume, "otsu", masks["otsu"])
        assert np.array_equal(mrml.segments.segmentMask(segmentation, found, volume), masks["otsu"])
        slicer.mrmlScene.Clear(0)
        assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_reading_a_mask_leaves_no_node_behind(mrml, slicer, segmentation, volume, write, masks):
    found = write("network", masks["network"])
    before = slicer.mrmlScene.GetNumberOfNodes()
    mrml.segments.segmentMask(segmentation, found, volume)
    mrml.edited.isEdited(segmentation, found, volume)
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_an_unknown_ground_truth_is_one_to_draw(mrml, segmentation, volume, write, masks):
    found = mrml.ground_truth_segment.getGroundTruth(
        segmentation, write("network", masks["network"]), volume
    )
    assert found == GroundTruth()
