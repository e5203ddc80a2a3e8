"""What can be done with a mask at once: see it in 3-D, keep it as DICOM SEG."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.mrml.method_segments import segmentsOfMethod
from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
from DSCBrainSegLib.mrml.series_nodes import volumeOf

from .dicom_seg import DicomSegJob, filesOf
from .extra_packages import ExtraPackages


class ResultRow:
    """Wires the buttons below the result; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._job = None
        self.packages = ExtraPackages("seg", _("The DICOM SEG"), self._say)
        self._ui.show3DButton.connect("toggled(bool)", self.onShow3D)
        self._ui.dicomSegButton.connect("clicked()", self.onDicomSegButton)

    def refresh(self):
        """Show what can be done now."""
        node = self._segmentation()
        button = self._ui.show3DButton
        button.enabled = node is not None
        display = node.GetDisplayNode() if node is not None else None
        wasBlocked = button.blockSignals(True)
        button.checked = self._hasSurface(node) and bool(display.GetVisibility3D())
        button.blockSignals(wasBlocked)
        free = self._job is None and not self.packages.busy and not self._widget.compareSection.busy
        parameters = self._widget.parameters
        self._ui.dicomSegButton.enabled = bool(
            free and self._segmentId() and filesOf(parameters.inputNode)
        )

    def onShow3D(self, shown):
        """Show the masks as surfaces in the 3-D view, or take them away."""
        node = self._segmentation()
        if node is None:
            return
        if shown:
            node.CreateClosedSurfaceRepresentation()
        else:
            node.RemoveClosedSurfaceRepresentation()
        node.GetDisplayNode().SetVisibility3D(shown)

    def onDicomSegButton(self):
        """Write the newest mask of the chosen method and import it into the database."""
        self.packages.then(self._export, self._logic.worker.retire)
        self._widget.refresh()

    def _export(self):
        try:
            job = DicomSegJob(
                self._widget.parameters.inputNode,
                self._segmentId(),
                self._logic.worker,
                onProgress=lambda done, total, message: self._say(message),
                onEnd=self._onEnd,
            )
        except DSCBrainSegError as error:
            self._say(str(error))
            return
        self._job = job
        job.start()

    def _onEnd(self, job):
        self._job = None
        self._say(
            _("The mask is in the DICOM database as a segmentation (SEG) of this study.")
            if job.error is None
            else str(job.error)
        )
        self._widget.refresh()

    def _hasSurface(self, node):
        if node is None:
            return False
        surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
        return node.GetSegmentation().ContainsRepresentation(surface)

    def _segmentation(self):
        parameters = self._widget.parameters
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        return findSegmentation(volume) if volume is not None else None

    def _segmentId(self):
        """Return the segment chosen in the editor, else the newest of the chosen method, or ""."""
        node = self._segmentation()
        if node is None:
            return ""
        chosen = self._ui.editor.currentSegmentID()
        if self._ui.editor.segmentationNode() is node and chosen:
            return chosen
        segmentIds = segmentsOfMethod(node, self._widget.parameters.method.value)
        return segmentIds[-1] if segmentIds else ""

    def _say(self, text):
        self._widget.segmentSection.say(text)
