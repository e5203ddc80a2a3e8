"""Requests to the warm worker, its answers by a timer."""

import qt
from slicer.i18n import tr as _

from DSCBrainSegLib.worker.protocol import LOG_LINES, error_event

INTERVAL_MS = 50


class WorkerQueue:
    """Hands requests to a runner and its events to who sent them.

    Parameters
    ----------
    makeRunner : callable
        Returns a `DSCBrainSegLib.worker.runner.Runner`; called when the first request comes, and
        again after `retire`.
    """

    def __init__(self, makeRunner):
        self.makeRunner = makeRunner
        self._runner = None
        self._handlers = {}
        self._retired = []
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL_MS)
        self._timer.connect("timeout()", self._poll)

    def submit(self, request, handler):
        """Queue a request; `handler` gets each of its events. Return its number.

        Raises
        ------
        WorkerEnded
            There is no Python to run the worker in.
        """
        if self._runner is None:
            self._runner = self.makeRunner()
        number = self._runner.send(request)
        self._handlers[number] = handler
        self._timer.start()
        return number

    def cancel(self, number):
        """Cancel a request; its last event follows within a second."""
        if number in self._handlers:
            self._runner.cancel(number)

    def retire(self, ended=None):
        """Let the worker end; the next request starts a new one, what waits or runs is cancelled.

        `ended`, if given, is called once no worker runs.
        """
        runner, self._runner = self._runner, None
        handlers, self._handlers = self._handlers, {}
        if runner is not None and runner.is_running():
            runner.cancel()
            runner.send({"command": "shutdown"})
        self._retired.append((runner, ended))
        self._timer.start()
        for number, handler in handlers.items():
            handler(error_event(number, "cancelled", _("Cancelled; the worker is started again.")))

    def log(self):
        """Return what the present worker has printed beside its answers; it may hold paths."""
        return self._runner.last_log(LOG_LINES) if self._runner is not None else []

    def stop(self):
        """End all workers and forget all requests; may take some tenths of a second."""
        self._timer.stop()
        self._handlers.clear()
        for runner in [self._runner, *(runner for runner, _ended in self._retired)]:
            if runner is not None:
                runner.stop()
        self._runner, self._retired = None, []

    def _poll(self):
        for event in self._runner.poll() if self._runner is not None else ():
            handler = self._handlers.get(event.get("id"))
            if handler is None:
                continue
            if event["event"] != "progress":
                del self._handlers[event["id"]]
            handler(event)
        for entry in list(self._retired):
            runner, ended = entry
            if runner is not None:
                runner.poll()
                if runner.is_running():
                    continue
            self._retired.remove(entry)
            if ended is not None:
                ended()
        if not self._handlers and not self._retired:
            self._timer.stop()
