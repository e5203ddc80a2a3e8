"""DSC perfusion series in Slicer's DICOM browser.

Imported when Slicer starts, and asked about every study a user looks at: the library is imported
only for what is loaded, or may be.
"""

import logging
import os

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

from .dicom_tags import TAGS, mayBeDsc

CONFIDENCE = 1.05
"""The API says 0 to 1, but MultiVolumeImporter claims 1 for the same series, and Slicer loads all
that are equally good. Its own reader of cine series goes above 1 as far, for the same reason."""


class DSCBrainSegDICOMPlugin(DICOMPlugin):
    """Offers a dynamic T2*-weighted series as a sequence with true times."""

    def __init__(self):
        super().__init__()
        self.loadType = _("DSC perfusion sequence")
        self.tags.update(TAGS)  # which lets Slicer read them when files are imported

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
        from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
        from DSCBrainSegLib.mrml.series_to_sequence import addSeries
        from DSCBrainSegLib.series import open_series, with_echo

        from .progress_dialog import ProgressDialog

        echo = getattr(loadable, "echo", None)  # set by the panel's list
        wanted = with_echo(loadable.seriesUID, echo)
        name = loadable.nodeName if echo is None else f"{loadable.nodeName} echo {echo}"
        with ProgressDialog(self.loadType) as dialog:
            try:
                source = open_series(loadable.files, wanted, dialog.progress, dialog.cancelled)
                series = source.read(None, dialog.progress, dialog.cancelled)
                nodes = addSeries(series, name)
            except Cancelled:
                return True  # what the user wanted: Slicer would report anything else as a failure
            except DSCBrainSegError as error:
                # Folders may be named after the patient.
                folder = os.path.dirname(loadable.files[0])
                logging.error(str(error).replace(folder, _("the folder of the series")))
                return None
        self.addSeriesInSubjectHierarchy(loadable, nodes.volume)
        slicer.util.setSliceViewerLayers(background=nodes.volume, fit=True)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(nodes.volume.GetID())
        slicer.modules.sequences.showSequenceBrowser(nodes.browser)
        return nodes.volume

    def _examine(self, files):
        database = slicer.dicomDatabase
        if not mayBeDsc(database, files):
            return []
        from DSCBrainSegLib.series.dicom_glance import may_be_dynamic_t2star

        if not may_be_dynamic_t2star(files[0], len(files) > 1):
            return []
        loadable = DICOMLoadable()
        loadable.seriesUID = database.seriesForFile(files[0])
        loadable.nodeName = self.defaultSeriesNodeName(loadable.seriesUID)
        loadable.name = f"{loadable.nodeName} - {self.loadType}"
        loadable.tooltip = _("{count} DICOM files with the times they were taken at").format(
            count=len(files)
        )
        loadable.files = list(files)
        loadable.confidence = CONFIDENCE
        loadable.selected = True
        return [loadable]
