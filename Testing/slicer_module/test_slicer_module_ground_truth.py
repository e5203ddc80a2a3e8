"""Drawing and confirming a ground truth in the panel, with a cohort on disk."""

import sys

import numpy as np
import pytest
from cohort_factory import MASK, make_cohort
from slicer_module_panel import (
    add_series,
    choose_method,
    masks_of,
    paint,
    segment_and_wait,
)

NAME = "Ground truth (reader)"


@pytest.fixture
def series(panel):
    """A series that is chosen in the panel."""
    nodes = add_series()
    panel.ui.inputSelector.setCurrentNode(nodes.volume)
    choose_method(panel, "otsu")
    return nodes


@pytest.fixture
def cohort(panel, tmp_path):
    """A cohort of a drawn and an undrawn subject, chosen in the panel."""
    from cohort_factory import make_series

    from DSCBrainSegLib.cohort.add import add_subject

    cohort = make_cohort(tmp_path / "cohort", names=("b",))
    add_subject(cohort, "c", make_series(5))
    panel.ui.cohortEdit.currentPath = str(cohort.folder)
    return cohort


def listed(panel):
    return [panel.ui.subjectsList.item(row).text() for row in range(panel.ui.subjectsList.count)]


def open_subject(panel, row):
    panel.ui.subjectsList.setCurrentRow(row)
    panel.ui.openSubjectButton.click()
    return panel.parameters.inputNode


def test_draw_from_nothing_and_confirm(panel, series):
    ui = panel.ui
    assert ui.startDrawingButton.enabled and not ui.drawnButton.enabled
    ui.startDrawingButton.click()
    assert list(masks_of(series.volume)) == [NAME] and not masks_of(series.volume)[NAME].any()
    assert ui.truthStateLabel.text == "Being drawn."
    ui.readerEdit.text = "Reader A"
    ui.drawnButton.click()
    assert ui.truthStateLabel.text == "The ground truth is empty; draw it first."
    paint(panel, np.s_[3:5, 20:30, 20:30])
    assert masks_of(series.volume)[NAME].sum() == 200
    ui.drawnButton.click()
    assert ui.truthStateLabel.text.startswith("Drawn by Reader A, 20")
    assert "started from" not in ui.truthStateLabel.text and not ui.confirmButton.enabled
    ui.secondReaderEdit.text = "reader  a"
    ui.confirmButton.click()
    assert "it takes another reader" in ui.truthStateLabel.text
    ui.secondReaderEdit.text = "Reader B"
    ui.confirmButton.click()
    assert "confirmed by Reader B, 20" in ui.truthStateLabel.text


def test_a_stroke_after_confirming_takes_the_confirmation_away(panel, series):
    ui = panel.ui
    ui.startDrawingButton.click()
    paint(panel, np.s_[3, 20:30, 20:30])
    ui.readerEdit.text, ui.secondReaderEdit.text = "A", "B"
    ui.drawnButton.click()
    ui.confirmButton.click()
    assert "confirmed" in ui.truthStateLabel.text
    paint(panel, np.s_[4, 20:30, 20:30])
    panel.refresh()
    assert "confirmed" not in ui.truthStateLabel.text and ui.confirmButton.enabled


def test_a_seed_is_recorded_and_drawing_is_not_thrown_away(panel, series, clean_scene):
    ui = panel.ui
    segment_and_wait(panel, clean_scene)
    assert [ui.seedBox.itemText(row) for row in range(ui.seedBox.count)] == [
        "nothing",
        "Brain (otsu)",
    ]
    ui.seedBox.setCurrentIndex(1)
    ui.startDrawingButton.click()
    masks = masks_of(series.volume)
    assert np.array_equal(masks[NAME], masks["Brain (otsu)"]) and masks[NAME].any()
    assert ui.truthStateLabel.text == "Being drawn, started from otsu."
    assert ui.editor.currentSegmentID() == NAME
    paint(panel, np.s_[0, 0, :3])
    ui.startDrawingButton.click()
    assert "drawn already" in ui.truthStateLabel.text
    masks = masks_of(series.volume)
    assert masks[NAME][0, 0, :3].all() and not masks["Brain (otsu)"][0, 0, :3].any()
    assert masks[NAME].sum() == masks["Brain (otsu)"].sum() + 3


def test_drawing_does_not_erase_what_lies_below(panel, series, clean_scene):
    segment_and_wait(panel, clean_scene)
    before = masks_of(series.volume)["Brain (otsu)"]
    panel.ui.startDrawingButton.click()
    paint(panel, np.s_[5, 30:36, 20:30])
    assert before[5, 30:36, 20:30].all()
    masks = masks_of(series.volume)
    assert np.array_equal(masks["Brain (otsu)"], before) and masks[NAME].sum() == 60


