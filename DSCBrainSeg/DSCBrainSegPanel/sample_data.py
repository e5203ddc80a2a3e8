"""A simulated DSC series in Slicer's Sample Data; it is made on this computer when it is asked for.

The simulator needs nilearn, which brings the MNI152 brain. It is installed into a folder of its own
after asking, and runs in the worker, never in Slicer.
"""

import time

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.mrml.simulated import addSimulated
from DSCBrainSegLib.worker.client import WorkerClient

from .extra_packages import ExtraPackages
from .progress_dialog import ProgressDialog
from .registration import NODE_NAME
from .slicer_process import libraryProcess
from .worker_job import WorkerJob
from .worker_queue import WorkerQueue

SIZE = {"matrix": 96, "slices": 16, "frames": 24}
"""Small: a full series takes some minutes to simulate."""


def makePhantom(source=None, size=None):
    """Simulate a series of a head with a glioblastoma and load it with its exact mask.

    Parameters
    ----------
    source : SampleDataSource
        As Slicer calls it.
    size : dict, optional
        See `SIZE`.

    Returns
    -------
    list of vtkMRMLScalarVolumeNode
        The volume that shows the series; empty if the user said no, or it failed.
    """
    return PhantomMaker(size or SIZE).run()


class PhantomMaker:
    """Installs what is missing and simulates, behind a dialog with Cancel.

    Parameters
    ----------
    size : dict
        See `SIZE`.
    """

    def __init__(self, size):
        self.packages = ExtraPackages("phantom", _("The phantom"), self._say)
        self._queue = WorkerQueue(
            lambda: WorkerClient(libraryProcess("DSCBrainSegLib.worker", extrasFirst=True))
        )
        self._size, self._job, self._problem = size, None, ""
        self._dialog = None

    def run(self):
        """Return the loaded volumes; waits, while the event loop runs."""
        if not self.packages.agreed():  # asked before the dialog would stand behind the question
            return []
        with ProgressDialog(_("Simulating a DSC series")) as dialog:
            self._dialog = dialog
            try:
                self.packages.then(self._simulate, self._queue.retire)
                self._wait()
            finally:
                self.packages.stop()
                self._queue.stop()
        if self._job is not None and self._job.nodes is not None:
            slicer.util.setSliceViewerLayers(background=self._job.nodes.volume, fit=True)
            return [self._job.nodes.volume]
        if self._problem:
            slicer.util.errorDisplay(self._problem)
        return []

    def _wait(self):
        stopped = False
        while self.packages.busy or (self._job is not None and not self._job.ended):
            slicer.app.processEvents()
            if self._dialog.cancelled() and not stopped:
                stopped = True
                self.packages.cancel()
                if self._job is not None:
                    self._job.cancel()
            time.sleep(0.02)

    def _simulate(self):
        self._job = _PhantomJob(
            self._size, self._queue, onProgress=self._dialog.progress, onEnd=self._onEnd
        )
        self._job.start()

    def _onEnd(self, job):
        self._problem = str(job.error or "")

    def _say(self, text):
        self._problem = text
        self._dialog.progress(0, 0, text)


class _PhantomJob(WorkerJob):
    def __init__(self, size, queue, onProgress, onEnd):
        super().__init__(queue, onProgress, onEnd)
        self._size, self.nodes = size, None

    def _begin(self):
        self._submit({"command": "simulate", "output": str(self._folder / "phantom"), **self._size})

    def _take(self, facts):
        self.nodes = addSimulated(facts, NODE_NAME)
        super()._take(facts)
