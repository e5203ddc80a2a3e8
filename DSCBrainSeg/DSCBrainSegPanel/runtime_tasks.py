"""Install and remove the network library for the worker, in a process of its own."""

from DSCBrainSegLib.installation.runtime import runtime_state

from .child_task import ChildTask
from .slicer_process import libraryProcess

MODULE = "DSCBrainSegLib.installation.runtime"


class RuntimeTasks:
    """One installation or removal at a time.

    Parameters
    ----------
    makeProcess : callable
        ``makeProcess(module, *arguments)`` returns a process that was not started.
    """

    def __init__(self, makeProcess=libraryProcess):
        self.makeProcess = makeProcess
        self._task = None

    @property
    def busy(self):
        """Whether one runs."""
        return self._task is not None

    def install(self, onLine, onEnd):
        """Install; ``onEnd(problem)`` gets "" once the network can run, None if cancelled.

        Raises
        ------
        DSCBrainSegError, OSError
            The process cannot be started.
        """

        def ended(code, lastLine):
            if code is None:
                # What pip has left is of no use to anyone.
                self._run("remove", lambda line: None, lambda code, line: onEnd(None))
            else:
                onEnd("" if code == 0 and runtime_state().usable else lastLine)

        self._run("install", onLine, ended)

    def remove(self, onEnd):
        """Remove what was installed; ``onEnd(problem)`` gets "" if that worked."""
        self._run("remove", lambda line: None, lambda code, line: onEnd(line if code else ""))

    def cancel(self):
        """Stop the installation; what it has left is removed."""
        self._task.cancel()

    def stop(self):
        """End whatever runs; nothing follows."""
        if self._task is not None:
            self._task.abandon()
            self._task = None

    def _run(self, action, onLine, onEnd):
        def ended(code, lastLine):
            self._task = None
            onEnd(code, lastLine)

        task = ChildTask(self.makeProcess(MODULE, action), onLine, ended)
        task.start()
        self._task = task
