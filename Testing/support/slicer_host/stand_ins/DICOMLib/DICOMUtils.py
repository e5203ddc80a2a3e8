"""Stand-ins for the functions of ``DICOMLib.DICOMUtils`` that load what is in the database."""

import slicer


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    """Index a folder."""
    (dicomDatabase or slicer.dicomDatabase).add_folder(dicomDataDir)
    return True


class TemporaryDICOMDatabase:
    """An empty database for the time of a ``with``; the host's own is put back afterwards."""

    def __init__(self, directory=None):
        self.directory = directory

    def __enter__(self):
        self._before = slicer.dicomDatabase
        slicer.dicomDatabase = type(self._before)()
        return slicer.dicomDatabase

    def __exit__(self, *_):
        slicer.dicomDatabase = self._before


def getLoadablesFromFileLists(
    fileLists, pluginClassNames=None, messages=None, progressCallback=None, pluginInstances=None
):
    """Return ({plugin: loadables}, whether something is selected)."""
    plugins = pluginInstances if pluginInstances is not None else {}
    offered = {}
    for name in pluginClassNames or list(slicer.modules.dicomPlugins):
        if name not in plugins:
            plugins[name] = slicer.modules.dicomPlugins[name]()
        plugin = plugins[name]
        if progressCallback and progressCallback(name, 0):
            break
        loadables = plugin.examineForImport(fileLists)
        if loadables:
            offered[plugin] = loadables
    return offered, any(item.selected for items in offered.values() for item in items)


def loadLoadables(loadablesByPlugin, messages=None, progressCallback=None):
    """Load what is selected; return the ids of the nodes."""
    ids = []
    for plugin, loadables in loadablesByPlugin.items():
        for loadable in (item for item in loadables if item.selected):
            node = plugin.load(loadable)
            loadable.loadSuccess = bool(node)
            if not node and messages is not None:
                messages.append(f"{plugin.loadType}: {loadable.name} could not be loaded")
            if hasattr(node, "GetID"):
                ids.append(node.GetID())
    return ids


def loadByInstanceUID(instanceUIDs, messages=None, progressCallback=None):
    """Load the series these instances belong to."""
    database = slicer.dicomDatabase
    files = [database.fileForInstance(uid) for uid in instanceUIDs]
    return loadSeriesByUID(sorted({database.seriesForFile(path) for path in files}))


def loadSeriesByUID(seriesUIDs):
    """Load series as the DICOM browser does: the most confident loadables, ties all."""
    fileLists = [slicer.dicomDatabase.filesForSeries(uid) for uid in seriesUIDs]
    offered, _ = getLoadablesFromFileLists([files for files in fileLists if files])
    _selectHighestConfidence(offered)
    return loadLoadables(offered)


def loadPatientByUID(patientUID):
    database = slicer.dicomDatabase
    studies = database.studiesForPatient(patientUID)
    return loadSeriesByUID([uid for study in studies for uid in database.seriesForStudy(study)])


def _selectHighestConfidence(offered):
    every = [item for items in offered.values() for item in items]
    for item in every:
        files = set(item.files)
        rivals = [other.confidence for other in every if files & set(other.files)]
        item.selected = item.confidence >= max(rivals)
