"""``slicer.app.coreIOManager()``: load and save nodes with Slicer's own logics and storage nodes.

`slicer.util.loadVolume`, `loadSegmentation`, `loadSequence`, `saveNode`, `saveScene` and the others
come from slicer-core and end here.
"""

from __future__ import annotations

from pathlib import Path

import slicer
import vtk

# Longest ending first; the class is made and read by its default storage node.
_NODE_CLASSES = {
    "TableFile": "vtkMRMLTableNode",
    "TransformFile": "vtkMRMLTransformNode",
    "TextFile": "vtkMRMLTextNode",
    "ModelFile": "vtkMRMLModelNode",
    "ColorTableFile": "vtkMRMLColorTableNode",
}
_ENDINGS = {
    ".seg.nrrd": "SegmentationFile",
    ".seg.nhdr": "SegmentationFile",
    ".seg.vtm": "SegmentationFile",
    ".seq.nrrd": "SequenceFile",
    ".seq.mrb": "SequenceFile",
    ".mrk.json": "MarkupsFile",
    ".nii.gz": "VolumeFile",
    ".nii": "VolumeFile",
    ".nrrd": "VolumeFile",
    ".nhdr": "VolumeFile",
    ".mha": "VolumeFile",
    ".mhd": "VolumeFile",
    ".dcm": "VolumeFile",
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".tsv": "TableFile",
    ".csv": "TableFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".txt": "TextFile",
    ".json": "TextFile",
    ".vtk": "ModelFile",
    ".vtp": "ModelFile",
    ".stl": "ModelFile",
    ".ctbl": "ColorTableFile",
}


class CoreIOManager:
    """The part of qSlicerCoreIOManager that `slicer.util` uses."""

    def fileType(self, name) -> str:
        for ending, kind in _ENDINGS.items():
            if str(name).lower().endswith(ending):
                return kind
        return "NoFile"

    def fileWriterFileType(self, node) -> str:
        for kind, class_name in _NODE_CLASSES.items():
            if node.IsA(class_name):
                return kind
        for kind in ("Segmentation", "Sequence", "Volume", "Markups"):
            if node.IsA(f"vtkMRML{kind}Node"):
                return f"{kind}File"
        return "NoFile"

    def loadNodes(self, kind, properties, loaded, messages=None) -> bool:
        """Read ``properties["fileName"]``; False, with a message, where that failed."""
        path = properties["fileName"]
        if kind != "SceneFile" and not Path(path).is_file():
            if messages is not None:
                messages.AddMessage(vtk.vtkCommand.ErrorEvent, f"{path} does not exist")
            return False
        node = _read(kind, path, properties, messages)
        if node is None:
            return False
        if hasattr(node, "IsA"):
            loaded.AddItem(node)
        return True

    def saveNodes(self, kind, properties, messages=None) -> bool:
        """Write the scene, or the node of ``properties["nodeID"]``."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return _write_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node is None or not node.AddDefaultStorageNode():
            return False
        storage = node.GetStorageNode()
        storage.SetFileName(path)
        storage.SetUseCompression(int(properties.get("useCompression", 1)))
        return bool(storage.WriteData(node))

    def fileWriterExtensions(self, node):
        """Return how a node can be written, such as "Comma-separated values (.csv)"."""
        types = node.CreateDefaultStorageNode().GetSupportedWriteFileTypes()
        return [types.GetValue(index) for index in range(types.GetNumberOfValues())]

    def extractKnownExtension(self, path, node):
        """Return the ending of a file name, with its dot, if the node can be written as that."""
        endings = [text[text.rindex("(") + 1 : -1] for text in self.fileWriterExtensions(node)]
        return next((ending for ending in endings if str(path).endswith(ending)), "")

    def exportNodes(self, ids, paths, properties, harden_transform=False, messages=None) -> bool:
        """Write nodes without a storage node of theirs having changed."""
        written = True
        for node_id, path in zip(ids, paths, strict=True):
            node = slicer.mrmlScene.GetNodeByID(node_id)
            storage = node.CreateDefaultStorageNode()
            storage.SetFileName(str(path))
            written &= bool(storage.WriteData(node))
        return written

    def addDefaultStorageNodes(self):
        nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLStorableNode")
        for index in range(nodes.GetNumberOfItems()):
            nodes.GetItemAsObject(index).AddDefaultStorageNode()


def _read(kind, path, properties, messages):
    name = properties.get("name") or _stem(path)
    if kind == "SceneFile":
        return _read_scene(path, bool(properties.get("clear", False)))
    if kind == "VolumeFile":
        logic = slicer.modules.volumes.logic()
        options = [
            properties.get("labelmap", False),
            properties.get("center", False),
            properties.get("singleFile", False),
            properties.get("autoWindowLevel", True),
            properties.get("discardOrientation", False),
        ]
        bits = sum(1 << bit for bit, wanted in enumerate(options) if wanted)
        node = logic.AddArchetypeVolume(path, name, bits)
        if node is not None and properties.get("show", True):
            selection = slicer.app.applicationLogic().GetSelectionNode()
            label = bool(properties.get("labelmap"))
            getattr(selection, "SetActiveLabelVolumeID" if label else "SetActiveVolumeID")(
                node.GetID()
            )
            slicer.app.applicationLogic().PropagateVolumeSelection()
        return node
    if kind == "SegmentationFile":
        logic = slicer.modules.segmentations.logic()
        return logic.LoadSegmentationFromFile(path, properties.get("autoOpacities", True), name)
    if kind == "SequenceFile":
        node = slicer.modules.sequences.logic().AddSequence(path)
        return node
    if kind == "MarkupsFile":
        return slicer.mrmlScene.GetNodeByID(slicer.modules.markups.logic().LoadMarkups(path, name))
    return _read_generic(kind, path, name)


def _read_generic(kind, path, name):
    node = slicer.mrmlScene.AddNewNodeByClass(_NODE_CLASSES[kind], name)
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(path)
    if node.GetStorageNode().ReadData(node):
        return node
    slicer.mrmlScene.RemoveNode(node)
    return None


def _read_scene(path, clear) -> bool | None:
    if path.endswith(".mrb"):
        return slicer.mrmlScene.ReadFromMRB(path, clear) or None
    slicer.mrmlScene.SetURL(path)
    done = slicer.mrmlScene.Connect() if clear else slicer.mrmlScene.Import()
    return bool(done) or None


def _write_scene(path) -> bool:
    if path.endswith(".mrb"):
        return slicer.mrmlScene.WriteToMRB(path)
    if path.endswith(".mrml"):
        return bool(slicer.mrmlScene.Commit(path))
    Path(path).mkdir(parents=True, exist_ok=True)
    return bool(slicer.mrmlScene.SaveSceneToSlicerDataBundleDirectory(path))


def _stem(path) -> str:
    name = Path(path).name
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return Path(path).stem
