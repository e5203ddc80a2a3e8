"""Subjects come into a cohort whole or not at all, and never with who they are."""

import gzip
import json
import os
import stat
import unicodedata

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, all_bytes, make_cohort, make_series
from dicom_factory import make_affine, make_frames, write_classic

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import cohort_cases, load_case
from DSCBrainSegLib.cohort.ground_truth import TO_DRAW, GroundTruth, draw
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.cohort.split import draw_split
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.series import read_series

needs_rights = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)


@pytest.fixture
def cohort(tmp_path):
    return Cohort.create(tmp_path / "cohort")


def test_a_subjects_folder_holds_what_the_layout_says(cohort):
    series = make_series(frames=6)
    subject = add_subject(cohort, "s-1", series, None, MASK, draw("Reader One", "otsu"), "p-1")
    names = {path.name for path in subject.folder.iterdir()}
    assert names == {"subject.json", "frame.nii.gz", "series.seq.nrrd", "ground-truth.nii.gz"}
    frame = read_series(subject.folder / "frame.nii.gz")
    whole = read_series(subject.folder / "series.seq.nrrd")
    mask = read_series(subject.folder / "ground-truth.nii.gz")
    np.testing.assert_array_equal(frame.frames[0], series.frames[3])
    np.testing.assert_array_equal(whole.frames, series.frames)
    np.testing.assert_allclose(whole.times, series.times)
    np.testing.assert_array_equal(mask.frames[0] > 0, MASK)
    for image in (frame, whole, mask):
        np.testing.assert_allclose(image.affine, AFFINE, atol=1e-4)
    facts = json.loads((subject.folder / "subject.json").read_text(encoding="utf-8"))
    assert facts["person"] == "p-1" and facts["frame"]["number"] == 4
    assert facts["series"]["time_points"] == 6 and facts["series"]["echo_time_s"] == 0.03
    stored = cohort.subject("s-1")
    assert (stored.state, stored.ground_truth.reader) == ("drawn", "Reader One")
    assert stored.ground_truth.seeded_from == "otsu" and stored.mask_is_as_saved


def test_lesion_of_a_subject_is_what_evaluation_asks_masks_to_keep(cohort):
    lesion = np.zeros_like(MASK)
    lesion[tuple(np.argwhere(MASK)[0])] = True
    truth = draw("Reader One", "")
    subject = add_subject(cohort, "with", make_series(), None, MASK, truth, lesion=lesion)
    none = np.zeros_like(MASK)
    without = add_subject(cohort, "without", make_series(), None, MASK, truth, lesion=none)
    assert not (without.folder / "lesion.nii.gz").exists()
    found = {case.name: load_case(case).lesion for case in cohort_cases(cohort)}
    np.testing.assert_array_equal(found["with"], lesion)
    assert found["without"] is None
    assert "lesion.nii.gz" in subject.facts["files_sha256"], (
        "a change of it shows in the cohort's check"
    )


def test_frame_number_counts_in_the_whole_series(cohort):
    whole = make_series(frames=8)
    part = make_series(frames=1, frame_indices=[5], frame_count=whole.frame_count)
    subject = add_subject(cohort, "one", part)
    assert subject.facts["frame"]["number"] == 6
    assert subject.facts["series"]["time_points"] == 8
    assert subject.series is None and subject.state == TO_DRAW


@pytest.mark.parametrize("name", ["Müller-Gerät 1", unicodedata.normalize("NFD", "Ä b.2")])
def test_names_with_umlauts_spaces_and_decomposed_accents_are_found_again(cohort, name):
    add_subject(cohort, name, make_series())
    composed = unicodedata.normalize("NFC", name)
    reopened = Cohort.open(cohort.folder)
    assert [subject.name for subject in reopened.subjects] == [composed]
    assert reopened.subject(unicodedata.normalize("NFD", name)).name == composed
    with pytest.raises(OutputError, match="already"):
        add_subject(cohort, composed.upper(), make_series(1))


def test_folder_copied_from_a_system_that_decomposes_accents_stays_in_its_part(tmp_path):
    cohort = make_cohort(tmp_path / "c", ("ä", "b", "c"))
    cohort = cohort.with_split(draw_split({s.name: s.person for s in cohort.subjects}, 0))
    (cohort.folder / "ä").rename(cohort.folder / unicodedata.normalize("NFD", "ä"))
    parts = [subject.name for part in cohort.split.parts for subject in cohort.part(part)]
    assert sorted(parts) == ["b", "c", "ä"]


@pytest.mark.parametrize(
    "name", ["", ".hidden", "a/b", "..", "a\\b", "Doe^John", "x" * 64, "a ", "a.", "NUL", "a\n"]
)
def test_code_that_no_folder_can_have_is_refused_without_repeating_it(cohort, name):
    with pytest.raises(ConfigurationError) as caught:
        add_subject(cohort, name, make_series())
    assert "Doe" not in str(caught.value)
    assert [path.name for path in cohort.folder.iterdir()] == ["cohort.json"]


