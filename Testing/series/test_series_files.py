"""NIfTI, NRRD and DICOM that the library writes come back, and other programs agree."""

from __future__ import annotations

import json
import time
from itertools import chain

import nibabel
import nrrd
import numpy as np
import pydicom
import pytest
import SimpleITK
from dicom_factory import ORIENTATIONS, make_affine, make_frames, write_classic

from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.series import (
    DSCSeries,
    list_series,
    open_series,
    read_series,
    write_dicom_series,
    write_mask,
    write_nifti,
    write_nrrd,
)

LPS_TO_RAS = np.diag([-1, -1, 1, 1])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd"])
def test_mask_lies_in_every_program_where_the_series_lies(tmp_path, suffix, orientation):
    affine = make_affine(orientation)
    mask = np.zeros((4, 12, 10), dtype=bool)
    mask[1:3, 4:9, 2:5] = True
    path = tmp_path / f"mask{suffix}"
    write_mask(path, mask, affine)
    # ITK is LPS+ and indexes (i, j, k).
    image = SimpleITK.ReadImage(str(path))
    assert image.GetPixelIDValue() == SimpleITK.sitkUInt8
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), mask)
    for index in ([0, 0, 0], [9, 11, 3], [2, 7, 1]):
        expected = affine[:3] @ [*index, 1]
        found = image.TransformIndexToPhysicalPoint([int(item) for item in index])
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_nifti_has_both_transforms_with_scanner_codes(tmp_path):
    write_mask(tmp_path / "mask.nii.gz", np.ones((4, 12, 10), bool), make_affine("oblique"))
    image = nibabel.load(tmp_path / "mask.nii.gz")
    expected = LPS_TO_RAS @ make_affine("oblique")
    for form, code in (image.get_qform(coded=True), image.get_sform(coded=True)):
        assert code == 1
        np.testing.assert_allclose(form, expected, atol=1e-4)
    assert image.get_data_dtype() == np.uint8
    assert image.header.get_xyzt_units()[0] == "mm"


def test_unknown_suffix_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="known image suffix"):
        write_mask(tmp_path / "mask.mha", np.ones((4, 12, 10), bool), make_affine())


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".seq.nrrd"])
def test_frames_written_and_read_again(tmp_path, suffix, orientation):
    frames, affine = make_frames().astype(np.float32) / 3, make_affine(orientation)
    path = tmp_path / f"series{suffix}"
    if "nii" in suffix:
        write_nifti(path, frames, affine, time_step=1.25)
    else:
        write_nrrd(path, frames, affine, times=1.25 * np.arange(5))
    series = read_series(path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, 1.25 * np.arange(5), atol=1e-6)
    two = read_series(path, frames=[3, 0])
    np.testing.assert_array_equal(two.frames, frames[[3, 0]])


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_single_volume_is_a_series_of_one_frame(tmp_path, suffix):
    volume = make_frames()[0]
    path = tmp_path / f"volume{suffix}"
    (write_nifti if "nii" in suffix else write_nrrd)(path, volume, make_affine())
    series = read_series(path)
    np.testing.assert_array_equal(series.frames[0], volume)
    assert series.times.tolist() == [0.0]


def test_nifti_with_left_handed_voxel_axes_keeps_its_place(tmp_path):
    affine = make_affine()
    flipped = affine @ np.diag([-1, 1, 1, 1])
    flipped[:3, 3] = affine[:3] @ [9, 0, 0, 1]
    frames = make_frames()
    write_nifti(tmp_path / "a.nii", frames[..., ::-1], flipped)
    series = read_series(tmp_path / "a.nii")
    np.testing.assert_allclose(series.affine, flipped, atol=1e-4)
    np.testing.assert_array_equal(series.frames, frames[..., ::-1])


