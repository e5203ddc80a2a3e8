"""Stand-ins for ``DICOMLoadable`` and ``DICOMPlugin``."""

import slicer


class DICOMLoadable:
    """One way to load some files; the plugin fills it in."""

    def __init__(self, qLoadable=None):
        if qLoadable is not None:
            raise TypeError("the test host has no qSlicerDICOMLoadable")
        self.name = "Unknown"
        self.tooltip = ""
        self.warning = ""
        self.files = []
        self.selected = False
        self.confidence = 0.5
        self.referencedInstanceUIDs = []
        self.loadSuccess = False


class DICOMPlugin:
    """Base class of DICOM plugins: offers loadables and loads them."""

    def __init__(self):
        self.loadType = "Generic DICOM"
        self.loadablesCache = {}
        self.tags = {
            "seriesInstanceUID": "0020,000E",
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "modality": "0008,0060",
            "instanceUID": "0008,0018",
            "position": "0020,0032",
            "orientation": "0020,0037",
            "pixelData": "7fe0,0010",
            "referencedInstanceUID": "0008,1155",
            "patientID": "0010,0020",
            "patientName": "0010,0010",
            "patientBirthDate": "0010,0030",
            "patientSex": "0010,0040",
            "studyInstanceUID": "0020,000D",
            "studyDescription": "0008,1030",
            "studyDate": "0008,0020",
            "studyTime": "0008,0030",
            "studyID": "0020,0010",
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
        return self.loadablesCache.get(self.hashFiles(files))

    def cacheLoadables(self, files, loadables):
        self.loadablesCache[self.hashFiles(files)] = loadables

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
        database, tags = slicer.dicomDatabase, self.tags
        path = loadable.files[0]
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        uid = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName()
        item = tree.GetItemByDataNode(dataNode)
        if not item:
            item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        tree.SetItemUID(item, uid, database.fileValue(path, tags["seriesInstanceUID"]))
        for tag in ("modality", "seriesNumber"):
            tree.SetItemAttribute(item, f"DICOM.{tag}", database.fileValue(path, tags[tag]))
        parent = tree.GetSceneItemID()
        levels = (
            (tree.CreateSubjectItem, "patientID", "patientName"),
            (tree.CreateStudyItem, "studyInstanceUID", "studyDescription"),
        )
        for make, key, name in levels:
            value = database.fileValue(path, tags[key]) or "unknown"
            found = tree.GetItemByUID(uid, value)
            if not found:
                found = make(parent, database.fileValue(path, tags[name]) or "No description")
                tree.SetItemUID(found, uid, value)
            parent = found
        tree.SetItemParent(item, parent)
