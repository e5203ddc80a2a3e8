"""Starting Keras, what it computes on in words, and how long a slice takes."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

SECONDS_PER_SLICE_ON_ONE_CORE = 0.042
"""From the shipped weights' card: 20 slices in 0.42 s on two cores."""

MOST_CORES_THAT_HELP = 8
"""A batch is too small to be shared among more."""

MEASURED_SHAPE = (8, 128, 128)
"""One batch (K, J, I) of a usual DSC matrix."""


def start_keras() -> None:
    """Import Keras and its back end, unless that was done."""
    from DSCBrainSegLib.cli.network_start import load_keras

    if "keras" not in sys.modules:
        load_keras()


def name_device() -> str:
    """Name what the network is computed on.

    Before Keras is loaded that is what every computer has: importing a back end only to ask it
    would take seconds.

    Returns
    -------
    str
        For a person, for example ``"NVIDIA H100"`` or ``"4 processor cores"``. An NVIDIA card that
        the back end does not use is named as unused.
    """
    card = _card_in_use() if "keras" in sys.modules else None
    if card:
        return card
    cores = _core_count()
    words = f"{cores} processor core{'s' if cores > 1 else ''}"
    if shutil.which("nvidia-smi"):
        unused = "is not used" if "keras" in sys.modules else "may be used, too"
        words += f" (an NVIDIA graphics card {unused})"
    return words


def estimate_speed() -> float:
    """Return the seconds a slice may take on this computer's processor."""
    return SECONDS_PER_SLICE_ON_ONE_CORE / min(_core_count(), MOST_CORES_THAT_HELP)


def measure_speed(weights: Path) -> float:
    """Return the seconds a slice takes with a network that is loaded."""
    import numpy as np

    from DSCBrainSegLib.network.predict import predict_brain

    volume = np.random.default_rng(0).random(MEASURED_SHAPE, dtype=np.float32)
    start = time.perf_counter()
    predict_brain(volume, (5.0, 1.8, 1.8), weights)
    return (time.perf_counter() - start) / len(volume)


def _core_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _card_in_use() -> str | None:
    """Name the accelerator the loaded back end computes on, if there is one."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        cards = tf.config.list_physical_devices("GPU")
        if not cards:
            return None
        details = tf.config.experimental.get_device_details(cards[0])
        return details.get("device_name", "graphics card")
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return None if device.platform == "cpu" else device.device_kind
    return None