def test_readers_and_state_survive_save_and_reopen(panel, series, tmp_path):
    import slicer

    panel.ui.startDrawingButton.click()
    paint(panel, np.s_[3, 20:30, 20:30])
    panel.ui.readerEdit.text, panel.ui.secondReaderEdit.text = "Réader", "B"
    panel.ui.drawnButton.click()
    panel.ui.confirmButton.click()
    told = panel.ui.truthStateLabel.text
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert panel.ui.truthStateLabel.text == "" and panel.ui.readerEdit.text == ""
    slicer.util.loadScene(path)
    panel.takeParameters()
    assert panel.ui.truthStateLabel.text == told and "confirmed by B" in told
    assert panel.ui.readerEdit.text == "Réader"


def test_a_cohort_lists_what_is_to_draw_first(panel, cohort, clean_scene):
    assert listed(panel) == ["to draw: c", "drawn: b"]
    assert not panel.ui.openSubjectButton.enabled
    panel.ui.cohortEdit.currentPath = str(cohort.folder.parent)
    assert listed(panel) == [] and "is not a cohort" in panel.ui.truthStateLabel.text


def test_draw_a_subject_and_save_it(panel, cohort):
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.files import file_sha256
    from DSCBrainSegLib.series import read_series

    volume = open_subject(panel, 0)
    assert volume.GetName() == "c" and not panel.ui.saveSubjectButton.enabled
    panel.ui.startDrawingButton.click()
    box = np.zeros(MASK.shape, bool)
    box[3:6, 15:25, 10:20] = True
    paint(panel, np.s_[3:6, 15:25, 10:20])
    panel.ui.readerEdit.text = "Reader A"
    panel.ui.drawnButton.click()
    assert panel.ui.saveSubjectButton.text == "Save as c"
    panel.ui.saveSubjectButton.click()
    assert panel.ui.truthStateLabel.text == "Saved as c: drawn."
    assert listed(panel) == ["drawn: b", "drawn: c"]
    subject = Cohort.open(cohort.folder).subject("c")
    saved = read_series(subject.mask)
    assert np.array_equal(saved.frames[0] > 0, box)
    assert np.allclose(saved.affine, read_series(subject.frame).affine)
    assert subject.ground_truth.reader == "Reader A" and subject.mask_is_as_saved
    assert file_sha256(subject.segmentation)
    text = subject.segmentation.read_bytes()[:6000].decode("latin-1")
    assert "Segment0_Name:=Ground truth (reader)" in text and "Segment1" not in text


def test_confirm_a_subject_that_another_reader_drew(panel, cohort):
    from DSCBrainSegLib.cohort.layout import Cohort

    volume = open_subject(panel, 1)
    assert np.array_equal(masks_of(volume)[NAME], MASK)
    assert panel.ui.truthStateLabel.text.startswith("Drawn by Reader One")
    panel.ui.secondReaderEdit.text = "Reader Two"
    panel.ui.confirmButton.click()
    panel.ui.saveSubjectButton.click()
    subject = Cohort.open(cohort.folder).subject("b")
    assert subject.state == "confirmed" and subject.ground_truth.confirmed_by == "Reader Two"
    assert subject.ground_truth.reader == "Reader One"
    assert listed(panel) == ["to draw: c", "confirmed: b"]


def test_a_mask_is_not_saved_into_another_image(panel, cohort, tmp_path):
    """Subjects may have the same name and size in two cohorts."""
    open_subject(panel, 1)
    from cohort_factory import make_series

    from DSCBrainSegLib.cohort.add import add_subject
    from DSCBrainSegLib.cohort.layout import Cohort

    other = Cohort.create(tmp_path / "other")
    add_subject(other, "b", make_series(9))
    panel.ui.cohortEdit.currentPath = str(other.folder)
    panel.ui.saveSubjectButton.click()
    assert "is another image" in panel.ui.truthStateLabel.text
    assert Cohort.open(other.folder).subject("b").state == "to draw"


def test_nibabel_is_installed_only_when_the_user_agrees(panel, cohort, clean_scene, monkeypatch):
    import importlib.util

    import slicer
    from DSCBrainSegPanel import nifti_package

    from DSCBrainSegLib.child_process import ChildProcess

    real, there, asked = importlib.util.find_spec, [], []
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "nibabel" and not there else real(name, *more),
    )
    section = panel.groundTruthSection

    def make(answer):
        def process(*command):
            asked.append(command)
            return ChildProcess([sys.executable, "-c", answer], {})

        return process

    slicer.app.set_testing(False)
    import qt

    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.No)
    open_subject(panel, 1)
    assert panel.parameters.inputNode is None and asked == []
    section.nifti.makeProcess = make("print('No connection'); raise SystemExit(1)")
    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.Yes)
    open_subject(panel, 1)
    clean_scene.wait_until(lambda: not section.nifti.busy)
    assert panel.ui.truthStateLabel.text == "nibabel was not installed: No connection"
    assert asked == [("install", nifti_package.REQUIREMENT)]
    section.nifti.makeProcess = make("print('Successfully installed')")
    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.Yes)
    open_subject(panel, 1)
    there.append(True)
    clean_scene.wait_until(lambda: not section.nifti.busy)
    assert panel.parameters.inputNode.GetName() == "b"
