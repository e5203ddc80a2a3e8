"""A small scripted module with everything the real one needs, written to a folder by the tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SOURCE = """
import enum
import json
import shutil
from typing import Annotated

import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import (
    Choice,
    Default,
    WithinRange,
    parameterNodeWrapper,
    parameterPack,
)
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Sample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Sample")
        self.parent.categories = ["Examples"]
        self.parent.helpText = _("A module for the test host.")
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="Sample", sampleName="Phantom", customDownloader=makePhantom
    )


def makePhantom(source):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", source.sampleName)


class Method(enum.Enum):
    NETWORK = "network"
    OTSU = "otsu"

    def label(self):
        return self.value.title()


@parameterPack
class Post:
    fillHoles: bool = True
    smallest: Annotated[int, WithinRange(0, 100)] = 10


@parameterNodeWrapper
class Parameters:
    inputVolume: vtkMRMLScalarVolumeNode
    output: vtkMRMLSegmentationNode
    method: Method
    threshold: Annotated[float, WithinRange(-100, 200)] = 25
    frame: Annotated[int, WithinRange(0, 99)] = 3
    reader: str
    invert: bool = False
    plane: Annotated[str, Choice(["axial", "coronal"]), Default("coronal")]
    ticked: list[str]
    volumes: list[vtkMRMLScalarVolumeNode]
    post: Post


class SampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.parameters = None
        self.guiTag = None
        self.calls = []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/Sample.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = SampleLogic()
        self.addObserver(
            slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose
        )
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.initialize()
        self.calls.append("setup")

    def cleanup(self):
        self.calls.append("cleanup")
        self.setParameters(None)
        self.removeObservers()

    def enter(self):
        self.calls.append("enter")
        self.initialize()

    def exit(self):
        self.calls.append("exit")
        self.setParameters(None)

    def onSceneStartClose(self, caller, event):
        self.calls.append("start close")
        self.setParameters(None)

    def onSceneEndClose(self, caller, event):
        self.calls.append("end close")
        self.initialize()

    def initialize(self):
        self.setParameters(self.logic.getParameters())
        if not self.parameters.inputVolume:
            first = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if first:
                self.parameters.inputVolume = first

    def setParameters(self, parameters):
        if self.parameters:
            self.parameters.disconnectGui(self.guiTag)
            for tag in self.observed:  # Slicer 5.10 leaves them, and crashes later
                self.parameters.RemoveObserver(tag)
            self.removeObserver(
                self.parameters, vtk.vtkCommand.ModifiedEvent, self.checkCanApply
            )
        self.parameters = parameters
        if self.parameters:
            widgets = [w for w in vars(self.ui).values() if w.property("SlicerParameterName")]
            observe, self.observed = self.parameters.AddObserver, []
            self.parameters.AddObserver = lambda *given: self.observed.append(observe(*given))
            self.guiTag = self.parameters.connectParametersToGui(
                {widget.property("SlicerParameterName"): widget for widget in widgets}
            )
            del self.parameters.AddObserver
            self.addObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.checkCanApply)
            self.checkCanApply()

    def checkCanApply(self, caller=None, event=None):
        self.ui.applyButton.enabled = bool(self.parameters and self.parameters.inputVolume)

    def onApply(self, checked):
        self.calls.append(("apply", checked))


class SampleLogic(ScriptedLoadableModuleLogic):
    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.process = None
        self.lines = []
        self.finished = None

    def getParameters(self):
        return Parameters(super().getParameterNode())

    def start(self, script):
        self.process = qt.QProcess()
        self.process.connect("readyReadStandardOutput()", self.onOutput)
        self.process.connect("finished(int,QProcess::ExitStatus)", self.onFinished)
        environment = qt.QProcessEnvironment()
        for name, value in slicer.util.startupEnvironment().items():
            environment.insert(name, value)
        self.process.setProcessEnvironment(environment)
        self.process.start(shutil.which("PythonSlicer"), ["-u", "-c", script])

    def onOutput(self):
        while self.process.canReadLine():
            self.lines.append(self.process.readLine().data().decode().strip())

    def onFinished(self, code, status):
        self.finished = (code, status == qt.QProcess.NormalExit)


class SampleTest(ScriptedLoadableModuleTest):
    def runTest(self):
        self.delayDisplay("ran")
        SampleTest.ran = True
