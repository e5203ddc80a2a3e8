"""One review at a time on a series: two would remove each other's drafts.

The claims of all reviews of a user are locked bytes of one file, a byte for each entry. The system
lets go of them when a server ends, also when it is killed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from DSCBrainSegLib.errors import OutputError

FILE_NAME = "claims"

PLACES = 2**31 - 1
"""Windows locks no byte behind these."""


class Claims:
    """The entries that this process holds.

    Parameters
    ----------
    folder : Path
        Of all drafts.
    """

    def __init__(self, folder: Path):
        self._path = folder / FILE_NAME
        self._file: int | None = None
        self._held: set[int] = set()

    def take(self, name: str) -> None:
        """Claim an entry; a second time does no harm.

        Where files cannot be locked, nothing is claimed.

        Parameters
        ----------
        name : str
            Of the entry's draft, hexadecimal.

        Raises
        ------
        OutputError
            Another process holds it.
        """
        place = int(name, 16) % PLACES
        if place in self._held or not self._open():
            return
        try:
            _lock(self._file, place)
        except (BlockingIOError, PermissionError) as error:
            raise OutputError(
                "This series is open in another review on this computer; end that review with "
                "Ctrl-C in its terminal, then open the series here again."
            ) from error
        except OSError:
            return
        self._held.add(place)

    def release_others(self, name: str) -> None:
        """Let go of all entries but one."""
        kept = {int(name, 16) % PLACES}
        for place in self._held - kept:
            with suppress(OSError):
                _unlock(self._file, place)
        self._held &= kept

    def _open(self) -> bool:
        if self._file is None:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file is not None


if os.name == "nt":
    import msvcrt

    def _lock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)

    def _unlock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)
