"""Mosaics of Siemens and grids of United Imaging are taken apart into the right slices."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_factory import (
    ORIENTATIONS,
    make_affine,
    make_csa_header,
    make_frames,
    write_mosaic,
    write_uih_grid,
)

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import open_series, read_series
from DSCBrainSegLib.series.csa_header import csa_numbers, parse_csa_header


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("reverse_normal", [False, True])
def test_mosaic_voxels_geometry_and_times(tmp_path, orientation, reverse_normal):
    frames, affine = make_frames((4, 7, 12, 10)), make_affine(orientation)
    write_mosaic(tmp_path, frames, affine, reverse_normal=reverse_normal)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(4), atol=1e-4)
    assert [len(uids) for uids in series.sop_instance_uids] == [1] * 4


@pytest.mark.parametrize("count", [1, 4, 5, 16])
def test_mosaics_of_any_number_of_tiles(tmp_path, count):
    frames = make_frames((2, count, 8, 6))
    write_mosaic(tmp_path, frames, make_affine())
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_old_csa_header_and_moved_private_block(tmp_path):
    frames = make_frames((3, 5, 8, 8))
    write_mosaic(tmp_path, frames, make_affine(), csa_version=1, private_block=0x12)
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_number_of_tiles_from_the_public_side_of_the_private_header(tmp_path):
    """(0019,100A) NumberOfImagesInMosaic, where the CSA header was removed."""

    def without_csa(dataset, t):
        del dataset[(0x0029, 0x1010)]
        dataset.add_new((0x0019, 0x0010), "LO", "SIEMENS MR HEADER")
        dataset.add_new((0x0019, 0x100A), "US", 7)

    frames = make_frames((3, 7, 8, 8))
    write_mosaic(tmp_path, frames, make_affine(), edit=without_csa)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    (warning,) = series.warnings
    assert "upside down" in warning


def test_a_mosaic_whose_slices_distance_was_removed(tmp_path):
    def without_distance(dataset, t):
        del dataset.SpacingBetweenSlices
        dataset.SliceThickness = 3

    def without_both(dataset, t):
        del dataset.SpacingBetweenSlices, dataset.SliceThickness

    frames = make_frames((2, 7, 8, 8))
    write_mosaic(tmp_path / "distance", frames, make_affine(), edit=without_distance)
    series = read_series(tmp_path / "distance")
    assert series.spacing[0] == pytest.approx(3)
    assert any("their thickness, 3 mm, is taken" in warning for warning in series.warnings)
    write_mosaic(tmp_path / "both", frames, make_affine(), edit=without_both)
    with pytest.raises(SeriesError, match="distance between slices"):
        read_series(tmp_path / "both")
    write_mosaic(tmp_path / "whole", frames, make_affine())
    assert read_series(tmp_path / "whole").warnings == []


def test_mosaic_without_private_header_says_so(tmp_path):
    def without_private(dataset, t):
        dataset.remove_private_tags()

    write_mosaic(tmp_path, make_frames((3, 7, 8, 8)), make_affine(), edit=without_private)
    with pytest.raises(SeriesError, match="mosaic whose private header was removed"):
        read_series(tmp_path)


def test_slice_times_of_a_mosaic_in_order_of_slice(tmp_path):
    write_mosaic(tmp_path, make_frames((2, 4, 8, 8)), make_affine(), reverse_normal=True)
    times = open_series(tmp_path).header["slice_times_s"]
    np.testing.assert_allclose(times, [0.0, 0.375, 0.75, 1.125])


def test_one_frame_of_a_long_mosaic_series_decodes_one_file(tmp_path, monkeypatch):
    from DSCBrainSegLib.series import dicom_pixels

    frames = make_frames((30, 4, 8, 8))
    paths = write_mosaic(tmp_path, frames, make_affine())
    opened = []
    decode = dicom_pixels.decode_images
    monkeypatch.setattr(
        dicom_pixels,
        "decode_images",
        lambda path, *rest: opened.append(path) or decode(path, *rest),
    )
    np.testing.assert_array_equal(read_series(tmp_path, frames=[3]).frames[0], frames[3])
    assert opened == [paths[3]]


def test_slices_that_follow_the_head_are_read_with_a_warning(tmp_path):
    """Siemens PACE moves the slices before each time point."""

    def move(dataset, t):
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y, z + 0.4 * t]

    frames = make_frames((4, 7, 8, 8))
    write_mosaic(tmp_path, frames, make_affine(), edit=move)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, make_affine(), atol=1e-4)
    assert any("moved the slices by up to 1.2 mm" in warning for warning in series.warnings)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_uih_grid(tmp_path, orientation):
    frames, affine = make_frames((4, 7, 12, 10)), make_affine(orientation)
    write_uih_grid(tmp_path, frames, affine)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(4), atol=1e-4)


@pytest.mark.parametrize("version", [1, 2])
def test_csa_header_items(version):
    tags = {"First": ["1", "2.5"], "Empty": [], "Name": ["a word"]}
    header = parse_csa_header(make_csa_header(tags, version))
    assert header == tags
    assert csa_numbers(header, "First") == [1.0, 2.5]
    assert csa_numbers(header, "Name") == []


@pytest.mark.parametrize("version", [1, 2])
def test_damaged_csa_header_is_empty_not_a_crash(version):
    data = make_csa_header({"NumberOfImagesInMosaic": ["7"]}, version)
    for end in range(0, len(data), 7):
        parse_csa_header(data[:end])
    assert parse_csa_header(b"") == {}
    assert parse_csa_header(bytes(500)) == {}
    assert parse_csa_header(b"\xff" * 500) == {}
