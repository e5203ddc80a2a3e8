"""DSC perfusion series in Slicer's DICOM browser, read by the library."""

import logging
import os

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.mrml.series_to_sequence import addSeries
from DSCBrainSegLib.series import list_series, open_series

from .progress_dialog import ProgressDialog

CONFIDENCE = 1.1
"""Slicer's readers go up to 1.0, and of loadables with equal confidence all are loaded."""


class DSCBrainSegDICOMPlugin(DICOMPlugin):
    """Offers a dynamic T2*-weighted series as a sequence with true times."""

    def __init__(self):
        super().__init__()
        self.loadType = _("DSC perfusion sequence")
        self.tags["modality"] = "0008,0060"

    def examineForImport(self, fileLists):
        """Return a loadable for each list of files that is a DSC series."""
        loadables = []
        for files in fileLists:
            cached = self.getCachedLoadables(files)
            if cached is None:
                cached = self._examine(files)
                self.cacheLoadables(files, cached)
            loadables += cached
        return loadables

    def load(self, loadable):
        """Add the series to the scene and return the volume that shows it; None if that failed."""
        with ProgressDialog(self.loadType) as dialog:
            try:
                source = open_series(
                    loadable.files, loadable.seriesUID, dialog.progress, dialog.cancelled
                )
                series = source.read(None, dialog.progress, dialog.cancelled)
                nodes = addSeries(series, loadable.nodeName)
            except Cancelled:
                return None
            except DSCBrainSegError as error:
                # Folders may be named after the patient.
                folder = os.path.dirname(loadable.files[0])
                logging.error(str(error).replace(folder, _("the folder of the series")))
                return None
        self.addSeriesInSubjectHierarchy(loadable, nodes.volume)
        slicer.util.setSliceViewerLayers(background=nodes.volume, fit=True)
        if hasattr(slicer.modules.sequences, "setToolBarActiveBrowserNode"):
            slicer.modules.sequences.setToolBarActiveBrowserNode(nodes.browser)
        return nodes.volume

    def _examine(self, files):
        if not files or slicer.dicomDatabase.fileValue(files[0], self.tags["modality"]) != "MR":
            return []
        try:
            summaries = list_series(files)
        except DSCBrainSegError:
            return []
        loadables = {}
        for summary in summaries:
            if not summary.is_dynamic_t2star or summary.uid in loadables:
                continue
            loadable = DICOMLoadable()
            loadable.seriesUID = summary.uid
            loadable.nodeName = self.defaultSeriesNodeName(summary.uid)
            loadable.name = f"{loadable.nodeName} - {self.loadType}"
            loadable.tooltip = _("{frames} time points, {slices} slices, TE {echo:g} ms").format(
                frames=summary.frames, slices=summary.slices, echo=summary.echo_time * 1000
            )
            loadable.files = list(files)
            loadable.confidence = CONFIDENCE
            loadable.selected = True
            loadables[summary.uid] = loadable
        return list(loadables.values())