def test_nifti_scaling_units_and_side_car(tmp_path):
    frames = make_frames()
    image = nibabel.Nifti1Image(np.transpose(frames).astype(np.int16), LPS_TO_RAS @ make_affine())
    image.header.set_xyzt_units("mm", "msec")
    image.header.set_zooms((*image.header.get_zooms()[:3], 1500.0))
    image.header.set_slope_inter(1, 0)
    nibabel.save(image, tmp_path / "dsc.nii.gz")
    facts = {
        "EchoTime": 0.032,
        "SeriesDescription": "perf",
        "PatientName": "SECRET",
        "FlipAngle": 60,
    }
    (tmp_path / "dsc.json").write_text(json.dumps(facts))
    source = open_series(tmp_path / "dsc.nii.gz")
    np.testing.assert_allclose(source.times, 1.5 * np.arange(5))
    assert (source.echo_time, source.repetition_time) == (0.032, 1.5)
    assert source.description == "perf"
    assert "SECRET" not in repr((source.header, source.warnings, source.description))


def test_slicer_sequences_and_multivolumes(tmp_path):
    """Slicer writes the list of frames as first axis, times as index values or frame labels."""
    frames, affine = make_frames(), make_affine("oblique")
    ras = LPS_TO_RAS @ affine
    header = {
        "space": "right-anterior-superior",
        "kinds": ["list", "domain", "domain", "domain"],
        "space directions": np.vstack([np.full(3, np.nan), ras[:3, :3].T]),
        "space origin": ras[:3, 3],
        "axis 0 index type": "numeric",
        "axis 0 index values": "0 1 2 3 4",
        "MultiVolume.FrameLabels": "0,1500,3000,4500,6000",
        "MultiVolume.FrameIdentifyingDICOMTagUnits": "ms",
        "MultiVolume.DICOM.EchoTime": "30",
        "MultiVolume.DICOM.RepetitionTime": "1500",
    }
    voxels = np.moveaxis(np.transpose(frames), 3, 0)
    nrrd.write(str(tmp_path / "a.seq.nrrd"), voxels, header, index_order="F")
    nrrd.write(str(tmp_path / "b.nhdr"), voxels, header, index_order="F")
    for name in ("a.seq.nrrd", "b.nhdr"):
        series = read_series(tmp_path / name)
        np.testing.assert_array_equal(series.frames, frames)
        np.testing.assert_allclose(series.affine, affine, atol=1e-6)
        np.testing.assert_allclose(series.times, 1.5 * np.arange(5))
        assert (series.echo_time, series.repetition_time) == (0.03, 1.5)


def test_colour_nrrd_is_an_error(tmp_path):
    header = {"kinds": ["RGB-color", "domain", "domain", "domain"]}
    nrrd.write(str(tmp_path / "a.nrrd"), np.zeros((3, 8, 8, 4), np.uint8), header)
    with pytest.raises(SeriesError, match="colour"):
        open_series(tmp_path / "a.nrrd")


def test_a_folder_with_one_nifti_file_is_that_series(tmp_path):
    write_nifti(tmp_path / "a.nii", make_frames(), make_affine())
    assert read_series(tmp_path).frame_count == 5


def phantom(frames, orientation="oblique") -> DSCSeries:
    return DSCSeries(
        frames=frames,
        times=1.5 * np.arange(len(frames)),
        affine=make_affine(orientation),
        echo_time=0.03,
        repetition_time=1.5,
    )


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_written_dicom_comes_back(tmp_path, orientation):
    frames = make_frames()
    paths = write_dicom_series(phantom(frames, orientation), tmp_path, description="a phantom")
    assert len(paths) == 20
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    np.testing.assert_allclose(series.affine, make_affine(orientation), atol=1e-6)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(5))
    assert (series.echo_time, series.repetition_time) == (0.03, 1.5)
    assert series.description == "a phantom"
    (summary,) = list_series(tmp_path)
    assert summary.is_dynamic_t2star
    assert series.warnings == []


def test_written_dicom_keeps_fractions_and_negative_values(tmp_path):
    frames = (make_frames().astype(np.float32) - 300) / 7
    write_dicom_series(phantom(frames), tmp_path)
    error = np.abs(read_series(tmp_path).frames - frames).max()
    assert error <= 0.51 * (frames.max() - frames.min()) / 65535


