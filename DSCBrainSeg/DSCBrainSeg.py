"""3D Slicer module: brain masks of T2*-weighted (DSC) perfusion series."""

import importlib.util
import os
import sys
import time

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

if importlib.util.find_spec("DSCBrainSegLib") is None:
    # In a source checkout the library lies beside this folder; installed, beside this file.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from DSCBrainSegPanel.batch_section import BatchSection
from DSCBrainSegPanel.compare_section import CompareSection
from DSCBrainSegPanel.edit_section import EditSection
from DSCBrainSegPanel.ground_truth_section import GroundTruthSection
from DSCBrainSegPanel.load_section import LoadSection
from DSCBrainSegPanel.parameters import Parameters
from DSCBrainSegPanel.registration import register
from DSCBrainSegPanel.runtime_tasks import RuntimeTasks
from DSCBrainSegPanel.segment_section import SegmentSection
from DSCBrainSegPanel.segmentation_job import SegmentationJob
from DSCBrainSegPanel.series_section import SeriesSection
from DSCBrainSegPanel.slicer_process import libraryProcess
from DSCBrainSegPanel.views import showInViews
from DSCBrainSegPanel.worker_queue import WorkerQueue

from DSCBrainSegLib.mrml.series_nodes import volumeOf
from DSCBrainSegLib.worker.client import WorkerClient


