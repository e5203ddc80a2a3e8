"""The list of slices to look at; a click shows one."""

import qt
from slicer.i18n import tr as _

from DSCBrainSegLib.mrml.method_segments import segmentsOfMethod
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.segments import segmentMask
from DSCBrainSegLib.mrml.series_nodes import volumeOf
from DSCBrainSegLib.mrml.slice_position import jumpToSlice
from DSCBrainSegLib.mrml.slices_to_check import confidenceOf, slicesToCheck


class SlicesList:
    """Follows the newest mask of the chosen method; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui = widget, widget.ui
        self._shown = None
        self._ui.slicesLabel.hide()
        self._ui.slicesList.hide()
        for signal in ("itemClicked(QListWidgetItem*)", "itemActivated(QListWidgetItem*)"):
            self._ui.slicesList.connect(signal, self.onChosen)

    def refresh(self):
        """Show what is known of the mask."""
        volume, segmentation, segmentId = self._mask()
        segment = segmentation.GetSegmentation().GetSegment(segmentId) if segmentId else None
        slices = slicesToCheck(segment) if segment is not None else []
        confidence = confidenceOf(segment) if segment is not None else None
        shown = (segmentId, volume.GetID() if volume is not None else "", str(slices), confidence)
        if shown == self._shown:
            return
        self._shown = shown
        ui = self._ui
        ui.slicesList.clear()
        for each in slices:
            text = _("Slice {number}: {reasons}").format(
                number=each.index + 1, reasons=" ".join(each.reasons)
            )
            item = qt.QListWidgetItem(text)
            item.setData(qt.Qt.UserRole, each.index)
            ui.slicesList.addItem(item)
        ui.slicesList.visible = bool(slices)
        parts = []
        if confidence is not None:
            parts.append(_("Confidence {percent} %.").format(percent=round(100 * confidence)))
        if slices:
            parts.append(_("Slices to check; a click shows one:"))
        ui.slicesLabel.text = " ".join(parts)
        ui.slicesLabel.visible = bool(parts)

    def onChosen(self, item):
        """Show the slice in all slice views."""
        volume, segmentation, segmentId = self._mask()
        if segmentId:
            mask = segmentMask(segmentation, segmentId, volume)
            jumpToSlice(volume, int(item.data(qt.Qt.UserRole)), mask)

    def _mask(self):
        """Return volume, segmentation and ID of the mask; the ID is "" if there is none."""
        parameters = self._widget.parameters
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        segmentation = findSegmentation(volume) if volume is not None else None
        if segmentation is None:
            return volume, None, ""
        segmentIds = segmentsOfMethod(segmentation, parameters.method.value)
        return volume, segmentation, segmentIds[-1] if segmentIds else ""
