"""NIfTI as scanners' converters write it: forms, units, axes, packing; read right, written back."""

import json

import nibabel
import nifti_factory
import numpy as np
import pytest
import SimpleITK
from nifti_factory import EDGES, FRAMES, LPS, ROWS, write

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series, write_mask

TURNED = ((0, 0, 5.0, 10), (-3.0, 0, 0, 20), (0, -2.5, 0, -30))
FLAT = ((0, 0, 0, 0),) * 3


def check(series, warned=None, affine=LPS, times=1.5):
    np.testing.assert_array_equal(series.frames, FRAMES)
    np.testing.assert_allclose(series.affine, affine, atol=1e-4)
    np.testing.assert_allclose(series.times, times * np.arange(5), rtol=1e-5)
    if warned is None:
        assert series.warnings == []
    else:
        assert any(warned in warning for warning in series.warnings), series.warnings


@pytest.mark.parametrize(
    ("fields", "warned"),
    [
        ({}, None),
        ({"order": ">"}, None),
        ({"codes": (0, 1)}, None),
        ({"codes": (1, 0), "rows": FLAT}, None),
        ({"rows": FLAT}, "qform is used"),
        ({"rows": ((np.nan,) * 4,) * 3}, "qform is used"),
        ({"rows": (ROWS[0], ROWS[0], ROWS[2])}, "qform is used"),
        ({"dim": (5, 7, 6, 4, 1, 5), "step": (0.0, 1.5)}, None),
        ({"dim": (5, 7, 6, 4, 5, 1)}, None),
        ({"dim": (7, 7, 6, 4, 5, 1, 1, 1)}, None),
        ({"units": 2 | 16, "step": 1500.0}, None),
        ({"units": 2 | 24, "step": 1.5e6}, None),
        ({"units": 0}, None),
        ({"step": 1500.0}, "cannot be"),
        ({"units": 2 | 16}, "cannot be"),
        ({"step": -1.5}, "negative"),
        ({"qfac": 0.0}, None),
        ({"scaling": (np.nan, np.nan)}, None),
        ({"scaling": (0.0, 7.0)}, None),
        ({"vox_offset": 0.0}, None),
    ],
)
def test_header_as_programs_write_it(tmp_path, fields, warned):
    check(read_series(write(tmp_path / "a.nii", **fields)), warned)


@pytest.mark.parametrize(("unit", "per_mm"), [(1, 1e-3), (3, 1e3)])
@pytest.mark.parametrize("said", [True, False])
def test_units_of_space_come_to_mm(tmp_path, unit, per_mm, said):
    fields = {
        "edges": tuple(per_mm * edge for edge in EDGES),
        "rows": tuple(tuple(per_mm * x for x in row) for row in ROWS),
        "offset": tuple(per_mm * x for x in (10, 20, -30)),
        "units": (unit if said else 2) | 8,
    }
    check(read_series(write(tmp_path / "a.nii", **fields)), None if said else "cannot be")


def test_voxels_that_no_head_scan_has_are_told(tmp_path):
    rat = {"edges": (0.1, 0.1, 0.5), "codes": (0, 0)}
    warnings = open_series(write(tmp_path / "a.nii", **rat)).warnings
    assert any("implausible" in warning for warning in warnings)


def test_header_without_orientation_names_the_axes_that_are_taken(tmp_path):
    source = open_series(write(tmp_path / "a.nii", codes=(0, 0)))
    (warning,) = source.warnings
    # As nibabel reads it: x to the left, the middle of the image in the scanner's middle.
    expected = np.diag([-1, -1, 1, 1]) @ nibabel.load(tmp_path / "a.nii").affine
    np.testing.assert_allclose(source.affine, expected, atol=1e-4)
    assert "left, front and top" in warning


def test_two_orientations_that_disagree_are_told(tmp_path):
    (warning,) = open_series(write(tmp_path / "a.nii", rows=TURNED)).warnings
    assert "disagree" in warning and "back, bottom and right" in warning


