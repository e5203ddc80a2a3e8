"""The network computed by Keras, on TensorFlow, PyTorch or JAX."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.network.engines.options import EngineOptions, name_processor

BATCH_SIZE = 8
"""Of every call: with one shape, back ends that compile do so once."""


class KerasEngine:
    """See `interface.Engine`.

    Parameters
    ----------
    weights : Path
        The ``.weights.h5`` file.
    options : EngineOptions

    Raises
    ------
    MissingPackageError
        Keras or a back end for it is not installed.
    ConfigurationError
        A device is asked for that Keras is not told to use.
    WeightsError
        The weights do not fit their card.
    """

    name = "keras"

    def __init__(self, weights: Path, options: EngineOptions):
        if options.device not in ("cpu", "auto"):
            raise ConfigurationError(
                f"The engine keras takes the device its back end finds, not {options.device}; "
                "leave --device out."
            )
        from DSCBrainSegLib.network.inference_form import to_inference_form
        from DSCBrainSegLib.network.weights import load_model

        self._model = load_model(weights)
        to_inference_form(self._model)
        self.device = _name_device()
        self.predict(np.zeros((1, *self._model.input_shape[1:]), np.float32))

    def predict(self, batch: np.ndarray) -> np.ndarray:
        """See `interface.Engine.predict`."""
        parts = [
            self._predict_padded(batch[start : start + BATCH_SIZE])
            for start in range(0, len(batch), BATCH_SIZE)
        ]
        return np.concatenate(parts)

    def _predict_padded(self, batch: np.ndarray) -> np.ndarray:
        padded = np.zeros((BATCH_SIZE, *batch.shape[1:]), np.float32)
        padded[: len(batch)] = batch
        return np.asarray(self._model.predict_on_batch(padded))[: len(batch), ..., 1]


def _name_device() -> str:
    """Name what the loaded back end computes on."""
    import keras

    processor = name_processor()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        cards = tf.config.list_physical_devices("GPU")
        if not cards:
            return processor
        details = tf.config.experimental.get_device_details(cards[0])
        return details.get("device_name", "graphics card")
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else processor
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return processor if device.platform == "cpu" else device.device_kind
    return processor
