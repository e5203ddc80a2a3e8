"""A worker that is played: it answers at once with what the test decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HELLO = {"device": "a played processor", "seconds_per_slice": 0.1}


class PlayedRunner:
    """A `DSCBrainSegLib.worker.runner.Runner`.

    Parameters
    ----------
    **answers
        For each command a function from the request to the fields of its result; one that raises
        WorkerProblem is answered with an error. A command without one is never answered.
    """

    def __init__(self, **answers):
        self._answers = {"hello": lambda request: HELLO, **answers}
        self.requests, self.cancelled, self.stopped = [], [], False
        self._events = []

    def start(self):
        """Nothing to start."""

    def send(self, request):
        self.requests.append(request)
        number = len(self.requests)
        answer = self._answers.get(request["command"])
        if answer is not None:
            try:
                event = {"event": "result", "id": number, **answer(request)}
            except WorkerProblem as problem:
                event = {"event": "error", "id": number, **problem.args[0]}
            self._events.append(event)
        return number

    def poll(self):
        events, self._events = self._events, []
        return events

    def cancel(self, request_id=None):
        self.cancelled.append(request_id)
        told = {"event": "error", "kind": "cancelled", "message": "Cancelled."}
        self._events.append({"id": request_id, **told})

    def stop(self):
        self.stopped = True

    def is_running(self):
        return False

    def of(self, command):
        """Return the requests of one command."""
        return [request for request in self.requests if request["command"] == command]


class WorkerProblem(Exception):
    """``WorkerProblem({"kind": ..., "message": ...})``."""


def use_played_runner(panel, **answers) -> PlayedRunner:
    """Let a panel talk to a played worker from now on."""
    panel.logic.worker.stop()
    return use_next_runner(panel, **answers)


def use_next_runner(panel, **answers) -> PlayedRunner:
    """Let the next worker of a panel be a played one."""
    runner = PlayedRunner(**answers)
    panel.logic.worker.makeRunner = lambda: runner
    return runner


def mask_answer(mask, quality=None):
    """Return an answer to ``segment``: a mask (K, J, I) and what is said about it."""

    def answer(request):
        folder = Path(request["output"])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"mask.{request['format']}"
        if request["format"] == "npy":
            np.save(path, mask.astype(np.uint8))
        else:
            path.write_bytes(b"a mask")
        index = request["frame"] if isinstance(request["frame"], int) else 3
        return {
            "mask_file": str(path),
            "method": request["method"],
            "volume_ml": float(mask.sum()),
            "frame": {"index": index, "number": index + 1},
            "weights": None,
            "warnings": [],
            "quality": quality,
        }

    return answer
