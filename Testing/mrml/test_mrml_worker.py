"""A series goes from the scene to the worker and its mask comes back, as one step or not at all."""

import numpy as np
import pytest
from dicom_factory import make_affine

from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.series import DSCSeries
from DSCBrainSegLib.series.exchange import read_exchange
from DSCBrainSegLib.worker.commands.segment import segment_case

pytest_plugins = "slicer_core_scene"

SHAPE = (8, 40, 36)


@pytest.fixture
def series():
    """A bright ball off centre, another brightness in each frame, in oblique slices."""
    grids = np.ogrid[tuple(slice(n) for n in SHAPE)]
    spacing, centre = (5.0, 1.5, 1.75), (3.5, 22.0, 15.0)
    radii = sum(((g - c) * s) ** 2 for g, c, s in zip(grids, centre, spacing, strict=True))
    frames = [np.where(radii < 18**2, 900 + 30 * t, 40 + t) for t in range(6)]
    return DSCSeries(np.stack(frames).astype(np.int16), np.arange(6) * 1.5, make_affine("oblique"))


@pytest.fixture
def nodes(mrml, series):
    return mrml.series_to_sequence.addSeries(series, "Perfusion")


@pytest.fixture
def run_worker(mrml, nodes, tmp_path):
    """Return ``run_worker(method, frames)``: what the worker tells after a whole job."""

    def run(method="otsu", frames=(3,), **more):
        source = mrml.sequence_to_series.openNode(nodes.sequence)
        fields = {"input": mrml.worker_input.writeForWorker(source, tmp_path, frames)}
        fields |= {"method": method, "format": "npy", "output": str(tmp_path / "out")}
        more.setdefault("frame", 3)
        return segment_case({**fields, **more, "overwrite": True}, no_progress, never_cancelled)

    return run


def test_the_worker_gets_the_chosen_frame_on_its_geometry(mrml, nodes, series, tmp_path):
    source = mrml.sequence_to_series.openNode(nodes.sequence)
    sent = read_exchange(mrml.worker_input.writeForWorker(source, tmp_path, [4]))
    assert np.array_equal(sent.frames, series.frames[[4]])
    assert np.allclose(sent.affine, series.affine, rtol=0, atol=1e-9)
    assert (sent.times.tolist(), sent.frame_indices.tolist()) == ([6.0], [4])
    everything = read_exchange(mrml.worker_input.writeForWorker(source, tmp_path))
    assert np.array_equal(everything.frames, series.frames)
    assert np.allclose(everything.times, series.times)


def test_a_mask_comes_back_onto_the_voxels_that_were_segmented(mrml, nodes, series, run_worker):
    result = mrml.worker_result.importResult(run_worker(), nodes.volume)
    expected = segment_series(series, "otsu", frame=3).mask
    found = mrml.segments.segmentMask(result.segmentation, result.segmentId, nodes.volume)
    assert np.array_equal(found, expected)
    assert 500 < expected.sum() < 5000
    assert result.frame == 3
    segment = result.segmentation.GetSegmentation().GetSegment(result.segmentId)
    assert mrml.segment_tags.getTag(segment, mrml.worker_result.FRAME_TAG) == "4"
    assert segment.GetName() == "Brain (otsu)"


def test_the_frame_the_worker_chose_is_told(mrml, nodes, run_worker):
    facts = run_worker(frames=None, frame=5)
    assert mrml.worker_result.importResult(facts, nodes.volume).frame == 5


