"""Plain files give the values pydicom gives; whatever is not plain is left to pydicom."""

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced
from pydicom.pixels import iter_pixels
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from DSCBrainSegLib.series import read_series
from DSCBrainSegLib.series.plain_pixels import plain_image


@pytest.fixture
def path(tmp_path):
    write_classic(tmp_path / "series", make_frames((1, 2, 12, 10)), make_affine())
    return sorted(file for file in (tmp_path / "series").rglob("*") if file.is_file())[0]


def change(path, syntax=None, stored=16, signed=0, values=None):
    """Write the file anew with other pixels or another encoding."""
    dataset = pydicom.dcmread(path)
    if values is None:
        values = np.random.default_rng(1).integers(0, 65536, (dataset.Rows, dataset.Columns))
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = stored, stored - 1, signed
    dataset.PixelData = values.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    if syntax == RLELossless:
        dataset.compress(syntax)
    elif syntax:
        dataset.file_meta.TransferSyntaxUID = syntax
        pydicom.dcmwrite(path, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=True)
        return
    dataset.save_as(path)


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian], ids=["explicit", "implicit"])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("stored", [16, 12])
def test_values_are_those_of_pydicom(syntax, signed, stored, path):
    change(path, syntax, stored, signed)
    (expected,) = iter_pixels(path, raw=True)
    found = plain_image(path)
    np.testing.assert_array_equal(found, expected)
    assert found.std() > 0 and (found.min() < 0) == bool(signed)


def test_a_series_of_plain_files_does_not_need_pydicom_for_its_pixels(tmp_path, monkeypatch):
    frames = make_frames((3, 4, 12, 10))
    write_classic(tmp_path / "series", frames, make_affine())
    monkeypatch.setattr("pydicom.pixels.iter_pixels", None)
    np.testing.assert_allclose(read_series(tmp_path / "series").frames, frames, atol=0.51)


def test_what_is_not_plain_is_left_to_pydicom(path, tmp_path):
    whole = path.read_bytes()
    assert plain_image(path) is not None
    path.write_bytes(whole[:-7])
    assert plain_image(path) is None
    path.write_bytes(whole[132:])  # no meta information
    assert plain_image(path) is None
    path.write_bytes(whole.replace(b"\x28\x00\x01\x01US\x02\x00\x10\x00", b""))
    assert plain_image(path) is None
    path.write_bytes(
        whole.replace(b"1.2.840.10008.1.2.1\x00", ExplicitVRBigEndian.encode() + b"\0")
    )
    assert plain_image(path) is None
    path.write_bytes(whole)
    change(path, RLELossless)
    assert plain_image(path) is None
    write_enhanced(tmp_path / "enhanced", make_frames((2, 3, 12, 10)), make_affine())
    (enhanced,) = (file for file in (tmp_path / "enhanced").rglob("*") if file.is_file())
    assert plain_image(enhanced) is None


def test_an_image_within_the_header_is_not_taken_for_the_image(path):
    dataset = pydicom.dcmread(path)
    icon = pydicom.Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows, icon.Columns = dataset.Rows, dataset.Columns
    icon.BitsAllocated = icon.BitsStored = 16
    icon.HighBit, icon.PixelRepresentation = 15, 0
    icon.PixelData = bytes(2 * dataset.Rows * dataset.Columns)
    icon["PixelData"].VR = "OW"
    dataset.IconImageSequence = [icon]
    dataset.save_as(path)
    assert plain_image(path) is None
