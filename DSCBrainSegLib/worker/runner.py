"""What a panel needs of the worker: the interface that real and fake runners share."""

from __future__ import annotations

from typing import Protocol


class Runner(Protocol):
    """Runs requests in a worker without ever blocking its caller.

    A panel asks `poll` a few times a second (in Slicer from a QTimer) and acts on the events. Each
    request that was sent gets any number of ``progress`` events and exactly one last event:
    ``result`` or ``error``. Requests are answered in the order they were sent. The events are
    described in docs/worker.md.
    """

    def start(self) -> None:
        """Start the process, if it does not run; `send` does so by itself."""

    def send(self, request: dict) -> int:
        """Queue a request (``{"command": ...}``) and return the id its events will have."""

    def poll(self) -> list[dict]:
        """Return what has happened since the last call."""

    def cancel(self, request_id: int | None = None) -> None:
        """Cancel one request, or all: each gets an error event of kind ``cancelled``.

        Within a second nothing works on it any more and nothing will be written. A case that was
        finished just then gives its result.
        """

    def stop(self) -> None:
        """End the process and forget all requests; takes less than a second."""

    def is_running(self) -> bool:
        """Say whether the process is there."""


class Process(Protocol):
    """A child process as `client.WorkerClient` uses it; `child.ChildProcess` is one.

    Inside Slicer a few lines around QProcess can take its place.
    """

    def start(self) -> None:
        """Start it (again); OSError if that is impossible."""

    def write(self, data: bytes) -> None:
        """Write to its standard input; ignored if it has ended."""

    def close_input(self) -> None:
        """Close its standard input; may be called again."""

    def kill(self) -> None:
        """End it by force; ignored if it has ended."""

    def read(self) -> bytes:
        """Return output, standard error merged into it, that has arrived; does not wait."""

    def code(self) -> int | None:
        """Return the exit code once it has ended and all its output can be read, else None."""

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long for its end and return what `code` returns."""
