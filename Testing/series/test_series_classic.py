"""Classic DICOM, one file for each slice and time point, comes back as it was scanned."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pydicom
import pytest
from dicom_factory import ORIENTATIONS, clock, make_affine, make_frames, write_classic

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import open_series, read_series

VENDORS = ["siemens", "ge", "philips", "canon", "instance"]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_voxels_and_geometry_of_every_vendor_and_orientation(tmp_path, vendor, orientation):
    frames, affine = make_frames(), make_affine(orientation)
    write_classic(tmp_path, frames, affine, vendor=vendor)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-5)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(5), atol=1e-4)
    assert (series.echo_time, series.repetition_time) == (0.03, 1.5)
    assert series.frames.dtype == np.float32


def test_a_voxel_lies_where_the_dicom_standard_puts_the_pixel_of_its_file(tmp_path):
    """DICOM part 3, C.7.6.2.1.1: position + row x column spacing + column x row spacing."""
    paths = write_classic(tmp_path, make_frames(), make_affine("oblique"))
    series = read_series(tmp_path)
    header = pydicom.dcmread(paths[2][3])
    cosines = np.array(header.ImageOrientationPatient, dtype=float)
    row_number, column_number = 7, 4
    expected = (
        np.array(header.ImagePositionPatient, dtype=float)
        + cosines[:3] * header.PixelSpacing[1] * column_number
        + cosines[3:] * header.PixelSpacing[0] * row_number
    )
    found = series.affine @ [column_number, row_number, 3, 1]
    np.testing.assert_allclose(found[:3], expected, atol=1e-4)
    assert series.frames[2, 3, row_number, column_number] == header.pixel_array[7, 4]
    assert series.sop_instance_uids[2][3] == header.SOPInstanceUID


def test_slices_numbered_from_the_top_are_sorted_by_position(tmp_path):
    frames, affine = make_frames(), make_affine()

    def from_the_top(dataset, t, k):
        dataset.InstanceNumber = t * 4 + (3 - k) + 1

    write_classic(tmp_path, frames, affine, vendor="instance", edit=from_the_top)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-5)


def test_rescale_slope_of_each_file_is_applied_and_private_scaling_is_not(tmp_path):
    frames = make_frames()

    def scale(dataset, t, k):
        dataset.RescaleSlope, dataset.RescaleIntercept = 0.5 + k + 0.25 * t, -3 * t
        dataset.add_new((0x2005, 0x0010), "LO", "Philips MR Imaging DD 001")
        dataset.add_new((0x2005, 0x100E), "FL", 0.001)

    write_classic(tmp_path, frames, make_affine(), vendor="philips", edit=scale)
    t, k = np.arange(5)[:, None, None, None], np.arange(4)[None, :, None, None]
    expected = frames * (0.5 + k + 0.25 * t) - 3 * t
    np.testing.assert_allclose(read_series(tmp_path).frames, expected, rtol=1e-6)


def test_only_the_files_of_the_asked_frames_are_decoded(tmp_path, monkeypatch):
    from DSCBrainSegLib.series import dicom_pixels

    frames = make_frames()
    paths = write_classic(tmp_path, frames, make_affine())
    opened = []
    decode = dicom_pixels.decode_images
    monkeypatch.setattr(
        dicom_pixels,
        "decode_images",
        lambda path, *rest: opened.append(path) or decode(path, *rest),
    )
    series = read_series(tmp_path, frames=[3, 1])
    np.testing.assert_array_equal(series.frames, frames[[3, 1]])
    np.testing.assert_allclose(series.times, [4.5, 1.5], atol=1e-4)
    assert list(series.frame_indices) == [3, 1]
    assert series.frame_count == 5
    assert sorted(opened) == sorted(paths[3] + paths[1])


def test_missing_slices_are_named_and_their_time_point_left_out(tmp_path):
    frames = make_frames()
    lost = {(1, 0), (1, 3), (3, 2)}
    write_classic(
        tmp_path, frames, make_affine(), vendor="ge", edit=lambda _, t, k: (t, k) not in lost
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[[0, 2, 4]])
    np.testing.assert_allclose(series.times, [0, 3, 6], atol=1e-4)
    assert "Time point 2 lacks slices 1 and 4; it was left out." in series.warnings
    assert "Time point 4 lacks slice 3; it was left out." in series.warnings
    assert "In all results time points are counted without those left out." in series.warnings


@pytest.mark.parametrize("vendor", VENDORS)
def test_one_lost_file_costs_one_time_point_for_every_vendor(tmp_path, vendor):
    frames = make_frames((6, 4, 8, 8))
    write_classic(
        tmp_path, frames, make_affine(), vendor=vendor, edit=lambda _, t, k: (t, k) != (2, 1)
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[[0, 1, 3, 4, 5]])
    np.testing.assert_allclose(series.times, [0, 1.5, 4.5, 6, 7.5], atol=1e-4)


def test_a_transfer_that_stopped_in_the_last_time_point_keeps_the_others(tmp_path):
    frames = make_frames()
    write_classic(tmp_path, frames, make_affine(), vendor="ge", edit=lambda _, t, k: t < 4 or k < 2)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[:4])
    assert any("Time point 5 lacks slices 3 and 4" in warning for warning in series.warnings)


def test_a_time_point_that_is_lost_as_a_whole_is_named(tmp_path):
    frames = make_frames()
    write_classic(tmp_path, frames, make_affine(), vendor="ge", edit=lambda _, t, k: t != 2)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[[0, 1, 3, 4]])
    np.testing.assert_allclose(series.times, [0, 1.5, 4.5, 6], atol=1e-4)
    text = " ".join(series.warnings)
    assert "Temporal positions 3 have no images at all" in text
    assert "announces 5 time points, 4 were found" in text


def test_second_copies_of_files_change_nothing_but_a_warning(tmp_path):
    frames = make_frames()
    paths = write_classic(tmp_path / "a", frames, make_affine())
    (tmp_path / "b").mkdir()
    for path in paths[1]:
        (tmp_path / "b" / f"copy{path.name}").write_bytes(path.read_bytes())
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any(warning.startswith("4 files are second copies") for warning in series.warnings)


def test_a_second_export_under_new_uids_changes_nothing_but_a_warning(tmp_path):
    frames = make_frames()
    uid = pydicom.uid.generate_uid()
    for folder in ("a", "b"):
        write_classic(tmp_path / folder, frames, make_affine(), SeriesInstanceUID=uid)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("second copies" in warning for warning in series.warnings)


def test_one_slice_scanned_twice_is_reported_and_the_first_used(tmp_path):
    frames = make_frames()
    write_classic(tmp_path / "a", frames, make_affine(), vendor="ge")
    header = pydicom.dcmread(next((tmp_path / "a").iterdir()))
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    header.InstanceNumber = 999
    header.save_as(tmp_path / "a" / "zz_again")
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("has 1 slices twice" in warning for warning in series.warnings)


def test_without_any_time_the_repetition_time_is_used_and_said(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine(), vendor="instance")
    series = read_series(tmp_path)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(5))
    assert any("repetition time (1.5 s)" in warning for warning in series.warnings)


def test_philips_dynamic_begin_times_where_the_repetition_time_is_no_guide(tmp_path):
    """PRESTO: many short repetitions for one time point; (2005,10A0) tells the true time."""

    def presto(dataset, t, k):
        dataset.AcquisitionTime = dataset.ContentTime = "100000.00"
        dataset.add_new((0x2005, 0x0010), "LO", "Philips MR Imaging DD 001")
        dataset.add_new((0x2005, 0x10A0), "FL", 1.4 * t)

    write_classic(
        tmp_path, make_frames(), make_affine(), vendor="philips", repetition_time=0.02, edit=presto
    )
    np.testing.assert_allclose(read_series(tmp_path).times, 1.4 * np.arange(5), atol=1e-4)


def test_ge_timer_counts_tenths_of_a_millisecond(tmp_path):
    """Old GE: one acquisition time for all, RTIA timer (0021,105E) for each slice."""

    def old(dataset, t, k):
        dataset.AcquisitionTime = dataset.ContentTime = "181220"
        dataset.add_new((0x0021, 0x0010), "LO", "GEMS_RELA_01")
        dataset.add_new((0x0021, 0x105E), "DS", f"{19 + 15020 * t + 3700 * k:.6f}")

    write_classic(tmp_path, make_frames(), make_affine(), vendor="instance", edit=old)
    series = read_series(tmp_path)
    np.testing.assert_allclose(series.times, 1.502 * np.arange(5), atol=1e-6)


def test_times_go_on_past_midnight(tmp_path):
    def at_night(dataset, t, k):
        dataset.AcquisitionTime = clock(86400 - 3 + 1.5 * t)

    write_classic(tmp_path, make_frames(), make_affine(), vendor="philips", edit=at_night)
    np.testing.assert_allclose(read_series(tmp_path).times, 1.5 * np.arange(5), atol=1e-4)


def test_a_gap_in_time_is_said(tmp_path):
    def late(dataset, t, k):
        dataset.AcquisitionTime = clock(3600 + 1.5 * t + (10 if t > 2 else 0))

    write_classic(tmp_path, make_frames(), make_affine(), vendor="philips", edit=late)
    series = read_series(tmp_path)
    np.testing.assert_allclose(series.times, [0, 1.5, 3, 14.5, 16], atol=1e-4)
    assert any("between time points 3 and 4" in warning for warning in series.warnings)


def test_a_single_slice_can_be_read_with_a_warning(tmp_path):
    frames = make_frames((5, 1, 12, 10))
    write_classic(tmp_path, frames, make_affine("oblique"))
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, make_affine("oblique"), atol=1e-5)
    assert any("single slice" in warning for warning in series.warnings)


def test_a_single_time_point_can_be_read_with_a_warning(tmp_path):
    frames = make_frames((1, 4, 12, 10))
    write_classic(tmp_path, frames, make_affine())
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("one time point only" in warning for warning in series.warnings)


def test_a_slice_lost_at_every_time_point_is_an_error_not_a_wrong_volume(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine(), edit=lambda _, t, k: k != 2)
    with pytest.raises(SeriesError, match=r"10\.00 mm between slices 2 and 3"):
        read_series(tmp_path)


def test_files_without_preamble_and_meta_information_are_read(tmp_path):
    frames = make_frames()
    paths = write_classic(tmp_path, frames, make_affine())
    for path in chain.from_iterable(paths):
        dataset = pydicom.dcmread(path)
        pixels = dataset.PixelData
        with open(path, "wb") as file:
            pydicom.filewriter.dcmwrite(
                file,
                _without_meta(dataset, pixels),
                implicit_vr=True,
                little_endian=True,
                enforce_file_format=False,
            )
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def _without_meta(dataset, pixels):
    plain = pydicom.Dataset()
    plain.update(dataset)
    plain.PixelData = pixels
    return plain


def test_no_patient_identity_in_anything_but_the_files(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine(), PatientName="SECRET^NAME")
    source = open_series(tmp_path)
    told = repr((source.description, source.header, source.warnings)).upper()
    assert "SECRET" not in told
    assert "19700102" not in told
    assert source.description == "ep2d_perf"
