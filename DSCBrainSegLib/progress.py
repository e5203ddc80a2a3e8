"""One way for long work to report how far it is and to ask whether to stop."""

from __future__ import annotations

from collections.abc import Callable

from DSCBrainSegLib.errors import Cancelled

ProgressCallback = Callable[[int, int, str], None]
"""``progress(done, total, message)``: steps done, steps in all, what is being done."""

CancelCallback = Callable[[], bool]
"""``cancelled()``: True once the user asked to stop."""


def no_progress(done: int, total: int, message: str) -> None:
    """Listen to progress and do nothing."""


def never_cancelled() -> bool:
    """Never ask to stop."""
    return False


def check_cancelled(cancelled: CancelCallback) -> None:
    """Raise `Cancelled` if the user asked to stop."""
    if cancelled():
        raise Cancelled("Cancelled; nothing was written.")
