"""Enhanced multi-frame DICOM, in one file or in one for each time point."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_factory import ORIENTATIONS, make_affine, make_frames, write_enhanced

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import open_series, read_series


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("layout", ["one file", "slice by slice", "file for each time"])
def test_voxels_geometry_and_times(tmp_path, orientation, layout):
    frames, affine = make_frames(), make_affine(orientation)
    write_enhanced(
        tmp_path,
        frames,
        affine,
        one_file=layout != "file for each time",
        time_first=layout == "slice by slice",
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(5), atol=1e-4)
    assert (series.echo_time, series.repetition_time) == (0.03, 1.5)
    assert series.header["flip_angle_deg"] == 75
    assert [len(uids) for uids in series.sop_instance_uids] == [1] * 5


def test_every_frame_has_its_own_rescale_slope(tmp_path):
    frames = make_frames()
    slopes = np.random.default_rng(0).uniform(0.2, 3, frames.shape[:2])
    write_enhanced(tmp_path, frames, make_affine(), slopes=slopes)
    expected = frames * slopes[:, :, None, None]
    np.testing.assert_allclose(read_series(tmp_path).frames, expected, rtol=1e-6)


def test_time_points_are_found_without_temporal_position_index(tmp_path):
    frames = make_frames()
    write_enhanced(tmp_path, frames, make_affine(), temporal_index=False, time_first=True)
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_asked_frames_only(tmp_path):
    frames = make_frames()
    write_enhanced(tmp_path, frames, make_affine())
    series = read_series(tmp_path, frames=[4])
    np.testing.assert_array_equal(series.frames, frames[4:])
    np.testing.assert_allclose(series.times, [6.0], atol=1e-4)


def test_phase_frames_in_the_same_file_are_kept_apart(tmp_path):
    frames = make_frames((4, 4, 8, 8))

    def half_phase(dataset):
        from pydicom.dataset import Dataset

        for group in dataset.PerFrameFunctionalGroupsSequence:
            content = group.FrameContentSequence[0]
            kind = Dataset()
            kind.ComplexImageComponent = (
                "PHASE" if content.TemporalPositionIndex > 2 else "MAGNITUDE"
            )
            group.MRImageFrameTypeSequence = [kind]
            content.TemporalPositionIndex = (content.TemporalPositionIndex - 1) % 2 + 1

    write_enhanced(tmp_path, frames, make_affine(), edit=half_phase)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[:2])


def test_frames_without_position_are_an_error(tmp_path):
    def without_position(dataset):
        for group in dataset.PerFrameFunctionalGroupsSequence:
            del group.PlanePositionSequence

    write_enhanced(tmp_path, make_frames(), make_affine(), edit=without_position)
    with pytest.raises(SeriesError, match="frame 1 lacks its position"):
        open_series(tmp_path)
