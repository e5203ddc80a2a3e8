"""DSC series of Slicer's DICOM database; a click loads one."""

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import DSCBrainSegError

MODALITY = "0008,0060"
STUDY_DATE = "0008,0020"
NOT_THE_SERIES = ("ended", "internal", "missing-package")
"""Kinds of errors that would come with each other series, too."""

ITEM_COLUMN, SIZE_COLUMN, TIMES_COLUMN, BUTTON_COLUMN = range(4)


class LoadSection:
    """Wires the widgets of "Load from DICOM"; arguments as SegmentSection.

    Headers are read by the worker, one series at a time, so that Segment has not to wait for all.
    Names of patients stay on the screen: the worker is given files only and tells no names.
    """

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._database = None
        self._known = {}
        self._waiting, self._number = [], None
        ui = self._ui
        ui.dicomTree.setColumnCount(4)
        ui.dicomTree.setHeaderLabels([_("Series"), _("Frames x slices"), _("TE / TR"), ""])
        ui.dicomTree.setIndentation(12)
        header = ui.dicomTree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(ITEM_COLUMN, qt.QHeaderView.Stretch)
        for column in (SIZE_COLUMN, TIMES_COLUMN, BUTTON_COLUMN):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        ui.dicomRefreshButton.connect("clicked()", self.onRefreshButton)
        self._soon = qt.QTimer()
        self._soon.setSingleShot(True)
        self._soon.connect("timeout()", self.look)

    @property
    def busy(self):
        """Whether headers are being read."""
        return self._number is not None or self._soon.active

    @property
    def candidates(self):
        """Series UIDs that are DSC, in the order of the list."""
        return [uid for uid, facts in self._known.items() if facts]

    def enter(self):
        """Look for series that were imported meanwhile."""
        if self._database is None:  # at Slicer's start the panel may be there first
            self._database = getattr(slicer, "dicomDatabase", None)
            if self._database is not None:
                self._database.connect("databaseChanged()", self._onDatabaseChanged)
        self._soon.start(0)

    def refresh(self):
        """Nothing here depends on the scene."""

    def cleanup(self):
        """Let go of the database."""
        self._soon.stop()
        self._waiting = []
        if self._database is not None:
            self._database.disconnect("databaseChanged()", self._onDatabaseChanged)

    def onRefreshButton(self):
        """Read all headers again."""
        self._known = {}
        self.look()

    def look(self):
        """Show the series that are known to be DSC and ask the worker about the others."""
        if self._database is None or not self._database.isOpen:
            self._say(_("Slicer's DICOM database is not open; open the DICOM module once."))
            return
        there = [uid for _patient, _study, uid in self._series()]
        self._known = {uid: facts for uid, facts in self._known.items() if uid in there}
        self._waiting = [uid for uid in there if uid not in self._known]
        self._show()
        self._askNext()

    def _series(self):
        database = self._database
        return [
            (patient, study, uid)
            for patient in database.patients()
            for study in database.studiesForPatient(patient)
            for uid in database.seriesForStudy(study)
        ]

    def _askNext(self):
        if self._number is not None:
            return
        while self._waiting:
            uid = self._waiting.pop(0)
            files = list(self._database.filesForSeries(uid))
            if files and self._database.fileValue(files[0], MODALITY) == "MR":
                break
            self._known[uid] = None
        else:
            self._say("" if self.candidates else _("The DICOM database holds no DSC series."))
            return
        self._say(_("Looking for DSC series ..."))
        try:
            self._number = self._logic.worker.submit(
                {"command": "list", "input": files}, lambda event: self._onEvent(uid, event)
            )
        except DSCBrainSegError as error:
            self._waiting = []
            self._say(str(error))

    def _onEvent(self, uid, event):
        if event["event"] == "progress":
            return
        self._number = None
        if event.get("kind") == "cancelled":  # a new worker is on its way
            self._waiting.insert(0, uid)
            qt.QTimer.singleShot(0, self._askNext)
            return
        if event.get("kind") in NOT_THE_SERIES:
            self._waiting = []
            self._say(event["message"])
            return
        found = event.get("series", []) if event["event"] == "result" else []
        facts = [each for each in found if each["is_dynamic_t2star"] and each["uid"] == uid]
        self._known[uid] = facts[0] if facts else None
        if facts:
            self._show()
        qt.QTimer.singleShot(0, self._askNext)

    def _show(self):
        tree, database = self._ui.dicomTree, self._database
        tree.clear()
        items = {}
        for patient, study, uid in self._series():
            facts = self._known.get(uid)
            if not facts:
                continue
            if patient not in items:
                name = database.nameForPatient(patient) or _("No name")
                items[patient] = qt.QTreeWidgetItem(tree, [name])
            if study not in items:
                items[study] = qt.QTreeWidgetItem(items[patient], [self._studyName(study, uid)])
                for heading in (items[patient], items[study]):
                    heading.setFirstColumnSpanned(True)
            self._addSeries(items[study], uid, facts)
        tree.expandAll()

    def _addSeries(self, parent, uid, facts):
        echo, repetition = (
            "-" if facts[key] is None else f"{1000 * facts[key]:.4g}"
            for key in ("echo_time", "repetition_time")
        )
        texts = [
            self._database.descriptionForSeries(uid) or _("No description"),
            f"{facts['frames']} x {facts['slices']}",
            _("{echo} / {repetition} ms").format(echo=echo, repetition=repetition),
        ]
        item = qt.QTreeWidgetItem(parent, texts)
        item.setToolTip(ITEM_COLUMN, texts[0])
        button = qt.QPushButton(_("Load"))
        button.connect("clicked()", lambda: self.load(uid))
        self._ui.dicomTree.setItemWidget(item, BUTTON_COLUMN, button)

    def _studyName(self, study, uid):
        files = self._database.filesForSeries(uid)
        date = self._database.fileValue(files[0], STUDY_DATE) if files else ""
        name = self._database.descriptionForStudy(study) or _("No description")
        return f"{name} {date}".strip()

    def load(self, uid):
        """Load a series as Slicer's DICOM module does, and choose it."""
        from DICOMLib import DICOMUtils

        loaded = [slicer.mrmlScene.GetNodeByID(each) for each in DICOMUtils.loadSeriesByUID([uid])]
        volumes = [node for node in loaded if node is not None and node.IsA("vtkMRMLVolumeNode")]
        if not volumes:
            self._say(_("The series was not loaded; see Slicer's error log."))
            return
        self._say("")
        self._widget.parameters.inputNode = volumes[0]

    def _onDatabaseChanged(self):
        self._soon.start(200)

    def _say(self, text):
        self._ui.dicomStatusLabel.text = text