"""

_WIDGETS = """
   <widget class="qMRMLNodeComboBox" name="inputSelector">
    <property name="nodeTypes"><stringlist>
     <string>vtkMRMLScalarVolumeNode</string></stringlist></property>
    <property name="noneEnabled"><bool>true</bool></property>
    <property name="SlicerParameterName" stdset="0"><string>inputVolume</string></property>
   </widget>
   <widget class="ctkCollapsibleButton" name="optionsButton">
    <property name="text"><string>Options for the threshold</string></property>
    <layout class="QFormLayout" name="form">
     <item row="0" column="0"><widget class="QLabel" name="label">
      <property name="text"><string>Method:</string></property></widget></item>
     <item row="0" column="1"><widget class="QComboBox" name="methodBox">
      <property name="SlicerParameterName" stdset="0"><string>method</string></property>
     </widget></item>
     <item row="1" column="1"><widget class="ctkSliderWidget" name="thresholdSlider">
      <property name="SlicerParameterName" stdset="0"><string>threshold</string></property>
     </widget></item>
     <item row="2" column="1"><widget class="QSpinBox" name="frameBox">
      <property name="SlicerParameterName" stdset="0"><string>frame</string></property>
     </widget></item>
     <item row="3" column="1"><widget class="QLineEdit" name="readerEdit">
      <property name="SlicerParameterName" stdset="0"><string>reader</string></property>
     </widget></item>
     <item row="4" column="1"><widget class="QCheckBox" name="invertBox">
      <property name="text"><string>Invert</string></property>
      <property name="SlicerParameterName" stdset="0"><string>invert</string></property>
     </widget></item>
     <item row="5" column="1"><widget class="QComboBox" name="planeBox">
      <property name="SlicerParameterName" stdset="0"><string>plane</string></property>
     </widget></item>
     <item row="6" column="1"><widget class="QCheckBox" name="holesBox">
      <property name="text"><string>Fill holes</string></property>
      <property name="SlicerParameterName" stdset="0"><string>post.fillHoles</string></property>
     </widget></item>
    </layout>
   </widget>
   <widget class="qMRMLSegmentEditorWidget" name="editor"/>
   <widget class="ctkPathLineEdit" name="folderEdit">
    <property name="filters"><set>ctkPathLineEdit::Dirs</set></property>
   </widget>
   <widget class="QPushButton" name="applyButton">
    <property name="text"><string>Apply</string></property>
   </widget>
"""

_CONNECTION = """
  <connection><sender>Sample</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
   <receiver>{name}</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection>
"""


def ui_text(connected=("inputSelector", "editor"), widgets=_WIDGETS) -> str:
    """Return the .ui file; only the `connected` widgets get the scene."""
    items = [f"<item><widget{part}</item>" for part in _top_level(widgets)]
    connections = "".join(_CONNECTION.format(name=name) for name in connected)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ui version="4.0"><class>Sample</class>'
        '<widget class="qMRMLWidget" name="Sample"><layout class="QVBoxLayout" name="column">'
        f"{''.join(items)}</layout></widget><connections>{connections}</connections></ui>"
    )


def write_module(folder: Path, ui: str | None = None) -> Path:
    """Write the module into a folder as Slicer expects it; return its file."""
    (folder / "Resources" / "UI").mkdir(parents=True, exist_ok=True)
    (folder / "Resources" / "UI" / "Sample.ui").write_text(ui or ui_text())
    path = folder / "Sample.py"
    path.write_text(SOURCE)
    return path


def open_sample(host, folder: Path):
    """Write the module into a folder, load it and switch to it; return its widget."""
    host.load_module(write_module(folder))
    return host.select("Sample")


def add_volume(name: str):
    """Add a volume of 6 x 20 x 16 numbered voxels."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    grid = np.arange(6 * 20 * 16, dtype=np.int16).reshape(6, 20, 16)
    slicer.util.updateVolumeFromArray(node, grid)
    node.SetSpacing(2, 2, 5)
    node.CreateDefaultDisplayNodes()
    return node


def add_segmentation(volume):
    """Add a segmentation with a box of 160 voxels in its segment "brain"."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Masks")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("brain", "Brain")
    mask = np.zeros((6, 20, 16), np.uint8)
    mask[2:4, 5:15, 4:12] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, "brain", volume)
    return node


def _top_level(widgets: str) -> list[str]:
    import xml.etree.ElementTree as ElementTree

    root = ElementTree.fromstring(f"<all>{widgets}</all>")
    texts = [ElementTree.tostring(child, encoding="unicode") for child in root]
    return [text.removeprefix("<widget") for text in texts]
