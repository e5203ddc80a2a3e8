"""A MRML scene without the application: `slicer.mrmlScene` and the logics of slicer-core.

Where the Qt host of `slicer_host` runs in the same process, its scene is used.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
import types

import pytest

LOGICS = {
    "segmentations": ("Segmentations", "vtkSlicerSegmentationsModuleLogic"),
    "volumes": ("Volumes", "vtkSlicerVolumesLogic"),
    "sequences": ("Sequences", "vtkSlicerSequencesLogic"),
    "subjecthierarchy": ("SubjectHierarchy", "vtkSlicerSubjectHierarchyModuleLogic"),
}

_kept_alive: list = []
"""Writing a scene bundle aborts the process once the application logic is gone."""


class _Module:
    def __init__(self, logic):
        self._logic = logic

    def logic(self):
        return self._logic


def start_scene():
    """Make ``slicer.mrmlScene`` and ``slicer.modules`` unless they are there; return the scene."""
    import slicer

    if getattr(slicer, "mrmlScene", None) is not None:
        return slicer.mrmlScene
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetTemporaryPath(tempfile.gettempdir())
    application.GetColorLogic().SetMRMLScene(scene)
    application.GetColorLogic().AddDefaultColorNodes()
    application.SetModuleLogic("Colors", application.GetColorLogic())
    modules = types.SimpleNamespace()
    for key, (name, class_name) in LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        setattr(modules, key, _Module(logic))
    files = slicer.vtkMRMLRemoteIOLogic()  # scene bundles (.mrb) are unpacked through its cache
    files.SetMRMLApplicationLogic(application)
    files.SetMRMLScene(scene)
    files.GetCacheManager().SetRemoteCacheDirectory(tempfile.mkdtemp(prefix="slicer-core-"))
    files.AddDataIOToScene()
    _kept_alive.extend([application, files])
    slicer.mrmlScene, slicer.modules = scene, modules
    return scene


@pytest.fixture
def slicer():
    """The slicer package with an empty scene, or a skip that says what is missing."""
    package = pytest.importorskip("slicer", reason="needs slicer-core (pip install slicer-core)")
    start_scene()
    package.mrmlScene.Clear(0)
    yield package
    package.mrmlScene.Clear(0)


@pytest.fixture
def mrml(slicer):
    """The package `DSCBrainSegLib.mrml` with its modules, on an empty scene."""
    package = importlib.import_module("DSCBrainSegLib.mrml")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return package


@pytest.fixture
def add_volume(mrml, slicer):
    """Return ``add_volume(voxels, affine, name)``: a scalar volume on an affine to LPS+ in mm."""

    def add(voxels, affine, name="DSC"):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        mrml.geometry.setIjkToLps(node, affine)
        slicer.util.updateVolumeFromArray(node, voxels)
        return node

    return add


@pytest.fixture
def add_transform(slicer):
    """Return ``add_transform(matrix)``: a linear transform, 4x4 from local to parent RAS+."""

    def add(matrix):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Turned")
        node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        return node

    return add


@pytest.fixture
def save_and_reopen(slicer, tmp_path):
    """Return a function that saves the scene as .mrb, empties it and reads the bundle."""

    def reopen():
        path = str(tmp_path / "scene.mrb")
        assert slicer.mrmlScene.WriteToMRB(path)
        slicer.mrmlScene.Clear(0)
        assert slicer.mrmlScene.ReadFromMRB(path, True)
        slicer.modules.sequences.logic().UpdateAllProxyNodes()

    return reopen
