"""What is chosen once: where masks go, which weights; and the log of the program behind."""

import platform

import slicer

from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.mrml.segmentation_node import chooseSegmentation, findSegmentation
from DSCBrainSegLib.mrml.series_nodes import shownVolume, volumeOf
from DSCBrainSegLib.network.engines.options import (
    DEVICE_VARIABLE,
    DEVICES,
    ENGINE_VARIABLE,
    ENGINES,
)

from .log_window import LogWindow
from .slicer_process import SETTINGS

WEIGHTS_SETTING = "DSCBrainSeg/Weights"


class OptionsSection:
    """Wires the widgets of "Options"; arguments as SegmentSection."""

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._log = None
        ui = self._ui
        ui.weightsEdit.currentPath = slicer.util.settingsValue(WEIGHTS_SETTING, "")
        ui.weightsEdit.connect("currentPathChanged(QString)", self.onWeightsChosen)
        self._connectChoice(ui.engineBox, ENGINES, SETTINGS[ENGINE_VARIABLE])
        self._connectChoice(ui.deviceBox, DEVICES, SETTINGS[DEVICE_VARIABLE])
        ui.outputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onOutputChosen)
        ui.logButton.connect("clicked()", self.onLogButton)

    @property
    def weights(self):
        """File of a user's own weights; "" for the shipped ones."""
        return self._ui.weightsEdit.currentPath.strip()

    def enter(self):
        """Nothing to ask beforehand."""

    def cleanup(self):
        """Close the log."""
        if self._log is not None:
            self._log.dialog.close()

    def refresh(self):
        """Show where the masks of the chosen series go."""
        parameters, selector = self._widget.parameters, self._ui.outputSelector
        volume = volumeOf(parameters.inputNode) if parameters is not None else None
        selector.enabled = volume is not None and not self._widget.segmentSection.busy
        # Another worker is started for another engine: what runs would be lost.
        free = not any(
            each.busy
            for each in (
                self._widget.segmentSection,
                self._widget.compareSection,
                self._widget.batchSection,
            )
        )
        self._ui.engineBox.enabled = self._ui.deviceBox.enabled = free
        found = findSegmentation(volume) if volume is not None else None
        if selector.currentNode() is not found:
            wasBlocked = selector.blockSignals(True)
            selector.setCurrentNode(found)
            selector.blockSignals(wasBlocked)

    def onOutputChosen(self, node):
        """Let masks go into another segmentation, or into one of the module's own."""
        parameters = self._widget.parameters
        if parameters is None or parameters.inputNode is None or slicer.mrmlScene.IsClosing():
            return
        try:
            chooseSegmentation(shownVolume(parameters.inputNode), node)
        except DSCBrainSegError as error:
            self._widget.segmentSection.say(str(error))
        self._widget.refresh()

    def _connectChoice(self, box, choices, setting):
        box.addItems(choices)
        box.setCurrentIndex(max(0, box.findText(slicer.util.settingsValue(setting, ""))))

        def chosen(index):
            slicer.app.userSettings().setValue(setting, choices[index])
            self._widget.segmentSection.askAgain()

        box.connect("currentIndexChanged(int)", chosen)

    def onWeightsChosen(self, path):
        """Remember the file on this computer."""
        slicer.app.userSettings().setValue(WEIGHTS_SETTING, path)

    def onLogButton(self):
        """Show what the worker has printed, and what it runs on."""
        self.cleanup()
        self._log = LogWindow("\n".join([*self._versions(), "", *self._logic.worker.log()]))
        self._log.show()

    def _versions(self):
        hello = self._widget.segmentSection.hello or {}
        versions = hello.get("versions", {})
        return [
            f"Slicer {slicer.app.applicationVersion}, {platform.platform()}",
            ", ".join(f"{name} {version}" for name, version in versions.items()),
            f"{hello.get('device', '')}; {hello.get('network_problem') or 'ready'}",
        ]
