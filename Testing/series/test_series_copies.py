"""A second copy of an image is one whose pixels agree; what only the header calls so is kept."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_mosaic

from DSCBrainSegLib.series import read_series

FRAMES = make_frames((6, 4, 12, 10))


def test_one_sop_instance_uid_in_all_files(tmp_path):
    write_classic(tmp_path, FRAMES, make_affine(), vendor="ge", SOPInstanceUID="1.2.3.4")
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any("share one SOP Instance UID" in warning for warning in series.warnings)


def test_one_sop_instance_uid_in_all_mosaics(tmp_path):
    frames = make_frames((5, 7, 8, 8))
    write_mosaic(
        tmp_path,
        frames,
        make_affine(),
        edit=lambda dataset, t: setattr(dataset, "SOPInstanceUID", "1.2.3.4"),
    )
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


@pytest.mark.parametrize("same_pixels", [False, True])
def test_instance_numbers_that_restart_at_each_time_point(tmp_path, same_pixels):
    """With one time for all and no temporal position, every slice is there six times "alike"."""
    frames = FRAMES.copy()
    if same_pixels:
        frames[:4, 0] = frames[0, 0]  # a slice above the head: nothing changes there

    def restart(dataset, t, k):
        dataset.InstanceNumber = k + 1
        dataset.AcquisitionTime = dataset.ContentTime = "120000"

    write_classic(
        tmp_path, frames, make_affine(), vendor="instance", shuffle_names=False, edit=restart
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("file names decided it" in warning for warning in series.warnings)


@pytest.mark.parametrize("removed", [[], ["InstanceNumber"], ["AcquisitionTime", "ContentTime"]])
def test_a_second_export_with_new_uids_is_left_out(tmp_path, removed):
    uid = pydicom.uid.generate_uid()

    def strip(dataset, t, k):
        for name in removed:
            if name in dataset:
                delattr(dataset, name)

    for folder in ("a", "b"):
        write_classic(
            tmp_path / folder,
            FRAMES,
            make_affine(),
            vendor="ge",
            SeriesInstanceUID=uid,
            edit=strip,
        )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any(warning.startswith("24 files are second copies") for warning in series.warnings)


def test_a_second_export_that_is_compressed_is_a_copy_too(tmp_path):
    """RLE Lossless: other bytes, the same pixels."""
    uid = pydicom.uid.generate_uid()
    for folder in ("a", "b"):
        paths = write_classic(
            tmp_path / folder, FRAMES, make_affine(), vendor="ge", SeriesInstanceUID=uid
        )
    for row in paths:
        for path in row:
            dataset = pydicom.dcmread(path)
            dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
            dataset.save_as(path)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any("second copies" in warning for warning in series.warnings)


def test_one_copied_file_of_another_content_is_no_copy(tmp_path):
    """The same numbers and times, other pixels: it is said, and nothing is lost silently."""
    paths = write_classic(tmp_path, FRAMES, make_affine(), vendor="ge")
    dataset = pydicom.dcmread(paths[2][1])
    dataset.PixelData = (FRAMES[2, 1] + 1).astype("<u2").tobytes()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.save_as(tmp_path / "zz")
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any("Time point 3 has 1 slices twice" in warning for warning in series.warnings)
