"""Exports are read back as the other programs read them; all or nothing, nobody's identity."""

import json

import nibabel
import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, all_bytes, make_cohort, make_series

import DSCBrainSegLib.cohort.export as export_module
from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.export import export_cohort, export_labels
from DSCBrainSegLib.cohort.save import confirm_ground_truth
from DSCBrainSegLib.cohort.split import Split
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.series import read_series, write_mask

NAMES = ("s-1", "s-2", "s-3", "Ä 4")
PARTS = {"train": ("s-1", "s-2"), "validation": ("Ä 4",), "test": ("s-3",)}


@pytest.fixture
def cohort(tmp_path):
    cohort = make_cohort(tmp_path / "cohort", NAMES)
    confirm_ground_truth(cohort.subject("s-3"), "Reader Two")
    add_subject(cohort, "undrawn", make_series(8))
    return cohort


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_nnunet_dataset_follows_the_split(cohort, tmp_path):
    cohort = cohort.with_split(Split(0, (0.68, 0.12, 0.2), PARTS))
    exported = export_cohort(cohort, tmp_path / "out", "nnunet")
    assert exported.labels == {"s-1": "s1", "s-2": "s2", "s-3": "s3", "Ä 4": "A4"}
    folder = tmp_path / "out"
    training, test = ("s1", "s2", "A4"), ("s3",)
    expected = {"dataset.json", "splits_final.json"}
    expected |= {f"imagesTr/{label}_0000.nii.gz" for label in training}
    expected |= {f"labelsTr/{label}.nii.gz" for label in training}
    expected |= {f"imagesTs/{label}_0000.nii.gz" for label in test}
    expected |= {f"labelsTs/{label}.nii.gz" for label in test}
    assert files(folder) == expected
    dataset = json.loads((folder / "dataset.json").read_text())
    assert dataset["numTraining"] == 3 and dataset["file_ending"] == ".nii.gz"
    assert dataset["labels"] == {"background": 0, "brain": 1}
    assert list(dataset["channel_names"]) == ["0"]
    splits = json.loads((folder / "splits_final.json").read_text())
    assert splits == [{"train": ["s1", "s2"], "val": ["A4"]}]


def test_exported_voxels_lie_where_they_lay(cohort, tmp_path):
    export_cohort(cohort, tmp_path / "out", "nnunet")
    image = nibabel.load(tmp_path / "out" / "imagesTr" / "s2_0000.nii.gz")
    label = nibabel.load(tmp_path / "out" / "labelsTr" / "s2.nii.gz")
    ras = np.diag([-1, -1, 1, 1]) @ AFFINE
    np.testing.assert_allclose(image.affine, ras, atol=1e-4)
    np.testing.assert_array_equal(image.affine, label.affine)
    np.testing.assert_array_equal(np.asarray(label.dataobj).T, MASK)
    assert label.get_data_dtype() == np.uint8
    expected = make_series(1).frames[3]
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, expected)


def test_without_split_all_is_training(cohort, tmp_path):
    export_cohort(cohort, tmp_path / "out", "nnunet")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "imagesTr",
        "labelsTr",
        "dataset.json",
    }


def test_bids_derivatives(cohort, tmp_path):
    cohort = cohort.with_split(Split(0, (0.68, 0.12, 0.2), PARTS))
    export_cohort(cohort, tmp_path / "out", "bids")
    folder = tmp_path / "out"
    description = json.loads((folder / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and description["GeneratedBy"][0]["Version"]
    perfusion = folder / "sub-s3" / "perf"
    assert {path.name for path in perfusion.iterdir()} == {
        f"sub-s3_desc-{name}.{suffix}"
        for name in ("reference_dsc", "brain_mask")
        for suffix in ("nii.gz", "json")
    }
    mask = read_series(perfusion / "sub-s3_desc-brain_mask.nii.gz")
    np.testing.assert_array_equal(mask.frames[0] > 0, MASK)
    facts = json.loads((perfusion / "sub-s3_desc-reference_dsc.json").read_text())
    assert facts["EchoTime"] == 0.03 and facts["RepetitionTime"] == 1.5
    assert json.loads((perfusion / "sub-s3_desc-brain_mask.json").read_text())["Confirmed"] is True
    lines = (folder / "participants.tsv").read_text(encoding="utf-8").splitlines()
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert rows["participant_id"] == ["subject", "person", "part", "state"]
    assert rows["sub-A4"] == ["Ä 4", "Ä 4", "validation", "drawn"]
    assert rows["sub-s3"] == ["s-3", "s-3", "test", "confirmed"]


@pytest.mark.parametrize("format", ["nnunet", "bids"])
def test_neither_readers_nor_header_texts_are_exported(cohort, tmp_path, format):
    frame = cohort.subject("s-1").frame
    image = nibabel.load(frame)
    image.header["descrip"] = b"SECRET"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), None, image.header), frame)
    assert b"SECRET" in all_bytes(cohort.folder)
    export_cohort(cohort, tmp_path / "out", format)
    exported = all_bytes(tmp_path / "out")
    assert b"SECRET" not in exported and b"Reader" not in exported


def test_only_confirmed(cohort, tmp_path):
    exported = export_cohort(cohort, tmp_path / "out", "bids", "confirmed")
    assert list(exported.labels) == ["s-3"]


def test_subjects_that_came_after_the_split_are_left_out_and_told(cohort, tmp_path):
    parts = {"train": ("s-1",), "validation": ("s-2",), "test": ("s-3",)}
    cohort = cohort.with_split(Split(0, (0.4, 0.3, 0.3), parts))
    exported = export_cohort(cohort, tmp_path / "out", "bids")
    assert exported.not_split == ["Ä 4"] and "Ä 4" not in exported.labels


def test_labels_are_plain_and_different():
    labels = export_labels(["a-1", "a1", "A 1", "ü", "日本"])
    assert len({label.casefold() for label in labels.values()}) == 5
    assert all(label.isascii() and label.isalnum() for label in labels.values())


def test_export_is_whole_or_not_at_all(cohort, tmp_path, monkeypatch):
    write = export_module._write_bids_case
    calls = []

    def fail_at_third(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        write(*arguments)

    monkeypatch.setattr(export_module, "_write_bids_case", fail_at_third)
    with pytest.raises(OutputError, match="No space left"):
        export_cohort(cohort, tmp_path / "out", "bids")
    assert not (tmp_path / "out").exists()


def test_nothing_is_mixed_into_a_folder_that_holds_something(cohort, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="not empty"):
        export_cohort(cohort, tmp_path / "out", "nnunet")
    assert files(tmp_path / "out") == {"mine.txt"}


def test_changed_mask_stops_the_export(cohort, tmp_path):
    write_mask(cohort.subject("s-2").mask, ~MASK, AFFINE)
    with pytest.raises(SeriesError, match="changed after it was saved"):
        export_cohort(cohort, tmp_path / "out", "nnunet")
    assert not (tmp_path / "out").exists()


def test_unknown_format_and_nothing_to_export_are_told(cohort, tmp_path):
    with pytest.raises(ConfigurationError, match="nnunet or bids"):
        export_cohort(cohort, tmp_path / "out", "dicom")
    with pytest.raises(ConfigurationError, match="drawn or confirmed"):
        export_cohort(cohort, tmp_path / "out", "bids", "to draw")
    empty = make_cohort(tmp_path / "empty", ())
    with pytest.raises(SeriesError, match="no subject to export"):
        export_cohort(empty, tmp_path / "out", "bids")
