"""The review without a browser: what is listed, drafts, curves, the command's messages."""

import json

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, make_cohort, make_series

from DSCBrainSegLib.cohort.ground_truth import SIMULATION
from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.series import write_mask, write_nifti
from DSCBrainSegLib.web.curves import Curve, draw_curves, intensity_range
from DSCBrainSegLib.web.drafts import Draft, DraftStore
from DSCBrainSegLib.web.entries import find_entries
from DSCBrainSegLib.web.loading import load_entry


@pytest.fixture
def results(tmp_path):
    """A folder of results that holds its series, too."""
    series = make_series(1)
    folder = tmp_path / "result"
    (folder / "images").mkdir(parents=True)
    write_nifti(folder / "images" / "perfusion.nii.gz", series.frames, AFFINE, 1.5)
    write_mask(folder / "mask.nii.gz", MASK, AFFINE)
    write_mask(folder / "mask-otsu.nii.gz", ~MASK, AFFINE)
    facts = {"method": "network", "frame": {"number": 2}}
    (folder / "segment.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def entry(results, tmp_path, monkeypatch):
    """An entry whose drafts lie in a temporary folder."""
    monkeypatch.setenv("DSCBRAINSEG_REVIEW", str(tmp_path / "drafts"))
    return find_entries(results)[0]


def test_a_result_folder_brings_series_masks_and_time_point(results):
    (entry,) = find_entries(results)
    loaded = load_entry(entry, no_progress, never_cancelled)
    assert loaded.frame == 1 and loaded.series.frame_count == 5
    assert np.array_equal(loaded.masks["network"], MASK)
    assert np.array_equal(loaded.masks["otsu"], ~MASK)
    assert loaded.truth is None


def test_a_phantom_brings_its_exact_truth(results):
    write_mask(results / "truth.nii.gz", MASK, AFFINE)
    (results / "truth").mkdir()
    (results / "truth.nii.gz").rename(results / "truth" / "mask.nii.gz")
    loaded = load_entry(find_entries(results)[0], no_progress, never_cancelled)
    assert np.array_equal(loaded.truth, MASK) and loaded.history.reader == SIMULATION


def test_results_without_their_series_ask_for_it(results, tmp_path):
    (results / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(SeriesError, match="name it with --series"):
        find_entries(results)
    entry = find_entries(results, tmp_path / "elsewhere" / "perfusion.nii.gz")[0]
    assert set(entry.masks) == {"network", "otsu"}


def test_a_mask_of_another_grid_is_refused(results):
    write_mask(results / "mask.nii.gz", MASK, AFFINE @ np.diag([1.2, 1, 1, 1]))
    with pytest.raises(SeriesError, match="mask.nii.gz"):
        load_entry(find_entries(results)[0], no_progress, never_cancelled)


def test_a_cohort_lists_subjects_to_draw_first(tmp_path):
    from DSCBrainSegLib.cohort.add import add_subject

    cohort = make_cohort(tmp_path / "cohort", names=("a",))
    add_subject(cohort, "b", make_series(3))
    entries = find_entries(cohort.folder)
    assert [(each.name, each.state) for each in entries] == [("b", "to draw"), ("a", "drawn")]
    loaded = load_entry(entries[1], no_progress, never_cancelled)
    assert np.array_equal(loaded.truth, MASK) and loaded.history.reader == "Reader One"
    assert loaded.series.frame_count == 5 and loaded.frame == 3


@pytest.mark.parametrize("name", ["nothing-here", "empty"])
def test_what_cannot_be_reviewed_is_told(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SeriesError, match=name):
        find_entries(tmp_path / name)


def test_a_wrong_file_ends_the_command_with_a_sentence(tmp_path, capsys):
    from DSCBrainSegLib.cli.main import main

    pytest.importorskip("trame_slicer", reason="needs trame-slicer (extra review)")
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no image")
    assert main(["review", str(wrong), "--no-browser"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "notes.txt" in told


def write_draft(store, masks, **facts):
    """Keep a draft as the review does."""
    store.unfinished().write_bytes(masks)
    store.write(Draft("abc", **facts), store.unfinished())


def test_a_draft_is_the_old_or_the_new_one(entry, monkeypatch):
    store = DraftStore(entry)
    assert store.read() is None and not store.is_damaged
    write_draft(store, b"one", state="segmented", unsaved=True)
    kept = store.read()
    assert (kept.state, kept.unsaved) == ("segmented", True)
    assert store.segmentation(kept).read_bytes() == b"one"

    def fails(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full, pytest.raises(OutputError, match="No space left"):
        full.setattr("DSCBrainSegLib.web.drafts.write_json", fails)
        write_draft(store, b"half", state="drawn")
    kept = DraftStore(entry).read()
    assert kept.state == "segmented" and store.segmentation(kept).read_bytes() == b"one"
    write_draft(store, b"two", state="drawn")
    assert DraftStore(entry).read().state == "drawn"
    assert len(list(store.folder.glob("*.seg.nrrd"))) == 1


def test_a_draft_names_no_path_and_is_for_its_owner_only(entry, results):
    store = DraftStore(entry)
    write_draft(store, b"one")
    assert results.name not in str(store.folder.name)
    assert str(results.parent) not in (store.folder / "review.json").read_text()
    assert store.folder.stat().st_mode & 0o077 == 0


def test_a_damaged_draft_is_left_alone(entry):
    store = DraftStore(entry)
    write_draft(store, b"one")
    (store.folder / "review.json").write_text("{")
    assert store.read() is None and store.is_damaged
    aside = store.set_aside()
    assert (aside / "1.seg.nrrd").read_bytes() == b"one" and not store.folder.exists()


def test_curves_fill_the_picture():
    times = np.array([0.0, 1.0, 4.0])
    curves = [
        Curve("a", np.array([10.0, 30.0, 20.0]), "red"),
        Curve("b", np.array([np.nan, 1.0, 2.0]), "blue"),
    ]
    assert intensity_range(curves) == (1.0, 30.0)
    assert intensity_range([]) == (0.0, 1.0)
    drawn = draw_curves(times, 4.0, curves[:1])
    assert 'points="0.0,100.0 250.0,0.0 1000.0,50.0"' in drawn and "M1000.0 " in drawn
    assert draw_curves(times, 0.0, curves).count("<polyline") == 1