def test_failure_in_the_middle_leaves_nothing(cohort, monkeypatch):
    import DSCBrainSegLib.series as series_package

    def full_disk(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(series_package, "write_nrrd", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        add_subject(cohort, "a", make_series())
    monkeypatch.setattr(series_package, "write_nrrd", lambda *a: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        add_subject(cohort, "a", make_series())
    assert [path.name for path in cohort.folder.iterdir()] == ["cohort.json"]


def test_what_a_kill_left_is_no_subject_and_does_not_hinder(cohort):
    left = cohort.folder / ".a-0123abcd"
    left.mkdir()
    (left / "subject.json").write_text("{}")
    add_subject(cohort, "a", make_series())
    assert [subject.name for subject in cohort.subjects] == ["a"]


def test_of_two_who_add_the_same_subject_one_is_told(cohort, monkeypatch):
    import DSCBrainSegLib.cohort.add as add_module

    write = add_module._write_images

    def write_while_another_adds(*arguments):
        write(*arguments)
        monkeypatch.setattr(add_module, "_write_images", write)
        add_subject(cohort, "a", make_series(1))

    monkeypatch.setattr(add_module, "_write_images", write_while_another_adds)
    with pytest.raises(OutputError, match="has a subject a already"):
        add_subject(cohort, "a", make_series(2))
    frame = read_series(cohort.subject("a").frame).frames[0]
    np.testing.assert_array_equal(frame, make_series(1).frames[3])
    assert sorted(path.name for path in cohort.folder.iterdir()) == ["a", "cohort.json"]


@needs_rights
def test_read_only_folder_is_told(cohort):
    cohort.folder.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            add_subject(cohort, "a", make_series())
    finally:
        cohort.folder.chmod(0o700)


def test_folder_that_cannot_be_written_is_told(cohort, monkeypatch):
    from pathlib import Path

    def refuse(self, *arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        add_subject(cohort, "a", make_series())


def test_folders_have_the_rights_that_the_user_wants(cohort):
    old = os.umask(0o077)
    try:
        subject = add_subject(cohort, "a", make_series())
    finally:
        os.umask(old)
    assert stat.S_IMODE(subject.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mask", [np.zeros_like(MASK), MASK[1:]])
def test_empty_or_cropped_mask_is_refused(cohort, mask):
    with pytest.raises(SeriesError, match="empty|grid"):
        add_subject(cohort, "a", make_series(), mask=mask, ground_truth=draw("Reader"))
    assert not cohort.subjects


@pytest.mark.parametrize(
    ("mask", "truth"), [(MASK, None), (MASK, GroundTruth()), (None, draw("R"))]
)
def test_mask_and_reader_belong_together(cohort, mask, truth):
    with pytest.raises(ConfigurationError, match="belong together"):
        add_subject(cohort, "a", make_series(), mask=mask, ground_truth=truth)


def test_no_trace_of_the_patient_is_in_any_file(cohort, tmp_path):
    folder = tmp_path / "SECRET^NAME export"
    series_uid = "1.2.826.0.1.3680043.8.498.7"
    write_classic(
        folder, make_frames(), make_affine(), SeriesInstanceUID=series_uid, AccessionNumber="ACC77"
    )
    series = read_series(folder)
    add_subject(cohort, "s-1", series, mask=np.ones(series.volume_shape), ground_truth=draw("R"))
    add_subject(cohort, "s-2", series, keep_series=False)
    stored = all_bytes(cohort.folder)
    assert b"ep2d" not in stored and b"dscbrainseg-cohort" in stored
    for secret in (b"SECRET", b"19700102", series_uid.encode(), b"ACC77"):
        assert secret not in stored
        assert secret.lower() not in stored.lower()


def test_the_search_for_names_would_find_one(tmp_path):
    path = tmp_path / "x.nii.gz"
    path.write_bytes(gzip.compress(b"SECRET"))
    assert b"SECRET" in all_bytes(tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        "SECRETID",
        "secretid",
        "secret-id",
        "Name Secret",
        "SECRET",
        "sécret",
        "case-secret-1",
        "x19700102",
        "NAME",
    ],
)
def test_code_that_tells_who_the_patient_is_is_refused_without_repeating_it(cohort, tmp_path, code):
    write_classic(tmp_path / "dicom", make_frames(), make_affine())
    series = read_series(tmp_path / "dicom")
    for codes in ({"name": code}, {"name": "s-1", "person": code}):
        with pytest.raises(ConfigurationError, match="choose a code") as caught:
            add_subject(cohort, series=series, **codes)
        message = str(caught.value).lower()
        assert "secret" not in message and "1970" not in message
    assert not cohort.subjects


def test_pseudonyms_of_a_collection_may_be_codes(cohort, tmp_path):
    write_classic(
        tmp_path / "dicom",
        make_frames(),
        make_affine(),
        PatientID="TCGA-06-0119",
        PatientName="TCGA-06-0119",
        PatientIdentityRemoved="YES",
    )
    series = read_series(tmp_path / "dicom")
    assert add_subject(cohort, "TCGA-06-0119", series).name == "TCGA-06-0119"


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', "\xff"])
def test_damaged_cohort_file_is_named(tmp_path, text):
    (tmp_path / "cohort.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SeriesError, match=r"cohort\.json is (damaged|not)"):
        Cohort.open(tmp_path)


def test_cohort_of_a_later_version_is_not_read(tmp_path):
    (tmp_path / "cohort.json").write_text('{"format": "dscbrainseg-cohort", "version": 2}')
    with pytest.raises(SeriesError, match="version 2, this program reads version 1; update"):
        Cohort.open(tmp_path)


@pytest.mark.parametrize("facts", ["{", '{"ground_truth": []}', '{"series": "x"}'])
def test_damaged_subject_file_is_named(tmp_path, facts):
    cohort = make_cohort(tmp_path / "c", ("a",))
    (cohort.folder / "a" / "subject.json").write_text(facts)
    with pytest.raises(SeriesError, match=r"subject\.json is damaged"):
        _ = cohort.subjects


def test_absent_entries_of_a_ground_truth_are_empty_not_none():
    truth = GroundTruth.from_dict({"reader": "A", "confirmed_by": None, "later_field": 1})
    assert truth == GroundTruth("A") and truth.state == "drawn"


def test_cohort_is_not_made_twice(tmp_path):
    Cohort.create(tmp_path)
    with pytest.raises(OutputError, match="is a cohort already"):
        Cohort.create(tmp_path)
