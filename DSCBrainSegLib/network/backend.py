"""Start Keras on the back end that is chosen or installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from DSCBrainSegLib.errors import MissingPackageError

BACKENDS = ("tensorflow", "torch", "jax")
"""In order of preference."""

_ADVICE = 'install one with: pip install "DSCBrainSegLib[keras]"'


def select_backend() -> str:
    """Set KERAS_BACKEND to an installed back end and return its name.

    The environment variable is respected where it is set already.

    Returns
    -------
    str
        One of `BACKENDS`, or what the environment asks for.

    Raises
    ------
    MissingPackageError
        Keras or a back end for it is not installed.
    """
    if not _installed("keras"):
        raise MissingPackageError(f"This needs Keras and TensorFlow; {_ADVICE}.")
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted:
        if not _installed(wanted):
            raise MissingPackageError(
                f"KERAS_BACKEND asks for {wanted}, which is not installed; unset it or {_ADVICE}."
            )
        return wanted
    for backend in BACKENDS:
        if _installed(backend):
            os.environ["KERAS_BACKEND"] = backend
            return backend
    raise MissingPackageError(f"Keras needs TensorFlow, PyTorch or JAX; {_ADVICE}.")


def start_keras() -> None:
    """Import Keras and its back end, without what they print.

    Raises
    ------
    MissingPackageError
        Keras or a back end for it is not installed.
    """
    select_backend()
    if "keras" not in sys.modules:
        with _quiet():
            import keras  # noqa: F401 - loading it is the point


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep native libraries' messages off standard error while they load.

    TensorFlow prints its build options from C++ before any setting of its own is read, so the file
    descriptor itself is turned away for the moment.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
