"""What is done with a mask afterwards: the masked series, its signal, a region for DSC analysis."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.display import METHOD_COLOURS, SPARE_COLOURS
from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError, SeriesError
from DSCBrainSegLib.mrml.masked_series import addMaskedSeries, addMaskedVolume, addRegionVolume
from DSCBrainSegLib.mrml.plots import addChart
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_nodes import seriesOf, shownVolume, volumeOf
from DSCBrainSegLib.mrml.tables import INSIDE_COLUMN, OUTSIDE_COLUMN, TIME_COLUMN, curvesTable
from DSCBrainSegLib.series.signal_curves import signal_curves

from .motion_job import MotionJob
from .progress_dialog import ProgressDialog

CURVE_COLORS = {INSIDE_COLUMN: METHOD_COLOURS["network"], OUTSIDE_COLUMN: SPARE_COLOURS[-1]}


class SeriesSection:
    """Wires the widgets of "Whole series"; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui = widget, widget.ui
        self._segmentIds = []
        self._ui.maskSeriesButton.connect("clicked()", self.onMaskSeriesButton)
        self._ui.curvesButton.connect("clicked()", self.onCurvesButton)
        self._ui.regionButton.connect("clicked()", self.onRegionButton)
        self._ui.motionButton.connect("clicked()", self.onMotionButton)
        self._job = None

    def enter(self):
        """Nothing to ask beforehand."""

    def cleanup(self):
        """End what runs."""
        if self._job is not None:
            self._job.cancel()

    def refresh(self):
        """List the masks of the chosen series."""
        parameters, box = self._widget.parameters, self._ui.maskBox
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        segmentation = findSegmentation(volume) if volume is not None else None
        segments = segmentation.GetSegmentation() if segmentation is not None else None
        segmentIds = list(segments.GetSegmentIDs()) if segments is not None else []
        names = [segments.GetSegment(each).GetName() for each in segmentIds]
        if segmentIds != self._segmentIds or names != _items(box):
            before = box.currentText
            self._segmentIds = segmentIds
            box.clear()
            box.addItems(names)
            if before in names:
                box.setCurrentIndex(names.index(before))
        several = bool(segmentIds) and seriesOf(parameters.inputNode) is not volume
        self._ui.maskSeriesButton.enabled = bool(segmentIds)
        self._ui.curvesButton.enabled = several
        self._ui.regionButton.enabled = bool(segmentIds)
        motion = self._ui.motionButton
        motion.text = _("Cancel") if self._job is not None else _("Correct head motion")
        motion.enabled = self._job is not None or (
            volume is not None and seriesOf(parameters.inputNode) is not volume
        )

    def onMaskSeriesButton(self):
        """Add the series, or the single volume, again with 0 outside the mask."""

        def work(series, volume, mask, dialog):
            if series is volume and openNode(series).frame_count == 1:
                added = addMaskedVolume(volume, mask)
            else:
                added = addMaskedSeries(
                    series, volume, mask, dialog.progress, dialog.cancelled
                ).volume
            self._say(_("Added {name}.").format(name=added.GetName()))

        self._do(work)

    def onCurvesButton(self):
        """Plot the mean signal of the mask and of what lies outside over time."""

        def work(series, volume, mask, dialog):
            read = openNode(series).read(progress=dialog.progress, cancelled=dialog.cancelled)
            parameters = self._widget.parameters
            table = curvesTable(
                signal_curves(read, mask), _("Signal over time"), parameters.curvesTable
            )
            parameters.curvesTable = table
            parameters.curvesChart = addChart(
                table, TIME_COLUMN, CURVE_COLORS, _("Signal"), _("Mean"), parameters.curvesChart
            )
            slicer.modules.plots.logic().ShowChartInLayout(parameters.curvesChart)
            self._say("")

        self._do(work)

    def onRegionButton(self):
        """Add the mask as a label map, which DSC analysis takes as its region."""

        def work(series, volume, mask, dialog):
            region = addRegionVolume(volume, mask)
            self._say(
                _("Added {name}: choose it as ROI mask of DSC analysis.").format(
                    name=region.GetName()
                )
            )

        self._do(work)

    def onMotionButton(self):
        """Add the series again without the motion of the head, or cancel that."""
        if self._job is not None:
            self._job.cancel()
            return
        try:
            job = MotionJob(
                self._widget.parameters.inputNode,
                self._widget.logic.worker,
                onProgress=lambda done, total, message: self._say(f"{message} {done} / {total}"),
                onEnd=self._onCorrected,
            )
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        self._job = job
        job.start()
        self.refresh()

    def _onCorrected(self, job):
        self._job = None
        if isinstance(job.error, Cancelled):
            self._say(_("Cancelled; the scene is as it was."))
        elif job.error is not None:
            self._say(str(job.error))
        else:
            told = _("Added {name}; the head moved by up to {most:.1f} mm.").format(
                name=job.nodes.volume.GetName(), most=max(job.facts["displacement"])
            )
            self._say(" ".join([told, *job.facts["warnings"]]))
        self.refresh()

    def _do(self, work):
        node = self._widget.parameters.inputNode
        with ProgressDialog(_("Whole series")) as dialog:
            try:
                volume = shownVolume(node)
                mask = self._chosenMask(volume)
                work(seriesOf(node), volume, mask, dialog)
            except Cancelled:
                self._say(_("Cancelled; the scene is as it was."))
            except DSCBrainSegError as error:
                self._say(str(error))

    def _chosenMask(self, volume):
        """Return the chosen mask; one that was removed or is empty is refused."""
        segmentation = findSegmentation(volume)
        segmentId = self._segmentIds[self._ui.maskBox.currentIndex]
        if segmentation is None or not segmentation.GetSegmentation().GetSegment(segmentId):
            raise SeriesError(_("The mask was removed; choose another one."))
        mask = segmentMask(segmentation, segmentId, volume)
        if not mask.any():
            raise SeriesError(_("The mask is empty; segment or draw first."))
        return mask

    def _say(self, text):
        self._ui.wholeStatusLabel.text = text


def _items(box):
    return [box.itemText(index) for index in range(box.count)]