@pytest.mark.parametrize(
    "fields",
    [
        {"codes": (0, 0)},
        {"rows": TURNED, "codes": (1, 2)},
        {"rows": FLAT},
        {"codes": (4, 0)},
        {"units": 1 | 8, "edges": (0.003, 0.0025, 0.005), "codes": (1, 0)},
        {"qfac": -1.0, "codes": (2, 3)},
    ],
)
def test_mask_header_repeats_that_of_its_series(tmp_path, fields):
    path = write(tmp_path / "a.nii", **fields)
    series = read_series(path)
    write_mask(tmp_path / "m.nii.gz", series.frames[0] > 50, series.affine, series.nifti_forms)
    image, mask = (nibabel.load(tmp_path / name).header for name in ("a.nii", "m.nii.gz"))
    for name in (
        *("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
        *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
    ):
        np.testing.assert_array_equal(image[name], mask[name])
    np.testing.assert_array_equal(image["pixdim"][:4], mask["pixdim"][:4])
    assert image.get_xyzt_units()[0] == mask.get_xyzt_units()[0]


@pytest.mark.parametrize("fields", [{"codes": (0, 0)}, {"rows": TURNED, "codes": (1, 2)}])
def test_itk_lays_the_mask_on_its_series(tmp_path, fields):
    series = read_series(write(tmp_path / "a.nii", **fields))
    write_mask(tmp_path / "m.nii", series.frames[0] > 50, series.affine, series.nifti_forms)
    image, mask = (SimpleITK.ReadImage(str(tmp_path / name)) for name in ("a.nii", "m.nii"))
    np.testing.assert_allclose(image.GetOrigin()[:3], mask.GetOrigin(), atol=1e-4)
    direction = np.reshape(image.GetDirection(), (4, 4))[:3, :3]
    np.testing.assert_allclose(direction.ravel(), mask.GetDirection(), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "packed"), [("a.nii.gz", False), ("a.nii", True), ("a.bin", True), ("a", False)]
)
def test_packing_is_seen_by_content(tmp_path, name, packed):
    check(read_series(write(tmp_path / name, packed)))


@pytest.mark.parametrize("asked", ["a.hdr", "a.img", "."])
@pytest.mark.parametrize("suffix", [".hdr", ".HDR"])
def test_pair_of_files_is_one_series(tmp_path, asked, suffix):
    other = ".img" if suffix == ".hdr" else ".IMG"
    (tmp_path / f"a{suffix}").write_bytes(nifti_factory.header(magic=b"ni1\0", vox_offset=0.0))
    (tmp_path / f"a{other}").write_bytes(nifti_factory.voxels())
    asked = asked.replace(".hdr", suffix).replace(".img", other)
    check(read_series(tmp_path / asked))
    assert len(list_series(tmp_path)) == 1


def test_half_of_a_pair_is_named(tmp_path):
    (tmp_path / "a.hdr").write_bytes(nifti_factory.header(magic=b"ni1\0", vox_offset=0.0))
    with pytest.raises(SeriesError, match="not beside it"):
        open_series(tmp_path / "a.hdr")


def test_analyze_pair_is_read_with_a_note(tmp_path):
    image = nibabel.AnalyzeImage(np.transpose(FRAMES), None)
    image.header.set_zooms((*EDGES, 1.5))
    nibabel.save(image, tmp_path / "a.img")
    series = read_series(tmp_path / "a.img")
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any("no orientation" in warning for warning in series.warnings)


@pytest.mark.parametrize(
    ("step", "beside", "expected", "warned"),
    [
        (0.0, 1.5, 1.5, None),
        (1.0, 1.5, 1.5, None),
        (1.5, 2.0, 1.5, "beside it"),
        (0.0, 1500, 1.5, "cannot be"),
        (0.0, None, 1.0, "1 s is assumed"),
    ],
)
def test_time_between_time_points_from_header_or_side_car(tmp_path, step, beside, expected, warned):
    if beside:
        (tmp_path / "a.json").write_text(json.dumps({"RepetitionTime": beside, "EchoTime": 30}))
    series = read_series(write(tmp_path / "a.nii", step=step))
    check(series, warned, times=expected)
    assert series.echo_time == (0.03 if beside else None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dim": (5, 7, 6, 4, 5, 3)}, "5 dimensions"),
        ({"dim": (4, 7, 6, 4, 0)}, "damaged"),
        ({"dim": (4, 7, -6, 4, 5)}, "damaged"),
        ({"datatype": (128, 24)}, "colour"),
        ({"datatype": (32, 64)}, "complex"),
        ({"datatype": (77, 16)}, "damaged"),
        ({"rows": FLAT, "codes": (0, 1)}, "spans no volume"),
        ({"dim": (3, 3000, 3000, 3000)}, "cut short"),
        ({"vox_offset": np.inf}, "damaged"),
        ({"intent": 1006}, "displacements"),
        ({"magic": b"abcd"}, "damaged"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_sentence(tmp_path, fields, words):
    with pytest.raises(SeriesError, match=words):
        read_series(write(tmp_path / "a.nii", **fields))


def test_packed_file_that_promises_more_than_it_can_hold_is_refused(tmp_path):
    path = write(tmp_path / "a.nii.gz", data=b"", dim=(4, 30000, 30000, 30000, 300))
    with pytest.raises(SeriesError, match="cut short"):
        read_series(path)
