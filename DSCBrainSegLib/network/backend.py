"""Choose the Keras back end from what is installed, before Keras is imported."""

from __future__ import annotations

import importlib.util
import os

from DSCBrainSegLib.errors import MissingPackageError

BACKENDS = ("tensorflow", "torch", "jax")
"""In order of preference."""

_ADVICE = 'install one with: pip install "DSCBrainSegLib[tensorflow]"'


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
        raise MissingPackageError(f"The network needs Keras and TensorFlow; {_ADVICE}.")
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
    raise MissingPackageError(f"The network needs TensorFlow, PyTorch or JAX; {_ADVICE}.")


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
