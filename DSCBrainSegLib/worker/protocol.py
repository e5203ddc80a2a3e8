"""What the worker and its clients say to each other: JSON objects, one a line."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable

from DSCBrainSegLib.errors import (
    Cancelled,
    ConfigurationError,
    DSCBrainSegError,
    MissingPackageError,
    OutputError,
    SeriesError,
    WeightsError,
)

PROTOCOL = 1
"""Raised when a client of the version before would no longer understand the worker."""

PREFIX = "@DSCBrainSeg "
"""What an event's line begins with; every other line of the worker's output is log."""

EXIT_INPUT_CLOSED = 75
"""Exit code of a worker whose input was closed: cancelled, or its parent is gone."""

LOG_LINES = 200


class WorkerEnded(DSCBrainSegError):
    """The worker process could not be started or ended before it answered."""


ERROR_KINDS: dict[type[DSCBrainSegError], str] = {
    SeriesError: "input",
    ConfigurationError: "request",
    OutputError: "output",
    WeightsError: "weights",
    MissingPackageError: "missing-package",
    Cancelled: "cancelled",
    WorkerEnded: "ended",
    DSCBrainSegError: "internal",
}
"""The field ``kind`` of an error event."""

_OLD_PROCESSOR = ": this processor lacks instructions that the network library needs"
_CRASHED = ": it crashed"
_KILLED = ": it was killed, often because memory ran out"

_HINTS = {
    -4: _OLD_PROCESSOR,
    -9: _KILLED,
    -11: _CRASHED,
    0xC000001D: _OLD_PROCESSOR,
    0xC0000005: _CRASHED,
}

_TOLD_IN_LOG = {
    "Fatal Python error: Illegal instruction": _OLD_PROCESSOR,
    "Fatal Python error": _CRASHED,
    "exit abnormally": _KILLED,
}
"""What faulthandler and Slicer's launcher print, the more telling first."""


def encode_request(request: dict) -> bytes:
    """Return a request as the line a client writes."""
    return json.dumps(request).encode("ascii") + b"\n"


def encode_event(event: dict) -> bytes:
    """Return an event as the line the worker writes.

    A line break comes first, too: a library may have left a line of its own unfinished.
    """
    return f"\n{PREFIX}{json.dumps(event)}\n".encode("ascii")


def error_event(request_id, kind: str, message: str, **more) -> dict:
    """Return an error event; `request_id` is None where no request is concerned."""
    return {"event": "error", "id": request_id, "kind": kind, "message": message, **more}


def error_kind(error: Exception) -> str:
    """Return the kind of an exception, "internal" for a bug."""
    return ERROR_KINDS.get(type(error), "internal")


def to_exception(event: dict) -> DSCBrainSegError:
    """Return the exception that an error event stands for."""
    classes = {kind: error for error, kind in ERROR_KINDS.items()}
    return classes.get(event.get("kind", ""), DSCBrainSegError)(event["message"])


def unexpected_end(code: int, log: Iterable[str] = ()) -> str:
    """Say in one sentence that the worker ended with an exit code nobody asked for.

    Parameters
    ----------
    code : int
    log : iterable of str
        Its last lines. Behind Slicer's launcher they alone tell what a signal did: the launcher
        makes the code 1 of it.
    """
    hint = _HINTS.get(code, "")
    if not hint:
        text = "\n".join(log)
        hint = next((hint for told, hint in _TOLD_IN_LOG.items() if told in text), "")
    return (
        f"The segmentation process ended unexpectedly (code {code}{hint}); "
        "try again, and look at its log if it happens twice."
    )


class EventReader:
    """Finds the events in what a worker prints, in pieces of any length.

    Attributes
    ----------
    log : deque of str
        The last lines that were no events.
    """

    def __init__(self):
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._rest = b""

    def feed(self, data: bytes) -> list[dict]:
        """Take more output and return the events that are complete with it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        events = []
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            event = _parse_event(text)
            if event is not None:
                events.append(event)
            elif text.strip():
                self.log.append(text)
        return events


def _parse_event(text: str) -> dict | None:
    if not text.startswith(PREFIX):
        return None
    try:
        event = json.loads(text[len(PREFIX) :])
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
