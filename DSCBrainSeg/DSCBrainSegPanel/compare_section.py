"""Run several methods on one series and measure their masks against a reference."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase
from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.evaluation.measure import measure_slices, measure_volume
from DSCBrainSegLib.methods import get_method, list_methods
from DSCBrainSegLib.mrml.geometry import ijkToLps
from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH, methodOf
from DSCBrainSegLib.mrml.plots import addChart
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.tables import SLICE_COLUMN, figuresTable, sliceDiceTable
from DSCBrainSegLib.mrml.voxels import voxelArray

from .series_nodes import volumeOf

UNTIMED = float("nan")

REMOVED_COLOUR = (120, 120, 120)
"""Of the curve of a segment that was removed or renamed since."""


class CompareSection:
    """Wires the widgets of "Compare"; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._job = None
        self._waiting = []
        self._problems = []
        self._references = []
        self._toMeasure = []
        ui = self._ui
        for method in list_methods():
            item = qt.QListWidgetItem(f"{method.name} ({method.label})")
            item.setCheckState(qt.Qt.Unchecked)
            ui.methodsList.addItem(item)
        ui.methodsList.connect("itemChanged(QListWidgetItem*)", self.refresh)
        ui.compareButton.connect("clicked()", self.onCompareButton)
        ui.plotButton.connect("clicked()", self.onPlotButton)
        ui.exportButton.connect("clicked()", self.onExportButton)

    @property
    def busy(self):
        """Whether methods run or masks are measured."""
        return self._job is not None or bool(self._toMeasure)

    def enter(self):
        """Nothing to ask beforehand."""

    def refresh(self):
        """Show what can be compared and what was."""
        ui, parameters = self._ui, self._widget.parameters
        self._listReferences()
        chosen = parameters is not None and parameters.inputNode is not None
        ui.compareButton.text = _("Cancel") if self.busy else _("Segment and compare")
        ui.compareButton.enabled = self.busy or (
            chosen
            and not self._widget.segmentSection.busy
            and bool(self._ticked() or len(self._references) > 1)
        )
        ui.methodsList.enabled = ui.referenceBox.enabled = not self.busy
        table = parameters.figuresTable if parameters is not None else None
        ui.figuresView.setMRMLTableNode(table)
        ui.plotButton.enabled = ui.exportButton.enabled = table is not None and not self.busy

    def stop(self):
        """Forget what runs; the scene stays as it is."""
        self._waiting, self._toMeasure = [], []
        if self._job is not None:
            self._job.cancel()

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
            {name: self._colour(name) for name in names},
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
            table = self._widget.parameters.figuresTable
            saved = slicer.util.saveNode(table, path)
            self._say(
                _("Exported.") if saved else _("The file cannot be written; choose another folder.")
            )

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

    def _measure(self):
        self._listReferences()
        volume = volumeOf(self._widget.parameters.inputNode)
        segmentation = findSegmentation(volume) if volume is not None else None
        index = self._ui.referenceBox.currentIndex
        if segmentation is None or index < 0:
            self._say(" ".join(self._problems))
            return
        referenceId = self._references[index]
        segments = segmentation.GetSegmentation()
        reference = segmentMask(segmentation, referenceId, volume)
        if not reference.any():
            self._say(_("The reference is empty; draw it or choose another."))
            return
        loaded = LoadedCase(
            ReferenceCase("series", Path(), Path()),
            voxelArray(volume),
            reference,
            ijkToLps(volume),
            slice(0, len(reference)),
        )
        self._figures, self._slices = [], []
        self._loaded, self._segmentation, self._volume = loaded, segmentation, volume
        self._toMeasure = [each for each in self._references if each != referenceId]
        self._referenceName = segments.GetSegment(referenceId).GetName()
        qt.QTimer.singleShot(0, self._measureNext)

    def _measureNext(self):
        """Measure one mask in each turn of the event loop."""
        if not self._toMeasure:
            return
        segmentId = self._toMeasure[0]
        segment = self._segmentation.GetSegmentation().GetSegment(segmentId)
        mask = segmentMask(self._segmentation, segmentId, self._volume)
        name = segment.GetName()
        self._figures.append(measure_volume(mask, self._loaded, name, len(mask), UNTIMED))
        self._slices += measure_slices(mask, self._loaded, name)
        del self._toMeasure[0]
        if self._toMeasure:
            qt.QTimer.singleShot(0, self._measureNext)
        else:
            self._show()

    def _show(self):
        parameters = self._widget.parameters
        parameters.figuresTable = figuresTable(
            self._figures, _("Agreement"), parameters.figuresTable
        )
        parameters.slicesTable = sliceDiceTable(
            self._slices, _("Dice by slice"), parameters.slicesTable
        )
        told = _("Compared with {reference}.").format(reference=self._referenceName)
        self._say(" ".join([told, *self._problems]))
        self._widget.refresh()

    def _ticked(self):
        rows = range(self._ui.methodsList.count)
        methods = list_methods()
        return [
            methods[row].name
            for row in rows
            if self._ui.methodsList.item(row).checkState() == qt.Qt.Checked
        ]

    def _listReferences(self):
        """List the segments of the series' methods and of its reader, the reader's first."""
        parameters = self._widget.parameters
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        segmentation = findSegmentation(volume) if volume is not None else None
        found = []
        if segmentation is not None:
            segments = segmentation.GetSegmentation()
            found = [
                (methodOf(segments.GetSegment(each)) != GROUND_TRUTH, each)
                for each in segments.GetSegmentIDs()
                if methodOf(segments.GetSegment(each))
            ]
        box = self._ui.referenceBox
        before = self._references[box.currentIndex] if box.currentIndex >= 0 else ""
        references = [each for _last, each in sorted(found, key=lambda pair: pair[0])]
        if references != self._references:
            drawings = {each for last, each in found if not last}
            drawnJustNow = bool(drawings - set(self._references))
            self._references = references
            box.clear()
            segments = segmentation.GetSegmentation() if references else None
            box.addItems([segments.GetSegment(each).GetName() for each in references])
            if before in references and not drawnJustNow:
                box.setCurrentIndex(references.index(before))

    def _colour(self, name):
        """Return the colour of a segment by its name, RGB from 0 to 255."""
        volume = volumeOf(self._widget.parameters.inputNode)
        segmentation = findSegmentation(volume) if volume is not None else None
        if segmentation is not None:
            segments = segmentation.GetSegmentation()
            segment = segments.GetSegment(segments.GetSegmentIdBySegmentName(name))
            if segment is not None:
                return tuple(round(255 * part) for part in segment.GetColor())
        return REMOVED_COLOUR

    def _say(self, text):
        self._ui.compareStatusLabel.text = text