def test_written_dicom_is_read_by_itk_in_the_same_place(tmp_path):
    frames = make_frames((1, 4, 12, 10))
    paths = write_dicom_series(phantom(frames), tmp_path)
    image = SimpleITK.ReadImage([str(path) for path in paths])
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), frames[0])
    found = image.TransformIndexToPhysicalPoint([2, 7, 1])
    np.testing.assert_allclose(found, make_affine("oblique")[:3] @ [2, 7, 1, 1], atol=1e-3)


def test_written_dicom_has_what_the_standard_requires_and_no_person(tmp_path):
    paths = write_dicom_series(phantom(make_frames()), tmp_path, uid_seed="a")
    header = pydicom.dcmread(paths[7])
    assert str(header.PatientName) == header.PatientID == "PHANTOM"
    assert header.SOPClassUID == pydicom.uid.MRImageStorage
    # Type 1 attributes of the MR Image IOD (DICOM part 3, A.4 and C.8.3.1).
    for keyword in (
        *("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"),
        *("Modality", "ImageType", "ScanningSequence", "SequenceVariant", "PixelSpacing"),
        *("ImageOrientationPatient", "ImagePositionPatient", "PhotometricInterpretation"),
        *("TemporalPositionIdentifier", "NumberOfTemporalPositions", "MagneticFieldStrength"),
    ):
        assert header[keyword].value not in (None, ""), keyword
    assert header.TemporalPositionIdentifier == 2
    assert len({pydicom.dcmread(path).SOPInstanceUID for path in paths}) == 20
    again = write_dicom_series(phantom(make_frames()), tmp_path / "again", uid_seed="a")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_writing_a_usual_dsc_series_takes_seconds(tmp_path):
    start = time.process_time()
    write_dicom_series(phantom(make_frames((60, 20, 64, 64))), tmp_path)
    assert time.process_time() - start < 15


def test_sheared_affine_cannot_be_dicom(tmp_path):
    series = phantom(make_frames())
    series.affine[0, 2] += 2
    with pytest.raises(ValueError, match="sheared"):
        write_dicom_series(series, tmp_path)


LOSSLESS = {
    "implicit": pydicom.uid.ImplicitVRLittleEndian,
    "big endian": pydicom.uid.ExplicitVRBigEndian,
    "deflated": pydicom.uid.DeflatedExplicitVRLittleEndian,
    "run length": pydicom.uid.RLELossless,
    "JPEG-LS": pydicom.uid.JPEGLSLossless,
    "JPEG 2000": pydicom.uid.JPEG2000Lossless,
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_transfer_syntaxes(tmp_path, name):
    syntax = LOSSLESS[name]
    if syntax == pydicom.uid.JPEGLSLossless:
        pytest.importorskip("jpeg_ls", reason="pyjpegls is not installed")
    if syntax == pydicom.uid.JPEG2000Lossless:
        pytest.importorskip("openjpeg", reason="pylibjpeg-openjpeg is not installed")
    frames = make_frames((2, 3, 64, 64))
    paths = write_classic(tmp_path, frames, make_affine())
    for path in chain.from_iterable(paths):
        dataset = pydicom.dcmread(path)
        if syntax.is_compressed and not syntax.is_deflated:
            dataset.compress(syntax)
            dataset.save_as(path)
        else:
            dataset.decompress() if dataset.file_meta.TransferSyntaxUID.is_compressed else None
            if syntax == pydicom.uid.ExplicitVRBigEndian:
                dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
            dataset.file_meta.TransferSyntaxUID = syntax
            pydicom.dcmwrite(
                path,
                dataset,
                implicit_vr=syntax.is_implicit_VR,
                little_endian=syntax.is_little_endian,
                force_encoding=True,
            )
    np.testing.assert_array_equal(read_series(tmp_path).frames, frames)


def test_every_written_file_has_its_own_uid(tmp_path):
    import pydicom

    frames = np.random.default_rng(0).integers(0, 900, (12, 12, 4, 5)).astype(float)
    paths = write_dicom_series(phantom(frames), tmp_path, uid_seed="a")
    uids = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in paths}
    assert len(uids) == len(paths) == 144
