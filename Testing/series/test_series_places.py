"""Slices are numbered within a time point, also where the scanner moved them in between."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced, write_mosaic

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import open_series, read_series

VENDORS = ["siemens", "ge", "philips", "canon", "instance"]


def moved_by(millimetres, affine, from_time=3):
    """Return an edit that moves the slices along their normal from a time point on."""
    normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2])

    def move(dataset, t, k):
        if t >= from_time:
            place = np.array(dataset.ImagePositionPatient, dtype=float) + normal * millimetres
            dataset.ImagePositionPatient = [f"{value:.6f}" for value in place]

    return move


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("millimetres", [0.7, 2.5, 5.0, -5.0, 12.5])
def test_slices_that_moved_along_their_normal_are_not_mixed(tmp_path, vendor, millimetres):
    """The slices are 5 mm apart: half a slice, one slice, two and a half slices."""
    frames, affine = make_frames((6, 4, 12, 10)), make_affine("oblique")
    write_classic(tmp_path, frames, affine, vendor=vendor, edit=moved_by(millimetres, affine))
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(6), atol=1e-4)
    expected = f"moved the slices by up to {abs(millimetres):.1f} mm"
    assert any(expected in warning for warning in series.warnings)


@pytest.mark.parametrize("vendor", VENDORS)
def test_slices_that_drift_from_time_to_time(tmp_path, vendor):
    frames, affine = make_frames((8, 5, 8, 8)), make_affine()

    def drift(dataset, t, k):
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x + 0.1 * t, y, z + 0.6 * t]

    write_classic(tmp_path, frames, affine, vendor=vendor, edit=drift)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("moved the slices by up to 4.3 mm" in warning for warning in series.warnings)


@pytest.mark.parametrize("vendor", VENDORS)
def test_slices_that_turned_with_the_head_are_read_and_the_angle_is_said(tmp_path, vendor):
    frames = make_frames((6, 4, 8, 8))
    start, turned = make_affine(), turned_by(4.0)

    def turn(dataset, t, k):
        affine = turned if t >= 2 else start
        cosines = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
        dataset.ImageOrientationPatient = [f"{value:.9f}" for value in cosines.T.ravel()]
        dataset.ImagePositionPatient = [f"{value:.6f}" for value in affine[:3] @ [0, 0, k, 1]]

    write_classic(tmp_path, frames, start, vendor=vendor, edit=turn)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, start, atol=1e-4)
    assert any("turned them by up to 4.0 degrees" in warning for warning in series.warnings)


def turned_by(degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    affine = make_affine()
    affine[:3, :3] = turn @ affine[:3, :3]
    return affine


def test_mosaics_that_turned_with_the_head(tmp_path):
    def turn(dataset, t):
        angle = np.deg2rad(3.0 * t)
        dataset.ImageOrientationPatient = [np.cos(angle), np.sin(angle), 0]
        dataset.ImageOrientationPatient += [-np.sin(angle), np.cos(angle), 0]

    frames = make_frames((3, 7, 8, 8))
    write_mosaic(tmp_path, frames, make_affine(), edit=turn)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("turned them by up to 6.0 degrees" in warning for warning in series.warnings)


def test_enhanced_frames_that_moved(tmp_path):
    frames = make_frames((6, 4, 8, 8))

    def move(dataset):
        for group in dataset.PerFrameFunctionalGroupsSequence:
            if group.FrameContentSequence[0].TemporalPositionIndex > 3:
                position = group.PlanePositionSequence[0]
                x, y, z = (float(value) for value in position.ImagePositionPatient)
                position.ImagePositionPatient = [x, y, z + 2.5]

    write_enhanced(tmp_path, frames, make_affine(), edit=move)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("moved the slices by up to 2.5 mm" in warning for warning in series.warnings)


def test_one_file_lost_from_slices_that_moved_costs_its_time_point(tmp_path):
    frames, affine = make_frames((6, 4, 8, 8)), make_affine()
    move = moved_by(2.5, affine)

    def edit(dataset, t, k):
        move(dataset, t, k)
        return (t, k) != (4, 1)

    write_classic(tmp_path, frames, affine, vendor="ge", edit=edit)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[[0, 1, 2, 3, 5]])
    assert "Time point 5 lacks slice 2; it was left out." in series.warnings


@pytest.mark.parametrize("lost", [None, (2, 1)])
def test_slices_excited_two_at_once_are_no_volumes_that_moved(tmp_path, lost):
    """Multiband: slices 1 and 3, then 2 and 4, have one acquisition time."""

    def at_once(dataset, t, k):
        dataset.AcquisitionTime = f"12{t:02d}{10 * (k % 2):02d}.0"
        return (t, k) != lost

    frames = make_frames((6, 4, 8, 8))
    write_classic(tmp_path, frames, make_affine(), vendor="instance", edit=at_once)
    series = read_series(tmp_path)
    kept = [t for t in range(6) if lost is None or t != lost[0]]
    np.testing.assert_array_equal(series.frames, frames[kept])
    assert not any("moved" in warning for warning in series.warnings)


@pytest.mark.parametrize("evidence", ["location", "temporal position", "announced"])
def test_slices_that_all_claim_one_place_are_refused(tmp_path, evidence):
    def one_place(dataset, t, k):
        dataset.ImagePositionPatient = [-100, -100, 0]
        if evidence == "location":
            dataset.SliceLocation = 5.0 * k
        if evidence == "temporal position":
            dataset.TemporalPositionIdentifier = t + 1
        if evidence == "announced":
            dataset.NumberOfTemporalPositions = 5

    write_classic(tmp_path, make_frames(), make_affine(), vendor="instance", edit=one_place)
    with pytest.raises(SeriesError, match="all its slices claim to lie at one place"):
        open_series(tmp_path)


def test_a_dynamic_series_of_one_slice_is_not_refused(tmp_path):
    frames = make_frames((9, 1, 8, 8))
    write_classic(
        tmp_path,
        frames,
        make_affine(),
        vendor="ge",
        edit=lambda dataset, t, k: setattr(dataset, "SliceLocation", 12.5),
    )
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_instance_numbers_by_slice_where_the_slices_moved(tmp_path):
    frames, affine = make_frames((7, 4, 8, 8)), make_affine()
    move = moved_by(2.5, affine)

    def edit(dataset, t, k):
        move(dataset, t, k)
        dataset.InstanceNumber = 7 * k + t + 1

    write_classic(tmp_path, frames, affine, vendor="instance", edit=edit)
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_positions_that_are_rounded_differently_are_one_place(tmp_path):
    jitter = np.random.default_rng(0).uniform(-0.08, 0.08, (6, 4))

    def edit(dataset, t, k):
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y, z + jitter[t, k]]

    frames = make_frames((6, 4, 8, 8))
    write_classic(tmp_path, frames, make_affine(), vendor="instance", edit=edit)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert not any("moved" in warning for warning in series.warnings)


@pytest.mark.parametrize("claims", [{}, {"SliceThickness": ""}, {"SpacingBetweenSlices": 1.0}])
def test_what_the_header_claims_about_slices_may_be_missing_or_the_gap(tmp_path, claims):
    frames, affine = make_frames((6, 4, 8, 8)), make_affine()
    move = moved_by(2.5, affine)

    def edit(dataset, t, k):
        move(dataset, t, k)
        if claims.get("SliceThickness") == "":
            del dataset.SliceThickness, dataset.SpacingBetweenSlices

    write_classic(
        tmp_path,
        frames,
        affine,
        vendor="ge",
        edit=edit,
        **{name: value for name, value in claims.items() if value},
    )
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)