class DSCBrainSeg(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("DSC Brain Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["Segmentations", "Sequences", "SubjectHierarchy", "Volumes"]
        self.parent.contributors = ["The DSCBrainSeg authors"]
        self.parent.helpText = _(
            "Brain masks of T2*-weighted (DSC) perfusion series that hold on abnormal brains. "
            "Choose the series and click Segment; look at the outlines, correct them with the "
            "segment editor below. For research; not a medical device."
        )
        page = "https://github.com/DSCBrainSeg/DSCBrainSeg/blob/main/docs/slicer.md#tutorial"
        tutorial = _("Tutorial")
        self.parent.helpText += f'<p><a href="{page}">{tutorial}</a></p>'
        self.parent.acknowledgementText = _(
            "After Alkhimova and Diumin (2022); the network is trained on simulated heads."
        )
        slicer.app.connect("startupCompleted()", register)


class DSCBrainSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; its parts are in DSCBrainSegPanel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.parameters = self._guiTag = None
        self.sections = ()

    def setup(self):
        """Build the panel."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/DSCBrainSeg.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = DSCBrainSegLogic()
        self.loadSection = LoadSection(self)
        self.editSection = EditSection(self)
        self.segmentSection = SegmentSection(self)
        self.groundTruthSection = GroundTruthSection(self)
        self.compareSection = CompareSection(self)
        self.batchSection = BatchSection(self)
        self.sections = (
            self.loadSection,
            self.segmentSection,
            self.editSection,
            self.groundTruthSection,
            self.compareSection,
            SeriesSection(self),
            self.batchSection,
        )
        self.ui.inputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onInputChosen)
        self._refreshSoon = qt.QTimer()
        self._refreshSoon.setSingleShot(True)
        self._refreshSoon.connect("timeout()", self.refresh)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAddedOrRemoved)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeAddedOrRemoved)
        register()
        self.takeParameters()
        if getattr(self.parent, "isEntered", False):  # reloaded: Slicer does not enter it again
            self.enter()

    def cleanup(self):
        """Called when the module is reloaded or Slicer ends."""
        self.exit()
        self.editSection.letGo()
        self._refreshSoon.stop()
        for section in (self.loadSection, self.compareSection, self.batchSection):
            section.cleanup()
        self.groundTruthSection.nifti.stop()
        self.logic.stop()
        self.setParameters(None)
        self.removeObservers()

    def enter(self):
        """Called when the user comes to the module."""
        self.takeParameters()
        for section in self.sections:
            section.enter()

    def exit(self):
        """Called when the user goes to another module; what runs goes on."""
        self.editSection.exit()

    def onReload(self):
        """Read the panel's files again, too (developer mode)."""
        for name in [name for name in sys.modules if name.split(".")[0] == "DSCBrainSegPanel"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """Stop what would write into the scene."""
        self.segmentSection.stop()
        self.compareSection.stop()
        self.editSection.letGo()
        self.setParameters(None)

    def onSceneEndClose(self, caller, event):
        """Go on in the new scene; a scene that is opened in another module keeps its views."""
        if self.parent.isEntered:
            self.takeParameters()

    def onNodeAddedOrRemoved(self, caller, event):
        """A segmentation may have come or gone; nodes come in crowds."""
        if self.parent.isEntered:
            self._refreshSoon.start(0)

    def onInputChosen(self, node):
        """Take over the user's choice and show it."""
        if self.parameters is not None and node is not self.parameters.inputNode:
            self.parameters.inputNode = node
            showInViews(volumeOf(node))

    def takeParameters(self):
        """Use the scene's parameter node; choose the only series there is."""
        self.setParameters(self.logic.getParameters())
        if self.parameters.inputNode is None:
            browser = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
            if browser is not None and browser.GetMasterSequenceNode() is not None:
                proxy = browser.GetProxyNode(browser.GetMasterSequenceNode())
                if proxy is not None and proxy.IsA("vtkMRMLScalarVolumeNode"):
                    self.parameters.inputNode = proxy

    def setParameters(self, parameters):
        """Connect the widgets to a parameter node, or to none."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._guiTag)
            self.removeObserver(
                self.parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged
            )
        self.parameters = parameters
        if parameters is not None:
            # connectGui() of Slicer up to 5.10 at least returns no tag, so nothing could be cut.
            named = [
                each for each in vars(self.ui).values() if each.property("SlicerParameterName")
            ]
            self._guiTag = parameters.connectParametersToGui(
                {each.property("SlicerParameterName"): each for each in named}
            )
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self.refresh()

    def onParametersChanged(self, caller=None, event=None):
        """Show the new values; while a scene is read, references lead nowhere yet."""
        if not slicer.mrmlScene.IsBatchProcessing():
            self.refresh()

    def refresh(self):
        """Let the panel show what is in the scene now."""
        if self.parameters is not None:
            self.ui.inputSelector.setCurrentNode(self.parameters.inputNode)
        for section in self.sections:
            section.refresh()

    def saveStateForUndo(self):
        """Let the editor's Undo bring back the masks as they are now."""
        self.editSection.refresh()
        self.editSection.saveStateForUndo()


class DSCBrainSegLogic(ScriptedLoadableModuleLogic):
    """Segments in a worker process; usable without the panel.

    >>> logic = slicer.util.getModuleLogic("DSCBrainSeg")  # doctest: +SKIP
    >>> job = logic.segment(volumeNode, "otsu", waitForCompletion=True)
    >>> job.result.segmentation, job.facts["volume_ml"]
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.worker = WorkerQueue(lambda: WorkerClient(libraryProcess("DSCBrainSegLib.worker")))
        self.runtime = RuntimeTasks()

    def getParameters(self):
        """Return the typed parameter node of the scene."""
        return Parameters(self.getParameterNode())

    def makeJob(self, inputNode, method, frame=None, **callbacks):
        """Return a `SegmentationJob`, not started."""
        return SegmentationJob(inputNode, method, frame, self.worker, **callbacks)

    def segment(self, inputNode, method="network", frame=None, waitForCompletion=False):
        """Segment the brain in a sequence or volume node.

        Parameters
        ----------
        inputNode : vtkMRMLNode
        method : str
            "network", "otsu", "otsu-post", "aabl" or "cusum".
        frame : int, None or "auto"
            Time point counted from 0; None for the 4th.
        waitForCompletion : bool
            Return when the mask is there; the event loop runs meanwhile.

        Returns
        -------
        SegmentationJob
            ``ended``, ``result``, ``facts`` and ``error`` tell how it went.

        Raises
        ------
        DSCBrainSegError
            The node holds no series; with `waitForCompletion` also whatever went wrong.
        """
        job = self.makeJob(
            inputNode, method, frame, onProgress=lambda *_: None, onEnd=lambda job: None
        )
        job.start()
        while waitForCompletion and not job.ended:
            slicer.app.processEvents()
            time.sleep(0.01)
        if waitForCompletion and job.error is not None:
            raise job.error
        return job

    def stop(self):
        """End all processes."""
        self.runtime.stop()
        self.worker.stop()


class DSCBrainSegTest(ScriptedLoadableModuleTest):
    """What Slicer's own test runner runs; the repository's tests are in Testing/."""

    def runTest(self):
        """Segment a bright ball without a network and look where the mask is."""
        slicer.mrmlScene.Clear(0)
        self.test_threshold()

    def test_threshold(self):
        """The mask of a simple method lies in the ball."""
        import numpy as np

        from DSCBrainSegLib.mrml.segments import segmentMask

        grids = np.ogrid[:10, :64, :64]
        centre, steps = (4.5, 34, 30), (5.0, 3.0, 3.0)
        squared = sum(((g - c) * s) ** 2 for g, c, s in zip(grids, centre, steps, strict=True))
        ball = squared < 70**2
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Ball")
        slicer.util.updateVolumeFromArray(volume, np.where(ball, 900, 40).astype(np.int16))
        volume.SetSpacing(3, 3, 5)
        job = DSCBrainSegLogic().segment(volume, "otsu", waitForCompletion=True)
        mask = segmentMask(job.result.segmentation, job.result.segmentId, volume)
        overlap = 2 * (mask & ball).sum() / (mask.sum() + ball.sum())
        self.assertGreater(overlap, 0.95)
        self.delayDisplay("Test passed")
