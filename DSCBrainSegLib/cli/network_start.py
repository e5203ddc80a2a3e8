"""Loading Keras for a command: quickly and quietly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from DSCBrainSegLib.cli.terminal import quiet_start

UNUSED_BY_US = ("matplotlib", "pandas", "pyarrow", "sklearn")
"""Keras imports these if it finds them, which takes longer than segmenting; we need none of it."""


def load_keras() -> None:
    """Import Keras on the back end that is chosen or installed.

    Raises
    ------
    MissingPackageError
        Keras or a back end for it is not installed.
    """
    from DSCBrainSegLib.network.backend import select_backend

    select_backend()
    with quiet_start(), _hidden(UNUSED_BY_US):
        import keras  # noqa: F401 - loading it is the point


@contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """Make packages that are not imported yet look as if they were not installed."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
