"""Run several methods on one series and measure their masks against a reference."""

import os
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.files import write_text
from DSCBrainSegLib.methods import get_method, list_methods
from DSCBrainSegLib.mrml.compared import comparedTables, rememberTables
from DSCBrainSegLib.mrml.plots import addChart
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.series_nodes import volumeOf
from DSCBrainSegLib.mrml.tables import SLICE_COLUMN, figuresTable, sliceDiceTable

from .extra_packages import ExtraPackages
from .measuring_job import MeasuringJob
from .references import References
from .side_by_side import SideBySide


class CompareSection:
    """Wires the widgets of "Compare"; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._job = None
        self._waiting = []
        self._problems = []
        self._references = References(widget)
        self.reportPackages = ExtraPackages("report", _("The report"), self._say)
        self._sideBySide = SideBySide(self.refresh)
        ui = self._ui
        for method in list_methods():
            item = qt.QListWidgetItem(f"{method.name} ({method.label})")
            item.setCheckState(qt.Qt.Unchecked)
            ui.methodsList.addItem(item)
        ui.methodsList.connect("itemChanged(QListWidgetItem*)", self.refresh)
        ui.compareButton.connect("clicked()", self.onCompareButton)
        ui.plotButton.connect("clicked()", self.onPlotButton)
        ui.exportButton.connect("clicked()", self.onExportButton)
        ui.reportButton.connect("clicked()", self.onReportButton)
        ui.sideBySideButton.connect("clicked()", self.onSideBySideButton)

    @property
    def busy(self):
        """Whether methods run, masks are measured or packages are installed."""
        return self._job is not None or self.reportPackages.busy

    def enter(self):
        """Nothing to ask beforehand."""

    def refresh(self):
        """Show what can be compared and what was."""
        ui, parameters = self._ui, self._widget.parameters
        self._references.refresh()
        several = len(self._references.segmentIds) > 1
        chosen = parameters is not None and parameters.inputNode is not None
        ui.compareButton.text = _("Cancel") if self.busy else _("Segment and compare")
        ui.compareButton.enabled = self.busy or (
            chosen and not self._widget.segmentSection.busy and bool(self._ticked() or several)
        )
        ui.methodsList.enabled = ui.referenceBox.enabled = not self.busy
        table = self._chooseTables()
        ui.figuresView.setMRMLTableNode(table)
        ui.plotButton.enabled = ui.exportButton.enabled = table is not None and not self.busy
        ui.reportButton.enabled = several and not (self.busy or self._widget.segmentSection.busy)
        ui.sideBySideButton.enabled = bool(self._references.segmentIds) or self._sideBySide.shown
        ui.sideBySideButton.text = (
            _("Views as before") if self._sideBySide.shown else _("Side by side")
        )

    def stop(self):
        """Forget what runs; the scene stays as it is."""
        self._waiting = []
        self.reportPackages.cancel()
        if self._job is not None:
            self._job.cancel()

    def cleanup(self):
        """Stop and let go of the application."""
        self.stop()
        self.reportPackages.stop()
        self._sideBySide.stop()

    def onCompareButton(self):
        """Run the ticked methods and measure, or cancel."""
        if self.busy:
            self.stop()
            self._widget.refresh()
            return
        self._waiting, self._problems = self._ticked(), []
        if any(get_method(name).uses_weights for name in self._waiting):
            problem = self._widget.segmentSection.networkProblem()
            if problem:
                self._say(problem)
                return
        self._runNext()

    def onPlotButton(self):
        """Show Dice of each slice as a chart."""
        parameters = self._widget.parameters
        table = parameters.slicesTable
        names = [table.GetColumnName(column) for column in range(1, table.GetNumberOfColumns())]
        parameters.chart = addChart(
            table,
            SLICE_COLUMN,
            {name: self._references.colorOf(name) for name in names},
            _("Dice by slice"),
            "Dice",
            parameters.chart,
        )
        slicer.modules.plots.logic().ShowChartInLayout(parameters.chart)

    def onExportButton(self):
        """Write the table as a file the user names."""
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Export table"), "agreement.csv", "CSV (*.csv)"
        )
        if path:
            path = path if path.lower().endswith(".csv") else f"{path}.csv"
            table = self._widget.parameters.figuresTable
            saved = slicer.util.exportNode(table, path, {})
            self._say(
                _("Exported.") if saved else _("The file cannot be written; choose another folder.")
            )

    def onReportButton(self):
        """Write the report of the comparison as one HTML file the user names."""
        if self._widget.batchSection.busy and not self.reportPackages.state().usable:
            self._say(_("The report needs more packages first; wait for the batch or cancel it."))
            return
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save report"), "comparison.html", "HTML (*.html)"
        )
        if path:
            self._problems = []
            self.reportPackages.then(
                lambda: self._measure(reportPath=path), self._logic.worker.retire
            )
            self._widget.refresh()

    def onSideBySideButton(self):
        """Show the image, the reference and every mask in a view of its own, or the old views."""
        if self._sideBySide.shown:
            self._sideBySide.close()
        else:
            self._showSideBySide()
        self.refresh()

    def _showSideBySide(self):
        segmentation, referenceId, others = self._references.chosen()
        volume = volumeOf(self._widget.parameters.inputNode)
        self._sideBySide.show(volume, segmentation, [referenceId, *others])

    def _runNext(self):
        if not self._waiting:
            self._measure()
            return
        method = self._waiting.pop(0)
        try:
            job = self._logic.makeJob(
                self._widget.parameters.inputNode,
                method,
                self._widget.segmentSection.frame(),
                onProgress=lambda done, total, message: self._say(f"{method}: {message}"),
                onEnd=self._onEnd,
                saveStateForUndo=self._widget.saveStateForUndo,
                weights=self._widget.optionsSection.weights,
            )
        except DSCBrainSegError as error:
            self._waiting = []
            self._say(str(error))
            return
        self._job = job
        job.start()
        self._widget.refresh()

    def _onEnd(self, job):
        self._job = None
        if isinstance(job.error, Cancelled):
            self._waiting = []
            self._say(_("Cancelled; masks that were ready stay."))
        elif self._widget.parameters is not None:
            if job.error is not None:
                self._problems.append(f"{job.method}: {job.error}")
            self._runNext()
        self._widget.refresh()

    def _measure(self, reportPath=""):
        """Measure in the worker: surface distances take some tenths of a second a mask."""
        segmentation, referenceId, others = self._references.chosen()
        if not others:
            lonely = _("There is nothing to compare yet: tick a method or draw a ground truth.")
            self._say(" ".join(self._problems) or lonely)
            return
        self._referenceName = segmentation.GetSegmentation().GetSegment(referenceId).GetName()
        job = MeasuringJob(
            volumeOf(self._widget.parameters.inputNode),
            segmentation,
            referenceId,
            others,
            bool(reportPath),
            self._logic.worker,
            onProgress=lambda done, total, message: self._say(message),
            onEnd=lambda job: self._onMeasured(job, reportPath),
        )
        self._job = job
        job.start()

    def _onMeasured(self, job, reportPath):
        self._job = None
        if isinstance(job.error, Cancelled):
            self._say(_("Cancelled; masks that were ready stay."))
        elif job.error is not None:
            self._say(" ".join([*self._problems, str(job.error)]))
        elif self._widget.parameters is not None:
            if reportPath:
                self._saveReport(job.report, reportPath)
            else:
                self._show(job)
        self._widget.refresh()

    def _saveReport(self, report, path):
        try:
            write_text(Path(path), report)
        except OSError as error:
            self._say(
                _("The report cannot be written: {reason}; choose another folder.").format(
                    reason=error.strerror
                )
            )
            return
        self._say(_("Report saved: {name}.").format(name=os.path.basename(path)))

    def _show(self, job):
        figures, slices = comparedTables(job.segmentation)
        figures = figuresTable(job.volumes, _("Agreement"), figures)
        slices = sliceDiceTable(job.slices, _("Dice by slice"), slices)
        rememberTables(job.segmentation, figures, slices)
        if self._sideBySide.shown:
            self._showSideBySide()  # with the masks that are new
        told = _("Compared with {reference}.").format(reference=self._referenceName)
        self._say(" ".join([told, *self._problems]))

    def _chooseTables(self):
        """Take the tables of the chosen series into the parameters; return that of agreement."""
        parameters = self._widget.parameters
        if parameters is None:
            return None
        volume = volumeOf(parameters.inputNode)
        segmentation = findSegmentation(volume) if volume is not None else None
        figures, slices = comparedTables(segmentation)
        if parameters.figuresTable is not figures:
            parameters.figuresTable = figures
        if parameters.slicesTable is not slices:
            parameters.slicesTable = slices
        return figures

    def _ticked(self):
        rows = range(self._ui.methodsList.count)
        methods = list_methods()
        return [
            methods[row].name
            for row in rows
            if self._ui.methodsList.item(row).checkState() == qt.Qt.Checked
        ]

    def _say(self, text):
        self._ui.compareStatusLabel.text = text
