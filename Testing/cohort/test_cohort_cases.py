"""Cohort folders are read as documented; what does not fit is told."""

import json

import numpy as np
import pytest

from DSCBrainSegLib.cohort.cases import ReferenceCase, find_cases, load_case
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import write_nifti

AFFINE = np.diag([2.0, 2.0, 5.0, 1.0])
VOLUME = np.arange(6 * 8 * 9.0).reshape(6, 8, 9)  # an image and, above 0, a mask


def add_subject(cohort, name, image=None, reference=None, source=None, affine=AFFINE):
    folder = cohort / name
    folder.mkdir(parents=True)
    if image is not None:
        write_nifti(folder / "frame.nii.gz", np.asarray(image, np.float32), AFFINE)
    if reference is not None:
        write_nifti(folder / "reference-mask.nii.gz", np.asarray(reference, bool), affine)
    if source is not None:
        (folder / "source.json").write_text(source)


def test_subjects_are_listed_with_the_slices_to_trust(tmp_path):
    trusted = json.dumps({"reference": {"trusted_slices_k": [1, 4]}})
    add_subject(tmp_path, "b", VOLUME, VOLUME, trusted)
    add_subject(tmp_path, "a", VOLUME, VOLUME)
    add_subject(tmp_path, "c", VOLUME, VOLUME, json.dumps({"note": "no slices named"}))
    add_subject(tmp_path, "no-mask", VOLUME)
    add_subject(tmp_path, "no-image", reference=VOLUME)
    cases = find_cases(tmp_path)
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert [case.slices for case in cases] == [None, (1, 4), None]
    assert load_case(cases[1]).compared == slice(1, 5)


def test_voxels_and_sizes_are_those_of_the_files(tmp_path):
    add_subject(tmp_path, "a", VOLUME, VOLUME > 100)
    loaded = load_case(find_cases(tmp_path)[0])
    np.testing.assert_array_equal(loaded.image, VOLUME)
    np.testing.assert_array_equal(loaded.reference, VOLUME > 100)
    assert loaded.spacing == pytest.approx((5.0, 2.0, 2.0))
    assert loaded.voxel_volume_ml == pytest.approx(0.02)


def test_reference_between_the_voxels_of_the_image_is_refused(tmp_path):
    moved, larger = AFFINE.copy(), np.diag([2.5, 2.5, 5.0, 1.0])
    moved[0, 3] = 0.8
    add_subject(tmp_path, "moved", VOLUME, VOLUME, affine=moved)
    add_subject(tmp_path, "larger", VOLUME, VOLUME, affine=larger)
    for case in find_cases(tmp_path):
        with pytest.raises(SeriesError, match="another position|not a mask on the series' grid"):
            load_case(case)


def test_cropped_reference_lies_where_it_says(tmp_path):
    whole = VOLUME > 300
    add_subject(tmp_path, "a", VOLUME, whole[2:], affine=AFFINE @ _shift(k=2))
    np.testing.assert_array_equal(load_case(find_cases(tmp_path)[0]).reference, whole)


def _shift(k: int) -> np.ndarray:
    shift = np.eye(4)
    shift[2, 3] = k
    return shift


def test_series_of_several_time_points_is_refused(tmp_path):
    add_subject(tmp_path, "a", np.stack([VOLUME] * 3), VOLUME)
    with pytest.raises(SeriesError, match="3 time points"):
        load_case(find_cases(tmp_path)[0])


@pytest.mark.parametrize("slices", [(-1, 3), (2, 6), (4, 2)])
def test_slices_that_are_not_there_are_refused(tmp_path, slices):
    add_subject(tmp_path, "a", VOLUME, VOLUME)
    folder = tmp_path / "a"
    case = ReferenceCase("a", folder / "frame.nii.gz", folder / "reference-mask.nii.gz", slices)
    with pytest.raises(SeriesError, match="has slices 0 to 5"):
        load_case(case)


@pytest.mark.parametrize(
    "text", ["{", '{"reference": {"trusted_slices_k": [3]}}', '{"reference": 5}', "[]"]
)
def test_damaged_source_file_is_named(tmp_path, text):
    add_subject(tmp_path, "a", VOLUME, VOLUME, text)
    with pytest.raises(SeriesError, match=r"a.source\.json is damaged"):
        find_cases(tmp_path)


def test_folder_without_cases_is_told(tmp_path):
    with pytest.raises(SeriesError, match="holds no case"):
        find_cases(tmp_path)
    with pytest.raises(SeriesError, match="not a folder"):
        find_cases(tmp_path / "missing")
