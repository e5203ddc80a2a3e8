"""3D Slicer module: brain masks of T2*-weighted (DSC) perfusion series."""

import os
import sys
import time

import qt
import slicer
import vtk

# The panel and the library are imported when they are used: Slicer's start does not wait for them.
from DSCBrainSegPanel.registration import register, registerDicomPlugin
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

_HERE = os.path.dirname(os.path.abspath(__file__))


def useOwnLibrary():
    """Import the extension's own DSCBrainSegLib, also where pip has put another one."""
    # Installed it lies beside this file, in a source checkout beside this file's folder.
    for folder in (_HERE, os.path.dirname(_HERE)):
        if os.path.isfile(os.path.join(folder, "DSCBrainSegLib", "__init__.py")):
            if folder in sys.path:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
            return


useOwnLibrary()


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
        page = "https://github.com/DSCBrainSeg/SlicerDSCBrainSeg/blob/main/docs/slicer.md#tutorial"
        tutorial = _("Tutorial")
        self.parent.helpText += f'<p><a href="{page}">{tutorial}</a></p>'
        self.parent.acknowledgementText = _(
            "After Alkhimova and Diumin (2022); the network is trained on simulated heads."
        )
        registerDicomPlugin()  # the DICOM module asks for the plugins' tags at the end of the start
        slicer.app.connect("startupCompleted()", register)


class DSCBrainSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; its parts are in DSCBrainSegPanel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.parameters = self._connection = None
        self.sections = ()

    def setup(self):
        """Build the panel."""
        from DSCBrainSegPanel.sections import makeSections
        from DSCBrainSegPanel.segments_watch import SegmentsWatch

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/DSCBrainSeg.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = DSCBrainSegLogic()
        self.sections = makeSections(self)
        self._segments = SegmentsWatch(self.onSegmentsChanged)
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
        self.ui.loadSection.collapsed = self.parameters.inputNode is not None
        if getattr(self.parent, "isEntered", False):  # reloaded: Slicer does not enter it again
            self.enter()

    def cleanup(self):
        """Called when the module is reloaded or Slicer ends."""
        self.exit()
        self._refreshSoon.stop()
        for section in self.sections:
            section.cleanup()
        self.logic.stop()
        self.setParameters(None)
        self._segments.stop()
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

    def onSegmentsChanged(self):
        """A segment was added, removed, renamed or painted on."""
        self._refreshSoon.start(0)

    def onInputChosen(self, node):
        """Take over the user's choice and show it."""
        if self.parameters is not None and node is not self.parameters.inputNode:
            from DSCBrainSegPanel.views import showInViews

            from DSCBrainSegLib.mrml.series_nodes import volumeOf

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
        from DSCBrainSegPanel.gui_connection import GuiConnection

        if self.parameters is not None:
            self._connection.cut()
            self.removeObserver(
                self.parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged
            )
        self.parameters = parameters
        if parameters is not None:
            self._connection = GuiConnection(parameters, vars(self.ui).values())
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
        self._segments.follow(self.parameters)
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
        from DSCBrainSegPanel.runtime_tasks import RuntimeTasks
        from DSCBrainSegPanel.slicer_process import libraryProcess
        from DSCBrainSegPanel.worker_queue import WorkerQueue

        from DSCBrainSegLib.worker.client import WorkerClient

        ScriptedLoadableModuleLogic.__init__(self)
        self.worker = WorkerQueue(lambda: WorkerClient(libraryProcess("DSCBrainSegLib.worker")))
        self.runtime = RuntimeTasks()

    def getParameters(self):
        """Return the typed parameter node of the scene."""
        from DSCBrainSegPanel.parameters import Parameters

        return Parameters(self.getParameterNode())

    def makeJob(self, inputNode, method, frame=None, **callbacks):
        """Return a `SegmentationJob`, not started."""
        from DSCBrainSegPanel.segmentation_job import SegmentationJob

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
            The node holds no series, or the network library is not installed; with
            `waitForCompletion` also whatever went wrong.
        """
        from DSCBrainSegPanel.network_library import refuseWithoutNetwork

        refuseWithoutNetwork(method)
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
        """Go through the whole module; the log tells each step."""
        from DSCBrainSegPanel.self_test import SelfTest

        log, failed = SelfTest().run()
        self.assertEqual(failed, 0, log)
        self.delayDisplay("Test passed")
