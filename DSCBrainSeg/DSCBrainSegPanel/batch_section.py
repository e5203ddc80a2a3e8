"""Many series, one after the other, into a folder of results."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.network.weights import describe
from DSCBrainSegLib.results.batch import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    Batch,
    describe_item,
)
from DSCBrainSegLib.results.sources import BatchSource, find_sources

from .nifti_package import NiftiPackage
from .worker_job import WorkerJob

OUTPUT_SETTING = "DSCBrainSeg/BatchFolder"
CODE_COLUMN, SERIES_COLUMN, STATE_COLUMN, VOLUME_COLUMN, REMARK_COLUMN = range(5)


class BatchSection:
    """Wires the widgets of "Batch"; arguments as SegmentSection.

    Method and time point are those of "Segment". Names of folders, which may be patients', stay on
    the screen.
    """

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._sources = []
        self._batch = self._job = None
        self.nifti = NiftiPackage(self._onNifti)
        ui = self._ui
        ui.batchTable.setColumnCount(5)
        ui.batchTable.setHorizontalHeaderLabels(
            [_("Code"), _("Series"), _("State"), _("mL"), _("Remark")]
        )
        header = ui.batchTable.horizontalHeader()
        for column in (CODE_COLUMN, STATE_COLUMN, VOLUME_COLUMN):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        for column in (SERIES_COLUMN, REMARK_COLUMN):
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch)
        ui.batchOutputEdit.currentPath = slicer.util.settingsValue(OUTPUT_SETTING, "")
        ui.batchAddButton.connect("clicked()", self.onAddButton)
        ui.batchAddDicomButton.connect("clicked()", self.onAddDicomButton)
        ui.batchClearButton.connect("clicked()", self.onClearButton)
        ui.batchStartButton.connect("clicked()", self.onStartButton)
        ui.batchOutputEdit.connect("currentPathChanged(QString)", self.onOutputChosen)

    @property
    def busy(self):
        """Whether a series is being segmented, or what its file needs is installed."""
        return self._job is not None or self.nifti.busy

    def enter(self):
        """Nothing to ask beforehand."""

    def refresh(self):
        """Show what can be done now."""
        ui = self._ui
        free = not (
            self.busy or self._widget.segmentSection.segmenting or self._widget.compareSection.busy
        )
        ui.batchStartButton.text = _("Start") if self._job is None else _("Cancel")
        ui.batchStartButton.enabled = self._job is not None or (
            free and bool(self._sources) and bool(ui.batchOutputEdit.currentPath)
        )
        for button in (ui.batchAddButton, ui.batchAddDicomButton, ui.batchClearButton):
            button.enabled = free
        ui.batchOutputEdit.enabled = free

    def stop(self):
        """Stop; what is done stays, and the next start goes on."""
        if self._job is not None:
            self._job.cancel()

    def cleanup(self):
        """End what runs; nothing follows."""
        self.stop()
        self._batch = None
        self.nifti.stop()

    def onAddButton(self):
        """Add a cohort, or the series of a folder."""
        path = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Cohort or folder of series")
        )
        if path:
            try:
                self._add(find_sources(path))
            except DSCBrainSegError as error:
                self._say(str(error))

    def onAddDicomButton(self):
        """Add all series of the DICOM list above."""
        database, found = getattr(slicer, "dicomDatabase", None), []
        for uid in self._widget.loadSection.candidates:
            patient = database.patientForStudy(database.studyForSeries(uid))
            label = f"{database.nameForPatient(patient)}, {database.descriptionForSeries(uid)}"
            found.append(BatchSource(label, tuple(database.filesForSeries(uid))))
        self._add(found)
        if not found:
            self._say(_("The DICOM list shows no series."))

    def onClearButton(self):
        """Empty the list; results stay."""
        self._sources, self._batch = [], None
        self._say("")
        self._show()
        self.refresh()

    def onOutputChosen(self, path):
        """Remember the folder on this computer."""
        slicer.app.userSettings().setValue(OUTPUT_SETTING, path)
        self.refresh()

    def onStartButton(self):
        """Segment what waits or has failed before, or cancel."""
        if self.busy:
            self.stop()
            return
        if self._widget.segmentSection.installing:
            self._say(
                _(
                    "The network library is being installed or removed, which starts the worker "
                    "again; start the batch when that is done."
                )
            )
            return
        method = get_method(self._widget.parameters.method.value)
        problem = self._widget.segmentSection.networkProblem() if method.uses_weights else ""
        if problem:
            self._say(problem)
            return
        self.nifti.then(lambda: self._start(method.name))
        self._widget.refresh()

    def _start(self, method):
        try:
            self._weights = self._widget.optionsSection.weights
            batch = Batch(
                self._ui.batchOutputEdit.currentPath,
                method,
                self._widget.segmentSection.frame(),
                weights=describe(Path(self._weights))["sha256"] if self._weights else "",
            )
            batch.add(self._sources)
            batch.retry_failed()
            batch.save()
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        self._batch = batch
        self._show()
        self._runNext()
        self._widget.refresh()

    def _runNext(self):
        item = self._batch.next_item()
        if item is None:
            self._say(_("Finished: {summary}.").format(summary=self._batch.summary()))
            return
        self._batch.begin(item)
        self._job = _BatchJob(
            {**self._batch.request(item), **({"weights": self._weights} if self._weights else {})},
            self._logic.worker,
            onProgress=lambda done, total, message: self._say(f"{item.code}: {message}"),
            onEnd=lambda job: self._onEnd(item, job),
        )
        self._show()
        self._job.start()

    def _onEnd(self, item, job):
        self._job = None
        try:
            if isinstance(job.error, Cancelled):
                self._batch.put_back(item)
                self._say(_("Stopped: {summary}.").format(summary=self._batch.summary()))
            else:
                if job.error is None:
                    self._batch.finish(item, job.facts)
                else:
                    self._batch.fail(item, str(job.error))
                qt.QTimer.singleShot(0, self._continue)
        except DSCBrainSegError as error:
            self._say(str(error))
        self._show()
        self._widget.refresh()

    def _continue(self):
        if self._batch is not None and self._job is None:
            self._runNext()
            self._widget.refresh()

    def _add(self, sources):
        known = {source.key for source in self._sources}
        self._sources += [source for source in sources if source.key not in known]
        self._batch = None
        self._say("")
        self._show()
        self.refresh()

    def _show(self):
        """Show the list, or the states of the batch."""
        states = {
            WAITING: _("waiting"),
            RUNNING: _("running"),
            DONE: _("done"),
            FAILED: _("failed"),
        }
        rows = [(source.code, source.label, "", "", "") for source in self._sources]
        if self._batch is not None:
            rows = [
                (
                    item.code,
                    self._batch.source(item).label,
                    states[item.state],
                    f"{item.facts['volume_ml']:.0f}" if item.state == DONE else "",
                    describe_item(item),
                )
                for item in self._batch.items
            ]
        table = self._ui.batchTable
        table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                table.setItem(row, column, item)

    def _onNifti(self, text):
        self._say(text)
        self._widget.refresh()

    def _say(self, text):
        self._ui.batchStatusLabel.text = text


class _BatchJob(WorkerJob):
    """Segments files on disk; the scene has no part in it."""

    def __init__(self, request, queue, onProgress, onEnd):
        super().__init__(queue, onProgress, onEnd)
        self._request = request

    def _begin(self):
        self._submit(self._request)
