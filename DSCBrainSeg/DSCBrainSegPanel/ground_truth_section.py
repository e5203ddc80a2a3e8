"""Draw a ground truth, confirm it as a second reader, keep both in a cohort."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, DRAWN, TO_DRAW, confirm, redraw
from DSCBrainSegLib.errors import ConfigurationError, DSCBrainSegError
from DSCBrainSegLib.mrml.cohort_scene import SUBJECT, openCohort, openSubject, saveSubject
from DSCBrainSegLib.mrml.ground_truth_segment import (
    getGroundTruth,
    setGroundTruth,
    startGroundTruth,
)
from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, segmentsOfMethod
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation, segmentationOf
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.series_nodes import shownVolume, volumeOf

from .nifti_package import NiftiPackage

COHORT_SETTING = "DSCBrainSeg/CohortFolder"


class GroundTruthSection:
    """Wires the widgets of "Ground truth"; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui = widget, widget.ui
        self._seeds = []
        self._subjects = []
        self.nifti = NiftiPackage(self._say)
        ui = self._ui
        ui.cohortEdit.currentPath = slicer.util.settingsValue(COHORT_SETTING, "")
        ui.startDrawingButton.connect("clicked()", self.onStartDrawing)
        ui.drawnButton.connect("clicked()", self.onDrawn)
        ui.confirmButton.connect("clicked()", self.onConfirm)
        ui.cohortEdit.connect("currentPathChanged(QString)", self.onCohortChosen)
        ui.openSubjectButton.connect("clicked()", self.onOpenSubject)
        ui.saveSubjectButton.connect("clicked()", self.onSaveSubject)
        ui.subjectsList.connect("itemActivated(QListWidgetItem*)", self.onOpenSubject)
        ui.subjectsList.connect("currentRowChanged(int)", self._onSubjectChosen)

    def enter(self):
        """Look at the cohort again; others may work on it."""
        self._listSubjects()

    def cleanup(self):
        """End an installation."""
        self.nifti.stop()

    def refresh(self):
        """Show segments to start from, and what there is of a ground truth."""
        ui, parameters = self._ui, self._widget.parameters
        volume = self._volume()
        self._listSeeds(volume)
        segmentation, segmentId = self._drawing(volume)
        state = TO_DRAW
        text = ""
        if segmentId:
            groundTruth = getGroundTruth(segmentation, segmentId, volume)
            state = groundTruth.state
            text = self._describe(groundTruth)
        ui.truthStateLabel.text = text
        ui.startDrawingButton.enabled = volume is not None
        ui.drawnButton.enabled = bool(segmentId and parameters.reader.strip())
        ui.confirmButton.enabled = bool(state == DRAWN and parameters.secondReader.strip())
        subject = volume.GetAttribute(SUBJECT) if volume is not None else None
        ui.saveSubjectButton.enabled = bool(subject and state != TO_DRAW)
        ui.saveSubjectButton.text = (
            _("Save as {subject}").format(subject=subject) if subject else _("Save into cohort")
        )

    def onStartDrawing(self):
        """Make the segment to draw into and open the editor's brush on it."""
        try:
            volume = shownVolume(self._widget.parameters.inputNode)
            segmentation = segmentationOf(volume)
            seed = self._seeds[self._ui.seedBox.currentIndex]
            segmentId = startGroundTruth(segmentation, volume, seed)
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        self._widget.refresh()
        self._widget.editSection.select(segmentId)

    def onDrawn(self):
        """Record who drew it."""
        parameters, volume = self._widget.parameters, self._volume()
        segmentation, segmentId = self._drawing(volume)
        try:
            if not segmentMask(segmentation, segmentId, volume).any():
                raise ConfigurationError(_("The ground truth is empty; draw it first."))
            before = getGroundTruth(segmentation, segmentId, volume)
            groundTruth = redraw(before, parameters.reader)
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        setGroundTruth(segmentation, segmentId, volume, groundTruth)
        self.refresh()

    def onConfirm(self):
        """Record that a second reader agrees with the mask as it is."""
        volume = self._volume()
        segmentation, segmentId = self._drawing(volume)
        before = getGroundTruth(segmentation, segmentId, volume)
        try:
            groundTruth = confirm(before, self._widget.parameters.secondReader)
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        setGroundTruth(segmentation, segmentId, volume, groundTruth)
        self.refresh()

    def onCohortChosen(self, path):
        """Remember the folder on this computer and list its subjects."""
        slicer.app.userSettings().setValue(COHORT_SETTING, path)
        self._listSubjects()

    def onOpenSubject(self):
        """Load a subject's reference frame and ground truth."""
        subject = self._subjects[self._ui.subjectsList.currentRow]
        self.nifti.then(lambda: self._openSubject(subject))

    def onSaveSubject(self):
        """Save the ground truth into the subject it was opened from."""
        self.nifti.then(self._saveSubject)

    def _openSubject(self, subject):
        try:
            volume = openSubject(subject)
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
        self._widget.parameters.inputNode = volume

    def _saveSubject(self):
        volume = self._volume()
        segmentation, segmentId = self._drawing(volume)
        try:
            saved = saveSubject(
                self._ui.cohortEdit.currentPath,
                volume,
                segmentation,
                segmentId,
                slicer.app.temporaryPath,
            )
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        self._listSubjects()
        self._say(
            _("Saved as {subject}: {state}.").format(
                subject=saved.name, state=self._named(saved.state)
            )
        )

    def _volume(self):
        parameters = self._widget.parameters
        return volumeOf(parameters.inputNode) if parameters is not None else None

    def _drawing(self, volume):
        """Return segmentation and ID of the ground truth, (None, "") if there is none."""
        segmentation = findSegmentation(volume) if volume is not None else None
        if segmentation is None:
            return None, ""
        segmentIds = segmentsOfMethod(segmentation, GROUND_TRUTH)
        return segmentation, (segmentIds[-1] if segmentIds else "")

    def _listSeeds(self, volume):
        segmentation, drawing = self._drawing(volume)
        seeds, names = [""], [_("nothing")]
        if segmentation is not None:
            for segmentId in segmentation.GetSegmentation().GetSegmentIDs():
                if segmentId != drawing:
                    seeds.append(segmentId)
                    names.append(segmentation.GetSegmentation().GetSegment(segmentId).GetName())
        box = self._ui.seedBox
        if seeds != self._seeds or names != [box.itemText(index) for index in range(box.count)]:
            self._seeds = seeds
            box.clear()
            box.addItems(names)

    def _listSubjects(self):
        widget = self._ui.subjectsList
        widget.clear()
        self._subjects = []
        path = self._ui.cohortEdit.currentPath
        if path:
            try:
                self._subjects = openCohort(path)
            except DSCBrainSegError as error:
                self._say(str(error))
        widget.addItems([f"{self._named(each.state)}: {each.name}" for each in self._subjects])
        self._onSubjectChosen()

    def _onSubjectChosen(self):
        self._ui.openSubjectButton.enabled = self._ui.subjectsList.currentRow >= 0

    def _named(self, state):
        return {TO_DRAW: _("to draw"), DRAWN: _("drawn"), CONFIRMED: _("confirmed")}[state]

    def _describe(self, groundTruth):
        if groundTruth.state == TO_DRAW:
            text = _("Being drawn")
        else:
            text = _("Drawn by {reader}, {time}").format(
                reader=groundTruth.reader, time=groundTruth.drawn_at
            )
        if groundTruth.seeded_from:
            text += _(", started from {method}").format(method=groundTruth.seeded_from)
        if groundTruth.state == CONFIRMED:
            text += _("; confirmed by {reader}, {time}").format(
                reader=groundTruth.confirmed_by, time=groundTruth.confirmed_at
            )
        return text + "."

    def _say(self, text):
        self._ui.truthStateLabel.text = text
