"""Stand-ins for ``DICOMLoadable`` and ``DICOMPlugin``."""

import slicer

_TAGS = {
    "seriesInstanceUID": "0020,000E",
    "seriesNumber": "0020,0011",
    "modality": "0008,0060",
    "patientID": "0010,0020",
    "patientName": "0010,0010",
    "studyInstanceUID": "0020,000D",
    "studyDescription": "0008,1030",
}
"""Of the subject hierarchy."""


class DICOMLoadable:
    """One way to load some files; the plugin fills it in."""

    def __init__(self, qLoadable=None):
        if qLoadable is not None:
            raise TypeError("the test host has no qSlicerDICOMLoadable")
        self.name = "Unknown"
        self.tooltip = "No further information available"
        self.warning = ""
        self.files = []
        self.selected = False
        self.confidence = 0.5


class DICOMPlugin:
    """Base class of DICOM plugins: offers loadables and loads them."""

    def __init__(self):
        self.loadType = "Generic DICOM"
        self.loadableCache = {}
        # Slicer's has no more either: each plugin adds the tags it asks for.
        self.tags = {
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "frameOfReferenceUID": "0020,0052",
        }

    def findPrivateTag(self, ds, group, element, privateCreator):
        for tag, item in ds.items():
            if tag.group == group and tag.element < 0x100 and item.value == privateCreator:
                return (group, (tag.element << 8) + element)
        return None

    def isDetailedLogging(self):
        return slicer.util.settingsValue("DICOM/detailedLogging", False, slicer.util.toBool)

    def hashFiles(self, files):
        return hash(tuple(files))

    def getCachedLoadables(self, files):
        return self.loadableCache.get(self.hashFiles(files))

    def cacheLoadables(self, files, loadables):
        self.loadableCache[self.hashFiles(files)] = loadables

    def examineForImport(self, fileList):
        """Return the loadables of a list of file lists."""
        return []

    def examine(self, fileList):
        return self.examineForImport(fileList)

    def load(self, loadable):
        """Load a loadable; the node, or a true value, says that it worked."""
        return True

    def examineForExport(self, subjectHierarchyItemID):
        return []

    def export(self, exportables):
        return ""

    def defaultSeriesNodeName(self, seriesUID):
        files = slicer.dicomDatabase.filesForSeries(seriesUID)
        if not files:
            return "Unnamed Series"
        number = slicer.dicomDatabase.fileValue(files[0], self.tags["seriesNumber"])
        description = slicer.dicomDatabase.fileValue(files[0], self.tags["seriesDescription"])
        name = description or "Unnamed Series"
        return f"{number}: {name}" if number else name

    def addSeriesInSubjectHierarchy(self, loadable, dataNode):
        """Put a node under its patient and study, made where they are missing."""
        database = slicer.dicomDatabase
        path = loadable.files[0]
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        uid = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName()
        item = tree.GetItemByDataNode(dataNode)
        if not item:
            item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        tree.SetItemUID(item, uid, database.fileValue(path, _TAGS["seriesInstanceUID"]))
        for tag in ("modality", "seriesNumber"):
            tree.SetItemAttribute(item, f"DICOM.{tag}", database.fileValue(path, _TAGS[tag]))
        parent = tree.GetSceneItemID()
        levels = (
            (tree.CreateSubjectItem, "patientID", "patientName"),
            (tree.CreateStudyItem, "studyInstanceUID", "studyDescription"),
        )
        for make, key, name in levels:
            value = database.fileValue(path, _TAGS[key]) or "unknown"
            found = tree.GetItemByUID(uid, value)
            if not found:
                found = make(parent, database.fileValue(path, _TAGS[name]) or "No description")
                tree.SetItemUID(found, uid, value)
            parent = found
        tree.SetItemParent(item, parent)
