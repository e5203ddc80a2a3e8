"""One piece of work for every frame, on all cores.

Threads, not processes: SimpleITK lets other threads run while it computes, nothing is copied, and
there is no process to leave behind when a person cancels.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled

POLL_S = 0.1
"""How often `cancelled` is asked."""

Result = TypeVar("Result")


def map_frames(
    work: Callable[[int, Callable[[], bool]], Result],
    frames: Sequence[int],
    message: str,
    progress: ProgressCallback,
    cancelled: CancelCallback,
) -> list[Result]:
    """Call ``work(frame, stop)`` for every frame on all cores.

    Parameters
    ----------
    work : callable
        Given a frame's index and ``stop()``, which is True once the result is not wanted any more.
    frames : sequence of int
    message : str
        For `progress`, which is called after every frame.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`; called in the caller's thread only.

    Returns
    -------
    list
        Results in the order of `frames`.

    Raises
    ------
    Cancelled
        `cancelled` returned True. Like any exception, it leaves when all threads have ended.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(core_count(), thread_name_prefix="dscbrainseg-frame")
    progress(0, len(frames), message)
    try:
        futures = [pool.submit(work, frame, stop.is_set) for frame in frames]
        waiting = set(futures)
        while waiting:
            check_cancelled(cancelled)
            finished, waiting = wait(waiting, POLL_S, FIRST_COMPLETED)
            for future in finished:
                future.result()
            if finished:
                progress(len(frames) - len(waiting), len(frames), message)
        return [future.result() for future in futures]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def core_count() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
