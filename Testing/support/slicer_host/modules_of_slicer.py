"""Put ``qt``, ``ctk``, ``DICOMLib``, ``SampleData`` and the stand-ins where modules import them."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import slicer

from .ctk_module import make_ctk_module, widget_classes
from .qt_module import make_qt_module
from .ui_loader import register_widgets

STAND_INS = Path(__file__).parent / "stand_ins"


def install_modules() -> str | None:
    """Make the modules importable; return the folder of Slicer's own sources if one is named."""
    sys.modules["qt"] = make_qt_module()
    sys.modules["ctk"] = make_ctk_module()
    register_widgets(*widget_classes(sys.modules["ctk"]))
    sources = os.environ.get("SLICER_PYTHON_SOURCES")
    if sources:
        sources = str(Path(sources).resolve())
        if not (Path(sources) / "ScriptedLoadableModule.py").is_file():
            raise FileNotFoundError(f"{sources} has no ScriptedLoadableModule.py")
        slicer.__path__.append(sources)
    slicer.__path__.append(str(STAND_INS / "slicer"))
    sys.path.append(str(STAND_INS))
    _install_widgets()
    return sources


def _install_widgets() -> None:
    from . import mrml_widget, node_selector, segment_editor, slicer_module, table_views
    from .sequence_widgets import WIDGETS as SEQUENCE_WIDGETS
    from .slice_widget import qMRMLSliceWidget
    from .subject_hierarchy_tree import qMRMLSubjectHierarchyTreeView

    classes = (
        *mrml_widget.WIDGETS,
        node_selector.qMRMLNodeComboBox,
        node_selector.qMRMLCheckableNodeComboBox,
        segment_editor.qMRMLSegmentEditorWidget,
        slicer_module.qSlicerScriptedLoadableModule,
        slicer_module.qSlicerScriptedLoadableModuleWidget,
        qMRMLSliceWidget,
        qMRMLSubjectHierarchyTreeView,
        *table_views.WIDGETS,
        *SEQUENCE_WIDGETS,
    )
    for cls in classes:
        setattr(slicer, cls.__name__, cls)
    register_widgets(*classes)
    hierarchy = types.ModuleType("qSlicerSubjectHierarchyModuleWidgetsPythonQt")
    hierarchy.qMRMLSubjectHierarchyTreeView = qMRMLSubjectHierarchyTreeView
    sys.modules[hierarchy.__name__] = hierarchy
