"""A drawn mask and its history are the old or the new ones, whatever happens; nothing is lost."""

import os

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, make_cohort, make_series

import DSCBrainSegLib.cohort.save as save_module
from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import find_cases, load_case
from DSCBrainSegLib.cohort.check import check_cohort
from DSCBrainSegLib.cohort.ground_truth import confirm, draw
from DSCBrainSegLib.cohort.layout import Cohort, Subject
from DSCBrainSegLib.cohort.save import confirm_ground_truth, save_ground_truth
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.series import read_series, write_mask

SMALLER = MASK & (np.indices(MASK.shape)[0] > 2)


class Killed(BaseException):
    """What no except clause of the program catches."""


@pytest.fixture
def subject(tmp_path):
    return make_cohort(tmp_path / "cohort", ("a",)).subject("a")


def stored(subject):
    """The mask and its reader as the next program finds them."""
    again = Subject.read(subject.folder)
    mask = load_case(find_cases(subject.folder.parent)[0]).reference
    return mask, again.ground_truth.reader


def versions(subject):
    folder = subject.folder / "history"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_new_mask_replaces_the_old_one_and_its_confirmation(subject):
    confirm_ground_truth(subject, "Reader Two")
    saved = save_ground_truth(subject, SMALLER, draw("Reader Three"))
    assert (saved.state, saved.ground_truth.confirmed_by) == ("drawn", "")
    mask, reader = stored(subject)
    np.testing.assert_array_equal(mask, SMALLER)
    assert reader == "Reader Three"
    assert not check_cohort(Cohort.open(subject.folder.parent))


def test_earlier_versions_are_kept_whole(subject):
    save_ground_truth(subject, SMALLER, draw("Two"))
    save_ground_truth(subject, MASK, draw("Three"))
    readers = []
    for folder, mask in zip(versions(subject), (MASK, SMALLER), strict=True):
        np.testing.assert_array_equal(
            read_series(folder / "ground-truth.nii.gz").frames[0] > 0, mask
        )
        version = Subject.read(folder)
        assert version.mask_is_as_saved
        readers.append(version.ground_truth.reader)
    assert readers == ["Reader One", "Two"]


def test_first_mask_of_a_subject_has_no_history(tmp_path):
    cohort = Cohort.create(tmp_path / "cohort")
    subject = add_subject(cohort, "a", make_series())
    saved = save_ground_truth(subject, MASK, draw("One", "network"))
    assert saved.state == "drawn" and saved.ground_truth.seeded_from == "network"
    assert not versions(subject)


def test_segmentation_follows_its_mask(subject, tmp_path):
    drawing = tmp_path / "Segmentation.seg.nrrd"
    write_mask(drawing, SMALLER, AFFINE)
    saved = save_ground_truth(subject, SMALLER, draw("Two"), drawing)
    assert saved.segmentation.read_bytes() == drawing.read_bytes()
    assert saved.segmentation.name == "ground-truth.seg.nrrd"
    later = save_ground_truth(saved, MASK, draw("Three"))
    assert later.segmentation is None
    assert (versions(subject)[1] / "ground-truth.seg.nrrd").read_bytes() == drawing.read_bytes()


@pytest.mark.parametrize("step", range(1, 12))
def test_a_kill_leaves_the_old_or_the_new_mask_with_its_own_history(
    subject, tmp_path, monkeypatch, step
):
    drawing = tmp_path / "Segmentation.seg.nrrd"
    write_mask(drawing, SMALLER, AFFINE)
    calls = 0

    def kill_at_step(function):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            if calls == step:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for module, name in ((os, "replace"), (save_module.shutil, "copy2")):
            patch.setattr(module, name, kill_at_step(getattr(module, name)))
        patch.setattr(save_module, "write_json", kill_at_step(save_module.write_json))
        # A killed process tidies nothing up.
        patch.setattr(save_module.shutil, "rmtree", lambda *arguments, **options: None)
        try:
            save_ground_truth(subject, SMALLER, draw("Two"), drawing)
        except Killed:
            pass
        else:
            assert calls < step  # there is no such step: the save went through
    mask, reader = stored(subject)
    if reader == "Two":
        np.testing.assert_array_equal(mask, SMALLER)
        assert Subject.read(subject.folder).segmentation.read_bytes() == drawing.read_bytes()
    else:
        assert reader == "Reader One" and calls == step
        np.testing.assert_array_equal(mask, MASK)
        assert Subject.read(subject.folder).segmentation is None
    problems = check_cohort(Cohort.open(subject.folder.parent))
    assert all(problem.severity == "warning" for problem in problems), problems
    # The next save works and tidies up what it needs.
    save_ground_truth(subject, MASK, draw("Four"))
    mask, reader = stored(subject)
    np.testing.assert_array_equal(mask, MASK)
    assert reader == "Four"


