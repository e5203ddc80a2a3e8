"""What the worker imports that may not be there: Keras, TensorFlow and a few small packages."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re

from DSCBrainSegLib.network.backend import BACKENDS

LIBRARIES = (
    "keras>=3.5",
    "scipy>=1.15",
    "pydicom>=3.0",
    "pylibjpeg>=2.0",
    "pylibjpeg-libjpeg>=2.1",
    "pylibjpeg-openjpeg>=2.1",
    "pyjpegls>=1.4",
    "pynrrd>=1.0",
)
"""What the worker imports beside a Keras back end. NumPy comes with them, in the version they fit:
the one in Slicer stays as it is."""


def tensorflow_version() -> str:
    """Return the TensorFlow release for this computer; Macs with Intel ended with 2.16."""
    intel_mac = (platform.system(), platform.machine()) == ("Darwin", "x86_64")
    return "2.16" if intel_mac else "2.21"


def requirements() -> list[str]:
    """Return what pip installs into the runtime folder."""
    version = tensorflow_version()
    return [
        *LIBRARIES,
        f"tensorflow-cpu=={version}.*; platform_system == 'Linux' and platform_machine == 'x86_64'",
        f"tensorflow=={version}.*; platform_system != 'Linux' or platform_machine != 'x86_64'",
    ]


def is_built_in() -> bool:
    """Say whether this interpreter has Keras, a back end and the rest, in sufficient versions."""
    if not any(importlib.util.find_spec(backend) for backend in BACKENDS):
        return False
    for requirement in LIBRARIES:
        name, least = requirement.split(">=")
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return False
        if _numbers(found) < _numbers(least):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
