"""Talk to a worker from Python, without Qt and without blocking."""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque

from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.installation.runtime import worker_environment
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress
from DSCBrainSegLib.worker.protocol import (
    EventReader,
    WorkerEnded,
    encode_request,
    error_event,
    to_exception,
    unexpected_end,
)
from DSCBrainSegLib.worker.runner import Process

POLITE_SECONDS = 0.5
"""How long a cancelled case may take to stop by itself and leave the worker warm."""

CLOSED_SECONDS = 0.25
"""How long a worker may take to end once its input is closed, before it is killed."""

POLL_SECONDS = 0.02

_CANCEL_ID = "cancel"
_CANCELLED = "Cancelled; nothing was written."


def worker_command(python: str | None = None) -> list[str]:
    """Return the command line of a worker; `python` is this interpreter by default."""
    return [python or sys.executable, "-m", "DSCBrainSegLib.worker"]


class WorkerClient:
    """Keeps one warm worker for many requests; a `Runner`.

    A request is handed to the worker when the one before is answered, so a crash costs one case:
    the requests behind it go to a new worker, which is started by itself. Not for use from several
    threads at once.

    Parameters
    ----------
    process : Process, optional
        The worker process, not started; by default this interpreter with `worker_environment`.

    Examples
    --------
    >>> with WorkerClient() as client:  # doctest: +SKIP
    ...     result = client.run_blocking(
    ...         {"command": "segment", "input": "perfusion.nrrd", "output": "masks"}
    ...     )
    """

    def __init__(self, process: Process | None = None):
        self._process = process or ChildProcess(worker_command(), worker_environment())
        self._reader = EventReader()
        self._waiting: deque[dict] = deque()
        self._active: dict | None = None
        self._ready: list[dict] = []
        self._ids = itertools.count(1)
        self._running = False
        self._end_expected = False
        self._cancelled_at: float | None = None

    def __enter__(self) -> WorkerClient:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Start the worker, if it does not run; `send` does so by itself.

        Raises
        ------
        WorkerEnded
            The program cannot be started.
        """
        if self._running:
            return
        self._reader = EventReader()
        self._end_expected = False
        try:
            self._process.start()
        except OSError as error:
            raise WorkerEnded(
                f"The segmentation process cannot be started: {error.strerror or error}."
            ) from error
        self._running = True

    def send(self, request: dict) -> int:
        """Queue a request and return its id.

        Parameters
        ----------
        request : dict
            ``command`` and its fields, see docs/worker.md; an ``id`` of its own is replaced.

        Returns
        -------
        int
            The ``id`` of all events that answer the request.
        """
        number = next(self._ids)
        self._waiting.append({**request, "id": number})
        self._advance()
        return number

    def poll(self) -> list[dict]:
        """Return the events since the last call; never waits."""
        self._receive()
        self._press_cancel()
        self._advance()
        events, self._ready = self._ready, []
        return events

    def cancel(self, request_id: int | None = None) -> None:
        """Cancel one request, or all of them.

        The worker is asked first, which keeps it warm; if the case does not stop at once, its
        process is ended, by `poll`.
        """

        def meant(request: dict) -> bool:
            return request_id is None or request["id"] == request_id

        for request in filter(meant, list(self._waiting)):
            self._waiting.remove(request)
            self._ready.append(error_event(request["id"], "cancelled", _CANCELLED))
        if self._active and meant(self._active) and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._process.write(encode_request({"id": _CANCEL_ID, "command": "cancel"}))

    def stop(self) -> None:
        """End the worker and forget all requests."""
        self._waiting.clear()
        self._ready.clear()
        self._active = self._cancelled_at = None
        if not self._running:
            return
        self._running = False
        self._process.close_input()
        if self._process.wait(CLOSED_SECONDS) is None:
            self._process.kill()
            self._process.wait(CLOSED_SECONDS)

    def is_running(self) -> bool:
        """Say whether the worker is there."""
        return self._running and self._process.code() is None

    def last_log(self, lines: int = 20) -> list[str]:
        """Return the last lines the worker printed beside its events.

        They may hold paths: show them only to who asks.
        """
        return list(self._reader.log)[-lines:]

    def run_blocking(
        self,
        request: dict,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ) -> dict:
        """Send a request, wait for its end and return the result event.

        For scripts: events of requests that were sent before are dropped.

        Raises
        ------
        DSCBrainSegError
            Of the class the worker met (`Cancelled`, `SeriesError`, ...), `WorkerEnded` if its
            process ended.
        """
        number = self.send(request)
        while True:
            if cancelled():
                self.cancel(number)
            for event in self.poll():
                if event.get("id") != number:
                    continue
                if event["event"] == "progress":
                    progress(event["done"], event["total"], event["message"])
                elif event["event"] == "error":
                    raise to_exception(event)
                else:
                    return event
            time.sleep(POLL_SECONDS)

    def _receive(self) -> None:
        """Take what the worker printed, and notice its end."""
        if not self._running:
            return
        code = self._process.code()  # Asked first: what is read afterwards is all there is.
        for event in self._reader.feed(self._process.read()):
            self._take(event)
        if code is None:
            return
        self._running = False
        if self._active and self._cancelled_at is not None:
            self._finish(error_event(self._active["id"], "cancelled", _CANCELLED))
        elif self._active or not self._end_expected:
            number = self._active["id"] if self._active else None
            self._finish(
                error_event(number, "ended", unexpected_end(code, self._reader.log), code=code)
            )

    def _take(self, event: dict) -> None:
        if event.get("id") == _CANCEL_ID:
            return
        last = event["event"] in ("result", "error")
        if last and self._active and event.get("id") == self._active["id"]:
            self._end_expected = self._active.get("command") == "shutdown"
            self._finish(event)
        else:
            self._ready.append(event)

    def _finish(self, event: dict) -> None:
        self._ready.append(event)
        self._active = self._cancelled_at = None

    def _press_cancel(self) -> None:
        """Insist on the end of a case that does not stop when asked."""
        if self._cancelled_at is None:
            return
        waited = time.monotonic() - self._cancelled_at
        if waited > POLITE_SECONDS:
            self._process.close_input()
        if waited > POLITE_SECONDS + CLOSED_SECONDS:
            self._process.kill()

    def _advance(self) -> None:
        """Hand the next request to the worker once it is free."""
        while self._waiting and not self._active:
            if self._running and self._process.code() is not None:
                self._receive()  # It ended while it had nothing to do.
            if self._running and self._end_expected:
                return  # It is about to end.
            self._active = self._waiting.popleft()
            try:
                self.start()
            except WorkerEnded as error:
                self._finish(error_event(self._active["id"], "ended", str(error)))
            else:
                self._process.write(encode_request(self._active))
