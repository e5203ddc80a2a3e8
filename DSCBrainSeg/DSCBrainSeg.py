"""3D Slicer module: segment the brain on a DSC series with the dscbrainseg command.

This first version runs the installed command line on a DICOM folder in a separate process and loads
the mask. The full module (sequences, editing, ground truth, comparison) is under construction.
"""

import os
import tempfile

import ctk
import qt
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleWidget,
)


class DSCBrainSeg(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "DSC Brain Segmentation"
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The DSCBrainSeg authors"]
        self.parent.helpText = _(
            "Brain mask of a T2*-weighted (DSC) perfusion series. Choose the series' folder and "
            "the dscbrainseg program, click Segment. For research; not a medical device."
        )
        self.parent.acknowledgementText = _(
            "Method: Alkhimova and Diumin 2022. Trained on simulated heads (SynthSeg label maps)."
        )


class DSCBrainSegWidget(ScriptedLoadableModuleWidget):
    """The panel: a folder, a program, one button."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = DSCBrainSegLogic()
        self.logic.finished = self.onFinished
        form = qt.QFormLayout()
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs
        form.addRow(_("DICOM folder:"), self.folderEdit)
        self.programEdit = ctk.ctkPathLineEdit()
        self.programEdit.filters = ctk.ctkPathLineEdit.Files
        self.programEdit.toolTip = _("dscbrainseg, installed with: pip install DSCBrainSegLib")
        form.addRow(_("Program:"), self.programEdit)
        self.segmentButton = qt.QPushButton(_("Segment"))
        self.segmentButton.connect("clicked()", self.onSegmentButton)
        self.statusLabel = qt.QLabel("")
        self.statusLabel.wordWrap = True
        self.layout.addLayout(form)
        self.layout.addWidget(self.segmentButton)
        self.layout.addWidget(self.statusLabel)
        self.layout.addStretch(1)

    def cleanup(self):
        self.logic.cancel()

    def onSegmentButton(self):
        if self.logic.isRunning():
            self.logic.cancel()
            return
        program, folder = self.programEdit.currentPath, self.folderEdit.currentPath
        if not (program and folder):
            self.statusLabel.text = _("Choose the DICOM folder and the dscbrainseg program first.")
            return
        self.segmentButton.text = _("Cancel")
        self.statusLabel.text = _("Segmenting ...")
        self.logic.start(program, folder)

    def onFinished(self, message):
        self.segmentButton.text = _("Segment")
        self.statusLabel.text = message


class DSCBrainSegLogic(ScriptedLoadableModuleLogic):
    """Runs the command in its own process and loads what it wrote."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.process = None
        self.outputFolder = None
        self.finished = lambda message: None

    def isRunning(self):
        return self.process is not None

    def start(self, program, inputFolder):
        self.outputFolder = tempfile.TemporaryDirectory(dir=slicer.app.temporaryPath)
        self.process = qt.QProcess()
        self.process.connect("finished(int,QProcess::ExitStatus)", self.onProcessFinished)
        # Slicer's own PYTHONHOME and library paths would break another Python.
        environment = qt.QProcessEnvironment()
        for name, value in slicer.util.startupEnvironment().items():
            environment.insert(name, value)
        self.process.setProcessEnvironment(environment)
        self.process.start(program, ["segment", inputFolder, "-o", self.outputFolder.name])
        if not self.process.waitForStarted(5000):
            self.process = None
            self.outputFolder.cleanup()
            self.finished(_("{program} cannot be started.").format(program=program))

    def cancel(self):
        if self.process is not None:
            self.process.kill()

    def onProcessFinished(self, exitCode, exitStatus):
        process, self.process = self.process, None
        if exitCode == 0 and exitStatus == qt.QProcess.NormalExit:
            path = os.path.join(self.outputFolder.name, "mask.nii.gz")
            node = slicer.util.loadSegmentation(path)
            node.GetSegmentation().GetNthSegment(0).SetName(_("Brain (network)"))
            message = _("Done.")
        else:
            text = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip()
            message = text.splitlines()[-1] if text else _("Cancelled.")
        self.outputFolder.cleanup()
        self.finished(message)
