"""What the worker imports that may not be there: ONNX Runtime and a few small packages."""

from __future__ import annotations

import importlib.metadata
import re

LIBRARIES = (
    "numpy>=1.26",
    "scipy>=1.15",
    "pydicom>=3.0",
    "pylibjpeg>=2.0",
    "pylibjpeg-libjpeg>=2.1",
    "pylibjpeg-openjpeg>=2.1",
    "pyjpegls>=1.4",
    "pynrrd>=1.0",
    "typing_extensions>=4.0",
    "onnxruntime>=1.20",
    "flatbuffers>=2.0",
    "protobuf>=4.21",
    "packaging>=21.0",
)
"""What the worker imports, and all that these require in turn: pip is told to add nothing."""


def requirements() -> list[str]:
    """Return what pip installs into the runtime folder: what this interpreter lacks.

    Slicer brings NumPy, SciPy and pydicom; they are installed only where they are too old.
    """
    return [requirement for requirement in LIBRARIES if not _is_met(requirement)]


def is_built_in() -> bool:
    """Say whether this interpreter has all that is needed, in sufficient versions."""
    return not requirements()


def _is_met(requirement: str) -> bool:
    name, least = requirement.split(">=")
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return _numbers(found) >= _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
