"""Work beside the page: threads for reading and figures, the worker process for methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.worker.client import WorkerClient
from DSCBrainSegLib.worker.protocol import to_exception
from DSCBrainSegLib.worker.runner import Runner

POLL_SECONDS = 0.05


class Task:
    """One piece of work that can be cancelled.

    Parameters
    ----------
    on_progress : callable
        ``on_progress(done, total, message)``, in the server's own thread.
    """

    def __init__(self, on_progress: Callable[[int, int, str], None]):
        self._on_progress = on_progress
        self._told: tuple[int, int, str] | None = None
        self._stopped = False
        self._cancel_request: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Ask it to stop; what waits for it gets `Cancelled` within a second."""
        self._stopped = True
        if self._cancel_request is not None:
            self._cancel_request()

    def progress(self, done: int, total: int, message: str) -> None:
        """Listen to progress from any thread."""
        self._told = (done, total, message)

    def cancelled(self) -> bool:
        """Say whether it is to stop."""
        return self._stopped

    async def in_thread(self, work: Callable, *arguments) -> Any:
        """Run ``work(*arguments)`` in a thread and return what it returns."""
        running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        while not running.done():
            await asyncio.wait([running], timeout=POLL_SECONDS)
            self._pass_on()
        return running.result()

    async def in_worker(self, runner: Runner, request: dict) -> dict:
        """Send a request to the worker and return its result event.

        Raises
        ------
        DSCBrainSegError
            Of the class that the worker met.
        """
        if self._stopped:
            raise Cancelled("Cancelled; nothing was written.")
        number = runner.send(request)
        self._cancel_request = lambda: runner.cancel(number)
        try:
            while True:
                for event in runner.poll():
                    if event.get("id") != number:
                        continue
                    if event["event"] == "progress":
                        self.progress(event["done"], event["total"], event["message"])
                    elif event["event"] == "error":
                        raise to_exception(event)
                    else:
                        return event
                self._pass_on()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._cancel_request = None

    def _pass_on(self) -> None:
        told, self._told = self._told, None
        if told is not None:
            self._on_progress(*told)


class Work:
    """The one task that runs, shown on the page, and the worker that is kept warm.

    Parameters
    ----------
    state : trame_server.state.State
    say : callable
        ``say(sentence, kind)`` tells the user how it ended.
    runner : Runner, optional
        A `WorkerClient` by default.
    """

    def __init__(self, state, say: Callable[[str, str], None], runner: Runner | None = None):
        self._state, self._say = state, say
        self.runner = runner or WorkerClient()
        self._task: Task | None = None
        self._running: asyncio.Task | None = None
        state.busy, state.busy_text, state.busy_percent = False, "", 0

    def start(self, text: str, work: Callable[[Task], Any]) -> bool:
        """Run the coroutine ``work(task)``; return False if something runs already."""
        if self._task is not None:
            self._say("Wait until the present work is done, or cancel it.", "info")
            return False
        self._task = Task(self._show)
        self._show(0, 0, text)
        self._running = asyncio.get_running_loop().create_task(self._run(work, self._task))
        return True

    def cancel(self) -> None:
        """Stop what runs."""
        if self._task is not None:
            self._task.cancel()
            self._show(0, 0, "Cancelling")

    def stop(self) -> None:
        """Stop what runs and end the worker process; nobody looks any more."""
        if self._task is not None:
            self._task.cancel()
        self.runner.stop()

    async def _run(self, work, task: Task) -> None:
        try:
            await work(task)
        except Cancelled:
            self._say("Cancelled; nothing was changed.", "info")
        except DSCBrainSegError as error:
            self._say(str(error), "error")
        except Exception as error:
            self._say(f"Unexpected problem ({type(error).__name__}: {error}).", "error")
            raise
        finally:
            self._task = None
            with self._state as state:
                state.busy, state.busy_text, state.busy_percent = False, "", 0

    def _show(self, done: int, total: int, message: str) -> None:
        with self._state as state:
            state.busy = True
            state.busy_text = f"{message} {done} / {total}" if total > 1 else message
            state.busy_percent = round(100 * done / total) if total > 1 else 0
