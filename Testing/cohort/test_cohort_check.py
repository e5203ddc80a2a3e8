"""`check_cohort` finds what makes figures wrong, and says nothing about a sound cohort."""

import json
import shutil

import nibabel
import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, make_cohort, make_series

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.check import check_cohort
from DSCBrainSegLib.cohort.ground_truth import draw
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.cohort.save import save_ground_truth
from DSCBrainSegLib.cohort.split import Split, draw_split
from DSCBrainSegLib.cohort.stored import FILES_KEY
from DSCBrainSegLib.series import write_mask, write_nifti


@pytest.fixture
def cohort(tmp_path):
    cohort = make_cohort(tmp_path / "cohort")
    return cohort.with_split(draw_split({name: name for name in "abc"}, 0))


def change(cohort, name, **entries):
    path = cohort.folder / name / "subject.json"
    facts = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps(facts))


def only_problem(cohort, subject, severity, *words):
    problems = check_cohort(Cohort.open(cohort.folder))
    assert len(problems) == 1, problems
    assert (problems[0].subject, problems[0].severity) == (subject, severity)
    for word in words:
        assert word in problems[0].sentence
    assert str(problems[0]).startswith(f"{severity}: ")


def test_sound_cohort_has_no_problem(cohort):
    add_subject(cohort, "undrawn", make_series(9), keep_series=False)
    split = draw_split({subject.name: subject.person for subject in cohort.subjects}, 0)
    save_ground_truth(cohort.subject("a"), MASK, draw("Other"))
    assert check_cohort(cohort.with_split(split)) == []


@pytest.mark.parametrize("name", ["frame.nii.gz", "series.seq.nrrd", "ground-truth.nii.gz"])
def test_missing_file_is_told(cohort, name):
    (cohort.folder / "b" / name).unlink()
    problems = check_cohort(cohort)
    assert any(p.subject == "b" and f"{name} is missing" in p.sentence for p in problems)
    assert all(p.subject == "b" for p in problems)


@pytest.mark.parametrize("name", ["frame.nii.gz", "series.seq.nrrd"])
def test_damaged_image_is_told(cohort, name):
    path = cohort.folder / "b" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    problems = check_cohort(cohort)
    assert any("changed or damaged" in p.sentence and p.severity == "error" for p in problems)


def test_cut_off_frame_of_a_cohort_without_hashes_is_told(cohort):
    path = cohort.folder / "b" / "frame.nii.gz"
    change(cohort, "b", **{FILES_KEY: {}})
    path.write_bytes(path.read_bytes()[:2000])
    only_problem(cohort, "b", "error", "damaged")


def test_damaged_subject_does_not_hide_the_others(cohort):
    (cohort.folder / "a" / "subject.json").write_text("{")
    (cohort.folder / "c" / "frame.nii.gz").unlink()
    problems = check_cohort(cohort)
    assert {problem.subject for problem in problems} == {"", "a", "c"}  # "": the split lacks a


def test_mask_on_another_grid_is_told(cohort):
    moved = AFFINE.copy()
    moved[0, 3] += 1
    path = cohort.subject("b").mask
    change(cohort, "b", **{FILES_KEY: {}})
    write_mask(path, MASK, moved)
    only_problem(cohort, "b", "error", "another position")
    write_mask(path, MASK, AFFINE @ np.diag([2, 2, 1, 1]))
    only_problem(cohort, "b", "error", "not a mask on the series' grid")


@pytest.mark.parametrize(
    ("mask", "severity", "words"),
    [
        (np.zeros_like(MASK), "error", "empty"),
        (np.ones_like(MASK), "error", "the whole image"),
        (MASK & (np.indices(MASK.shape)[0] == 5), "warning", "usual are"),
        (~MASK, "warning", "darker inside"),
    ],
)
def test_implausible_mask_is_told(cohort, mask, severity, words):
    change(cohort, "b", **{FILES_KEY: {}})
    write_mask(cohort.subject("b").mask, mask, AFFINE)
    only_problem(cohort, "b", severity, words)


