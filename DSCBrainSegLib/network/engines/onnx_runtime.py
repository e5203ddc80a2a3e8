"""The network computed by ONNX Runtime."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError, WeightsError
from DSCBrainSegLib.network.engines.options import EngineOptions, name_processor, usable_cores

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Names in ONNX Runtime."""

PACKAGES = {"cuda": "onnxruntime-gpu", "directml": "onnxruntime-directml", "coreml": "onnxruntime"}
"""What brings them; it takes the place of the package onnxruntime."""

WORDS = {
    "cuda": "NVIDIA graphics card (CUDA)",
    "directml": "graphics card (DirectML)",
    "coreml": "Apple Core ML",
}


class OnnxEngine:
    """See `interface.Engine`.

    Parameters
    ----------
    path : Path
        The ``.onnx`` file.
    options : EngineOptions

    Raises
    ------
    MissingPackageError
        ONNX Runtime is not installed.
    ConfigurationError
        The device is not to be had.
    WeightsError
        The file cannot be loaded.
    """

    name = "onnx"

    def __init__(self, path: Path, options: EngineOptions):
        require_onnxruntime()
        import onnxruntime

        device = choose_device(options.device, onnxruntime.get_available_providers())
        threads = options.threads or usable_cores()
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 3  # errors only
        # Threads that wait without sleeping take the cores from whoever else works here.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = list(dict.fromkeys((PROVIDERS[device], PROVIDERS["cpu"])))
        try:
            self._session = onnxruntime.InferenceSession(path, settings, providers=providers)
        except Exception as error:  # its classes share no other base
            raise WeightsError(
                f"{path} cannot be loaded by ONNX Runtime "
                f"({' '.join(str(error).split())}); write it again with export-weights."
            ) from error
        if PROVIDERS[device] not in self._session.get_providers():
            raise ConfigurationError(
                f"The device {device} is installed but does not start here; use another --device."
            )
        self._input = self._session.get_inputs()[0].name
        self.device = WORDS.get(device) or name_processor(threads)

    def predict(self, batch: np.ndarray) -> np.ndarray:
        """See `interface.Engine.predict`."""
        (probabilities,) = self._session.run(None, {self._input: batch})
        return probabilities[..., 1]


def require_onnxruntime() -> None:
    """Raise `MissingPackageError` if ONNX Runtime is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise MissingPackageError(
            "The network needs ONNX Runtime; install it with: pip install onnxruntime"
        )


def choose_device(wanted: str, available: list[str]) -> str:
    """Return the device to compute on.

    Parameters
    ----------
    wanted : str
        One of `options.DEVICES`.
    available : list of str
        ONNX Runtime's names of what is installed.

    Raises
    ------
    ConfigurationError
        What is wanted is not installed.
    """
    if wanted == "auto":
        usable = [name for name in ("cuda", "directml", "coreml") if PROVIDERS[name] in available]
        return usable[0] if usable else "cpu"
    if PROVIDERS[wanted] not in available:
        raise ConfigurationError(
            f"The device {wanted} is not to be had here; it needs the package {PACKAGES[wanted]} "
            "in the place of onnxruntime, or use --device cpu."
        )
    return wanted