def test_a_head_laid_straight_by_a_transform_is_segmented_upright(
    mrml, nodes, run_worker, add_transform
):
    """Half a turn about the long axis: the slices are the same, left and right are swapped."""
    straight = mrml.worker_result.importResult(run_worker("aabl"), nodes.volume)
    before = mrml.segments.segmentMask(straight.segmentation, straight.segmentId, nodes.volume)
    nodes.volume.SetAndObserveTransformNodeID(add_transform(np.diag([-1.0, -1, 1, 1])).GetID())
    straight.segmentation.SetAndObserveTransformNodeID(nodes.volume.GetTransformNodeID())
    facts = run_worker("aabl")
    again = mrml.worker_result.importResult(facts, nodes.volume)
    after = mrml.segments.segmentMask(again.segmentation, again.segmentId, nodes.volume)
    assert again.segmentation.GetTransformNodeID() == nodes.volume.GetTransformNodeID()
    # aabl looks at the axial picture, which was turned; the ball is still the ball.
    overlap = 2 * (before & after).sum() / (before.sum() + after.sum())
    assert overlap > 0.9
    flip = np.diag([-1.0, -1, 1, 1])
    affine = np.array(facts["geometry"]["affine_ijk_to_lps_mm"])
    assert np.allclose(affine, flip @ make_affine("oblique"))


def test_one_undo_brings_the_old_mask_back(mrml, slicer, nodes, run_worker):
    result = mrml.worker_result.importResult(run_worker(), nodes.volume)
    segmentation = result.segmentation
    empty = np.zeros(SHAPE, bool)
    mrml.segments.replaceMask(segmentation, result.segmentId, nodes.volume, empty)
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(segmentation.GetSegmentation())
    again = mrml.worker_result.importResult(
        run_worker(), nodes.volume, replaceEdited=True, saveStateForUndo=history.SaveState
    )
    assert again.segmentId == result.segmentId
    assert mrml.segments.segmentMask(segmentation, again.segmentId, nodes.volume).any()
    assert history.RestorePreviousState()
    assert not mrml.segments.segmentMask(segmentation, again.segmentId, nodes.volume).any()
    assert not history.IsRestorePreviousStateAvailable()


def test_undo_takes_a_new_segment_away_again(mrml, slicer, nodes, run_worker):
    first = mrml.worker_result.importResult(run_worker(), nodes.volume)
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(first.segmentation.GetSegmentation())
    mrml.worker_result.importResult(
        run_worker("otsu-post"), nodes.volume, saveStateForUndo=history.SaveState
    )
    assert first.segmentation.GetSegmentation().GetNumberOfSegments() == 2
    history.RestorePreviousState()
    assert first.segmentation.GetSegmentation().GetSegmentIDs() == (first.segmentId,)


@pytest.mark.parametrize("damage", ["missing", "half", "another series"])
def test_a_bad_result_leaves_the_scene_as_it_was(mrml, slicer, nodes, run_worker, tmp_path, damage):
    facts = run_worker()
    path = tmp_path / "out" / "mask.npy"
    if damage == "missing":
        path.unlink()
    elif damage == "half":
        path.write_bytes(path.read_bytes()[:500])
    else:
        np.save(path, np.zeros((2, 3, 4), np.uint8))
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(SeriesError, match="segment"):
        mrml.worker_result.importResult(facts, nodes.volume)
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_a_segmentation_under_another_transform_is_not_touched(
    mrml, nodes, run_worker, add_transform
):
    result = mrml.worker_result.importResult(run_worker(), nodes.volume)
    result.segmentation.SetAndObserveTransformNodeID(add_transform(np.eye(4)).GetID())
    saved = []
    with pytest.raises(ConfigurationError, match="different transforms"):
        mrml.worker_result.importResult(
            run_worker(), nodes.volume, saveStateForUndo=lambda: saved.append(1)
        )
    assert saved == []


def test_a_full_disk_is_told_in_a_sentence(mrml, nodes, tmp_path):
    source = mrml.sequence_to_series.openNode(nodes.sequence)
    with pytest.raises(OutputError, match="free space"):
        mrml.worker_input.writeForWorker(source, tmp_path / "not there")
    with pytest.raises(SeriesError, match="Time point 7"):
        mrml.worker_input.writeForWorker(source, tmp_path, [6])
