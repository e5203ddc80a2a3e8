"""Sharing a batch among the devices there are."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


def data_parallel() -> tuple[AbstractContextManager, int]:
    """Share each batch among the accelerators, if there are several.

    TensorFlow: `tf.distribute.MirroredStrategy`. JAX: `keras.distribution.DataParallel`. With
    PyTorch, Keras trains on one device.

    Returns
    -------
    scope : context manager
        The model is built and compiled inside it.
    devices : int
        How many devices share a batch.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        if len(devices) > 1:
            names = [device.name for device in devices]
            return tf.distribute.MirroredStrategy(names).scope(), len(devices)
    if backend == "jax":
        devices = keras.distribution.list_devices()
        if len(devices) > 1:
            distribution = keras.distribution.DataParallel(devices=devices)
            return distribution.scope(), len(devices)
    return nullcontext(), 1
