"""Bad input ends in one sentence that names the file or series and says what to do."""

from __future__ import annotations

import gzip
import os
from itertools import chain

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced

from DSCBrainSegLib.errors import Cancelled, SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series, write_nifti


def error_of(path, **arguments) -> str:
    """Return the message, after checking that it is a sentence a person can act on."""
    with pytest.raises(SeriesError) as error:
        read_series(path, **arguments)
    message = str(error.value)
    assert "Traceback" not in message
    assert "SECRET" not in message
    assert len(message.split("\n")[0]) > 20
    return message


def edit_all(paths, change):
    for path in chain.from_iterable(paths):
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def test_path_that_does_not_exist(tmp_path):
    assert "does not exist" in error_of(tmp_path / "nowhere")


def test_empty_folder(tmp_path):
    assert "is empty" in error_of(tmp_path)


def test_no_files_given():
    assert "No files were given" in error_of([])


def test_folder_without_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "short").write_bytes(b"")
    assert "holds no DICOM, NIfTI or NRRD images" in error_of(tmp_path)


def test_strange_files_beside_the_series_are_counted_not_fatal(tmp_path):
    frames = make_frames()
    write_classic(tmp_path, frames, make_affine())
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + bytes(50))
    (tmp_path / ".hidden").write_bytes(b"x")
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    assert "1 file that is not DICOM was ignored." in series.warnings


def test_computed_tomography(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine(), Modality="CT")
    assert "its modality is CT, not MR" in error_of(tmp_path)


def test_localiser_of_three_planes(tmp_path):
    uid = pydicom.uid.generate_uid()
    for name in ("axial", "coronal", "sagittal"):
        write_classic(
            tmp_path,
            make_frames((1, 3, 12, 10)),
            make_affine(name),
            prefix=name,
            SeriesInstanceUID=uid,
            SeriesDescription="localizer",
        )
    assert "a localiser" in error_of(tmp_path)


def test_mixed_orientations_in_one_series_are_taken_apart(tmp_path):
    uid = pydicom.uid.generate_uid()
    for seed, name in enumerate(("axial", "coronal")):
        write_classic(
            tmp_path,
            make_frames(seed=seed),
            make_affine(name),
            prefix=name,
            SeriesInstanceUID=uid,
        )
    message = error_of(tmp_path)
    assert f"{uid}@axial" in message
    assert f"{uid}@coronal" in message
    series = read_series(tmp_path, f"{uid}@coronal")
    np.testing.assert_array_equal(series.frames, make_frames(seed=1))


def test_every_file_cut_short(tmp_path):
    paths = write_classic(tmp_path, make_frames(), make_affine())
    for path in chain.from_iterable(paths):
        path.write_bytes(path.read_bytes()[:-50])
    assert "is cut short" in error_of(tmp_path)


def test_one_file_cut_short_costs_its_time_point_only(tmp_path):
    frames = make_frames()
    paths = write_classic(tmp_path, frames, make_affine())
    paths[1][2].write_bytes(paths[1][2].read_bytes()[:-50])
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames[[0, 2, 3, 4]])
    assert "A DICOM file is cut short; it was left out." in series.warnings


def test_warnings_name_no_file(tmp_path):
    """They reach reports, and exports name files after the patient."""
    folder = tmp_path / "SECRET^NAME"
    paths = write_classic(folder, make_frames(), make_affine(), prefix="SECRET")
    for k in range(2):
        paths[0][k].write_bytes(paths[0][k].read_bytes()[:-50])
    for k in range(2):
        dataset = pydicom.dcmread(paths[1][k])
        del dataset.ImagePositionPatient
        dataset.save_as(paths[1][k])
    warnings = read_series(tmp_path).warnings
    assert "2 DICOM files were left out; each is cut short." in warnings
    assert any(text.startswith("2 files were left out (the header lacks") for text in warnings)
    assert "SECRET" not in repr(warnings)


def test_a_file_cut_in_its_header(tmp_path):
    paths = write_classic(tmp_path, make_frames((1, 1, 8, 8)), make_affine())
    data = paths[0][0].read_bytes()
    for end in range(140, len(data) - 60, 37):
        paths[0][0].write_bytes(data[:end])
        error_of(paths[0][0])


def test_enhanced_file_cut_short(tmp_path):
    (path,) = write_enhanced(tmp_path, make_frames(), make_affine())
    path.write_bytes(path.read_bytes()[:-1000])
    assert "is cut short" in error_of(tmp_path)


def test_enhanced_file_that_describes_no_frame(tmp_path):
    (path,) = write_enhanced(tmp_path, make_frames(), make_affine())
    dataset = pydicom.dcmread(path)
    dataset.PerFrameFunctionalGroupsSequence = []
    dataset.save_as(path)
    assert "describes no frame" in error_of(tmp_path)


def test_no_pixel_data(tmp_path):
    paths = write_classic(tmp_path, make_frames(), make_affine())

    def strip(dataset):
        del dataset.PixelData

    edit_all(paths, strip)
    assert "no pixel data" in error_of(tmp_path)


def test_no_pixel_data_behind_a_long_header(tmp_path):
    def strip(dataset, t, k):
        dataset.ImageComments = "x" * 5000
        del dataset.PixelData

    write_classic(tmp_path, make_frames(), make_affine(), edit=strip)
    assert "no pixel data" in error_of(tmp_path)


def test_colour_images(tmp_path):
    def colour(dataset, t, k):
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
        dataset.PlanarConfiguration = 0

    write_classic(tmp_path, make_frames(), make_affine(), edit=colour)
    assert "colour image" in error_of(tmp_path)