def test_the_kills_reach_both_sides_of_the_commit(subject, monkeypatch):
    def killed(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(save_module, "write_json", killed)
        with pytest.raises(Killed):
            save_ground_truth(subject, SMALLER, draw("Two"))
    assert stored(subject)[1] == "Reader One"
    put = save_module.put_in_place
    calls = []

    def killed_after_commit(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise Killed
        put(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(save_module, "put_in_place", killed_after_commit)
        with pytest.raises(Killed):
            save_ground_truth(subject, SMALLER, draw("Two"))
    mask, reader = stored(subject)
    assert reader == "Two"
    np.testing.assert_array_equal(mask, SMALLER)
    np.testing.assert_array_equal(
        read_series(subject.folder / "ground-truth.nii.gz").frames[0] > 0, MASK
    )


def test_full_disk_leaves_the_old_version_and_no_file(subject, monkeypatch):
    before = {path.name: path.read_bytes() for path in subject.folder.iterdir() if path.is_file()}

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(save_module, "write_json", full)
    with pytest.raises(OutputError, match="No space left on device; the one before still holds"):
        save_ground_truth(subject, SMALLER, draw("Two"))
    after = {path.name: path.read_bytes() for path in subject.folder.iterdir() if path.is_file()}
    assert after == before


def test_mask_that_cannot_be_renamed_into_its_place_holds_nevertheless(subject, monkeypatch):
    """Windows does not rename onto a file that another program has open."""
    replace = os.replace

    def in_use(source, target):
        if str(target).endswith("ground-truth.nii.gz") and "saving" not in str(source):
            raise PermissionError(13, "The file is in use")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", in_use)
        saved = save_ground_truth(subject, SMALLER, draw("Two"))
    assert saved.mask_is_as_saved
    np.testing.assert_array_equal(stored(subject)[0], SMALLER)


@pytest.mark.parametrize("mask", [np.zeros_like(MASK), MASK[:, 1:]])
def test_mask_that_does_not_fit_changes_nothing(subject, mask):
    with pytest.raises(SeriesError, match="empty|grid"):
        save_ground_truth(subject, mask, draw("Two"))
    assert stored(subject)[1] == "Reader One" and not versions(subject)


def test_second_reader_confirms(subject):
    confirmed = confirm_ground_truth(subject, " Reader Two ")
    assert confirmed.state == "confirmed"
    truth = Subject.read(subject.folder).ground_truth
    assert (truth.reader, truth.confirmed_by) == ("Reader One", "Reader Two")
    assert truth.drawn_at and truth.confirmed_at >= truth.drawn_at


@pytest.mark.parametrize("reader", ["Reader One", "reader  one ", "READER ONE", " "])
def test_the_one_who_drew_cannot_confirm(subject, reader):
    with pytest.raises(ConfigurationError, match=r"another reader|needs the name"):
        confirm_ground_truth(subject, reader)
    assert Subject.read(subject.folder).state == "drawn"


def test_accents_coded_in_another_way_are_the_same_reader():
    with pytest.raises(ConfigurationError, match="another reader"):
        confirm(draw("Bär"), "Ba\u0308r")


def test_nothing_drawn_cannot_be_confirmed(tmp_path):
    subject = add_subject(Cohort.create(tmp_path / "c"), "a", make_series())
    with pytest.raises(ConfigurationError, match="no ground truth"):
        confirm_ground_truth(subject, "Two")


def test_mask_that_was_changed_since_it_was_seen_is_not_confirmed(subject):
    save_ground_truth(subject, SMALLER, draw("Three"))
    with pytest.raises(SeriesError, match="changed meanwhile"):
        confirm_ground_truth(subject, "Two")


def test_mask_changed_by_another_program_is_neither_confirmed_nor_used(subject):
    write_mask(subject.mask, SMALLER, AFFINE)
    with pytest.raises(SeriesError, match="changed meanwhile"):
        confirm_ground_truth(subject, "Two")
    with pytest.raises(SeriesError, match="changed after it was saved"):
        find_cases(subject.folder.parent)


def test_confirming_again_keeps_who_confirmed_first(subject):
    confirm_ground_truth(confirm_ground_truth(subject, "Two"), "Three")
    assert Subject.read(subject.folder).ground_truth.confirmed_by == "Three"
    assert Subject.read(versions(subject)[0]).ground_truth.confirmed_by == "Two"
