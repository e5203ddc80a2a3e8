"""What the network is computed on, in words, and how long a slice takes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from DSCBrainSegLib.network.engines.options import name_processor, usable_cores

SECONDS_PER_SLICE_ON_ONE_CORE = 0.024
"""The shipped weights with ONNX Runtime, docs/benchmarks.md."""

MOST_CORES_THAT_HELP = 8
"""A batch is too small to be shared among more."""

MEASURED_SHAPE = (8, 128, 128)
"""One batch (K, J, I) of a usual DSC matrix."""


def name_device(loaded: str | None = None) -> str:
    """Name what the network is computed on.

    Parameters
    ----------
    loaded : str, optional
        What an engine that is loaded says. Before that it is what every computer has: loading one
        only to ask it would take time.

    Returns
    -------
    str
        For a person, for example ``"4 processor cores"``. An NVIDIA card that is not used is named
        as unused.
    """
    words = loaded or name_processor()
    if "core" in words and shutil.which("nvidia-smi"):
        words += " (an NVIDIA graphics card is not used)"
    return words


def estimate_speed() -> float:
    """Return the seconds a slice may take on this computer's processor."""
    return SECONDS_PER_SLICE_ON_ONE_CORE / min(usable_cores(), MOST_CORES_THAT_HELP)


def measure_speed(weights: Path) -> float:
    """Return the seconds a slice takes with a network that is loaded."""
    import numpy as np

    from DSCBrainSegLib.network.predict import predict_brain

    volume = np.random.default_rng(0).random(MEASURED_SHAPE, dtype=np.float32)
    start = time.perf_counter()
    predict_brain(volume, (5.0, 1.8, 1.8), weights)
    return (time.perf_counter() - start) / len(volume)
