"""Packages for a single use, into a folder of their own, after asking."""

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.installation.extras import extra_state, get_extra

from .child_task import ChildTask
from .slicer_process import libraryProcess

MODULE = "DSCBrainSegLib.installation.extras"


class ExtraPackages:
    """Installs an extra of the worker, once.

    Parameters
    ----------
    name : str
        See `DSCBrainSegLib.installation.extras.EXTRAS`.
    purpose : str
        What it is for, as the beginning of a sentence: "The report".
    say : callable
        Gets what to show the user.
    """

    def __init__(self, name, purpose, say):
        self.makeProcess = libraryProcess
        self.state = lambda: extra_state(name)
        self._name, self._purpose, self._say = name, purpose, say
        self._task, self._agreed = None, False

    @property
    def busy(self):
        """Whether it is being installed."""
        return self._task is not None

    def agreed(self):
        """Say whether all is there, or the user lets it be installed; asks once."""
        if self._agreed or self.state().usable:
            return True
        extra = get_extra(self._name)
        question = _(
            "{purpose} needs packages that Slicer lacks: {names}. Install them? About {download} "
            "MB are downloaded and {disk} MB stay on disk, in a folder of their own; Slicer's "
            "Python is not changed."
        ).format(
            purpose=self._purpose,
            names=", ".join(each.split(">")[0] for each in extra.requirements),
            download=extra.download_mb,
            disk=extra.disk_mb,
        )
        self._agreed = slicer.util.confirmYesNoDisplay(question)
        return self._agreed

    def then(self, action, installed):
        """Call `action` now if all is there, else `installed` and `action` after the user agreed.

        `installed` lets go of a worker that was started before: its path does not have the folder.
        """
        if self.state().usable:
            action()
            return
        if self.busy or not self.agreed():
            self._say(_("{purpose} was not made.").format(purpose=self._purpose))
            return
        self._agreed = False

        def ended(code, lastLine):
            self._task = None
            if code == 0 and self.state().usable:
                installed()
                action()
            elif code is None:
                self._say(_("Cancelled; nothing was installed."))
            else:
                self._say(lastLine)

        try:
            task = ChildTask(self.makeProcess(MODULE, "install", self._name), self._say, ended)
            task.start()
        except (DSCBrainSegError, OSError) as error:
            self._say(str(error))
            return
        self._task = task

    def cancel(self):
        """End an installation; what it has left is swept by the next one."""
        if self._task is not None:
            self._task.cancel()

    def stop(self):
        """End an installation; nothing follows."""
        if self._task is not None:
            self._task.abandon()
            self._task = None
