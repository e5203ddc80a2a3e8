"""The MRML scene of `slicer_core_scene`, with what the application adds to it."""

from __future__ import annotations

import slicer
from slicer_core_scene import start_scene

LOGICS = {
    "tables": ("Tables", "vtkSlicerTablesLogic"),
    "plots": ("Plots", "vtkSlicerPlotsLogic"),
    "markups": ("Markups", "vtkSlicerMarkupsLogic"),
    "models": ("Models", "vtkSlicerModelsLogic"),
    "transforms": ("Transforms", "vtkSlicerTransformLogic"),
}


class CoreModule:
    """A module of Slicer's own: its name and its logic."""

    def __init__(self, name: str, logic):
        self.name = self.title = name
        self._logic = logic

    def logic(self):
        return self._logic


def _show_sequence_browser(browser) -> bool:
    """Show the tool bar of time, as qSlicerSequencesModule does; the host has none."""
    return browser is not None


def make_scene():
    """Complete ``slicer.mrmlScene`` and ``slicer.modules``; return the application logic."""
    scene = start_scene()
    application = slicer.modules.volumes.logic().GetMRMLApplicationLogic()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    slicer.modules.colors = CoreModule("Colors", application.GetColorLogic())
    slicer.modules.sequences.showSequenceBrowser = _show_sequence_browser
    slicer.modules.dicomPlugins = {}
    slicer.modules.sampleDataSources = {}
    for key, (name, class_name) in LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        setattr(slicer.modules, key, CoreModule(name, logic))
    return application
