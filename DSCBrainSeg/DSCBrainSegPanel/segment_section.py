"""The part of the panel that segments: one button, progress, result, the network library."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.installation.runtime import DISK_MB, DOWNLOAD_MB, runtime_state
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.mrml.sequence_to_series import openNode
from DSCBrainSegLib.mrml.series_nodes import seriesOf, volumeOf
from DSCBrainSegLib.mrml.voxels import volumeShape

from .parameters import FrameChoice
from .result_row import ResultRow
from .slices_list import SlicesList
from .views import showInViews


class SegmentSection:
    """Wires the widgets of "Segment" to the logic.

    Parameters
    ----------
    widget : DSCBrainSegWidget
        Gives ``ui``, ``logic``, ``parameters`` and ``refresh()``.
    """

    def __init__(self, widget):
        self._widget, self._ui, self._logic = widget, widget.ui, widget.logic
        self._job = None
        self.hello = None
        self.helloAsked = False
        self._runtime = None
        self._ui.segmentButton.connect("clicked()", self.onSegmentButton)
        self._ui.removeRuntimeButton.connect("clicked()", self.onRemoveRuntimeButton)
        self._ui.segmentProgressBar.hide()
        self._ui.warningsList.hide()
        self._slices = SlicesList(widget)
        self._result = ResultRow(widget)
        self._lookAtRuntime()

    @property
    def busy(self):
        """Whether something runs that Cancel would stop."""
        return self.segmenting or self.installing

    @property
    def segmenting(self):
        """Whether a time point is being segmented."""
        return self._job is not None

    @property
    def installing(self):
        """Whether the network library is installed or removed; the worker is replaced then."""
        return self._logic.runtime.busy

    def enter(self):
        """Ask the worker what it computes on; the answer comes by the event loop."""
        self._lookAtRuntime()
        if self.helloAsked:
            return
        self.helloAsked = True
        try:
            self._logic.worker.submit({"command": "hello"}, self._onHello)
        except DSCBrainSegError as error:
            self.say(str(error))

    def refresh(self):
        """Show what the parameters and the scene are now."""
        ui, parameters = self._ui, self._widget.parameters
        chosen = parameters is not None and parameters.inputNode is not None
        ui.seriesLabel.text = self._describeSeries(parameters.inputNode) if chosen else ""
        ui.frameNumberBox.enabled = chosen and parameters.frameChoice == FrameChoice.NUMBER
        ui.segmentButton.enabled = self.busy or (chosen and not self._widget.compareSection.busy)
        ui.segmentButton.text = _("Cancel") if self.busy else _("Segment")
        for name in ("inputSelector", "methodBox", "frameBox"):
            getattr(ui, name).enabled = not (self.busy or self._widget.compareSection.busy)
        ui.deviceLabel.text = self._expectation() if chosen else ""
        ui.removeRuntimeButton.enabled = not (self.busy or self._widget.compareSection.busy)
        self._slices.refresh()
        self._result.refresh()

    def stop(self):
        """Forget a segmentation that runs; the scene stays as it is."""
        if self._job is not None:
            self._job.cancel()

    def cleanup(self):
        """Nothing of its own outlives the logic."""

    def frame(self):
        """Return the chosen time point: counted from 0, None for the 4th, or "auto"."""
        parameters = self._widget.parameters
        return {
            FrameChoice.FOURTH: None,
            FrameChoice.NUMBER: parameters.frameNumber - 1,
            FrameChoice.AUTO: "auto",
        }[parameters.frameChoice]

    def networkProblem(self):
        """Say why the network cannot run; "" if it can."""
        if self._runtime.usable:
            return ""
        return _("The network library is not installed; segment once with the network above.")

    def showResult(self, job):
        """Show a mask that has come: views, volume, what to look at."""
        showInViews(job.volume)
        self.say(
            _("Brain volume {volume:.0f} mL (time point {frame} of {count}).").format(
                volume=job.facts["volume_ml"],
                frame=job.frameNumber,
                count=job.source.frame_count,
            )
        )
        quality = job.facts.get("quality") or {}
        warnings = [*job.source.warnings, *job.facts["warnings"], *quality.get("warnings", [])]
        warnings = list(dict.fromkeys(warnings))
        self._ui.warningsList.clear()
        self._ui.warningsList.addItems(warnings)
        self._ui.warningsList.visible = bool(warnings)

    def onSegmentButton(self):
        """Segment, or cancel what runs."""
        if self.installing:
            self._logic.runtime.cancel()
            self._ui.segmentButton.enabled = False
        elif self._job is not None:
            self._job.cancel()
            self.say(_("Cancelling ..."))
        else:
            self._start()

    def onRemoveRuntimeButton(self):
        """Ask, then remove the network library once no worker uses it."""
        if self._batchRuns():
            return
        question = _("Remove the network library? It is downloaded again when it is needed.")
        if slicer.util.confirmYesNoDisplay(question, windowTitle=_("Remove network library")):
            self._ui.removeRuntimeButton.enabled = False
            self._logic.worker.retire(ended=self._removeRuntime)

    def _lookAtRuntime(self):
        """See whether the network library is there; takes some 20 ms."""
        self._runtime = state = runtime_state()
        self._ui.removeRuntimeButton.visible = state.status in ("ready", "incomplete")
        self._ui.runtimeLabel.text = {
            "built-in": _("Network library: part of this Python."),
            "ready": _("Network library: installed, {size:.1f} GB."),
            "incomplete": _("Network library: an unfinished installation, {size:.1f} GB."),
            "missing": _("Network library: not installed. You are asked before it is."),
        }[state.status].format(size=state.size_bytes / 1e9)

    def _start(self):
        parameters = self._widget.parameters
        method = get_method(parameters.method.value)
        self._ui.warningsList.hide()
        if method.uses_weights and not self._runtime.usable:
            self._askToInstall()
            return
        try:
            self._job = self._logic.makeJob(
                parameters.inputNode,
                method.name,
                self.frame(),
                onProgress=self._onProgress,
                onEnd=self._onEnd,
                saveStateForUndo=self._widget.saveStateForUndo,
                weights=self._widget.optionsSection.weights,
            )
        except DSCBrainSegError as error:
            self.say(str(error))
            return
        self.say("")
        self._showProgress(0, 0, _("Starting"))
        self._job.start()
        self._widget.refresh()

    def _onProgress(self, done, total, message):
        self._showProgress(done, total, message)

    def _onEnd(self, job):
        self._job = None
        self._ui.segmentProgressBar.hide()
        if job.error is None:
            self.showResult(job)
        elif isinstance(job.error, Cancelled):
            self.say(_("Cancelled; the scene is as it was."))
        else:
            self.say(str(job.error))
        self._widget.refresh()

    def _batchRuns(self):
        """Say so if a batch would lose its worker."""
        if self._widget.batchSection.busy:
            self.say(
                _(
                    "The network library cannot be changed while a batch runs; wait for the batch "
                    "or cancel it."
                )
            )
        return self._widget.batchSection.busy

    def _askToInstall(self):
        if self._batchRuns():
            return
        question = _(
            "The network needs the library ONNX Runtime. Install it now? About {download} MB are "
            "downloaded and {disk} MB stay on disk, in a folder of its own: Slicer's Python is not "
            "changed. The other methods need no library."
        ).format(download=DOWNLOAD_MB, disk=DISK_MB)
        if not slicer.util.confirmYesNoDisplay(question, windowTitle=_("Install network library")):
            self.say(_("The network library is not installed; choose another method."))
            return
        try:
            self._logic.runtime.install(self._onInstallLine, self._onInstalled)
        except (DSCBrainSegError, OSError) as error:
            self.say(str(error))
            return
        self.say("")
        self._showProgress(0, 0, _("Installing"))
        self._widget.refresh()

    def _onInstallLine(self, line):
        self._showProgress(0, 0, _("Installing"))
        self.say(line)

    def _onInstalled(self, problem):
        self._ui.segmentProgressBar.hide()
        self.askAgain()
        self._widget.refresh()
        if problem is None:
            self.say(_("Cancelled; nothing was installed."))
        elif problem:
            self.say(problem)
        elif self._widget.parameters is not None and self._widget.parameters.inputNode:
            self._start()

    def _removeRuntime(self):
        try:
            self._logic.runtime.remove(self._onRemoved)
        except (DSCBrainSegError, OSError) as error:
            self._onRemoved(str(error))

    def _onRemoved(self, problem):
        self.say(problem or _("The network library was removed."))
        self.askAgain()
        self._widget.refresh()

    def askAgain(self):
        """Ask a new worker: one looks at its packages and choices once."""
        self._logic.worker.retire()
        self.hello, self.helloAsked = None, False
        self.enter()

    def _onHello(self, event):
        self.hello = event if event["event"] == "result" else None
        if event["event"] == "error" and event["kind"] != "cancelled":
            self.say(event["message"])
        self._widget.refresh()

    def _describeSeries(self, node):
        try:
            source = openNode(seriesOf(node))
        except DSCBrainSegError as error:
            return str(error)
        text = _("{frames} time points, {slices} slices of {rows} x {columns}").format(
            frames=source.frame_count,
            slices=source.volume_shape[0],
            rows=source.volume_shape[1],
            columns=source.volume_shape[2],
        )
        if source.echo_time:
            text += _(", TE {echo:g} ms").format(echo=round(source.echo_time * 1000, 2))
        return text

    def _expectation(self):
        """Say what the worker computes on and about how long it takes."""
        if self.hello is None:
            return ""
        device = self.hello["device"]
        if not get_method(self._widget.parameters.method.value).uses_weights:
            return _("Computed on {device}.").format(device=device)
        volume = volumeOf(self._widget.parameters.inputNode)
        slices = volumeShape(volume)[0] if volume is not None else 0
        seconds = max(1, round(slices * self.hello["seconds_per_slice"]))
        return _(
            "Computed on {device}, about {seconds} s; the first time a little more, while the "
            "network loads."
        ).format(device=device, seconds=seconds)

    def _showProgress(self, done, total, message):
        bar = self._ui.segmentProgressBar
        bar.setRange(0, total)
        bar.setValue(done)
        bar.format = f"{message}: {done} / {total}" if total > 1 else message
        bar.show()

    def say(self, text):
        """Show a sentence below the button."""
        self._ui.segmentStatusLabel.text = text