def test_unreadable_transfer_syntax_is_named(tmp_path):
    def encode(dataset, t, k):
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
        dataset.PixelData = pydicom.encaps.encapsulate([b"not a film"])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    write_classic(tmp_path, make_frames((2, 2, 8, 8)), make_affine(), edit=encode)
    message = error_of(tmp_path)
    assert "MPEG2" in message
    assert "export the series uncompressed" in message


def test_decoder_that_is_not_installed_is_asked_for(tmp_path, monkeypatch):
    from pydicom.pixels.decoders import JPEG2000LosslessDecoder

    monkeypatch.setattr(JPEG2000LosslessDecoder, "_available", {})

    def encode(dataset, t, k):
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51"])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    write_classic(tmp_path, make_frames((2, 2, 8, 8)), make_affine(), edit=encode)
    assert "JPEG 2000" in error_of(tmp_path)
    assert "install pylibjpeg" in error_of(tmp_path)


def test_damaged_compressed_data(tmp_path):
    def encode(dataset, t, k):
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.5"
        dataset.PixelData = pydicom.encaps.encapsulate([b"rubbish" * 20])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    write_classic(tmp_path, make_frames((2, 2, 8, 8)), make_affine(), edit=encode)
    assert "damaged pixel data" in error_of(tmp_path)


def test_images_without_position(tmp_path):
    def strip(dataset, t, k):
        del dataset.ImagePositionPatient, dataset.PixelSpacing

    write_classic(tmp_path, make_frames(), make_affine(), edit=strip)
    message = error_of(tmp_path)
    assert "ImagePositionPatient" in message
    assert "PixelSpacing" in message


def test_no_complete_time_point(tmp_path):
    write_classic(
        tmp_path, make_frames(), make_affine(), vendor="ge", edit=lambda _, t, k: k != t % 4
    )
    assert "none of its 5 time points has all 4 slices" in error_of(tmp_path)


def test_constant_frames(tmp_path):
    frames = make_frames()
    frames[2] = 7
    write_classic(tmp_path, frames, make_affine())
    assert "Time point 3 has the same value" in error_of(tmp_path, frames=[2])
    warnings = read_series(tmp_path).warnings
    assert "Time point 3 has the same value in every voxel." in warnings


def test_voxels_that_are_no_numbers_become_zero_with_a_warning(tmp_path):
    frames = make_frames().astype(np.float32)
    frames[1, 2, 3, 4] = np.nan
    frames[1, 2, 3, 5] = np.inf
    write_nifti(tmp_path / "a.nii", frames, make_affine())
    series = read_series(tmp_path / "a.nii")
    assert series.frames[1, 2, 3, 4] == series.frames[1, 2, 3, 5] == 0
    assert any("Time point 2 has 2 voxels without a number" in text for text in series.warnings)
    write_nifti(tmp_path / "b.nii", frames * np.nan, make_affine())
    assert "Every time point has the same value" in error_of(tmp_path / "b.nii")


def test_a_frame_that_does_not_exist(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine())
    message = error_of(tmp_path, frames=[5])
    assert "Time point 6 was asked for, but the series has time points 1 to 5" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any folder")
def test_folder_without_permission(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0)
    assert "cannot be opened" in error_of(folder)


def test_damaged_nifti_and_nrrd(tmp_path):
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.nhdr"):
        (tmp_path / name).write_bytes(b"nothing of the kind" * 30)
        assert "is damaged" in error_of(tmp_path / name)


def test_truncated_nifti(tmp_path):
    write_nifti(tmp_path / "a.nii", make_frames(), make_affine())
    data = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii").write_bytes(data[: len(data) // 2])
    assert "is damaged" in error_of(tmp_path / "a.nii")
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(data)[:3000])
    assert "is damaged" in error_of(tmp_path / "b.nii.gz")


@pytest.mark.parametrize("first", [-8, 1200])
def test_compressed_nifti_with_changed_bytes(tmp_path, first):
    """A copy that went wrong is found by its checksum (the last 8 bytes) or does not unpack."""
    path = tmp_path / "dsc.nii.gz"
    write_nifti(path, make_frames((6, 4, 16, 16)), make_affine())
    assert read_series(path).frame_count == 6
    data = bytearray(path.read_bytes())
    data[first] ^= 0xFF
    path.write_bytes(data)
    assert "is damaged" in error_of(path)


def test_colour_nifti(tmp_path):
    import nibabel

    colour = np.zeros((8, 8, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colour, np.eye(4)), tmp_path / "a.nii")
    assert "colour" in error_of(tmp_path / "a.nii")


def test_two_nifti_files_in_a_folder(tmp_path):
    for name in ("a.nii", "b.nii"):
        write_nifti(tmp_path / name, make_frames(), make_affine())
    assert "2 image files (a.nii, b.nii)" in error_of(tmp_path)
    assert [summary.selector for summary in list_series(tmp_path)] == ["a.nii", "b.nii"]


def test_cancelling_while_scanning_and_while_reading(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine())
    with pytest.raises(Cancelled):
        open_series(tmp_path, cancelled=lambda: True)
    source = open_series(tmp_path)
    with pytest.raises(Cancelled):
        source.read(cancelled=lambda: True)


def test_progress_ends_at_its_total(tmp_path):
    write_classic(tmp_path, make_frames(), make_affine())
    calls = []
    open_series(tmp_path).read(progress=lambda *call: calls.append(call))
    assert calls[0][:2] == (0, 5)
    assert calls[-1][:2] == (5, 5)


def test_nothing_is_printed_or_warned(tmp_path, capfd, recwarn):
    paths = write_classic(tmp_path, make_frames(), make_affine(), MagneticFieldStrength="2.8936")
    for path in chain.from_iterable(paths):
        path.write_bytes(path.read_bytes().replace(b"2.8936", b"strong"))
    read_series(tmp_path)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert len(recwarn) == 0
