"""DSC series of Slicer's DICOM database; a click loads one."""

import time

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import DSCBrainSegError

from .dicom_loading import loadSeries
from .dicom_tags import mayBeDsc
from .known_series import KnownSeries

STUDY_DATE = "0008,0020"
NOT_THE_SERIES = ("ended", "internal", "missing-package")
"""Kinds of errors that would come with each other series, too."""

TURN_S = 0.02
"""How long the database is asked before the event loop has its turn."""

ITEM_COLUMN, SIZE_COLUMN, TIMES_COLUMN, BUTTON_COLUMN = range(4)


class LoadSection:
    """Wires the widgets of "Load from DICOM"; arguments as SegmentSection.

    The database is walked once, in short turns, and asked for what it keeps of the headers. What
    may be DSC is shown at once; time points and slices are told by the worker, which opens the
    files of those few series, one after the other, and are remembered.
    Names of patients stay on the screen: the worker is given files only and tells no names.
    """

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._database = None
        self._known = KnownSeries()
        self._ruledOut = set()
        self._files, self._items, self._facts, self._headings = {}, {}, {}, {}
        self._walk, self._there = None, set()
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
        self._turn = qt.QTimer()
        self._turn.setInterval(0)
        self._turn.connect("timeout()", self._walkOn)

    @property
    def busy(self):
        """Whether the database or headers are being read."""
        return self._number is not None or self._soon.active or self._walk is not None

    @property
    def candidates(self):
        """Series UIDs that are shown, in the order of the list."""
        return list(self._items)

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
        self._turn.stop()
        self._waiting = []
        if self._database is not None:
            self._database.disconnect("databaseChanged()", self._onDatabaseChanged)

    def onRefreshButton(self):
        """Read all headers again."""
        self._known.clear()
        self._ruledOut.clear()
        self._facts.clear()
        self._clear()
        self.look()

    def look(self):
        """Walk through the database; what is found appears meanwhile."""
        if self._database is None or not self._database.isOpen:
            self._say(_("Slicer's DICOM database is not open; open the DICOM module once."))
            return
        self._waiting = []
        self._there = set()
        self._walk = self._series()
        self._say(_("Looking for DSC series ..."))
        self._turn.start()

    def _series(self):
        database = self._database
        for patient in database.patients():
            for study in database.studiesForPatient(patient):
                for uid in database.seriesForStudy(study):
                    yield patient, study, uid

    def _walkOn(self):
        """Go on for one turn."""
        end = time.monotonic() + TURN_S
        while self._walk is not None and time.monotonic() < end:
            found = next(self._walk, None)
            if found is None:
                self._walk = None
                self._turn.stop()
                self._arrived()
            else:
                self._meet(*found)

    def _meet(self, patient, study, uid):
        """Take a series that the walk has come to."""
        database = self._database
        self._there.add(uid)
        if uid in self._ruledOut:
            return
        if uid not in self._items:
            files = ()
            if database.fieldForSeries("Modality", uid) == "MR":
                files = tuple(database.filesForSeries(uid))
            try:
                facts = self._known.get(uid, len(files)) if files else None
            except KeyError:
                facts = {} if mayBeDsc(database, files) else None
            if facts is None:
                self._ruledOut.add(uid)
                return
            self._files[uid] = files
            if facts:
                self._facts[uid] = facts
            self._addItem(patient, study, uid)
        if uid not in self._facts:
            self._waiting.append(uid)

    def _arrived(self):
        """The whole database has been seen: series that went go from the list, too."""
        for uid in [uid for uid in self._items if uid not in self._there]:
            self._removeItem(uid)
        self._askNext()

    def _askNext(self):
        if self._number is not None:
            return
        self._waiting = [
            each for each in self._waiting if each in self._items and each not in self._facts
        ]
        if not self._waiting:
            self._known.save()
            self._say("" if self._items else _("The DICOM database holds no DSC series."))
            return
        uid = self._waiting.pop(0)
        self._say(_("Reading the headers of the series that are listed ..."))
        try:
            self._number = self._logic.worker.submit(
                {"command": "list", "input": list(self._files[uid])},
                lambda event: self._onEvent(uid, event),
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
        elif event.get("kind") in NOT_THE_SERIES:
            self._waiting = []
            self._say(event["message"])
            return
        elif uid in self._items:
            found = event.get("series", []) if event["event"] == "result" else []
            facts = [each for each in found if each["is_dynamic_t2star"] and each["uid"] == uid]
            told = [each for each in facts if each.get("echoes", 1) > 1]
            echoes = [(each["echo"], each["echoes"], each["echo_time"]) for each in told]
            self._learn(uid, {**facts[0], "each_echo": echoes} if facts else None)
        if self._walk is None:
            qt.QTimer.singleShot(0, self._askNext)

    def _learn(self, uid, facts):
        self._known.put(uid, len(self._files[uid]), facts)
        if facts is None:
            self._ruledOut.add(uid)
            self._removeItem(uid)
        else:
            self._facts[uid] = facts
            self._describe(uid)

    def _addItem(self, patient, study, uid):
        tree, database = self._ui.dicomTree, self._database
        if ("patient", patient) not in self._headings:
            name = database.nameForPatient(patient) or _("No name")
            self._addHeading(("patient", patient), tree, name)
        if ("study", study) not in self._headings:
            name = self._studyName(study, uid)
            self._addHeading(("study", study), self._headings["patient", patient], name)
        item = qt.QTreeWidgetItem(
            self._headings["study", study],
            [database.descriptionForSeries(uid) or _("No description"), "...", ""],
        )
        item.setToolTip(ITEM_COLUMN, item.text(ITEM_COLUMN))
        button = qt.QPushButton(_("Load"))
        button.connect("clicked()", lambda: self.load(uid))
        tree.setItemWidget(item, BUTTON_COLUMN, button)
        self._items[uid] = item
        self._describe(uid)

    def _addHeading(self, key, parent, name):
        item = self._headings[key] = qt.QTreeWidgetItem(parent, [name])
        item.setFirstColumnSpanned(True)
        item.setExpanded(True)

    def _describe(self, uid):
        facts, item = self._facts.get(uid), self._items[uid]
        if not facts:
            return
        echo, repetition = (
            _milliseconds(facts["echo_time"]),
            _milliseconds(facts["repetition_time"]),
        )
        self._showEchoes(uid, facts.get("each_echo") or [], repetition)
        item.setText(SIZE_COLUMN, f"{facts['frames']} x {facts['slices']}")
        item.setText(
            TIMES_COLUMN, _("{echo} / {repetition} ms").format(echo=echo, repetition=repetition)
        )

    def _showEchoes(self, uid, echoes, repetition):
        """List the echoes of a series below it; its own button loads the one nearest 30 ms."""
        item = self._items[uid]
        if item.childCount():
            return
        for number, count, time_s in echoes:
            child = qt.QTreeWidgetItem(
                item,
                [
                    _("Echo {number} of {count}").format(number=number, count=count),
                    "",
                    _("{echo} / {repetition} ms").format(
                        echo=_milliseconds(time_s), repetition=repetition
                    ),
                ],
            )
            button = qt.QPushButton(_("Load"))
            button.connect("clicked()", lambda number=number: self.load(uid, number))
            self._ui.dicomTree.setItemWidget(child, BUTTON_COLUMN, button)

    def _removeItem(self, uid):
        """Take a series away, and the headings above it that are empty then."""
        item = self._items.pop(uid)
        self._facts.pop(uid, None)
        item.takeChildren()
        while item is not None and item.childCount() == 0:
            parent = item.parent()
            if parent is not None:
                parent.removeChild(item)
            else:
                tree = self._ui.dicomTree
                tree.takeTopLevelItem(tree.indexOfTopLevelItem(item))
            self._headings = {key: each for key, each in self._headings.items() if each != item}
            item = parent

    def _clear(self):
        self._ui.dicomTree.clear()
        self._items, self._headings = {}, {}

    def _studyName(self, study, uid):
        date = self._database.fileValue(self._files[uid][0], STUDY_DATE)
        name = self._database.descriptionForStudy(study) or _("No description")
        return f"{name} {date}".strip()

    def load(self, uid, echo=None):
        """Load a series as Slicer's DICOM module does, or one echo of it, and choose it."""
        volume = loadSeries(uid, echo)
        if volume is None:
            self._say(_("The series was not loaded; see Slicer's error log."))
            return
        self._say("")
        self._widget.parameters.inputNode = volume

    def _onDatabaseChanged(self):
        self._soon.start(200)

    def _say(self, text):
        self._ui.dicomStatusLabel.text = text


def _milliseconds(seconds):
    return "-" if seconds is None else f"{1000 * seconds:.4g}"