def test_mask_changed_behind_the_history_is_told(cohort):
    write_mask(cohort.subject("b").mask, np.roll(MASK, 1, axis=1), AFFINE)
    only_problem(cohort, "b", "error", "changed after it was saved")


def test_mask_without_reader_is_told(cohort):
    change(cohort, "b", ground_truth={})
    only_problem(cohort, "b", "error", "no reader")


def test_mask_confirmed_by_its_drawer_is_told(cohort):
    change(cohort, "b", ground_truth={"reader": "Reader One", "confirmed_by": "reader one"})
    only_problem(cohort, "b", "error", "confirmed by the reader who drew it")
    change(cohort, "b", ground_truth={"reader": "simulation", "confirmed_by": "simulation"})
    assert check_cohort(cohort) == []


def test_split_that_does_not_fit_the_cohort_is_told(cohort):
    shutil.rmtree(cohort.folder / "a")
    only_problem(cohort, "", "error", "names a")
    add_subject(cohort, "a", make_series(7))
    add_subject(cohort, "later", make_series(8))
    only_problem(cohort, "", "warning", "later", "came after")


def test_person_in_two_parts_is_told(cohort):
    parts = {"train": ("a", "b"), "validation": (), "test": ("c",)}
    cohort = cohort.with_split(Split(0, (0.68, 0.12, 0.2), parts))
    change(cohort, "b", person="p")
    change(cohort, "c", person="p")
    only_problem(cohort, "", "error", "Person p", "test, train")


def test_same_images_under_two_names_are_told(cohort):
    add_subject(cohort, "again", make_series(0))
    split = draw_split({name: name for name in ("a", "again", "b", "c")}, 0)
    only_problem(cohort.with_split(split), "a", "error", "frames of a, again are the same")


def test_same_series_under_two_names_is_told(cohort):
    header = {"series_instance_uid": "1.2.3.4.5.6.7"}
    add_subject(cohort, "x", make_series(5, header=header), frame=0)
    add_subject(cohort, "y", make_series(5, header=header), frame=1)
    cohort = cohort.with_split(draw_split({name: name for name in "abcxy"}, 0))
    only_problem(cohort, "x", "error", "same series is in x, y")


@pytest.mark.parametrize("place", [".b-01234567", "b/.saving-01234567", "b/history/.version-0123"])
def test_what_a_kill_left_is_told(cohort, place):
    (cohort.folder / place).mkdir(parents=True)
    problems = check_cohort(cohort)
    assert len(problems) == 1 and "interrupted write" in problems[0].sentence
    assert problems[0].severity == "warning"


def test_folder_that_is_no_subject_is_told(cohort):
    (cohort.folder / "figures").mkdir()
    only_problem(cohort, "figures", "warning", "no subject.json")


@pytest.mark.parametrize(
    "entries",
    [
        {"PatientName": "Doe"},
        {"origin": {"patient_id": 77}},
        {"series": {"study_instance_uid": "x"}},
        {"note": "Doe^John"},
        {"origin": {"reference": "1.2.840.113619.2.55.3"}},
    ],
)
def test_identity_in_the_facts_is_told_without_repeating_it(cohort, entries):
    change(cohort, "b", **entries)
    only_problem(cohort, "b", "error", "subject.json has")
    sentence = check_cohort(cohort)[0].sentence
    assert not any(secret in sentence for secret in ("Doe", "77", "113619"))


def test_text_in_an_image_header_is_told_without_repeating_it(cohort):
    path = cohort.folder / "b" / "frame.nii.gz"
    change(cohort, "b", **{FILES_KEY: {}})
    write_nifti(path, make_series(1).frames[3], AFFINE)
    image = nibabel.load(path)
    image.header["descrip"] = b"Doe John 1970"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), None, image.header), path)
    only_problem(cohort, "b", "warning", "descrip")
    assert "Doe" not in check_cohort(cohort)[0].sentence
