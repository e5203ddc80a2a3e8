"""Load one series of Slicer's DICOM database as one node."""

import slicer

from .registration import PLUGIN

DYNAMIC_READER = "MultiVolumeImporterPlugin"
"""Slicer's own reader of series over time, where the module's needs a newer pydicom (5.10)."""


def loadSeries(uid, echo=None):
    """Load a series and return the volume that shows it, None if nothing was loaded.

    `echo` is which of several, counted from 1; by default the one nearest 30 ms.

    Only one reader is asked: all would examine every file, and of readings that are equally good
    Slicer loads each.
    """
    from DICOMLib import DICOMUtils

    files = list(slicer.dicomDatabase.filesForSeries(uid))
    if not files:
        return None
    plugins = slicer.modules.dicomPlugins
    readers = [name for name in (PLUGIN, DYNAMIC_READER) if name in plugins][:1]
    with slicer.util.WaitCursor():
        offered = _offered(DICOMUtils, files, readers) if readers else []
        offered = offered or _offered(DICOMUtils, files, None)
    if not offered:
        return None
    plugin, chosen = max(offered, key=lambda each: (each[1].confidence, _isSequence(each[1])))
    for _, loadable in offered:
        loadable.selected = loadable is chosen
    chosen.echo = echo
    before = _sequenceVolumes()
    loaded = [
        slicer.mrmlScene.GetNodeByID(each) for each in DICOMUtils.loadLoadables({plugin: [chosen]})
    ]
    volumes = [node for node in loaded if node is not None and node.IsA("vtkMRMLVolumeNode")]
    # The volume that shows a sequence goes before what readers leave beside it.
    shown = [node for node in volumes if node in _sequenceVolumes() and node not in before]
    return next(iter([*shown, *volumes]), None)


def _offered(DICOMUtils, files, readers):
    loadables, _ = DICOMUtils.getLoadablesFromFileLists([files], readers)
    return [(plugin, each) for plugin, found in loadables.items() for each in found]


def _isSequence(loadable):
    """Of Slicer's readings of a dynamic series the sequence is what the panel knows best."""
    return "sequence" in loadable.name.lower()


def _sequenceVolumes():
    browsers = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    masters = [(each, each.GetMasterSequenceNode()) for each in browsers]
    return [browser.GetProxyNode(master) for browser, master in masters if master is not None]
