"""The form in which every engine computes a network: norms inside the kernels, half-size numbers.

Weight files keep two bytes for each number of a kernel. That every engine computes the very same
masks, they must round the same numbers in the same way, and a converter moves the scale of a batch
normalisation into the kernel before it. So this is done here first, on the Keras model.
"""

from __future__ import annotations

import numpy as np

SMALLEST_KERNEL = 1024
"""Numbers; what is smaller is not worth rounding."""

LARGEST_HALF = float(np.finfo(np.float16).max)


def to_inference_form(model) -> None:
    """Change the weights of a Keras model such that it computes as every engine does.

    The scale of each batch normalisation goes into the kernel of the convolution before it
    (exact, but for the rounding), then kernels are rounded to half precision (`round_kernel`).
    Arithmetic stays in single precision. Training cannot go on from the result, whose moving
    averages are gone.

    Parameters
    ----------
    model : keras.Model
        Functional. Changed in place.
    """
    from keras import layers

    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            before = _feeds_only(model, layer)
            if isinstance(before, layers.Conv1D | layers.Conv2D | layers.Conv3D):
                _move_scale(layer, before)
    for layer in model.layers:
        layer.set_weights([round_kernel(values) for values in layer.get_weights()])


def round_kernel(values: np.ndarray) -> np.ndarray:
    """Round an array that is a kernel to what half precision can hold.

    Parameters
    ----------
    values : ndarray of float32

    Returns
    -------
    ndarray of float32
        Rounded where `is_kernel` holds, else `values`.
    """
    return values.astype(np.float16).astype(np.float32) if is_kernel(values) else values


def is_kernel(values: np.ndarray) -> bool:
    """Say whether an array is large enough to be kept in half precision, and fits it."""
    return (
        values.ndim >= 2
        and values.size >= SMALLEST_KERNEL
        and float(np.abs(values).max()) <= LARGEST_HALF
    )


def _feeds_only(model, layer):
    """Return the layer whose output goes into `layer` and nowhere else, or None."""
    source = layer.input
    takers = [
        other
        for other in model.layers
        if any(source is given for given in (other.input if _is_list(other) else [other.input]))
    ]
    makers = [other for other in model.layers if other.output is source]
    return makers[0] if makers and takers == [layer] else None


def _is_list(layer) -> bool:
    return isinstance(layer.input, list | tuple)


def _move_scale(norm, convolution) -> None:
    if convolution.activation.__name__ != "linear":
        return
    scale, shift = _affine(norm)
    kernel, *bias = convolution.get_weights()  # output channels are the last axis
    if bias:
        shift = shift + scale * bias[0].astype(np.float64)
        bias = [np.zeros_like(bias[0])]
    convolution.set_weights([(kernel * scale).astype(np.float32), *bias])
    plain = {
        "gamma": np.ones_like(scale),
        "beta": shift,
        "moving_mean": np.zeros_like(scale),
        # With the epsilon exactly 1, so that nothing is left to multiply by.
        "moving_variance": np.ones_like(scale) - np.float32(norm.epsilon),
    }
    norm.set_weights([plain[weight.name].astype(np.float32) for weight in norm.weights])


def _affine(norm) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and shift of a batch normalisation, in double precision."""
    values = {
        weight.name: array.astype(np.float64)
        for weight, array in zip(norm.weights, norm.get_weights(), strict=True)
    }
    scale = values.get("gamma", 1.0) / np.sqrt(values["moving_variance"] + norm.epsilon)
    return scale, values.get("beta", 0.0) - values["moving_mean"] * scale
