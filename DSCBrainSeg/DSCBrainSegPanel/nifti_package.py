"""The one small package that cohorts need beside what Slicer ships: nibabel, for NIfTI files."""

import importlib
import importlib.util

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import DSCBrainSegError

from .child_task import ChildTask
from .slicer_process import pipProcess

PACKAGE = "nibabel"
REQUIREMENT = "nibabel>=5.2"


class NiftiPackage:
    """Installs nibabel into Slicer's Python, once, after asking.

    Parameters
    ----------
    say : callable
        Gets what to show the user.
    """

    def __init__(self, say):
        self.makeProcess = pipProcess
        self._say = say
        self._task = None

    @property
    def busy(self):
        """Whether it is being installed."""
        return self._task is not None

    def then(self, action):
        """Call `action` now if the package is there, else after the user let it be installed."""
        if importlib.util.find_spec(PACKAGE) is not None:
            action()
            return
        question = _(
            "Cohorts keep NIfTI files, which need the package nibabel (3 MB). Install it into "
            "Slicer's Python?"
        )
        if self.busy or not slicer.util.confirmYesNoDisplay(question):
            return

        def ended(code, lastLine):
            self._task = None
            importlib.invalidate_caches()
            if code == 0 and importlib.util.find_spec(PACKAGE) is not None:
                action()
            else:
                self._say(_("nibabel was not installed: {reason}").format(reason=lastLine))

        try:
            task = ChildTask(self.makeProcess("install", REQUIREMENT), lambda line: None, ended)
            task.start()
        except (DSCBrainSegError, OSError) as error:
            self._say(str(error))
            return
        self._task = task
        self._say(_("Installing nibabel ..."))

    def stop(self):
        """End an installation; nothing follows."""
        if self._task is not None:
            self._task.abandon()
            self._task = None
