"""The worker's ends of the pipes: requests come in by a thread of their own, events go out."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from dataclasses import dataclass, field

from DSCBrainSegLib.worker.protocol import EXIT_INPUT_CLOSED, encode_event, error_event

LAST_SECONDS = 0.15
"""How long a case may take to remove what it had begun to write once the input is closed."""


def take_over_streams() -> tuple[int, int]:
    """Keep standard input and output for the protocol, out of reach of any library.

    What a library prints goes to standard error from now on, and what reads standard input finds
    it empty. On Windows this is needed to import NumPy at all: the Fortran library inside it asks
    for the state of standard input and would wait for the read that is pending there (NumPy issue
    24290).

    Returns
    -------
    requests, answers : int
        File descriptors to read from and to write to.
    """
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, answers


@dataclass
class Request:
    """One request of the client.

    Parameters
    ----------
    id : str or int
        Repeated in every event that answers it.
    command : str
    fields : dict
        All else it says.
    cancel : Event
        Set once the client wants it no more.
    """

    id: str | int
    command: str
    fields: dict
    cancel: threading.Event = field(default_factory=threading.Event)


class Answers:
    """Writes events; may be called from several threads."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def __call__(self, event: dict) -> None:
        data = encode_event(event)
        try:
            with self._lock:
                while data:
                    data = data[os.write(self._descriptor, data) :]
        except OSError:
            os._exit(EXIT_INPUT_CLOSED)  # Nobody listens any more.


class Inbox:
    """Reads requests in a thread, obeys ``cancel`` at once and queues the others.

    When the input ends, the process ends, whatever it is doing: that is how a client cancels work
    that does not look for it, and a worker never outlives its client.
    """

    def __init__(self, descriptor: int, answer: Answers):
        self._descriptor, self._answer = descriptor, answer
        self._queue: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._open: list[Request] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> Request:
        """Wait for a request; the caller says `done` when it is answered."""
        return self._queue.get()

    def done(self, request: Request) -> None:
        """Forget a request that was answered."""
        with self._lock:
            self._open.remove(request)

    def _read(self) -> None:
        rest = b""
        try:
            while data := os.read(self._descriptor, 65536):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.strip():
                        self._accept(line)
        finally:
            self._end()

    def _accept(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
        except ValueError:
            self._refuse(None, "The request is not a line of JSON.")
            return
        if not isinstance(fields, dict):
            self._refuse(None, "The request is not a JSON object.")
            return
        name, command = fields.pop("id", None), fields.pop("command", None)
        if isinstance(name, bool) or not isinstance(name, str | int):
            self._refuse(None, "The request has no id; give it a text or a whole number.")
        elif not isinstance(command, str):
            self._refuse(name, "The request has no command.")
        elif command == "cancel":
            self._cancel(name, fields.get("request"))
        else:
            request = Request(name, command, fields)
            with self._lock:
                self._open.append(request)
            self._queue.put(request)

    def _refuse(self, name, message: str) -> None:
        self._answer(error_event(name, "request", message))

    def _cancel(self, name, which) -> None:
        """Mark the open request `which`, or all, as no longer wanted."""
        with self._lock:
            marked = [item for item in self._open if which is None or item.id == which]
            for request in marked:
                request.cancel.set()
        self._answer({"event": "result", "id": name, "cancelling": [item.id for item in marked]})

    def _end(self) -> None:
        with self._lock:
            for request in self._open:
                request.cancel.set()
        deadline = time.monotonic() + LAST_SECONDS
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)
        os._exit(EXIT_INPUT_CLOSED)
